//! What user code holds: an announce guard, and the writers of a series.

use core::fmt;

use crate::{
    cell::{Cell, CellId, bump},
    families::Traffic,
    key::Key,
    meter::{Meter, Place, Seat, Subscription, Viewer},
    schema::{Buckets, Counter, Family, Level, Quantity},
    storage::Storage,
    sync::{Link, PlainWords},
};

/// Leads a guard to its meter: a reference to a static, or an `Arc` of the adapter.
pub trait MeterRef<F: Family>: Clone {
    /// The meter's tables.
    type Storage: Storage<F>;

    /// What a guard keeps of its cell: the cell itself (`&Cell<F>`) where this is a reference and the
    /// meter outlives it; `()` where this owns a share of the meter, so that the cell is looked up at
    /// each bump.
    type Hold: Hold<F>;

    /// The meter.
    fn meter(&self) -> &Meter<F, Self::Storage>;

    /// What a guard is to keep of this cell: nothing, unless this is a reference.
    #[inline]
    fn hold(&self, _cell: CellId) -> Option<Self::Hold> {
        None
    }

    /// Called when a guard finds the tables running low: the place to wake a sleeping reporter.
    fn pressed(&self) {}
}

/// What a guard keeps of its cell: the cell, or nothing.
pub trait Hold<F: Family>: Copy + Send + Sync {
    /// The cell, if it is kept here; else what `look_up` finds, if it could not be kept.
    fn cell<'a>(
        this: Option<&'a Self>,
        look_up: impl FnOnce() -> Option<&'a Cell<F>>,
    ) -> Option<&'a Cell<F>>;
}

impl<F: Family> Hold<F> for () {
    #[inline]
    fn cell<'a>(
        _: Option<&'a Self>,
        look_up: impl FnOnce() -> Option<&'a Cell<F>>,
    ) -> Option<&'a Cell<F>> {
        look_up()
    }
}

impl<F: Family> Hold<F> for &Cell<F> {
    #[inline]
    fn cell<'a>(
        this: Option<&'a Self>,
        _: impl FnOnce() -> Option<&'a Cell<F>>,
    ) -> Option<&'a Cell<F>> {
        this.copied()
    }
}

impl<'a, F: Family, S: Storage<F>> MeterRef<F> for &'a Meter<F, S> {
    type Storage = S;
    type Hold = &'a Cell<F>;

    #[inline]
    fn meter(&self) -> &Meter<F, S> {
        self
    }

    #[inline]
    fn hold(&self, cell: CellId) -> Option<&'a Cell<F>> {
        Meter::cell(self, cell)
    }
}

/// The key type of a meter reference.
pub(crate) type KeyOf<F, M> = Key<<<M as MeterRef<F>>::Storage as Storage<F>>::Key>;

/// Holds a series announced: from its making until it drops.
///
/// Opening and dropping take one lock for tens of instructions; neither allocates.
#[derive(Debug)]
#[must_use = "a guard counts as closed when it drops"]
pub struct Announce<F: Family, M: MeterRef<F>> {
    place: Option<(M, Place)>,
    id: u32,
    seen_in: Link,
    family: core::marker::PhantomData<fn(F)>,
}

impl<F: Family, M: MeterRef<F>> Announce<F, M> {
    /// Announces the series of this lane and name; without a key, the lane's overflow series.
    pub fn open(meter: M, lane: usize, key: Option<&KeyOf<F, M>>) -> Self {
        let Some((place, id)) = meter.meter().announce(lane, key) else {
            return Self::disabled();
        };
        press(&meter);
        Self::at(Some((meter, place)), id)
    }

    /// A guard that counts nothing.
    pub fn disabled() -> Self {
        Self::at(None, 0)
    }

    fn at(place: Option<(M, Place)>, id: u32) -> Self {
        Self {
            place,
            id,
            seen_in: Link::none(),
            family: core::marker::PhantomData,
        }
    }

    /// Opens a subscription under this guard. The name is for the reader of the code: series count
    /// whole broadcasts.
    pub fn track(&self, _name: &str) -> Track<F, M> {
        let Some((meter, place)) = &self.place else {
            return Track::disabled();
        };
        let viewer = Viewer {
            id: self.id,
            seen_in: &self.seen_in,
        };
        match meter.meter().subscribe_under(*place, viewer) {
            Some((seat, subscription)) => Track::seated(meter.clone(), seat, subscription),
            None => Track::disabled(),
        }
    }
}

