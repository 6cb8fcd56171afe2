//! The rows that nodes have in common: one for each name of a lane, and one for each prefix above them.

use super::{
    list::{self, Changed, Hook},
    live::Live,
    rate::Marks,
    work::Work,
};
use crate::{
    key::{Key, KeyWords},
    schema::{Family, Totals},
    time::Instant,
    track::Link,
};

/// The room for one row.
#[derive(Clone, Copy, Debug)]
pub struct RowSlot<F: Family, K: KeyWords> {
    pub(super) key: Key<K>,
    pub(super) lane: u8,
    pub(super) kind: RowKind,
    /// Some number came without a `since`, so that restarts had to be inferred.
    pub(super) inferred: bool,
    /// Series of it, or rows under it.
    pub(super) refs: u32,
    /// The prefix above it.
    pub(super) parent: Link,
    pub(super) totals: F::Totals,
    /// The words of its series that are present.
    pub(super) live: Live<F>,
    pub(super) marks: Marks<F>,
    /// When it last had a series.
    pub(super) left: Instant,
    pub(super) chain: Link,
    /// Its place among the rows that nothing refers to.
    pub(super) age: Hook,
    pub(super) changed: Changed,
}

/// What a row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowKind {
    Free,
    Name,
    Prefix,
}

impl<F: Family, K: KeyWords> RowSlot<F, K> {
    /// Room for a row.
    pub const FREE: Self = Self {
        key: Key::EMPTY,
        lane: 0,
        kind: RowKind::Free,
        inferred: false,
        refs: 0,
        parent: Link::NONE,
        totals: F::Totals::ZERO,
        live: Live::NONE,
        marks: Marks::NONE,
        left: Instant::from_micros(0),
        chain: Link::NONE,
        age: Hook::NONE,
        changed: Changed::NOT,
    };
}

impl<F: Family, K: KeyWords> Default for RowSlot<F, K> {
    fn default() -> Self {
        Self::FREE
    }
}

/// A row's hash; prefixes are hashed apart from names.
#[inline]
pub(super) fn hash<K: KeyWords>(key: &Key<K>, seed: usize, lane: u8, kind: RowKind) -> u32 {
    key.hash(seed, usize::from(lane) << 2 | kind as usize)
}

