//! What guards do to the tables as they open and close, each step under one shard's lock.

use super::{Meter, Place, touch};
use crate::{
    cell::CellId,
    key::Key,
    name::Name,
    row::Row,
    schema::{Event, Family},
    storage::{Bucket, Shard, Storage},
    sync::{Id, Link, Lock, Ordering, widen},
};

/// What a writer writes for: its series, and its cell if there was one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) place: Place,
    pub(crate) cell: Option<CellId>,
}

/// What a writer must undo when it drops, in one word: a guard is written when it opens and read when
/// it drops, and a processor is slow to read two halves as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subscription(u32);

impl Subscription {
    /// No subscription: one more writer.
    pub(crate) const NONE: Self = Self(u32::MAX);
    /// Opened without an announce guard.
    pub(crate) const ALONE: Self = Self(u32::MAX - 1);
    /// Under an announce guard, a viewer of its own for want of a cell to count in.
    const UNCOUNTED: Self = Self(u32::MAX - 2);

    /// Under an announce guard whose subscriptions this cell counts. No cell has one of the ids above.
    const fn viewed(cell: u32) -> Self {
        Self(cell)
    }

    /// The cell that counts the announce guard's subscriptions.
    fn cell(self) -> Option<u32> {
        Some(self.0).filter(|id| *id < Self::UNCOUNTED.0)
    }
}

/// The announce guard that a subscription is opened under.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Viewer<'a> {
    /// The announce guard's id among those of its shard.
    pub(crate) id: u32,
    /// The cell that counted its subscriptions last.
    pub(crate) seen_in: &'a Link,
}

/// Where the index has a series.
struct Spot<'a> {
    lane: u8,
    hash: u32,
    bucket: &'a Bucket,
    shard: u32,
}

impl<F: Family, S: Storage<F>> Meter<F, S> {
    /// Opens an announce guard: its series and its id there. Nothing if there are no tables at all.
    pub(crate) fn announce(
        &self,
        lane: usize,
        name: Option<&impl Name<S::Key>>,
    ) -> Option<(Place, u32)> {
        self.enter(lane, name, |shard, _, row| {
            self.begin(row, Event::Announce);
            row.guards.increment();
            shard.announced.increment()
        })
    }

    /// Closes an announce guard.
    pub(crate) fn unannounce(&self, place: Place) {
        self.with_row(place, |shard, row| {
            row.end(Event::Announce);
            row.guards.decrement();
            touch(shard, place.row(), row);
        });
    }

    /// Opens a subscription that no announce guard covers.
    pub(crate) fn subscribe(&self, lane: usize, name: Option<&impl Name<S::Key>>) -> Option<Seat> {
        let opened = self.enter(lane, name, |_, id, row| self.seat(id, row));
        opened.map(|(place, cell)| self.seated(place, cell))
    }

    /// Opens a subscription under an announce guard.
    pub(crate) fn subscribe_under(
        &self,
        place: Place,
        viewer: Viewer<'_>,
    ) -> Option<(Seat, Subscription)> {
        let (cell, subscription) = self.with_row(place, |shard, row| {
            touch(shard, place.row(), row);
            let cell = self.seat(place.row(), row);
            (cell, self.view(place.row(), row, cell, viewer))
        })?;
        Some((self.seated(place, cell), subscription))
    }

    /// Gives one more writer of a series its cell.
    pub(crate) fn join(&self, place: Place) -> Option<Seat> {
        let cell = self.with_row(place, |shard, row| {
            row.guards.increment();
            touch(shard, place.row(), row);
            self.take_cell(place.row(), row)
        })?;
        Some(self.seated(place, cell))
    }

