//! The one hand-over: what the reporter takes out of the shared tables.

use super::{Meter, Place};
use crate::{
    row::Row,
    schema::Family,
    storage::{Shard, Storage},
    sync::Lock,
};

impl<F: Family, S: Storage<F>> Meter<F, S> {
    /// Hands over what every cell has grown by, as row, slot and amount.
    ///
    /// Scans all cells ever used, without a lock. Called by the one reporter, before
    /// [`drain_rows`](Self::drain_rows): a subscription that begins in between shows with its bytes
    /// yet to come, never with bytes and no subscription.
    pub(crate) fn drain_cells(&self, mut sum: impl FnMut(u32, usize, usize)) {
        let used = self.storage.pool().cells_ever_used();
        for cell in self.storage.cells().iter().take(used) {
            if let Some(row) = cell.row.observe() {
                cell.drain(|slot, n| sum(row, slot, n));
            }
        }
    }

    /// Hands over every row that changed under the lock since the last call, with its deltas, and
    /// what its abandoned cells still hold; frees those cells.
    ///
    /// Takes a shard's lock for one row at a time. Called by the one reporter.
    pub(crate) fn drain_rows(&self, mut visit: impl FnMut(u32, &Row<F, S::Key>, Drained)) {
        self.storage.pool().release_pressure();
        for shard in self.storage.shards() {
            // The list is taken whole: what is touched from here on waits for the next collect.
            let mut next = shard.lock.with(|| shard.touched.take());
            while let Some(id) = next {
                let Some(row) = self.row(id) else { break };
                next = self.drain_row(shard, id, row, &mut visit);
            }
        }
    }

    fn drain_row(
        &self,
        shard: &Shard<S::Lock>,
        id: u32,
        row: &Row<F, S::Key>,
        visit: &mut impl FnMut(u32, &Row<F, S::Key>, Drained),
    ) -> Option<u32> {
        let (next, spare) = shard.lock.with(|| {
            row.untouch();
            visit(id, row, Drained::Row);
            (row.next_touched.take(), row.spare.take())
        });
        self.free_cells(spare, |slot, n| visit(id, row, Drained::Grown(slot, n)));
        next
    }

    /// Sums up and frees the cells of a list that nobody else can reach any more.
    fn free_cells(&self, mut list: Option<u32>, mut sum: impl FnMut(usize, usize)) {
        while let Some(id) = list {
            let Some(cell) = self.cell_at(id) else { break };
            list = cell.next.take();
            cell.drain(&mut sum);
            cell.reset();
            self.storage.pool().put_cell(id, &cell.next);
        }
    }

    /// Frees a row if nobody refers to it and nothing in it waits to be collected, and says so.
    pub(crate) fn retire(&self, id: u32) -> bool {
        self.try_retire(id).unwrap_or(false)
    }

    fn try_retire(&self, id: u32) -> Option<bool> {
        if self.is_overflow(id) {
            return None;
        }
        let (bucket, _) = self.bucket(self.row(id)?.hash.get())?;
        let place = Place::new(id, self.shard_for(bucket)?);
        self.with_row(place, |_, row| {
            let idle = !self.is_held(row) && !row.is_touched() && row.spare.get().is_none();
            idle && self.remove(id, row).is_some()
        })
    }
}

/// What a collect finds in a row.
pub(crate) enum Drained {
    /// The row itself; the lock is held until the call returns.
    Row,
    /// A slot of one of its abandoned cells, and the amount it grew by.
    Grown(usize, usize),
}