impl<F: Family, M: MeterRef<F>> Drop for Announce<F, M> {
    fn drop(&mut self) {
        if let Some((meter, place)) = &self.place {
            meter.meter().unannounce(*place);
        }
    }
}

/// Counts what flows in one subscription, from its making until it drops.
///
/// A guard owns its cell, so a bump takes `&mut self` and is a load and a store: no lock, no
/// read-modify-write, no allocation. It may move to another task; a second task that writes for the
/// same subscription asks for a [`writer`](Self::writer) of its own. Opening and dropping take one
/// lock for tens of instructions.
///
/// On 32-bit targets a word may grow by less than 2^32 between two ticks.
///
/// When no cell was free the guard keeps its words in itself and hands them over when it drops, and
/// every [`FLUSH_EVERY`] bumps: such a bump takes the lock, and may lag behind in frames.
#[must_use = "a guard counts as closed when it drops"]
pub struct Track<F: Family, M: MeterRef<F>> {
    meter: Option<M>,
    hold: Option<M::Hold>,
    cell: Option<CellId>,
    place: Place,
    unflushed: u32,
    subscription: Subscription,
    /// What was counted without a cell and not handed over yet.
    own: F::Own,
}

/// After so many bumps a guard without a cell hands over what it kept.
pub const FLUSH_EVERY: u32 = 64;

impl<F: Family, M: MeterRef<F>> Track<F, M> {
    /// Subscribes to the series of this lane and name, without an announce guard; without a key, to
    /// the lane's overflow series.
    pub fn open(meter: M, lane: usize, key: Option<&KeyOf<F, M>>) -> Self {
        match meter.meter().subscribe(lane, key) {
            Some(seat) => Self::seated(meter, seat, Subscription::ALONE),
            None => Self::disabled(),
        }
    }

    /// Writes for the series of this lane and name without a subscription; without a key, for the lane's
    /// overflow series.
    pub fn join(meter: M, lane: usize, key: Option<&KeyOf<F, M>>) -> Self {
        match meter.meter().join_named(lane, key) {
            Some(seat) => Self::seated(meter, seat, Subscription::NONE),
            None => Self::disabled(),
        }
    }

    /// One more writer for a series that the caller holds.
    pub(crate) fn join_at(meter: M, place: Place) -> Self {
        match meter.meter().join(place) {
            Some(seat) => Self::seated(meter, seat, Subscription::NONE),
            None => Self::disabled(),
        }
    }

    /// A guard that counts nothing.
    pub fn disabled() -> Self {
        Self {
            meter: None,
            hold: None,
            cell: None,
            place: Place::new(0, 0),
            unflushed: 0,
            subscription: Subscription::NONE,
            own: PlainWords::ZERO,
        }
    }

    #[inline]
    fn seated(meter: M, seat: Seat, subscription: Subscription) -> Self {
        press(&meter);
        Self {
            hold: seat.cell.and_then(|cell| meter.hold(cell)),
            meter: Some(meter),
            cell: seat.cell,
            place: seat.place,
            unflushed: 0,
            subscription,
            own: PlainWords::ZERO,
        }
    }

    /// Another writer of the same subscription, with a cell of its own, for another task.
    ///
    /// It is no subscription of its own: the one it writes for ends when the guard that opened it
    /// drops. What the writer counts after that still counts.
    pub fn writer(&self) -> Self {
        match &self.meter {
            Some(meter) => Self::join_at(meter.clone(), self.place),
            None => Self::disabled(),
        }
    }

