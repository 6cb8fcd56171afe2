//! Any family beside traffic and presence: its meter on the heap, and its frames.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use streamgauge_core::{
    Announce, Cell, CellId, Family, Feed, Key, Lease, Ledger, Linger, Meter, MeterRef, Storage,
    Track, Usage,
};
use tokio::sync::{self, Notify, OwnedMutexGuard};

use crate::{
    FamilyConfig,
    host::{self, Boxed, BoxedPages},
};

/// The lane of a family that has no labels but its key.
pub(crate) const LANE: usize = 0;

/// Counts one family by name, in memory that is taken at once. Cheap to clone.
///
/// Guards opened from it count whether or not it was given to a node by
/// [`Config::with_family`](crate::Config::with_family). Once it was, the node collects it in each tick,
/// and publishes it as the track `<family>.json`. What was counted before is in the first frame; when
/// the node ends, the meter can be given to another, which goes on with the same totals.
///
/// Clones share a reference count with what is opened from them; [`fork`](Self::fork) makes one of its own.
///
/// ```
/// streamgauge_tokio::family! {
///     /// What one sensor delivers.
///     pub struct Sensor: "sensor" {
///         pair opened / opened_closed on Announce: "sensors plugged in" / "sensors taken out";
///         counter readings: "readings delivered";
///     }
/// }
/// use streamgauge_tokio::{Config, Counter, FamilyMeter, Stats};
///
/// const READINGS: Counter<Sensor> = Counter::named("readings");
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), streamgauge_tokio::ConfigError> {
/// let sensors = FamilyMeter::<Sensor>::new(1_000);
/// let stats = Stats::spawn(Config::new().with_family(&sensors))?;
///
/// let sensor = sensors.announce("press-4/temperature");
/// let mut writer = sensor.track("");
/// writer.add(READINGS, 1);
///
/// stats.flush().await;
/// let latest = stats.latest("sensor.json").and_then(|track| track.frame());
/// assert!(latest.is_some_and(|frame| frame.payload.starts_with(br#"{"press-4/temperature":{"opened":1"#)));
/// # Ok(())
/// # }
/// ```
pub struct FamilyMeter<F: Family>(Arc<Owner<F>>);

/// One reference to the shared half, which many guards refer to in their turn.
struct Owner<F: Family>(Arc<Shared<F>>);

pub(crate) type HostFeed<F> = Feed<F, BoxedPages<F>>;

pub(crate) struct Shared<F: Family> {
    pub(crate) meter: Meter<F, Boxed<F>>,
    /// Locked by the driver that publishes it, for as long as it does.
    feed: Arc<sync::Mutex<HostFeed<F>>>,
    /// Whether a tick makes room in a full table of series.
    releases: bool,
    /// Wakes that driver before its time.
    wake: Mutex<Option<Arc<Notify>>>,
}

impl<F: Family> FamilyMeter<F> {
    /// Room for so many series, and as many cells; see [`FamilyConfig`].
    pub fn new(series: usize) -> Self {
        Self::with_config(FamilyConfig::new(series))
    }

    /// A meter as configured. Takes all of its memory.
    pub fn with_config(config: FamilyConfig) -> Self {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let now_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let FamilyConfig {
            series,
            cells,
            linger,
        } = config;
        let ledger = Ledger::new(host::pages(series, 1, true), now_ms);
        let shared = Shared {
            meter: host::meter(series, cells, 1).with_linger(linger),
            feed: Arc::new(sync::Mutex::new(Feed::new(ledger))),
            releases: !F::KEPT || linger == Linger::AtOnce,
            wake: Mutex::default(),
        };
        Self(Arc::new(Owner(Arc::new(shared))))
    }

    /// The same meter, with a reference count of its own: one for each task that opens many guards, so
    /// that tasks do not contend for one. Allocates.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self(Arc::new(Owner(self.0.0.clone())))
    }

    /// The same meter, for as long as this lives: opening and dropping a guard touches no reference
    /// count, and a bump does not look its cell up.
    pub fn by_ref(&self) -> FamilyRef<'_, F> {
        FamilyRef(self.shared())
    }

    /// Holds the series of this name announced.
    pub fn announce(&self, name: &str) -> Announce<F, Self> {
        announce(self.clone(), name)
    }

    /// Opens a writer of the series of this name.
    pub fn track(&self, name: &str) -> Track<F, Self> {
        track(self.clone(), name)
    }

    /// Holds the series of this name, without a cell.
    pub fn handle(&self, name: &str) -> Lease<F, Self> {
        handle(self.clone(), name)
    }

    /// How full the tables are.
    pub fn usage(&self) -> Usage {
        self.shared().meter.usage()
    }

    pub(crate) fn share(&self) -> Arc<Shared<F>> {
        self.0.0.clone()
    }

    fn shared(&self) -> &Shared<F> {
        &self.0.0
    }
}

