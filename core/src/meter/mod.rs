//! The shared half: the index of series, their rows, and the cells of those who write.
//!
//! Two kinds of lock, always taken in this order: a shard's, for the rows whose bucket it owns, and
//! the pool's, for free rows and cells. Bumps take neither, nor does finding a series that stays for
//! ever.

mod collect;
mod hold;
mod linger;
mod open;

use core::marker::PhantomData;

pub(crate) use collect::Drained;
pub use linger::Linger;
pub(crate) use open::{Seat, Subscription, Viewer};

use crate::{
    cell::{Cell, CellId},
    key::KeyWords,
    name::Name,
    pool::Usage,
    row::Row,
    schema::Family,
    storage::{Bucket, Shard, Storage},
    sync::{AtomicUsize, Link, Lock, Ordering, const_fn},
};

/// Counts one family: series by lane and name, and a cell for each writer.
///
/// A lane is one set of labels that becomes one track, such as a tier and a role.
#[derive(Debug)]
pub struct Meter<F, S> {
    storage: S,
    seed: AtomicUsize,
    linger: Linger,
    family: PhantomData<fn(F)>,
}

impl<F, S> Meter<F, S> {
    const_fn! {
        /// A meter on fresh tables.
        pub fn new(storage: S) -> Self {
            Self {
                storage,
                seed: AtomicUsize::new(0),
                linger: Linger::Forever,
                family: PhantomData,
            }
        }
    }

    /// Sets how long series stay after their last handle went, in a family whose series are
    /// [kept](Family::KEPT). Series of others are released at once.
    #[must_use]
    pub const fn with_linger(mut self, linger: Linger) -> Self {
        self.linger = linger;
        self
    }
}

impl<F: Family, S: Storage<F>> Meter<F, S> {
    /// Sets the secret that the index hashes names with, so that nobody can choose names that
    /// collide. Meant for the start: it has no effect once a series is in use.
    pub fn seed(&self, seed: usize) {
        if self.usage().series == 0 {
            self.seed.store(seed, Ordering::Relaxed);
        }
    }

    /// How full the tables are. Takes the pool's lock.
    pub fn usage(&self) -> Usage {
        let series = self.storage.rows().len().saturating_sub(self.lanes());
        let pool = self.storage.pool();
        pool.usage(series, self.storage.cells().len())
    }

    /// Whether the tables run low and the reporter should tick early. A hint: it takes no lock.
    pub fn is_pressed(&self) -> bool {
        self.storage.pool().is_pressed()
    }

    /// How many lanes there are, each with an overflow series.
    pub fn lanes(&self) -> usize {
        self.storage.lanes()
    }

    /// The cell, if the id is one.
    #[inline]
    pub fn cell(&self, id: CellId) -> Option<&Cell<F>> {
        self.cell_at(id.get())
    }

    #[inline]
    fn cell_at(&self, id: u32) -> Option<&Cell<F>> {
        self.storage.cells().get(id as usize)
    }

    /// The row: the overflow series come first.
    #[inline]
    pub(crate) fn row(&self, id: u32) -> Option<&Row<F, S::Key>> {
        self.storage.rows().get(id as usize)
    }

    fn is_overflow(&self, id: u32) -> bool {
        (id as usize) < self.lanes()
    }

