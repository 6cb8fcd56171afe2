//! The free rows and cells, and what was folded for want of them.

use crate::sync::{AtomicUsize, Guarded, Link, Lock, MAX_IDS, Ordering, add, const_fn};

/// The free ids of one table: those handed back, then those never used.
#[derive(Debug)]
pub(crate) struct Free {
    /// The last id handed back; the others hang on it through the table's own links.
    head: Link,
    /// Ids at and above this were never used.
    fresh: Guarded,
    /// Ids in use.
    used: Guarded,
}

impl Free {
    const_fn! {
        fn all() -> Self {
            Self { head: Link::none(), fresh: Guarded::zero(), used: Guarded::zero() }
        }
    }

    /// Takes an id below `capacity`; `next` is the link of a free id.
    fn take<'a>(&self, capacity: usize, next: impl FnOnce(u32) -> Option<&'a Link>) -> Option<u32> {
        let id = match self.head.get() {
            Some(id) => {
                self.head.follow(next(id)?);
                id
            }
            None if (self.fresh.get() as usize) < capacity.min(MAX_IDS) => self.fresh.increment(),
            None => return None,
        };
        self.used.increment();
        Some(id)
    }

    fn put(&self, id: u32, next: &Link) {
        next.follow(&self.head);
        self.head.set(Some(id));
        self.used.decrement();
    }
}

/// The free rows and cells of one meter.
#[derive(Debug)]
pub struct Pool<L> {
    lock: L,
    rows: Free,
    cells: Free,
    folded_keys: AtomicUsize,
    folded_guards: AtomicUsize,
    pressed: Guarded,
}

/// How full the tables of one meter are, and what did not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Series in use, the overflow series apart.
    pub series: usize,
    /// Series that there is room for.
    pub series_capacity: usize,
    /// Cells in use.
    pub cells: usize,
    /// Cells that there is room for.
    pub cells_capacity: usize,
    /// Guards counted in an overflow series, because no series was free or the name was too long.
    /// A word of the machine: it wraps.
    pub folded_keys: usize,
    /// Guards that keep their words in themselves, because no cell was free. A word of the machine:
    /// it wraps.
    pub folded_guards: usize,
    /// Events counted in overflow series: the sum of their counters, apart from those that have a unit, such as
    /// bytes, and those that close what another opened; never more than a word of the machine holds. Only the
    /// [`Ledger`](crate::Ledger) knows: where a meter tells by itself how full it is they are zero.
    pub folded_events: usize,
}

impl<L> Pool<L> {
    const_fn! {
        /// A pool in which every row and every cell is free.
        pub fn new(lock: L) -> Self {
            Self {
                lock,
                rows: Free::all(),
                cells: Free::all(),
                folded_keys: AtomicUsize::new(0),
                folded_guards: AtomicUsize::new(0),
                pressed: Guarded::zero(),
            }
        }
    }
}

impl<L: Lock> Pool<L> {
    pub(crate) fn take_row<'a>(
        &self,
        capacity: usize,
        next: impl FnOnce(u32) -> Option<&'a Link>,
    ) -> Option<u32> {
        self.lock.with(|| {
            let row = self.rows.take(capacity, next);
            self.watch(&self.rows, capacity);
            row
        })
    }

    pub(crate) fn take_cell<'a>(
        &self,
        capacity: usize,
        next: impl FnOnce(u32) -> Option<&'a Link>,
    ) -> Option<u32> {
        self.lock.with(|| {
            let cell = self.cells.take(capacity, next);
            self.watch(&self.cells, capacity);
            cell
        })
    }

    pub(crate) fn put_row(&self, id: u32, next: &Link) {
        self.lock.with(|| self.rows.put(id, next));
    }

    pub(crate) fn put_cell(&self, id: u32, next: &Link) {
        self.lock.with(|| self.cells.put(id, next));
    }

    pub(crate) fn count_folded_key(&self) {
        self.lock.with(|| add(&self.folded_keys, 1));
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn count_folded_guard(&self) {
        self.lock.with(|| add(&self.folded_guards, 1));
    }

    /// Asks for an early tick when less than an eighth is left. No tick makes room where none was given.
    fn watch(&self, free: &Free, capacity: usize) {
        let left = capacity.saturating_sub(free.used.get() as usize);
        if capacity > 0 && left <= capacity / 8 {
            self.pressed.set(1);
        }
    }

    /// Asks for an early tick.
    #[cold]
    #[inline(never)]
    pub(crate) fn press(&self) {
        self.lock.with(|| self.pressed.set(1));
    }

    /// Whether room has run low since the last collect. A hint: it may be a moment old.
    #[inline]
    pub(crate) fn is_pressed(&self) -> bool {
        self.pressed.get() != 0
    }

    pub(crate) fn release_pressure(&self) {
        self.lock.with(|| self.pressed.set(0));
    }

    /// Cells at and above this were never used.
    pub(crate) fn cells_ever_used(&self) -> usize {
        self.cells.fresh.get() as usize
    }

    pub(crate) fn usage(&self, series_capacity: usize, cells_capacity: usize) -> Usage {
        self.lock.with(|| Usage {
            series: self.rows.used.get() as usize,
            series_capacity,
            cells: self.cells.used.get() as usize,
            cells_capacity,
            folded_keys: self.folded_keys.load(Ordering::Relaxed),
            folded_guards: self.folded_guards.load(Ordering::Relaxed),
            folded_events: 0,
        })
    }
}
