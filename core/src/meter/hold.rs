//! Handles that hold a series without a subscription, and what is counted under its lock.

use super::{Meter, Place, Seat, touch};
use crate::{
    activity::Tally,
    key::Key,
    name::{Name, Plain},
    row::Row,
    schema::{Family, encoded},
    storage::{Shard, Storage},
};

impl<F: Family, S: Storage<F>> Meter<F, S> {
    /// Holds the series of this lane and name, or the lane's overflow series.
    #[inline]
    pub(crate) fn hold(&self, lane: usize, name: Option<&impl Name<S::Key>>) -> Option<Place> {
        let found = name.and_then(|name| self.look_up(lane, name));
        found.or_else(|| self.hold_locked(lane, name))
    }

    fn hold_locked(&self, lane: usize, name: Option<&impl Name<S::Key>>) -> Option<Place> {
        let held = self.enter(lane, name, |_, _, row| {
            row.guards.increment();
        });
        held.map(|(place, ())| place)
    }

    /// Holds the series of this lane and name, as [`Key::new`] spells it.
    #[inline]
    pub(crate) fn hold_named(&self, lane: usize, name: &str) -> Option<Place> {
        match Plain::of::<S::Key>(name) {
            Some(plain) => self.hold(lane, Some(&plain)),
            None => self.hold_spelled(lane, name),
        }
    }

    #[cold]
    #[inline(never)]
    fn hold_spelled(&self, lane: usize, name: &str) -> Option<Place> {
        self.hold(lane, Key::new(name).ok().as_ref())
    }

    /// Holds a series once more.
    #[inline]
    pub(crate) fn hold_also(&self, place: Place) {
        if !self.lasts() {
            self.hold_again(place, |_| {});
        }
    }

    /// Lets a series go.
    #[inline]
    pub(crate) fn release(&self, place: Place) {
        if !self.lasts() {
            self.let_go(place, |_| {});
        }
    }

    /// Holds a series once more, and counts.
    pub(crate) fn hold_again(&self, place: Place, f: impl FnOnce(&Tally<'_, F>)) {
        self.count(place, |row| {
            row.guards.increment();
            f(&Tally::new(row.poured()));
        });
    }

    /// Lets a series go, and counts.
    pub(crate) fn let_go(&self, place: Place, f: impl FnOnce(&Tally<'_, F>)) {
        self.count(place, |row| {
            f(&Tally::new(row.poured()));
            row.guards.decrement();
        });
    }

    /// Counts in a series that the caller holds.
    pub(crate) fn tell(&self, place: Place, f: impl FnOnce(&Tally<'_, F>)) {
        self.count(place, |row| f(&Tally::new(row.poured())));
    }

    /// Gives one more writer of a series by name its cell.
    pub(crate) fn join_named(&self, lane: usize, name: Option<&impl Name<S::Key>>) -> Option<Seat> {
        let joined = self.enter(lane, name, |_, id, row| {
            row.guards.increment();
            self.take_cell(id, row)
        });
        joined.map(|(place, cell)| self.seated(place, cell))
    }

    /// Sets a gauge of a series that the caller holds: a store. In an overflow series, which many share,
    /// it would mean nothing.
    #[inline]
    pub(crate) fn set(&self, place: Place, gauge: usize, value: u64) {
        if !self.is_folded(place)
            && let Some(row) = self.row(place.row())
        {
            let level = usize::try_from(encoded(value));
            row.set(gauge, level.unwrap_or(usize::MAX));
        }
    }

    /// Whether this is an overflow series.
    #[inline]
    pub(crate) fn is_folded(&self, place: Place) -> bool {
        self.is_overflow(place.row())
    }

    #[inline]
    fn count(&self, place: Place, f: impl FnOnce(&Row<F, S::Key>)) {
        self.with_row(place, |shard: &Shard<S::Lock>, row| {
            touch(shard, place.row(), row);
            f(row);
        });
    }
}