    /// Closes a writer: its subscription if it is one, its own words if it has no cell.
    pub(crate) fn leave(&self, seat: Seat, subscription: Subscription, own: &mut F::Own) {
        self.with_row(seat.place, |shard, row| {
            touch(shard, seat.place.row(), row);
            if subscription == Subscription::NONE {
                row.guards.decrement();
            } else {
                row.end(Event::Subscribe);
                if row.live.decrement() == 0 {
                    row.end(Event::Active);
                }
                self.end_view(row, subscription);
            }
            match seat.cell {
                Some(cell) => self.abandon(row, cell.get()),
                None => row.pour(own),
            }
        });
    }

    /// Takes the words of a writer without a cell, and looks for a cell again.
    pub(crate) fn flush(&self, place: Place, own: &mut F::Own) -> Option<CellId> {
        self.with_row(place, |shard, row| {
            row.pour(own);
            touch(shard, place.row(), row);
            self.take_cell(place.row(), row)
        })?
        .and_then(CellId::new)
    }

    /// Finds or makes the series and runs `f` on its row; on the lane's overflow series when there
    /// is no room, or no key because the name was too long.
    pub(super) fn enter<T>(
        &self,
        lane: usize,
        name: Option<&impl Name<S::Key>>,
        f: impl Fn(&Shard<S::Lock>, u32, &Row<F, S::Key>) -> T,
    ) -> Option<(Place, T)> {
        let named = name.and_then(|name| self.enter_named(lane, name, &f));
        named.or_else(|| self.enter_overflow(lane, f))
    }

    #[inline]
    fn enter_named<T>(
        &self,
        lane: usize,
        name: &impl Name<S::Key>,
        f: impl Fn(&Shard<S::Lock>, u32, &Row<F, S::Key>) -> T,
    ) -> Option<(Place, T)> {
        let Spot {
            lane,
            hash,
            bucket,
            shard: number,
        } = self.spot(lane, name)?;
        let shard = self.storage.shards().get(number as usize)?;
        shard.lock.with(|| {
            let found = self.find(bucket.0.get(), lane, name, hash);
            let (id, row) = found.or_else(|| self.insert(bucket, lane, name, hash))?;
            touch(shard, id, row);
            Some((Place::new(id, number), f(shard, id, row)))
        })
    }

    /// The series, if it is there and stays for ever: found without a lock, and nobody needs to know who
    /// holds it.
    #[inline]
    pub(super) fn look_up(&self, lane: usize, name: &impl Name<S::Key>) -> Option<Place> {
        if !self.lasts() {
            return None;
        }
        let spot = self.spot(lane, name)?;
        // Rows are only ever put in front, each before the head of its chain tells of it.
        let first = spot.bucket.0.observe();
        let (id, _) = self.find(first, spot.lane, name, spot.hash)?;
        Some(Place::new(id, spot.shard))
    }

