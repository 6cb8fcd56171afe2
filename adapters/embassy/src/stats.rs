//! All that a node needs, in one `static`.

use core::{cell, fmt};

use embassy_sync::{
    blocking_mutex::{self, raw::CriticalSectionRawMutex},
    mutex::Mutex,
    signal::Signal,
};
use streamgauge_core::{
    Books, Cell, CellId, Inline, InlineBooks, Meter, MeterRef, Meters, Presence, Storage, Traffic,
};

use crate::{Config, CriticalSectionLock, Handle, Runner, SplitError, room};

/// The tables and books of one node, for a `static`; all zero, so that it lies in `.bss`.
///
/// | parameter | what there is room for | made with |
/// |---|---|---|
/// | `ROWS` | series of traffic, and an overflow series for each lane | [`rows`](crate::rows) |
/// | `CELLS` | open subscriptions that count in a cell of their own; further ones are slower | |
/// | `KEY` | words of a name | [`key`](crate::key) |
/// | `ROOTS` | roots of sessions, and an overflow series for each tier | [`roots`](crate::roots), or 0: sessions are not counted |
/// | `TIERS` | tiers, from 2 (external and internal) to 8 | |
/// | `LANES` | lanes of traffic: two for each tier | [`lanes`](crate::lanes) |
/// | `MARKS` | what [patches](crate::Patches) say of traffic; 0, as if it is not given: none can be sent | [`marks`](crate::marks) of `ROWS` and `LANES` |
/// | `ROOT_MARKS` | the same of sessions; 0 if they are not counted | [`marks`](crate::marks) of `ROOTS` and `TIERS` |
///
/// ```
/// use streamgauge_embassy::{Config, Stats, Tier, key, roots, rows};
///
/// type Gauge = Stats<{ rows(32) }, 64, { key(32) }, { roots(0) }>;
/// static STATS: Gauge = Gauge::new();
///
/// # fn main() -> Result<(), streamgauge_embassy::SplitError> {
/// let (handle, runner) = STATS.split(Config::new().with_node("gateway/1"))?;
/// let mut track = handle.tier(Tier::External).broadcast("demo/bbb").publisher_track("video");
/// track.whole_frame(1200); // a few loads and stores
/// # drop(runner);
/// # Ok(())
/// # }
/// ```
pub struct Stats<
    const ROWS: usize,
    const CELLS: usize,
    const KEY: usize,
    const ROOTS: usize,
    const TIERS: usize = { room::TIERS },
    const LANES: usize = { room::lanes(room::TIERS) },
    const MARKS: usize = 0,
    const ROOT_MARKS: usize = 0,
> {
    shared: Shared<
        Inline<Traffic, CriticalSectionLock, LANES, ROWS, CELLS, KEY>,
        Inline<Presence, CriticalSectionLock, TIERS, ROOTS, 0, KEY>,
    >,
    desk: Desk<
        InlineBooks<Traffic, ROWS, LANES, MARKS>,
        InlineBooks<Presence, ROOTS, TIERS, ROOT_MARKS>,
    >,
}

/// What everybody may use at once.
pub struct Shared<T, P> {
    pub(crate) meters: Meters<T, P>,
    /// Wakes the runner before its time.
    pub(crate) pressure: Signal<CriticalSectionRawMutex, ()>,
    /// Set when the runner is made.
    prefix: blocking_mutex::Mutex<CriticalSectionRawMutex, cell::Cell<Option<&'static str>>>,
}

/// What the one runner uses.
pub struct Desk<T, P> {
    pub(crate) traffic: Mutex<CriticalSectionRawMutex, T>,
    pub(crate) presence: Mutex<CriticalSectionRawMutex, P>,
}

impl<
    const ROWS: usize,
    const CELLS: usize,
    const KEY: usize,
    const ROOTS: usize,
    const TIERS: usize,
    const LANES: usize,
    const MARKS: usize,
    const ROOT_MARKS: usize,
> Stats<ROWS, CELLS, KEY, ROOTS, TIERS, LANES, MARKS, ROOT_MARKS>
{
    /// Empty tables and books.
    #[must_use]
    pub const fn new() -> Self {
        const {
            assert!(
                TIERS >= room::TIERS && TIERS <= streamgauge_core::MAX_TIERS,
                "2 tiers at least, 8 at most"
            );
            assert!(
                LANES == room::lanes(TIERS),
                "a tier has two lanes: `lanes(TIERS)`"
            );
            assert!(
                MARKS == 0 || MARKS == room::marks(ROWS, LANES),
                "none, or `marks(ROWS, LANES)`"
            );
            assert!(
                ROOT_MARKS == room::marks(ROOTS, TIERS) || ROOTS == 0 || MARKS == 0,
                "a node that sends patches has `marks(ROOTS, TIERS)` for its sessions"
            );
        }
        Self {
            shared: Shared {
                meters: Meters::new(
                    Meter::new(Inline::inline(CriticalSectionLock, CriticalSectionLock)),
                    Meter::new(Inline::inline(CriticalSectionLock, CriticalSectionLock)),
                ),
                pressure: Signal::new(),
                prefix: blocking_mutex::Mutex::new(cell::Cell::new(None)),
            },
            desk: Desk {
                traffic: Mutex::new(InlineBooks::inline()),
                presence: Mutex::new(InlineBooks::inline()),
            },
        }
    }

    /// The handle that tasks and interrupt handlers count with, and the runner that publishes. The
    /// first tick is due at once.
    ///
    /// # Errors
    /// When it was split before, or the configuration cannot be.
    pub fn split(
        &'static self,
        config: Config,
    ) -> Result<(Handle<Self>, Runner<Self>), SplitError> {
        config.check(TIERS)?;
        if !self.shared.begin(config.prefix) {
            return Err(SplitError::AlreadySplit);
        }
        self.shared.meters.traffic().seed(config.seed);
        self.shared.meters.presence().seed(config.seed);
        let node = NodeRef(self);
        Ok((Handle::new(node), Runner::new(node, config)?))
    }
}

