//! One writer's words: a guard stores, the reporter reads.

use core::num::NonZeroU32;

use crate::{
    schema::Family,
    sync::{AtomicUsize, AtomicWords, Guarded, Link, Ordering, add, const_fn, zero_words},
};

/// Which cell of a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellId(NonZeroU32);

impl CellId {
    #[inline]
    pub(crate) fn new(id: u32) -> Option<Self> {
        NonZeroU32::new(id.wrapping_add(1)).map(Self)
    }

    #[inline]
    pub(crate) const fn get(self) -> u32 {
        self.0.get() - 1
    }
}

/// One writer's words for one series. A cache line on 64-bit hosts, so that two writers never share
/// one.
#[cfg_attr(target_pointer_width = "64", repr(align(64)))]
#[derive(Debug)]
pub struct Cell<F: Family> {
    /// Written by the guard that owns the cell, and by nobody else.
    words: F::Cell,
    /// What the reporter has summed up so far; written by the reporter alone.
    seen: F::Cell,
    /// The series it counts for.
    pub(crate) row: Link,
    /// The next cell in the list it waits in, when no guard owns it.
    pub(crate) next: Link,
    /// The announce guard whose subscriptions `viewing` counts.
    viewer: Guarded,
    /// Open subscriptions under one announce guard, kept in the cell of the first of them.
    viewing: Guarded,
}

impl<F: Family> Cell<F> {
    const_fn! {
        /// A cell that nobody owns.
        pub fn new() -> Self {
            Self {
                words: zero_words!(F::Cell),
                seen: zero_words!(F::Cell),
                row: Link::none(),
                next: Link::none(),
                viewer: Guarded::zero(),
                viewing: Guarded::zero(),
            }
        }
    }

    /// The owner's words.
    #[inline]
    pub(crate) fn words(&self) -> &[AtomicUsize] {
        self.words.words()
    }

    /// Hands every slot's growth since the last call to `sum`; called by the reporter alone.
    ///
    /// The words that close a gauge come first, and with them all that their writer counted before.
    #[inline]
    pub(crate) fn drain(&self, mut sum: impl FnMut(usize, usize)) {
        let words = self.words.words().iter().zip(self.seen.words());
        for (slot, (word, seen)) in words.enumerate() {
            let now = word.load(if closes::<F>(slot) {
                Ordering::Acquire
            } else {
                Ordering::Relaxed
            });
            let before = seen.load(Ordering::Relaxed);
            if now != before {
                seen.store(now, Ordering::Relaxed);
                sum(slot, now.wrapping_sub(before));
            }
        }
    }

    /// Begins to count the subscriptions of an announce guard; the caller holds the row's lock.
    #[inline]
    pub(crate) fn view_first(&self, viewer: u32) {
        self.viewer.set(viewer);
        self.viewing.publish(1);
    }

    /// Counts one more; the caller holds the row's lock.
    #[inline]
    pub(crate) fn view_more(&self) {
        self.viewing.publish(self.viewing.get().wrapping_add(1));
    }

    /// Counts one less, and returns how many are left; the caller holds the row's lock.
    #[inline]
    pub(crate) fn view_less(&self) -> u32 {
        let left = self.viewing.get().wrapping_sub(1);
        self.viewing.publish(left);
        left
    }

    /// Whether subscriptions are counted here; the caller holds the row's lock.
    #[inline]
    pub(crate) fn has_views(&self) -> bool {
        self.viewing.get() > 0
    }

    /// Whether subscriptions of this announce guard of this row are counted here; the caller holds the
    /// lock of that row, and the cell may long be another row's. Whoever sees a count that was begun
    /// under another lock also sees that the cell is not this row's any more.
    #[inline]
    pub(crate) fn is_viewed(&self, viewer: u32, row: u32) -> bool {
        self.viewing.observe() > 0 && self.viewer.get() == viewer && self.row.get() == Some(row)
    }

    /// Makes a drained cell as good as new; it has no owner and stands in no list.
    pub(crate) fn reset(&self) {
        for word in self.words.words().iter().chain(self.seen.words()) {
            word.store(0, Ordering::Relaxed);
        }
        self.row.set(None);
    }
}

/// Whether this slot's word closes a gauge: who sees it grown must see what the same writer counted
/// before.
#[inline]
pub(crate) const fn closes<F: Family>(slot: usize) -> bool {
    slot < F::CLOSING
}

/// Adds to a word of the caller's own cell: a load and a store, never a read-modify-write.
#[inline]
pub(crate) fn bump<F: Family>(words: &[AtomicUsize], slot: usize, n: usize) {
    let Some(word) = words.get(slot) else { return };
    if closes::<F>(slot) {
        let value = word.load(Ordering::Relaxed);
        word.store(value.wrapping_add(n), Ordering::Release);
    } else {
        add(word, n);
    }
}

impl<F: Family> Default for Cell<F> {
    fn default() -> Self {
        Self::new()
    }
}