    /// Where a series stands if it is there.
    #[inline]
    fn spot(&self, lane: usize, name: &impl Name<S::Key>) -> Option<Spot<'_>> {
        let byte = u8::try_from(lane).ok().filter(|_| lane < self.lanes())?;
        let hash = name.hash(self.seed.load(Ordering::Relaxed), lane);
        let (place, bucket) = self.bucket(hash)?;
        Some(Spot {
            lane: byte,
            hash,
            bucket,
            shard: self.shard_for(place)?,
        })
    }

    /// The row of a series that outlived a reset, with nothing open in it; without a key, of the lane's
    /// overflow series. Nothing if there is no room.
    pub(crate) fn readmit(&self, lane: u8, key: Option<&Key<S::Key>>) -> Option<u32> {
        if let Some(key) = key {
            let entered = self.enter_named(usize::from(lane), key, |_, id, _| id);
            return entered.map(|(_, id)| id);
        }
        let id = Some(u32::from(lane)).filter(|id| self.is_overflow(*id))?;
        let place = Place::new(id, self.shard_for(usize::from(lane))?);
        self.with_row(place, |_, row| {
            if !row.is_named() {
                row.name(&Key::overflow(), lane, 0);
            }
            id
        })
    }

    #[cold]
    fn enter_overflow<T>(
        &self,
        lane: usize,
        f: impl Fn(&Shard<S::Lock>, u32, &Row<F, S::Key>) -> T,
    ) -> Option<(Place, T)> {
        let rows = self.storage.rows().len();
        let lane = lane % self.lanes().min(rows).max(1);
        let id = u32::try_from(lane).ok()?;
        self.storage.pool().count_folded_key();
        let place = Place::new(id, self.shard_for(lane)?);
        self.with_row(place, |shard, row| {
            if !row.is_named() {
                let [byte, ..] = id.to_le_bytes();
                row.name(&Key::overflow(), byte, 0);
            }
            touch(shard, id, row);
            (place, f(shard, id, row))
        })
    }

    /// Counts a subscription and finds it a cell; the caller holds the row's lock.
    #[inline]
    fn seat(&self, id: u32, row: &Row<F, S::Key>) -> Option<u32> {
        if row.live.increment() == 0 {
            row.begin(Event::Active);
        }
        self.begin(row, Event::Subscribe);
        self.take_cell(id, row)
    }

    /// Counts a subscription under its announce guard; the caller holds the row's lock.
    ///
    /// The count lies in the cell of the guard's first open subscription, which nobody else gets
    /// before the count is down to zero.
    #[inline]
    fn view(
        &self,
        id: u32,
        row: &Row<F, S::Key>,
        cell: Option<u32>,
        viewer: Viewer<'_>,
    ) -> Subscription {
        if let Some(seen_in) = viewer.seen_in.get()
            && let Some(first) = self.cell_at(seen_in)
            && first.is_viewed(viewer.id, id)
        {
            first.view_more();
            return Subscription::viewed(seen_in);
        }
        row.begin(Event::View);
        match cell.and_then(|cell| Some((cell, self.cell_at(cell)?))) {
            Some((id, first)) => {
                first.view_first(viewer.id);
                viewer.seen_in.set(Some(id));
                Subscription::viewed(id)
            }
            None => Subscription::UNCOUNTED,
        }
    }

    /// Counts the end of a subscription under its announce guard; the caller holds the row's lock.
    #[inline]
    fn end_view(&self, row: &Row<F, S::Key>, subscription: Subscription) {
        let Some((id, first)) = subscription
            .cell()
            .and_then(|id| Some((id, self.cell_at(id)?)))
        else {
            if subscription == Subscription::UNCOUNTED {
                row.end(Event::View);
            }
            return;
        };
        if first.view_less() == 0 {
            row.end(Event::View);
            if first.next.get() == HELD {
                first.next.follow(&row.spare);
                row.spare.set(Some(id));
            }
        }
    }

    /// Counts the beginning of an event that others do not outnumber; the caller holds the row's lock.
    #[inline]
    fn begin(&self, row: &Row<F, S::Key>, event: Event) {
        if row.begin(event) >= FULL / 2 {
            self.storage.pool().press();
        }
    }

    /// Leaves a cell to the next writer of the series, or to the next collect; the caller holds the
    /// row's lock.
    #[inline]
    fn abandon(&self, row: &Row<F, S::Key>, id: u32) {
        let Some(cell) = self.cell_at(id) else { return };
        if cell.has_views() {
            cell.next.set(HELD);
        } else {
            cell.next.follow(&row.spare);
            row.spare.set(Some(id));
        }
    }

    #[inline]
    pub(super) fn seated(&self, place: Place, cell: Option<u32>) -> Seat {
        if cell.is_none() {
            self.storage.pool().count_folded_guard();
        }
        let cell = cell.and_then(CellId::new);
        Seat { place, cell }
    }
}

/// Where the count of an event wraps.
const FULL: u32 = u32::MAX;

/// The `next` of a cell that has no writer but still counts an announce guard's subscriptions. No
/// cell has this id.
const HELD: Option<u32> = Some(widen(Id::MAX) - 1);