    /// The chain for this hash and its place.
    #[inline]
    fn bucket(&self, hash: u32) -> Option<(usize, &Bucket)> {
        let buckets = self.storage.buckets();
        #[allow(
            clippy::cast_possible_truncation,
            reason = "below the number of buckets"
        )]
        let place = ((u64::from(hash) * buckets.len() as u64) >> 32) as usize;
        buckets.get(place).map(|bucket| (place, bucket))
    }

    /// The shard for the bucket, or for the overflow series, at this place.
    #[inline]
    fn shard_for(&self, place: usize) -> Option<u32> {
        let mask = (1 << self.storage.shards().len().checked_ilog2()?) - 1;
        u32::try_from(place & mask).ok()
    }

    /// Runs `f` on a row under its shard's lock.
    #[inline]
    fn with_row<T>(
        &self,
        place: Place,
        f: impl FnOnce(&Shard<S::Lock>, &Row<F, S::Key>) -> T,
    ) -> Option<T> {
        let row = self.row(place.row())?;
        let shard = self.storage.shards().get(place.shard())?;
        Some(shard.lock.with(|| f(shard, row)))
    }

    /// The row that names this series, in its bucket's chain, of which this is the first; the caller holds
    /// the shard's lock, unless series stay for ever.
    #[inline]
    fn find(
        &self,
        first: Option<u32>,
        lane: u8,
        name: &impl Name<S::Key>,
        hash: u32,
    ) -> Option<(u32, &Row<F, S::Key>)> {
        let mut next = first;
        while let Some(id) = next {
            let row = self.row(id)?;
            if row.names(name, lane, hash) {
                return Some((id, row));
            }
            next = row.next.get();
        }
        None
    }

    /// A free row under this name, at the head of its bucket's chain; the caller holds the lock.
    #[cold]
    fn insert(
        &self,
        bucket: &Bucket,
        lane: u8,
        name: &impl Name<S::Key>,
        hash: u32,
    ) -> Option<(u32, &Row<F, S::Key>)> {
        let key = name.key()?;
        let series = self.storage.rows().get(self.lanes()..)?;
        let pool = self.storage.pool();
        let place = pool.take_row(series.len(), |place| {
            Some(&series.get(place as usize)?.next)
        })?;
        let row = series.get(place as usize)?;
        #[allow(clippy::cast_possible_truncation, reason = "at most 256 lanes")]
        let id = place + self.lanes() as u32;
        row.name(&key, lane, hash);
        row.next.follow(&bucket.0);
        bucket.0.publish(id);
        Some((id, row))
    }

    /// Takes a row out of its bucket's chain and frees it; the caller holds the lock.
    fn remove(&self, id: u32, row: &Row<F, S::Key>) -> Option<()> {
        let (_, bucket) = self.bucket(row.hash.get())?;
        let mut link: &Link = &bucket.0;
        while link.get()? != id {
            link = &self.row(link.get()?)?.next;
        }
        link.follow(&row.next);
        row.forget_levels();
        #[allow(clippy::cast_possible_truncation, reason = "at most 256 lanes")]
        let place = id.checked_sub(self.lanes() as u32)?;
        self.storage.pool().put_row(place, &row.next);
        Some(())
    }

    /// A free cell for this row; the caller holds the row's lock. A cell that a guard of the same
    /// series left behind is taken over first: its words only add.
    #[inline]
    fn take_cell(&self, id: u32, row: &Row<F, S::Key>) -> Option<u32> {
        let Some(spare) = row.spare.get() else {
            return self.take_fresh_cell(id);
        };
        row.spare.follow(&self.cell_at(spare)?.next);
        Some(spare)
    }

    #[inline(never)]
    fn take_fresh_cell(&self, id: u32) -> Option<u32> {
        if self.is_overflow(id) {
            return None;
        }
        let cells = self.storage.cells();
        let pool = self.storage.pool();
        let taken = pool.take_cell(cells.len(), |id| Some(&cells.get(id as usize)?.next))?;
        self.cell_at(taken)?.row.publish(id);
        Some(taken)
    }
}

/// Where a guard finds its series: the row, and above it the shard whose lock guards it. One word, for a
/// processor is slow to read two halves as one that were just written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(u64);

impl Place {
    #[inline]
    pub(crate) const fn new(row: u32, shard: u32) -> Self {
        Self(row as u64 | (shard as u64) << u32::BITS)
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "the lower half")]
    const fn row(self) -> u32 {
        self.0 as u32
    }

    #[inline]
    const fn shard(self) -> usize {
        (self.0 >> u32::BITS) as usize
    }
}

/// Notes that a row changed, for the next collect; the caller holds the row's lock.
#[inline]
fn touch<F: Family, K: KeyWords, L: Lock>(shard: &Shard<L>, id: u32, row: &Row<F, K>) {
    if row.touch() {
        row.next_touched.follow(&shard.touched);
        shard.touched.set(Some(id));
    }
}
