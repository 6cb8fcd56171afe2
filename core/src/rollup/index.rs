//! Which levels a series counts in: found by their paths, made where they lack, given back.

use super::{
    LevelRow, LevelSeries, LevelSum, Rollup, RollupBooks, RollupSplit, Rollups,
    level::{ANNOUNCED, FOLDED, HELD, OVERFLOWN, ROOT, TAKEN, WANTED},
};
use crate::{
    key::Key,
    sync::{Id, narrow},
};

impl<B: RollupBooks> Rollups<B> {
    /// Makes the root and the overflow level, which stay.
    pub(super) fn open_first(&mut self, since: u64) {
        while self.used <= OVERFLOWN as usize && self.used < self.capacity() {
            let at = narrow(u32::try_from(self.used).unwrap_or(0));
            let key = if at == ROOT {
                Key::EMPTY
            } else {
                Key::overflow()
            };
            self.used += 1;
            self.take(at, key, 0, ROOT, since);
        }
    }

    /// How many levels there is room for.
    pub(super) fn capacity(&self) -> usize {
        let mut lanes = self.lanes;
        let (levels, sums) = (self.books.levels().len(), self.books.sums().len());
        if lanes == 0 {
            lanes = 1;
        }
        levels
            .min(sums.checked_div(lanes).unwrap_or(0))
            .min(Id::MAX as usize)
    }

    /// The levels of a new series. Whatever is under a level holds it.
    pub(super) fn join(&mut self, key: &Key<B::Key>, since: u64) -> LevelSeries {
        let (mut level, mut flags) = (ROOT, HELD);
        if key.is(&Key::overflow()) {
            flags |= FOLDED;
        } else {
            for segments in 1..=self.levels {
                let Some(prefix) = key.leading(segments) else {
                    break;
                };
                let Some(next) = self.find_or_open(level, prefix, since) else {
                    flags |= FOLDED;
                    self.folded = self.folded.wrapping_add(1);
                    self.short = true;
                    break;
                };
                level = next;
            }
        }
        self.hold(level);
        LevelSeries {
            seen: [0; Rollup::COUNT],
            since,
            level,
            flags,
        }
    }

    /// Lets the levels of a series go that has ended; nothing if it has none.
    pub(super) fn leave(&mut self, at: usize) {
        let Some(series) = self.books.split().series.get_mut(at) else {
            return;
        };
        let left = core::mem::replace(series, LevelSeries::ZERO);
        if left.flags & HELD != 0 {
            self.let_go(left.level);
        }
    }

    /// Frees the levels that are done with, and those above them that were held by nothing else.
    pub(super) fn free_levels(&mut self) {
        for at in 0..self.used {
            let mut next = Some(at);
            while let Some(at) = next {
                next = self.retire(at);
            }
        }
    }

    /// Frees a level that nothing is under, and that is not announced; says which is above it if it did.
    fn retire(&mut self, at: usize) -> Option<usize> {
        let level = self.books.levels().get(at)?;
        let idle = level.held == 0 && level.flags & (TAKEN | WANTED | ANNOUNCED) == TAKEN;
        if !idle || at <= OVERFLOWN as usize {
            return None;
        }
        let parent = level.parent;
        self.unlink(at);
        self.let_go(parent);
        let free = self.free;
        if let Some(level) = self.books.split().levels.get_mut(at) {
            *level = LevelRow {
                next: free,
                ..LevelRow::ZERO
            };
            self.free = narrow(u32::try_from(at).unwrap_or(0));
            self.in_use -= 1;
        }
        Some(parent as usize)
    }

    fn hold(&mut self, level: Id) {
        if let Some(level) = self.books.split().levels.get_mut(level as usize) {
            level.held += 1;
        }
    }

    fn let_go(&mut self, level: Id) {
        if let Some(level) = self.books.split().levels.get_mut(level as usize) {
            level.held = level.held.saturating_sub(1);
        }
    }

    /// The level of this path right under `parent`, made if there is none; nothing if none is free.
    fn find_or_open(&mut self, parent: Id, key: Key<B::Key>, since: u64) -> Option<Id> {
        let hash = key.hash(self.seed, 0);
        if let Some(found) = self.find(&key, hash) {
            return Some(found);
        }
        let RollupSplit { buckets, .. } = self.books.split();
        let bucket = bucket(buckets.len(), hash)?;
        let at = self.take_free()?;
        self.take(at, key, hash, parent, since);
        let split = self.books.split();
        let (head, level) = (
            split.buckets.get_mut(bucket)?,
            split.levels.get_mut(at as usize)?,
        );
        level.next = core::mem::replace(head, at);
        self.hold(parent);
        Some(at)
    }

    fn find(&mut self, key: &Key<B::Key>, hash: u32) -> Option<Id> {
        let RollupSplit {
            levels, buckets, ..
        } = self.books.split();
        let mut at = *buckets.get(bucket(buckets.len(), hash)?)?;
        while at != ROOT {
            let level = levels.get(at as usize)?;
            if level.hash == hash && level.key.is(key) {
                return Some(at);
            }
            at = level.next;
        }
        None
    }

    /// A slot that no level has.
    fn take_free(&mut self) -> Option<Id> {
        if self.free != ROOT {
            let at = self.free;
            self.free = self.books.levels().get(at as usize)?.next;
            return Some(at);
        }
        let at = u32::try_from(self.used).ok()?;
        (self.used < self.capacity()).then(|| {
            self.used += 1;
            narrow(at)
        })
    }

    /// Begins a level's life in a free slot.
    fn take(&mut self, at: Id, key: Key<B::Key>, hash: u32, parent: Id, since: u64) {
        let lanes = self.lanes;
        let split = self.books.split();
        let sums = split.sums.iter_mut().skip(at as usize * lanes);
        sums.take(lanes).for_each(|sum| *sum = LevelSum::ZERO);
        if let Some(level) = split.levels.get_mut(at as usize) {
            *level = LevelRow {
                key,
                hash,
                parent,
                since,
                flags: TAKEN,
                ..LevelRow::ZERO
            };
            self.in_use += 1;
        }
    }

    /// Takes a level out of its chain.
    fn unlink(&mut self, gone: usize) {
        let RollupSplit {
            levels, buckets, ..
        } = self.books.split();
        let Some(LevelRow { hash, next, .. }) = levels.get(gone).copied() else {
            return;
        };
        let head = bucket(buckets.len(), hash).and_then(|bucket| buckets.get_mut(bucket));
        let Some(head) = head else { return };
        if *head as usize == gone {
            *head = next;
            return;
        }
        let mut at = *head;
        while at != ROOT {
            let Some(level) = levels.get_mut(at as usize) else {
                return;
            };
            if level.next as usize == gone {
                level.next = next;
                return;
            }
            at = level.next;
        }
    }
}

/// The chain of a hash, if there are any.
fn bucket(buckets: usize, hash: u32) -> Option<usize> {
    (hash as usize).checked_rem(buckets)
}
