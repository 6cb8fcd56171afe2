//! The meters of a host: tables in boxes, under spin locks.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    hint::spin_loop,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::yield_now,
};

use streamgauge_core::{
    Account, Bucket, Cell, CellId, Family, Handle, Id, Lane, Lock, Mark, Meter, MeterRef, Meters,
    Pages, Presence, Reporter, Role, Row, Schedule, Shard, Span, Tables, Traffic,
};
use tokio::sync::Notify;

use crate::Config;

/// Words of a key.
const KEY_WORDS: usize = KEY_BYTES / size_of::<usize>();

/// The longest path that is counted under its own name, in bytes; longer ones are counted in the
/// overflow series.
pub const KEY_BYTES: usize = 96;

pub(crate) type KeyWords = [usize; KEY_WORDS];

pub(crate) type Boxed<F> = Tables<
    F,
    KeyWords,
    HostLock,
    Box<[()]>,
    Box<[Shard<HostLock>]>,
    Box<[Bucket]>,
    Box<[Row<F, KeyWords>]>,
    Box<[Cell<F>]>,
>;

pub(crate) type BoxedPages<F> =
    Pages<Box<[Account<F>]>, Box<[u8]>, Box<[Id]>, Box<[Lane<F>]>, Box<[Span]>, Box<[Mark]>>;

pub(crate) type HostMeters = Meters<Boxed<Traffic>, Boxed<Presence>>;
pub(crate) type HostReporter = Reporter<BoxedPages<Traffic>, BoxedPages<Presence>>;

/// A spin lock on a cache line of its own: it is held for tens of instructions, and a mutex that can
/// put a thread to sleep costs a second locked instruction to let go.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct HostLock(AtomicBool);

impl HostLock {
    /// How long who finds it taken looks away, about a microsecond: two that fight for it are faster in
    /// turns of many than if its cache line, and those that it guards, go to and fro each time.
    const PAUSES: u32 = 64;
    /// How often before it lets other threads run: one of them may hold the lock.
    const ROUNDS: u32 = 32;

    #[cold]
    fn wait(&self) {
        let mut rounds = 0;
        while self.0.load(Ordering::Relaxed) || self.0.swap(true, Ordering::Acquire) {
            if rounds < Self::ROUNDS {
                rounds += 1;
                (0..Self::PAUSES).for_each(|_| spin_loop());
            } else {
                yield_now();
            }
        }
    }
}

impl Lock for HostLock {
    #[inline]
    fn with<T>(&self, f: impl FnOnce() -> T) -> T {
        if self.0.swap(true, Ordering::Acquire) {
            self.wait();
        }
        let _held = Held(self);
        f()
    }
}

/// Lets the lock go, also when what it guards panics.
struct Held<'a>(&'a HostLock);

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.0.store(false, Ordering::Release);
    }
}

/// Leads the handles and guards of a host to its meters: an `Arc`.
///
/// Every handle made by [`Stats::tier`](crate::Stats::tier) has an `Arc` of its own, shared with what
/// is opened from it and from its clones, so that tasks with handles of their own do not contend for
/// one reference count.
#[derive(Clone, Debug)]
pub struct Host(Arc<Lease>);

/// One reference to the shared half, which many guards refer to in their turn.
#[derive(Debug)]
struct Lease(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) meters: HostMeters,
    pub(crate) prefix: String,
    /// Wakes the driver before its time.
    pub(crate) wake: Arc<Notify>,
}

impl Host {
    pub(crate) fn new(config: &Config) -> Self {
        let tiers = tiers(config);
        let traffic = meter(config.series, config.cells, tiers * Role::ALL.len());
        let presence = meter(config.roots, 0, tiers);
        let shared = Shared {
            meters: Meters::new(traffic, presence),
            prefix: config.prefix.clone(),
            wake: Arc::default(),
        };
        Self(Arc::new(Lease(Arc::new(shared))))
    }

    /// The same meters, with a reference count of its own.
    pub(crate) fn fork(&self) -> Self {
        Self(Arc::new(Lease(self.0.0.clone())))
    }