    /// Adds `n` to a counter.
    #[allow(
        clippy::inline_always,
        reason = "a bump is a few instructions, in code built for size too"
    )]
    #[inline(always)]
    pub fn add(&mut self, counter: Counter<F>, n: usize) {
        let look_up = || self.meter.as_ref()?.meter().cell(self.cell?);
        match Hold::cell(self.hold.as_ref(), look_up) {
            Some(cell) => {
                bump::<F>(cell.words(), counter.slot(), n);
            }
            None => self.add_own(counter, n),
        }
    }

    /// Records a value in a histogram: two bumps, and the search for the bucket. Among listed bounds that
    /// goes up from the lowest, one comparison each; on a log-linear scale it takes a few instructions.
    ///
    /// On 32-bit targets a sum may grow by less than 2^32 between two ticks, as any word: that is 71 minutes
    /// of recorded durations for each guard. A longer value counts as that.
    #[inline]
    pub fn record<V: Quantity>(&mut self, histogram: Buckets<F, V>, value: V) {
        let bumps = histogram.place(value);
        let look_up = || self.meter.as_ref()?.meter().cell(self.cell?);
        match Hold::cell(self.hold.as_ref(), look_up) {
            Some(cell) => {
                for (slot, n) in bumps.each() {
                    bump::<F>(cell.words(), slot, n);
                }
            }
            None => self.record_own(bumps.bucket, bumps.sum, bumps.value),
        }
    }

    /// Sets a gauge: the value that was set last counts, whoever set it. A plain store, without a lock,
    /// legal in an interrupt handler.
    ///
    /// Durations are kept in microseconds. On 32-bit targets values from 2^32 - 2 on, of durations 71
    /// minutes, count as that. In an overflow series, which many share, a gauge means nothing, and none is
    /// set.
    #[inline]
    pub fn set<V: Quantity>(&self, level: Level<F, V>, value: V) {
        if let Some(meter) = &self.meter {
            meter.meter().set(self.place, level.place(), value.fine());
        }
    }

    /// Keeps the bump in the guard, which has no cell.
    #[cold]
    #[inline(never)]
    fn add_own(&mut self, counter: Counter<F>, n: usize) {
        self.keep_own([(counter.slot(), n)]);
    }

    /// The same for a recorded value.
    #[cold]
    #[inline(never)]
    fn record_own(&mut self, bucket: usize, sum: usize, value: usize) {
        self.keep_own([(bucket, 1), (sum, value)]);
    }

    /// Keeps bumps in the guard, and hands over what it kept in time; then it may get a cell after all.
    #[inline]
    fn keep_own<const N: usize>(&mut self, bumps: [(usize, usize); N]) {
        let Some(meter) = &self.meter else { return };
        for (slot, n) in bumps {
            if let Some(own) = self.own.as_mut().get_mut(slot) {
                *own = own.wrapping_add(n);
                self.unflushed += 1;
            }
        }
        if self.unflushed >= FLUSH_EVERY {
            self.unflushed = 0;
            self.cell = meter.meter().flush(self.place, &mut self.own);
            self.hold = self.cell.and_then(|cell| meter.hold(cell));
        }
    }
}

#[allow(
    clippy::inline_always,
    reason = "a bump is a few instructions, in code built for size too"
)]
impl<M: MeterRef<Traffic>> Track<Traffic, M> {
    const BYTES: Counter<Traffic> = Counter::named("bytes");
    const FRAMES: Counter<Traffic> = Counter::named("frames");
    const GROUPS: Counter<Traffic> = Counter::named("groups");

    /// Counts a frame.
    #[inline(always)]
    pub fn frame(&mut self) {
        self.add(Self::FRAMES, 1);
    }

    /// Counts `n` bytes of payload.
    #[inline(always)]
    pub fn bytes(&mut self, n: usize) {
        self.add(Self::BYTES, n);
    }

    /// Counts a group.
    #[inline(always)]
    pub fn group(&mut self) {
        self.add(Self::GROUPS, 1);
    }

    /// Counts a whole frame of `n` bytes.
    #[inline(always)]
    pub fn whole_frame(&mut self, n: usize) {
        self.frame();
        self.bytes(n);
    }
}

impl<F: Family, M: MeterRef<F>> fmt::Debug for Track<F, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut track = f.debug_struct("Track");
        track.field("place", &self.place).field("cell", &self.cell);
        track.field("own", &self.own).finish_non_exhaustive()
    }
}

impl<F: Family, M: MeterRef<F>> Drop for Track<F, M> {
    fn drop(&mut self) {
        if let Some(meter) = &self.meter {
            let seat = Seat {
                place: self.place,
                cell: self.cell,
            };
            let meter = meter.meter();
            meter.leave(seat, self.subscription, &mut self.own);
        }
    }
}

/// Wakes the reporter when the tables run low.
#[inline]
pub(crate) fn press<F: Family, M: MeterRef<F>>(meter: &M) {
    if meter.meter().is_pressed() {
        meter.pressed();
    }
}
