//! What is counted: the tables in a `static`, and how everybody gets at them.

use core::cell::Cell;

use critical_section::Mutex;
use embassy_time::Duration;
use streamgauge_embassy::{
    Config, Handle, PublisherStats, PublisherTrack, Runner, Stats, StatsHandle, Tier, key, roots,
    rows,
};

use crate::board::{CELLS, SERIES};

/// Names of up to 32 bytes, and no sessions: a serial line has none.
pub(crate) type Gauge = Stats<{ rows(SERIES) }, CELLS, { key(32) }, { roots(0) }>;

/// Holds a broadcast announced, in either role.
pub(crate) type Announced = PublisherStats<Gauge>;

/// Counts a subscription, in either role.
pub(crate) type Track = PublisherTrack<Gauge>;

static STATS: Gauge = Gauge::new();

static HANDLE: Mutex<Cell<Option<Handle<Gauge>>>> = Mutex::new(Cell::new(None));

/// Between two frames of each track.
const INTERVAL: Duration = Duration::from_millis(100);

/// Makes the handle known, and gives the runner; nothing if that was done before.
pub(crate) fn start() -> Option<Runner<Gauge>> {
    let config = Config::new().with_node("gateway").with_interval(INTERVAL);
    let (handle, runner) = STATS.split(config).ok()?;
    critical_section::with(|token| HANDLE.borrow(token).set(Some(handle)));
    Some(runner)
}

/// Counts, once all has started.
pub(crate) fn handle() -> Option<StatsHandle<Gauge>> {
    let handle = critical_section::with(|token| HANDLE.borrow(token).get());
    Some(handle?.tier(Tier::External))
}
