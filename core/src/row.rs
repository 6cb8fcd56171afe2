//! One series in the shared table: its name, who refers to it, and what happened to it since the
//! last collect.

use core::cmp::Ordering as Order;

use crate::{
    key::{self, Key, KeyWords},
    name::Name,
    schema::{Event, Events, Family},
    sync::{AtomicUsize, AtomicWords, Guarded, Link, Ordering, add, const_fn, take, zero_words},
};

const LEN_BITS: u32 = 16;
const LANE_BITS: u32 = 8;
const ESCAPE: u32 = 1 << (LEN_BITS + LANE_BITS);
const TOUCHED: u32 = ESCAPE << 1;

/// Bytes of a name that are read as one.
pub(crate) const BLOCK: usize = 32;

/// The part of a row's `meta` that is its name's length and its lane.
const NAME: u32 = ESCAPE - 1;

#[inline]
fn meta(len: usize, lane: u8) -> u32 {
    #[allow(clippy::cast_possible_truncation, reason = "a key's length is a u16")]
    let len = len as u32;
    len | u32::from(lane) << LEN_BITS
}

/// One series. Everything in it but its gauges changes under its shard's lock only.
///
/// What guards touch as they come and go lies in front, one cache line on 64-bit hosts.
#[cfg_attr(target_pointer_width = "64", repr(C, align(64)))]
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
    /// Cells that guards of this series left behind: words to be collected, free to be taken over.
    pub(crate) spare: Link,
    /// The next row of the shard's list of touched rows.
    pub(crate) next_touched: Link,
    /// Beginnings and ends of every event since the last collect. A tick is asked for long before one
    /// is full.
    events: [[Guarded; 2]; Event::COUNT],
    /// What writers without a cell handed over, and activities that began and ended, since the last
    /// collect.
    poured: F::Poured,
    /// The gauges that are set, each by whoever holds the series, without the lock.
    set: F::Set,
    key: K::Atomic,
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
                spare: Link::none(),
                next_touched: Link::none(),
                events: [
                    [Guarded::zero(), Guarded::zero()],
                    [Guarded::zero(), Guarded::zero()],
                    [Guarded::zero(), Guarded::zero()],
                    [Guarded::zero(), Guarded::zero()],
                ],
                poured: zero_words!(F::Poured),
                set: zero_words!(F::Set),
                key: zero_words!(K::Atomic),
            }
        }
    }

    /// Gives a free row its name.
    pub(crate) fn name(&self, key: &Key<K>, lane: u8, hash: u32) {
        key.store(&self.key);
        let escape = if key.needs_escape() { ESCAPE } else { 0 };
        self.meta.set(meta(key.len(), lane) | escape);
        self.hash.set(hash);
    }

    /// Whether the row names this series.
    #[inline]
    pub(crate) fn names(&self, name: &impl Name<K>, lane: u8, hash: u32) -> bool {
        self.hash.get() == hash
            && self.meta.get() & NAME == meta(name.len(), lane)
            && name.equals(&self.key)
    }

    /// Counts the beginning of an event, and returns how many there were since the last collect.
    #[inline]
    pub(crate) fn begin(&self, event: Event) -> u32 {
        let [begun, _] = &self.events[event as usize];
        begun.increment()
    }

    /// Counts the end of an event.
    #[inline]
    pub(crate) fn end(&self, event: Event) {
        let [_, ended] = &self.events[event as usize];
        ended.increment();
    }

    /// Takes the words of a writer without a cell.
    pub(crate) fn pour(&self, own: &mut F::Own) {
        for (own, word) in own.as_mut().iter_mut().zip(self.poured.words()) {
            add(word, core::mem::take(own));
        }
    }

    /// The words of the row itself, by slot.
    #[inline]
    pub(crate) fn poured(&self) -> &[AtomicUsize] {
        self.poured.words()
    }

    /// Sets a gauge to a value as tables keep it. A plain store: needs no lock as
    /// long as the caller holds the series.
    #[inline]
    pub(crate) fn set(&self, place: usize, level: usize) {
        if let Some(word) = self.set.words().get(place) {
            word.store(level, Ordering::Relaxed);
        }
    }

    /// The gauges that are set.
    pub(crate) fn levels(&self) -> impl Iterator<Item = u64> + '_ {
        let levels = self.set.words().iter();
        levels.map(|level| level.load(Ordering::Relaxed) as u64)
    }

    /// Forgets the gauges: the next series of this row begins with none.
    #[inline]
    pub(crate) fn forget_levels(&self) {
        for level in self.set.words() {
            level.store(0, Ordering::Relaxed);
        }
    }

    /// Whether a guard or a handle refers to the series.
    #[inline]
    pub(crate) fn is_held(&self) -> bool {
        self.guards.get() != 0 || self.live.get() != 0
    }

    /// Hands over what was counted here since the last call, by word.
    pub(crate) fn take_deltas(&self, mut sum: impl FnMut(usize, u64)) {
        for (counts, words) in self.events.iter().zip(&Events::<F>::WORDS) {
            for (count, word) in counts.iter().zip(words) {
                if let (count @ 1.., Some(word)) = (count.take(), word) {
                    sum(*word, u64::from(count));
                }
            }
        }
        for (word, slot) in F::SLOTS.iter().zip(self.poured.words()) {
            sum(*word, take(slot) as u64);
        }
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

    /// The length of the name in bytes.
    #[inline]
    pub(crate) fn name_len(&self) -> usize {
        usize::from(self.len())
    }

    /// The name's bytes, a block at a time with how many of them count; most names are one block.
    #[inline]
    pub(crate) fn name_blocks(&self, mut put: impl FnMut(&[u8; BLOCK], usize)) {
        let mut left = self.name_len();
        for words in self.key.words().chunks(BLOCK / size_of::<usize>()) {
            let mut block = [0; BLOCK];
            let (slots, _) = block.as_chunks_mut();
            for (slot, word) in slots.iter_mut().zip(words) {
                *slot = word.load(Ordering::Relaxed).to_le_bytes();
            }
            put(&block, left.min(BLOCK));
            if left <= BLOCK {
                return;
            }
            left -= BLOCK;
        }
    }

    /// Whether the row has a name; a lane's overflow row gets its name when it is first used.
    pub(crate) fn is_named(&self) -> bool {
        self.len() != 0
    }

    /// Whether the name has bytes that a JSON string must escape.
    #[inline]
    pub(crate) fn needs_escape(&self) -> bool {
        self.meta.get() & ESCAPE != 0
    }

    /// The name of the series.
    #[inline]
    pub(crate) fn key(&self) -> Key<K> {
        Key::load(&self.key, self.len())
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
