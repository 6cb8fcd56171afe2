//! One series in the shared table: its name, who refers to it, and what happened to it since the
//! last collect.

use core::cmp::Ordering as Order;

use crate::{
    key::{self, Key, KeyWords},
    schema::Family,
    sync::{AtomicUsize, AtomicWords, Guarded, Link, const_fn, zero_words},
};

const LEN_BITS: u32 = 16;
const LANE_BITS: u32 = 8;
const ESCAPE: u32 = 1 << (LEN_BITS + LANE_BITS);
const TOUCHED: u32 = ESCAPE << 1;

/// One series. Everything in it changes under its shard's lock only.
#[derive(Debug)]
pub struct Row<F: Family, K: KeyWords> {
    /// The next row of its bucket, or of the free list.
    pub(crate) next: Link,
    /// The hash of lane and key.
    pub(crate) hash: Guarded,
    /// Length of the key, lane and flags.
    meta: Guarded,
    /// Announce guards and further writers that refer to the row.
    pub(crate) guards: Guarded,
    /// Open subscriptions.
    pub(crate) live: Guarded,
    /// Announce guards opened so far, as their ids.
    pub(crate) announces: Guarded,
    /// Cells that guards of this series left behind: words to be collected, free to be taken over.
    pub(crate) spare: Link,
    /// The next row of the shard's list of touched rows.
    pub(crate) next_touched: Link,
    key: K::Atomic,
    deltas: F::Deltas,
}

impl<F: Family, K: KeyWords> Row<F, K> {
    const_fn! {
        /// A row that names nothing.
        pub fn new() -> Self {
            Self {
                next: Link::none(),
                hash: Guarded::zero(),
                meta: Guarded::zero(),
                guards: Guarded::zero(),
                live: Guarded::zero(),
                announces: Guarded::zero(),
                spare: Link::none(),
                next_touched: Link::none(),
                key: zero_words!(K::Atomic),
                deltas: zero_words!(F::Deltas),
            }
        }
    }

    /// Gives a free row its name.
    pub(crate) fn name(&self, key: &Key<K>, lane: u8, hash: u32) {
        key.store(&self.key);
        #[allow(clippy::cast_possible_truncation, reason = "a key's length is a u16")]
        let len = key.len() as u32;
        let escape = if key.needs_escape() { ESCAPE } else { 0 };
        self.meta.set(len | u32::from(lane) << LEN_BITS | escape);
        self.hash.set(hash);
    }

    /// Whether the row names this series.
    #[inline]
    pub(crate) fn names(&self, key: &Key<K>, lane: u8, hash: u32) -> bool {
        self.hash.get() == hash
            && usize::from(self.len()) == key.len()
            && self.lane() == lane
            && key.equals(&self.key)
    }

    /// The words counted under the lock since they were last taken.
    #[inline]
    pub(crate) fn deltas(&self) -> &[AtomicUsize] {
        self.deltas.words()
    }

    /// Marks the row as touched and says whether it was not before.
    #[inline]
    pub(crate) fn touch(&self) -> bool {
        let meta = self.meta.get();
        let first = meta & TOUCHED == 0;
        if first {
            self.meta.set(meta | TOUCHED);
        }
        first
    }

    pub(crate) fn untouch(&self) {
        self.meta.set(self.meta.get() & !TOUCHED);
    }

    pub(crate) fn is_touched(&self) -> bool {
        self.meta.get() & TOUCHED != 0
    }

    /// The lane of the series.
    pub(crate) fn lane(&self) -> u8 {
        (self.meta.get() >> LEN_BITS).to_le_bytes()[0]
    }

    fn len(&self) -> u16 {
        let [low, high, ..] = self.meta.get().to_le_bytes();
        u16::from_le_bytes([low, high])
    }

    /// Whether the row has a name; a lane's overflow row gets its name when it is first used.
    pub(crate) fn is_named(&self) -> bool {
        self.len() != 0
    }

    /// The name of the series.
    #[inline]
    pub(crate) fn key(&self) -> Key<K> {
        Key::load(&self.key, self.len(), self.meta.get() & ESCAPE != 0)
    }

    /// The order of frames: by lane, then by name.
    pub(crate) fn order(&self, other: &Self) -> Order {
        let lanes = self.lane().cmp(&other.lane());
        lanes.then_with(|| key::compare::<K>((&self.key, self.len()), (&other.key, other.len())))
    }
}

impl<F: Family, K: KeyWords> Default for Row<F, K> {
    fn default() -> Self {
        Self::new()
    }
}