    /// The same meters, for as long as this lives.
    pub(crate) fn by_ref(&self) -> HostRef<'_> {
        HostRef(self.shared())
    }

    #[inline]
    pub(crate) fn shared(&self) -> &Shared {
        &self.0.0
    }
}

/// Leaves the tables out.
impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("prefix", &self.prefix)
            .field("usage", &self.meters.traffic().usage())
            .finish_non_exhaustive()
    }
}

/// Leads handles and guards to the meters of a [`Stats`](crate::Stats) that outlives them: a
/// reference, so that opening and dropping a guard touches no reference count.
#[derive(Clone, Copy, Debug)]
pub struct HostRef<'a>(&'a Shared);

/// Leads to the meter of one family: with a share of it, by looking a cell up at each bump; or by a
/// reference, with the cell itself in the guard.
macro_rules! leads_to_meter {
    ($family:ty, $meter:ident) => {
        impl MeterRef<$family> for Host {
            type Storage = Boxed<$family>;
            type Hold = ();

            #[inline]
            fn meter(&self) -> &Meter<$family, Self::Storage> {
                self.shared().meters.$meter()
            }

            fn pressed(&self) {
                self.shared().wake.notify_one();
            }
        }

        impl<'a> MeterRef<$family> for HostRef<'a> {
            type Storage = Boxed<$family>;
            type Hold = &'a Cell<$family>;

            #[inline]
            fn meter(&self) -> &Meter<$family, Self::Storage> {
                self.0.meters.$meter()
            }

            #[inline]
            fn hold(&self, cell: CellId) -> Option<Self::Hold> {
                self.0.meters.$meter().cell(cell)
            }

            fn pressed(&self) {
                self.0.wake.notify_one();
            }
        }
    };
}

leads_to_meter!(Traffic, traffic);
leads_to_meter!(Presence, presence);

impl Handle for Host {
    fn prefix(&self) -> &str {
        &self.shared().prefix
    }
}

impl Handle for HostRef<'_> {
    fn prefix(&self) -> &str {
        &self.0.prefix
    }
}

/// A reporter with books for all that the configuration has room for.
pub(crate) fn reporter(config: &Config, schedule: Schedule) -> HostReporter {
    let tiers = tiers(config);
    let marks = config.deltas.is_some();
    let traffic = pages(config.series, tiers * Role::ALL.len(), marks);
    Reporter::new(schedule, traffic, pages(config.roots, tiers, marks))
}

pub(crate) fn tiers(config: &Config) -> usize {
    2 + config.tiers.len()
}

pub(crate) fn meter<F: Family>(series: usize, cells: usize, lanes: usize) -> Meter<F, Boxed<F>> {
    let tables = Tables::new(
        HostLock::default(),
        boxed(lanes, || ()),
        boxed(shards(series), || Shard::new(HostLock::default())),
        boxed(series.max(1), Bucket::new),
        boxed(lanes + series, Row::new),
        boxed(cells, Cell::new),
    );
    let meter = Meter::new(tables);
    #[allow(
        clippy::cast_possible_truncation,
        reason = "any part of a random number will do"
    )]
    meter.seed(RandomState::new().hash_one(0) as usize);
    meter
}

/// Enough shards that two threads seldom meet, no more than the series can use.
fn shards(series: usize) -> usize {
    (series / 16).clamp(1, 64).next_power_of_two()
}

pub(crate) fn pages<F: Family>(series: usize, lanes: usize, marks: bool) -> BoxedPages<F> {
    let rows = series + lanes;
    Pages {
        accounts: boxed(rows, || Account::ZERO),
        flags: boxed(rows, || 0),
        order: boxed(rows, || 0),
        fresh: boxed(rows, || 0),
        lanes: boxed(lanes, || Lane::ZERO),
        spans: boxed(rows, Span::default),
        marks: boxed(if marks { rows + lanes } else { 0 }, Mark::default),
    }
}

/// A box filled element by element, never built on the stack.
pub(crate) fn boxed<T>(len: usize, element: impl Fn() -> T) -> Box<[T]> {
    (0..len).map(|_| element()).collect()
}