impl<F: Family, K: KeyWords> Work<'_, F, K> {
    pub(super) fn find_row(&self, key: &Key<K>, lane: u8, kind: RowKind) -> Option<usize> {
        list::find(
            self.tables.row_buckets,
            self.tables.rows,
            hash(key, self.state.seed, lane, kind),
            |row| row.chain,
            |row| row.kind == kind && row.lane == lane && row.key.is(key),
        )
    }

    /// The row of a name, with one reference more: found, or made with the prefixes above it.
    pub(super) fn hold_name(&mut self, name: &str, lane: u8, now: Instant) -> Option<usize> {
        let key = Key::read(name).ok()?;
        if let Some(at) = self.find_row(&key, lane, RowKind::Name) {
            self.hold_row(at);
            return Some(at);
        }
        let parent = self.hold_prefixes(name, self.state.policy.levels, lane, now);
        let made = self.make_row(key, lane, RowKind::Name, parent, now);
        if made.is_none() {
            self.release_parent(parent, now);
        }
        made
    }

    /// The row of a prefix, with one reference more, if the policy has such.
    pub(super) fn hold_prefix(&mut self, name: &str, lane: u8, now: Instant) -> Option<usize> {
        let segments = name.split('/').count();
        let levels = u8::try_from(segments).ok()?.min(self.state.policy.levels);
        let at = self.hold_prefixes(name, levels, lane, now).slot()?;
        let row = self.tables.rows.get(at)?;
        if Key::read(name).is_ok_and(|key| key.is(&row.key)) {
            return Some(at);
        }
        self.release_row(at, now);
        None
    }

    /// The longest prefix that there is room for, with one reference more.
    fn hold_prefixes(&mut self, name: &str, levels: u8, lane: u8, now: Instant) -> Link {
        let mut parent = Link::NONE;
        for level in 1..=levels {
            let Some(prefix) = prefix(name, level) else {
                break;
            };
            let Ok(key) = Key::read(prefix) else { break };
            let held = match self.find_row(&key, lane, RowKind::Prefix) {
                Some(at) => {
                    self.hold_row(at);
                    // It holds those above it.
                    self.release_parent(parent, now);
                    Some(at)
                }
                None => self.make_row(key, lane, RowKind::Prefix, parent, now),
            };
            let Some(at) = held else { break };
            parent = Link::to(at);
        }
        parent
    }

    /// Makes a row with one reference, under a parent whose reference it takes over.
    fn make_row(
        &mut self,
        key: Key<K>,
        lane: u8,
        kind: RowKind,
        parent: Link,
        now: Instant,
    ) -> Option<usize> {
        let at = self.take_row(now)?;
        let row = self.tables.rows.get_mut(at)?;
        *row = RowSlot {
            key,
            lane,
            kind,
            refs: 1,
            parent,
            marks: Marks::since(now),
            changed: row.changed,
            ..RowSlot::FREE
        };
        self.note_row(at);
        let hash = hash(&key, self.state.seed, lane, kind);
        list::index(self.tables.row_buckets, self.tables.rows, hash, at, |row| {
            &mut row.chain
        });
        Some(at)
    }

    /// A free row; if there is none, that of the row that nothing has referred to for longest, or of one
    /// whose last series can be forgotten.
    fn take_row(&mut self, now: Instant) -> Option<usize> {
        loop {
            let free = &mut self.state.free_rows;
            if let Some(at) = free.take(self.tables.rows, |row| &mut row.chain) {
                return Some(at);
            }
            match self.state.idle_rows.first() {
                Some(at) => self.forget_row(at, now),
                None => self.release_series(self.state.waiting.first()?, now),
            }
        }
    }

    fn hold_row(&mut self, at: usize) {
        let Some(row) = self.tables.rows.get_mut(at) else {
            return;
        };
        row.refs += 1;
        if row.refs == 1 {
            let idle = &mut self.state.idle_rows;
            idle.remove(self.tables.rows, at, |row| &mut row.age);
        }
    }

    /// Gives a reference to a row back.
    pub(super) fn release_row(&mut self, at: usize, now: Instant) {
        let Some(row) = self.tables.rows.get_mut(at) else {
            return;
        };
        row.refs = row.refs.saturating_sub(1);
        if row.refs == 0 {
            row.left = now;
            let idle = &mut self.state.idle_rows;
            idle.push(self.tables.rows, at, |row| &mut row.age);
        }
    }

    fn release_parent(&mut self, parent: Link, now: Instant) {
        if let Some(at) = parent.slot() {
            self.release_row(at, now);
        }
    }

    /// Frees a row that nothing refers to. What was counted under its name stays in its prefix and lane.
    pub(super) fn forget_row(&mut self, at: usize, now: Instant) {
        let idle = &mut self.state.idle_rows;
        idle.remove(self.tables.rows, at, |row| &mut row.age);
        let Some(row) = self.tables.rows.get(at) else {
            return;
        };
        let (lane, kind, parent) = (row.lane, row.kind, row.parent);
        let hash = hash(&row.key, self.state.seed, lane, kind);
        if kind == RowKind::Name {
            self.state.counts.forgotten_rows += 1;
            if let Some(lane) = self.tables.lanes.get_mut(usize::from(lane)) {
                add(&mut lane.forgotten, &row.totals);
            }
        }
        list::unindex(self.tables.row_buckets, self.tables.rows, hash, at, |row| {
            &mut row.chain
        });
        if let Some(row) = self.tables.rows.get_mut(at) {
            row.kind = RowKind::Free;
        }
        self.note_row(at);
        let free = &mut self.state.free_rows;
        free.put(self.tables.rows, at, |row| &mut row.chain);
        self.release_parent(parent, now);
    }
}

/// Adds words to others; none passes 2^64 - 1, so that whatever is told, none falls.
#[inline]
pub(super) fn add<T: Totals>(to: &mut T, gain: &T) {
    for (to, gain) in to.as_mut().iter_mut().zip(gain.as_ref()) {
        *to = to.saturating_add(*gain);
    }
}

/// By how much words exceed others; by nothing where they are less.
#[inline]
pub(super) fn excess<T: Totals>(words: &T, over: &T) -> T {
    let mut excess = *words;
    for (word, over) in excess.as_mut().iter_mut().zip(over.as_ref()) {
        *word = word.saturating_sub(*over);
    }
    excess
}

/// The first so many segments of a name; nothing if it has fewer. No prefix is longer than the name, so
/// that a name of as many segments is its own.
fn prefix(name: &str, level: u8) -> Option<&str> {
    let slashes = name.bytes().enumerate().filter(|(_, byte)| *byte == b'/');
    let segments = usize::from(level);
    let end = slashes
        .map(|(at, _)| at)
        .chain([name.len()])
        .nth(segments - 1)?;
    name.get(..end).filter(|prefix| !prefix.is_empty())
}
