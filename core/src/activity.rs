//! What begins and ends under the lock: handles that hold a series, and activities in it.

use core::marker::PhantomData;

use crate::{
    guard::{KeyOf, MeterRef, Track, press},
    meter::Place,
    schema::{Buckets, Counter, Family, Level, Pair, Quantity},
    sync::{AtomicUsize, add},
};

/// Holds a series by its name, without a cell: as long as this lives the series is not released. Clones
/// hold the same series.
///
/// Where series stay for ever ([`Linger::Forever`](crate::Linger::Forever), in a family that keeps them),
/// finding one that is there takes no lock, nor do cloning and dropping its handle.
///
/// What is counted here takes a short lock each time; who counts often asks for a
/// [`writer`](Self::writer).
#[derive(Debug)]
pub struct Lease<F: Family, M: MeterRef<F>> {
    place: Option<(M, Place)>,
    family: PhantomData<fn(F)>,
}

impl<F: Family, M: MeterRef<F>> Lease<F, M> {
    /// Finds or makes the series of this lane and name; without a key, or where there is no room, it is
    /// the lane's overflow series. Takes one lock at most.
    pub fn open(meter: M, lane: usize, key: Option<&KeyOf<F, M>>) -> Self {
        let place = meter.meter().hold(lane, key);
        Self::held(meter, place)
    }

    /// The same by the name that [`Key::new`](crate::Key::new) makes the key of; no key is made as long as
    /// the series is there.
    #[inline]
    pub fn named(meter: M, lane: usize, name: &str) -> Self {
        let place = meter.meter().hold_named(lane, name);
        Self::held(meter, place)
    }

    #[inline]
    fn held(meter: M, place: Option<Place>) -> Self {
        // Where series stay for ever, no tick makes room for more.
        if place.is_some() && !meter.meter().lasts() {
            press(&meter);
        }
        Self::at(place.map(|place| (meter, place)))
    }

    /// A handle that counts nothing.
    #[must_use]
    pub fn disabled() -> Self {
        Self::at(None)
    }

    fn at(place: Option<(M, Place)>) -> Self {
        Self {
            place,
            family: PhantomData,
        }
    }

    /// Whether it counts in an overflow series.
    pub fn is_folded(&self) -> bool {
        let place = self.place.as_ref();
        place.is_some_and(|(meter, place)| meter.meter().is_folded(*place))
    }

    /// Adds `n` to a counter. Takes one lock.
    pub fn add(&self, counter: Counter<F>, n: usize) {
        self.tell(|tally| tally.add(counter, n));
    }

    /// Records a value in a histogram. Takes one lock.
    pub fn record<V: Quantity>(&self, histogram: Buckets<F, V>, value: V) {
        self.tell(|tally| tally.record(histogram, value));
    }

    /// Counts several things at once: no reader sees some of them without the others. Takes one lock, under
    /// which `f` must neither block nor panic.
    pub fn tell(&self, f: impl FnOnce(&Tally<'_, F>)) {
        if let Some((meter, place)) = &self.place {
            meter.meter().tell(*place, f);
        }
    }

    /// Sets a gauge: see [`Track::set`].
    #[inline]
    pub fn set<V: Quantity>(&self, level: Level<F, V>, value: V) {
        if let Some((meter, place)) = &self.place {
            meter.meter().set(*place, level.place(), value.fine());
        }
    }

    /// Begins an activity. Takes one lock.
    pub fn begin(&self, pair: Pair<F>) -> Activity<F, M> {
        if let Some((meter, place)) = &self.place {
            let begin = |tally: &Tally<'_, F>| tally.bump(pair.begun(), 1);
            meter.meter().hold_again(*place, begin);
        }
        Activity {
            lease: Self::at(self.place.clone()),
            pair,
        }
    }

    /// A writer with a cell of its own. Takes one lock.
    pub fn writer(&self) -> Track<F, M> {
        match &self.place {
            Some((meter, place)) => Track::join_at(meter.clone(), *place),
            None => Track::disabled(),
        }
    }

    /// Lets the series go, and counts in the same lock; nothing if that was done before.
    fn let_go(&mut self, f: impl FnOnce(&Tally<'_, F>)) {
        if let Some((meter, place)) = self.place.take() {
            meter.meter().let_go(place, f);
        }
    }
}

impl<F: Family, M: MeterRef<F>> Clone for Lease<F, M> {
    fn clone(&self) -> Self {
        if let Some((meter, place)) = &self.place {
            meter.meter().hold_also(*place);
        }
        Self::at(self.place.clone())
    }
}

impl<F: Family, M: MeterRef<F>> Drop for Lease<F, M> {
    #[inline]
    fn drop(&mut self) {
        if let Some((meter, place)) = &self.place {
            meter.meter().release(*place);
        }
    }
}

/// Something that is under way in a series, from its making until it drops: counted as begun, and then
/// as ended, under a short lock each time. It has no cell, so that there may be any number of them.
#[derive(Debug)]
#[must_use = "an activity counts as ended when it drops"]
pub struct Activity<F: Family, M: MeterRef<F>> {
    lease: Lease<F, M>,
    pair: Pair<F>,
}

impl<F: Family, M: MeterRef<F>> Activity<F, M> {
    /// Ends it, and counts what it has to tell in the same lock, under which `f` must neither block nor
    /// panic: no reader sees one without the other. What is left of it counts nothing.
    pub fn end(&mut self, f: impl FnOnce(&Tally<'_, F>)) {
        let ended = self.pair.ended();
        self.lease.let_go(|tally| {
            f(tally);
            tally.bump(ended, 1);
        });
    }

    /// A writer for the same series, with a cell of its own. Takes one lock.
    pub fn writer(&self) -> Track<F, M> {
        self.lease.writer()
    }
}

impl<F: Family, M: MeterRef<F>> Drop for Activity<F, M> {
    fn drop(&mut self) {
        self.end(|_| {});
    }
}

/// Counts in a series whose lock is held.
#[derive(Debug)]
pub struct Tally<'a, F> {
    words: &'a [AtomicUsize],
    family: PhantomData<fn(F)>,
}

impl<'a, F: Family> Tally<'a, F> {
    /// Counts in these words of a row; the caller holds its lock.
    #[inline]
    pub(crate) fn new(words: &'a [AtomicUsize]) -> Self {
        Self {
            words,
            family: PhantomData,
        }
    }

    /// Adds `n` to a counter.
    #[inline]
    pub fn add(&self, counter: Counter<F>, n: usize) {
        self.bump(counter.slot(), n);
    }

    /// Records a value in a histogram.
    #[inline]
    pub fn record<V: Quantity>(&self, histogram: Buckets<F, V>, value: V) {
        for (slot, n) in histogram.place(value).each() {
            self.bump(slot, n);
        }
    }

    #[inline]
    fn bump(&self, slot: usize, n: usize) {
        if let Some(word) = self.words.get(slot) {
            add(word, n);
        }
    }
}
