//! What user code holds: an announce guard, and the writers of a series.

use crate::{
    families::Traffic,
    key::Key,
    meter::{Meter, Place, Seat, Subscription, Viewer},
    schema::{Counter, Family},
    storage::Storage,
    sync::{AtomicWords, Link, add, zero_words},
};

/// Leads a guard to its meter: a reference to a static, or an `Arc` of the adapter.
pub trait MeterRef<F: Family>: Clone {
    /// The meter's tables.
    type Storage: Storage<F>;

    /// The meter.
    fn meter(&self) -> &Meter<F, Self::Storage>;

    /// Called when a guard finds the tables running low: the place to wake a sleeping reporter.
    fn pressed(&self) {}
}

impl<F: Family, S: Storage<F>> MeterRef<F> for &Meter<F, S> {
    type Storage = S;

    #[inline]
    fn meter(&self) -> &Meter<F, S> {
        self
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
#[derive(Debug)]
#[must_use = "a guard counts as closed when it drops"]
pub struct Track<F: Family, M: MeterRef<F>> {
    meter: Option<M>,
    /// The cell's id; [`NO_CELL`] if there is none.
    cell: u32,
    place: Place,
    unflushed: u32,
    subscription: Subscription,
    own: F::Cell,
}

/// After so many bumps a guard without a cell hands over what it kept.
pub const FLUSH_EVERY: u32 = 64;

/// No table has this many cells.
const NO_CELL: u32 = u32::MAX;

impl<F: Family, M: MeterRef<F>> Track<F, M> {
    /// Subscribes to the series of this lane and name, without an announce guard; without a key, to
    /// the lane's overflow series.
    pub fn open(meter: M, lane: usize, key: Option<&KeyOf<F, M>>) -> Self {
        match meter.meter().subscribe(lane, key) {
            Some(seat) => Self::seated(meter, seat, Subscription::ALONE),
            None => Self::disabled(),
        }
    }

    /// A guard that counts nothing.
    pub fn disabled() -> Self {
        Self {
            meter: None,
            cell: NO_CELL,
            place: Place { row: 0, shard: 0 },
            unflushed: 0,
            subscription: Subscription::NONE,
            own: zero_words!(F::Cell),
        }
    }

    #[inline]
    fn seated(meter: M, seat: Seat, subscription: Subscription) -> Self {
        press(&meter);
        Self {
            meter: Some(meter),
            cell: seat.cell.unwrap_or(NO_CELL),
            place: seat.place,
            unflushed: 0,
            subscription,
            own: zero_words!(F::Cell),
        }
    }

    /// Another writer of the same subscription, with a cell of its own, for another task.
    ///
    /// It is no subscription of its own: the one it writes for ends when the guard that opened it
    /// drops. What the writer counts after that still counts.
    pub fn writer(&self) -> Self {
        let Some(meter) = &self.meter else {
            return Self::disabled();
        };
        match meter.meter().join(self.place) {
            Some(seat) => Self::seated(meter.clone(), seat, Subscription::NONE),
            None => Self::disabled(),
        }
    }

    /// Adds `n` to a counter.
    #[inline]
    pub fn add(&mut self, counter: Counter<F>, n: usize) {
        let Some(meter) = &self.meter else { return };
        match meter.meter().cell(self.cell) {
            Some(cell) => {
                if let Some(word) = cell.words().get(counter.slot()) {
                    add(word, n);
                }
            }
            None => self.add_own(counter, n),
        }
    }

    #[cold]
    fn add_own(&mut self, counter: Counter<F>, n: usize) {
        if let Some(word) = self.own.words().get(counter.slot()) {
            add(word, n);
            self.unflushed += 1;
        }
        if self.unflushed >= FLUSH_EVERY {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.unflushed = 0;
        if let Some(meter) = &self.meter {
            self.cell = meter
                .meter()
                .flush(self.place, &self.own)
                .unwrap_or(NO_CELL);
        }
    }
}

impl<M: MeterRef<Traffic>> Track<Traffic, M> {
    const BYTES: Counter<Traffic> = Counter::named("bytes");
    const FRAMES: Counter<Traffic> = Counter::named("frames");
    const GROUPS: Counter<Traffic> = Counter::named("groups");

    /// Counts a frame.
    #[inline]
    pub fn frame(&mut self) {
        self.add(Self::FRAMES, 1);
    }

    /// Counts `n` bytes of payload.
    #[inline]
    pub fn bytes(&mut self, n: usize) {
        self.add(Self::BYTES, n);
    }

    /// Counts a group.
    #[inline]
    pub fn group(&mut self) {
        self.add(Self::GROUPS, 1);
    }

    /// Counts a whole frame of `n` bytes.
    #[inline]
    pub fn whole_frame(&mut self, n: usize) {
        self.frame();
        self.bytes(n);
    }
}

impl<F: Family, M: MeterRef<F>> Drop for Track<F, M> {
    fn drop(&mut self) {
        if let Some(meter) = &self.meter {
            let cell = Some(self.cell).filter(|cell| *cell != NO_CELL);
            let seat = Seat {
                place: self.place,
                cell,
            };
            meter.meter().leave(seat, self.subscription, &self.own);
        }
    }
}

/// Wakes the reporter when the tables run low.
#[inline]
fn press<F: Family, M: MeterRef<F>>(meter: &M) {
    if meter.meter().is_pressed() {
        meter.pressed();
    }
}
