//! A node without a host: tables in vectors, a standard mutex, and a clock of integers.

use std::sync::{Arc, Mutex, PoisonError};

use streamgauge_core::{
    Account, Bucket, Cell, Duration, Family, Handle, Id, Instant, Lane, Lock, Mark, Meter,
    MeterRef, Meters, Pages, Presence, Role, Row, Schedule, Shard, Span, StatsHandle, Tables, Tier,
    Traffic,
};

/// Words of a key.
const KEY_WORDS: usize = 4;

/// The longest name that has a series of its own, in bytes.
pub const KEY_BYTES: usize = KEY_WORDS * size_of::<usize>();

/// The room for a name.
pub type KeyWords = [usize; KEY_WORDS];

/// Tables in vectors.
pub type Boxed<F> = Tables<
    F,
    KeyWords,
    Lent,
    Vec<()>,
    Vec<Shard<Lent>>,
    Vec<Bucket>,
    Vec<Row<F, KeyWords>>,
    Vec<Cell<F>>,
>;

/// Books in vectors.
pub type Ledgers<F> = Pages<Vec<Account<F>>, Vec<u8>, Vec<Id>, Vec<Lane<F>>, Vec<Span>, Vec<Mark>>;

/// The tables of a [`Node`].
pub type NodeMeters = Meters<Boxed<Traffic>, Boxed<Presence>>;

/// The reporter of a [`Node`].
pub type Reporter = streamgauge_core::Reporter<Ledgers<Traffic>, Ledgers<Presence>>;

/// A standard mutex as the tables' lock.
#[derive(Debug, Default)]
pub struct Lent(Mutex<()>);

impl Lock for Lent {
    fn with<T>(&self, f: impl FnOnce() -> T) -> T {
        let _held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f()
    }
}

/// How much a node has room for.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Series of traffic.
    pub series: usize,
    /// Cells.
    pub cells: usize,
    /// Roots of sessions.
    pub roots: usize,
    /// Tiers besides the two built in, named from [`TIER_NAMES`].
    pub named_tiers: usize,
    /// Parts of the index; a number that is no power of two leaves some unused.
    pub shards: usize,
    /// Whether the books note where rows stood in the last frame.
    pub spans: bool,
    /// Whether the books note what a reader of patches has yet to be told.
    pub marks: bool,
}

impl Room {
    /// Room for `n` series, as many cells and roots, in one part, with the built-in tiers, and no patches.
    #[must_use]
    pub const fn of(n: usize) -> Self {
        Self {
            series: n,
            cells: n,
            roots: n,
            named_tiers: 0,
            shards: 1,
            spans: true,
            marks: false,
        }
    }

    /// How many tiers there are.
    #[must_use]
    pub const fn tiers(&self) -> usize {
        2 + self.named_tiers
    }
}

/// Names for the tiers besides the two built in.
pub const TIER_NAMES: [&str; 2] = ["edge", "qu\"ote"];

/// Leads to the meters of a node. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Node(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    meters: NodeMeters,
    room: Room,
}

impl Node {
    /// The path that nothing is counted under.
    pub const PREFIX: &str = ".stats";

    /// A node with fresh tables.
    #[must_use]
    pub fn new(room: Room) -> Self {
        let lanes = room.tiers() * Role::ALL.len();
        let traffic = meter(room.series, room.cells, lanes, room.shards);
        let presence = meter(room.roots, 0, room.tiers(), room.shards);
        Self(Arc::new(Shared {
            meters: Meters::new(traffic, presence),
            room,
        }))
    }

    /// The tables.
    #[must_use]
    pub fn meters(&self) -> &NodeMeters {
        &self.0.meters
    }

    /// How much there is room for.
    #[must_use]
    pub fn room(&self) -> Room {
        self.0.room
    }

    /// Counts for one tier.
    #[must_use]
    pub fn tier(&self, tier: Tier) -> StatsHandle<Self> {
        StatsHandle::new(self.clone(), tier)
    }

    /// A reporter with books for all of this node's tables, whose first tick is due at zero.
    #[must_use]
    pub fn reporter(&self, interval: Duration, start_ms: u64) -> Reporter {
        self.reporter_of(Schedule {
            interval,
            start: Instant::from_micros(0),
            start_ms,
            epoch: 7,
        })
    }

    /// A reporter with books for all of this node's tables.
    #[must_use]
    pub fn reporter_of(&self, schedule: Schedule) -> Reporter {
        let room = self.room();
        let kept = (room.spans, room.marks);
        let traffic = pages(room.series, room.tiers() * Role::ALL.len(), kept);
        let presence = pages(room.roots, room.tiers(), kept);
        Reporter::new(schedule, traffic, presence)
    }
}

impl MeterRef<Traffic> for Node {
    type Storage = Boxed<Traffic>;
    type Hold = ();

    fn meter(&self) -> &Meter<Traffic, Self::Storage> {
        self.0.meters.traffic()
    }
}

impl MeterRef<Presence> for Node {
    type Storage = Boxed<Presence>;
    type Hold = ();

    fn meter(&self) -> &Meter<Presence, Self::Storage> {
        self.0.meters.presence()
    }
}

impl Handle for Node {
    fn prefix(&self) -> &str {
        Self::PREFIX
    }
}

pub(crate) fn meter<F: Family>(
    series: usize,
    cells: usize,
    lanes: usize,
    shards: usize,
) -> Meter<F, Boxed<F>> {
    Meter::new(Tables::new(
        Lent::default(),
        many(lanes, || ()),
        many(shards, || Shard::new(Lent::default())),
        many(series, Bucket::new),
        many(lanes + series, Row::new),
        many(cells, Cell::new),
    ))
}

pub(crate) fn pages<F: Family>(
    series: usize,
    lanes: usize,
    (spans, marks): (bool, bool),
) -> Ledgers<F> {
    let rows = series + lanes;
    Pages {
        accounts: many(rows, || Account::ZERO),
        flags: many(rows, || 0),
        order: many(rows, || 0),
        fresh: many(rows, || 0),
        lanes: many(lanes, || Lane::ZERO),
        spans: many(if spans { rows } else { 0 }, Span::default),
        marks: many(if marks { rows + lanes } else { 0 }, Mark::default),
    }
}

fn many<T>(n: usize, element: impl Fn() -> T) -> Vec<T> {
    (0..n).map(|_| element()).collect()
}