impl<F: Family> Clone for FamilyMeter<F> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<F: Family> fmt::Debug for FamilyMeter<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(f, "FamilyMeter", self.shared())
    }
}

impl<F: Family> MeterRef<F> for FamilyMeter<F> {
    type Storage = Boxed<F>;
    type Hold = ();

    #[inline]
    fn meter(&self) -> &Meter<F, Self::Storage> {
        &self.shared().meter
    }

    fn pressed(&self) {
        self.shared().press();
    }
}

/// Leads handles and guards to a [`FamilyMeter`] that outlives them.
#[derive(Clone, Copy)]
pub struct FamilyRef<'a, F: Family>(&'a Shared<F>);

impl<F: Family> FamilyRef<'_, F> {
    /// Holds the series of this name announced.
    pub fn announce(self, name: &str) -> Announce<F, Self> {
        announce(self, name)
    }

    /// Opens a writer of the series of this name.
    pub fn track(self, name: &str) -> Track<F, Self> {
        track(self, name)
    }

    /// Holds the series of this name, without a cell.
    pub fn handle(self, name: &str) -> Lease<F, Self> {
        handle(self, name)
    }
}

impl<F: Family> fmt::Debug for FamilyRef<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(f, "FamilyRef", self.0)
    }
}

impl<'a, F: Family> MeterRef<F> for FamilyRef<'a, F> {
    type Storage = Boxed<F>;
    type Hold = &'a Cell<F>;

    #[inline]
    fn meter(&self) -> &Meter<F, Self::Storage> {
        &self.0.meter
    }

    #[inline]
    fn hold(&self, cell: CellId) -> Option<Self::Hold> {
        self.0.meter.cell(cell)
    }

    fn pressed(&self) {
        self.0.press();
    }
}

fn announce<F: Family, M: MeterRef<F>>(meter: M, name: &str) -> Announce<F, M> {
    Announce::open(meter, LANE, key::<F, M>(name).as_ref())
}

fn track<F: Family, M: MeterRef<F>>(meter: M, name: &str) -> Track<F, M> {
    Track::open(meter, LANE, key::<F, M>(name).as_ref())
}

fn handle<F: Family, M: MeterRef<F>>(meter: M, name: &str) -> Lease<F, M> {
    Lease::named(meter, LANE, name)
}

type KeyOf<F, M> = Key<<<M as MeterRef<F>>::Storage as Storage<F>>::Key>;

/// The key of a name; none for one too long, which counts in the overflow series.
fn key<F: Family, M: MeterRef<F>>(name: &str) -> Option<KeyOf<F, M>> {
    Key::new(name).ok()
}

fn debug<F: Family>(f: &mut fmt::Formatter<'_>, name: &str, of: &Shared<F>) -> fmt::Result {
    f.debug_struct(name)
        .field("family", &F::NAME)
        .field("usage", &of.meter.usage())
        .finish_non_exhaustive()
}

impl<F: Family> Shared<F> {
    /// Takes hold of the feed for one driver; nothing while another has it.
    pub(crate) fn take(&self, wake: &Arc<Notify>) -> Option<OwnedMutexGuard<HostFeed<F>>> {
        let mut feed = self.feed.clone().try_lock_owned().ok()?;
        // Whom the driver before told of patches is not whom this one tells.
        feed.forget_patches(LANE);
        self.wake(Some(wake.clone()));
        Some(feed)
    }

    /// What to wake from now on when the tables run low.
    pub(crate) fn wake(&self, wake: Option<Arc<Notify>>) {
        *self.wake.lock().unwrap_or_else(PoisonError::into_inner) = wake;
    }

    /// Whether the tables run low, and a tick would make room.
    pub(crate) fn is_pressed(&self) -> bool {
        self.meter.is_pressed() && (self.releases || self.lacks_cells())
    }

    /// Closed guards give their cells back with a tick whatever becomes of their series.
    fn lacks_cells(&self) -> bool {
        let usage = self.meter.usage();
        let left = usage.cells_capacity.saturating_sub(usage.cells);
        left <= usage.cells_capacity / 8
    }

    #[cold]
    fn press(&self) {
        if !self.is_pressed() {
            return;
        }
        if let Some(wake) = &*self.wake.lock().unwrap_or_else(PoisonError::into_inner) {
            wake.notify_one();
        }
    }
}