impl<
    const ROWS: usize,
    const CELLS: usize,
    const KEY: usize,
    const ROOTS: usize,
    const TIERS: usize,
    const LANES: usize,
    const MARKS: usize,
    const ROOT_MARKS: usize,
> Default for Stats<ROWS, CELLS, KEY, ROOTS, TIERS, LANES, MARKS, ROOT_MARKS>
{
    fn default() -> Self {
        Self::new()
    }
}

impl<T, P> Shared<T, P> {
    /// Sets the prefix; says whether it is the first time.
    fn begin(&self, prefix: &'static str) -> bool {
        self.prefix.lock(|known| {
            let first = known.get().is_none();
            known.set(known.get().or(Some(prefix)));
            first
        })
    }

    fn prefix(&self) -> &'static str {
        self.prefix.lock(cell::Cell::get).unwrap_or_default()
    }
}

/// A [`Stats`] of any capacities. Implemented by nothing else.
pub trait Node: Sealed + Sync + 'static {
    /// The tables of traffic.
    type Traffic: Storage<Traffic>;
    /// The tables of presence.
    type Presence: Storage<Presence>;
    /// The books of traffic.
    type TrafficBooks: Books<Traffic> + 'static;
    /// The books of presence.
    type PresenceBooks: Books<Presence> + 'static;

    #[doc(hidden)]
    fn shared(&self) -> &Shared<Self::Traffic, Self::Presence>;
    #[doc(hidden)]
    fn desk(&self) -> &Desk<Self::TrafficBooks, Self::PresenceBooks>;
}

pub trait Sealed {}

impl<
    const ROWS: usize,
    const CELLS: usize,
    const KEY: usize,
    const ROOTS: usize,
    const TIERS: usize,
    const LANES: usize,
    const MARKS: usize,
    const ROOT_MARKS: usize,
> Sealed for Stats<ROWS, CELLS, KEY, ROOTS, TIERS, LANES, MARKS, ROOT_MARKS>
{
}

impl<
    const ROWS: usize,
    const CELLS: usize,
    const KEY: usize,
    const ROOTS: usize,
    const TIERS: usize,
    const LANES: usize,
    const MARKS: usize,
    const ROOT_MARKS: usize,
> Node for Stats<ROWS, CELLS, KEY, ROOTS, TIERS, LANES, MARKS, ROOT_MARKS>
{
    type Traffic = Inline<Traffic, CriticalSectionLock, LANES, ROWS, CELLS, KEY>;
    type Presence = Inline<Presence, CriticalSectionLock, TIERS, ROOTS, 0, KEY>;
    type TrafficBooks = InlineBooks<Traffic, ROWS, LANES, MARKS>;
    type PresenceBooks = InlineBooks<Presence, ROOTS, TIERS, ROOT_MARKS>;

    #[inline]
    fn shared(&self) -> &Shared<Self::Traffic, Self::Presence> {
        &self.shared
    }

    fn desk(&self) -> &Desk<Self::TrafficBooks, Self::PresenceBooks> {
        &self.desk
    }
}

/// Leads handles and guards to the tables of a [`Stats`]: one pointer.
pub struct NodeRef<N: 'static>(pub(crate) &'static N);

impl<N> fmt::Debug for NodeRef<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NodeRef")
    }
}

impl<N> Clone for NodeRef<N> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<N> Copy for NodeRef<N> {}

impl<N: Node> NodeRef<N> {
    /// Whether tables run low.
    pub(crate) fn is_pressed(self) -> bool {
        let meters = &self.0.shared().meters;
        meters.traffic().is_pressed() || meters.presence().is_pressed()
    }
}

/// Leads to a family's meter by reference: a guard holds its cell directly.
macro_rules! leads_to_meter {
    ($family:ident, $meter:ident) => {
        impl<N: Node> MeterRef<$family> for NodeRef<N> {
            type Storage = N::$family;
            type Hold = &'static Cell<$family>;

            #[inline]
            fn meter(&self) -> &Meter<$family, N::$family> {
                self.0.shared().meters.$meter()
            }

            #[inline]
            fn hold(&self, cell: CellId) -> Option<Self::Hold> {
                self.0.shared().meters.$meter().cell(cell)
            }

            fn pressed(&self) {
                self.0.shared().pressure.signal(());
            }
        }
    };
}

leads_to_meter!(Traffic, traffic);
leads_to_meter!(Presence, presence);

impl<N: Node> streamgauge_core::Handle for NodeRef<N> {
    fn prefix(&self) -> &str {
        self.0.shared().prefix()
    }
}
