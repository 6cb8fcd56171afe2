//! What is known of the rows of a fleet beside their totals, by lane and name.

use std::collections::HashMap;
use std::sync::Arc;

use streamgauge_core::Family;

/// What is open in nodes that are gone counts as closed after so many milliseconds.
const GRACE_MS: u64 = 30_000;

/// The sides of all rows.
#[derive(Debug)]
pub(super) struct Sides<F> {
    lanes: Vec<HashMap<Arc<str>, Side<F>>>,
    turn: u64,
    /// What changed since it was kept, or is gone: its lane and name.
    changed: Vec<(usize, Arc<str>)>,
}

/// One row's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side<F> {
    /// Since when it is counted, in milliseconds since the Unix epoch.
    pub(super) since: u64,
    /// When it grew last, likewise.
    pub(super) moved_ms: u64,
    /// What it had counted then.
    pub(super) total: F,
    /// What was told of it then.
    pub(super) told: F,
    /// Since when something is open that is not live.
    off_ms: Option<u64>,
    turn: u64,
    /// It is among those that changed.
    is_changed: bool,
}

impl<F> Default for Sides<F> {
    fn default() -> Self {
        Self {
            lanes: Vec::new(),
            turn: 0,
            changed: Vec::new(),
        }
    }
}

impl<F: Family> Sides<F> {
    /// Before all rows are looked at.
    pub(super) fn begin(&mut self) {
        self.turn += 1;
    }

    /// A row that is looked at: its name, and its side.
    pub(super) fn row(
        &mut self,
        (lane, name): (usize, &str),
        total: F,
        live: F,
        now_ms: u64,
    ) -> (Arc<str>, Side<F>) {
        let turn = self.turn;
        let sides = self.lane(lane);
        let known = sides.get_key_value(name).map(|(name, _)| Arc::clone(name));
        let name = known.unwrap_or_else(|| name.into());
        let mut is_new = false;
        let side = sides.entry(Arc::clone(&name)).or_insert_with(|| {
            is_new = true;
            Side::new(now_ms)
        });
        side.turn = turn;
        let moves = side.update(total, live, now_ms);
        let is_news = (is_new || moves) && !std::mem::replace(&mut side.is_changed, true);
        let side = *side;
        if is_news {
            self.changed.push((lane, Arc::clone(&name)));
        }
        (name, side)
    }

    /// After all rows were looked at: those that were not are forgotten.
    pub(super) fn end(&mut self) {
        let turn = self.turn;
        for (lane, sides) in self.lanes.iter_mut().enumerate() {
            sides.retain(|name, side| {
                let is_here = side.turn == turn;
                if !is_here {
                    self.changed.push((lane, Arc::clone(name)));
                }
                is_here
            });
        }
    }

    /// What changed since it was kept; nothing in the place of those that are gone.
    pub(super) fn changed(&self) -> impl Iterator<Item = (usize, &Arc<str>, Option<&Side<F>>)> {
        let side = |lane: usize, name: &Arc<str>| self.lanes.get(lane)?.get(name);
        let changed = self.changed.iter();
        changed.map(move |(lane, name)| (*lane, name, side(*lane, name)))
    }

    /// All of it is kept now.
    pub(super) fn mark_kept(&mut self) {
        for (lane, name) in self.changed.drain(..) {
            let sides = self.lanes.get_mut(lane);
            if let Some(side) = sides.and_then(|sides| sides.get_mut(&name)) {
                side.is_changed = false;
            }
        }
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Arc<str>, Option<&Side<F>>)> {
        let lanes = self.lanes.iter().enumerate();
        lanes.flat_map(|(lane, sides)| {
            let sides = sides.iter();
            sides.map(move |(name, side)| (lane, name, Some(side)))
        })
    }

    /// Puts one back.
    pub(super) fn restore(&mut self, lane: usize, name: Arc<str>, side: Side<F>) {
        self.lane(lane).insert(name, side);
    }

    fn lane(&mut self, lane: usize) -> &mut HashMap<Arc<str>, Side<F>> {
        if self.lanes.len() <= lane {
            self.lanes.resize_with(lane + 1, HashMap::new);
        }
        &mut self.lanes[lane]
    }
}

impl<F: Family> Side<F> {
    /// Of a row that begins now.
    pub(super) fn new(now_ms: u64) -> Self {
        Self {
            since: now_ms,
            moved_ms: now_ms,
            total: F::default(),
            told: F::default(),
            off_ms: None,
            turn: 0,
            is_changed: false,
        }
    }

    /// Makes up what is told to those who know a row by its counters alone: none falls, and what is open is
    /// what was opened and not closed, as long as fewer than 2^64 - 1 were opened. What is open in nodes that stay
    /// away closes, and opens once more should they come back. Says whether anything of it is to be kept anew.
    fn update(&mut self, total: F, live: F, now_ms: u64) -> bool {
        let (now, before, live) = (total.words(), self.total.words(), live.words());
        let (now, before, live) = (now.as_ref(), before.as_ref(), live.as_ref());
        let word = |words: &[u64], at: usize| words.get(at).copied().unwrap_or_default();
        let open = |words: &[u64], pair: &[usize; 2]| {
            word(words, pair[0]).saturating_sub(word(words, pair[1]))
        };
        let off = F::PAIRS
            .iter()
            .any(|pair| open(now, pair) > open(live, pair));
        let off_ms = off.then(|| self.off_ms.unwrap_or(now_ms));
        let is_closed = off_ms.is_some_and(|off| now_ms.saturating_sub(off) >= GRACE_MS);
        let told_before = self.told.words();
        let told_before = told_before.as_ref();
        let mut told = total.words();
        for pair in F::PAIRS {
            let [opened, closed] = *pair;
            let again = word(told_before, opened).saturating_sub(word(before, opened));
            let open = open(if is_closed { live } else { now }, pair);
            let all = word(now, opened).saturating_add(again);
            let closed_before = word(told_before, closed);
            let falls = closed_before.saturating_sub(all.saturating_sub(open));
            let all = all.saturating_add(falls);
            let over = all.saturating_sub(open).max(closed_before);
            for (at, value) in [(opened, all), (closed, over)] {
                if let Some(to) = told.as_mut().get_mut(at) {
                    *to = value;
                }
            }
        }
        let told = F::from_words(told.as_ref());
        let is_told = told != self.told;
        if is_told {
            self.moved_ms = now_ms;
        }
        let is_changed = is_told || total != self.total;
        (self.total, self.told, self.off_ms) = (total, told, off_ms);
        is_changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use streamgauge_core::Traffic;

    fn row(bytes: u64, viewers: u64, viewers_closed: u64) -> Traffic {
        Traffic {
            bytes,
            viewers,
            viewers_closed,
            ..Traffic::default()
        }
    }

    #[test]
    fn what_is_open_in_a_node_that_stays_away_closes_and_opens_again_when_it_is_back() {
        let mut side = Side::new(0);
        let mut tell = |total, live, now_ms| {
            side.update(total, live, now_ms);
            side.told
        };
        assert_eq!(tell(row(10, 2, 1), row(10, 2, 1), 1_000), row(10, 2, 1));
        // For a moment it may be gone.
        assert_eq!(tell(row(10, 2, 1), row(0, 0, 0), 2_000), row(10, 2, 1));
        assert_eq!(tell(row(11, 2, 1), row(11, 2, 1), 3_000), row(11, 2, 1));
        assert_eq!(tell(row(11, 2, 1), row(0, 0, 0), 4_000), row(11, 2, 1));
        assert_eq!(tell(row(11, 2, 1), row(0, 0, 0), 34_000), row(11, 2, 2));
        assert_eq!(tell(row(12, 2, 1), row(12, 2, 1), 35_000), row(12, 3, 2));
        assert_eq!(tell(row(12, 2, 2), row(12, 2, 2), 36_000), row(12, 3, 3));
    }

    #[test]
    fn what_cannot_be_counted_further_does_not_fall_as_more_opens() {
        const MOST: u64 = u64::MAX;
        let mut side = Side::new(0);
        let mut tell = |open, now_ms| {
            side.update(row(0, MOST, 0), row(0, open, 0), now_ms);
            side.told
        };
        assert_eq!(tell(3, 1_000), row(0, MOST, 0));
        assert_eq!(tell(3, 31_000), row(0, MOST, MOST - 3));
        assert_eq!(tell(5, 32_000), row(0, MOST, MOST - 3));
        assert_eq!(tell(1, 33_000), row(0, MOST, MOST - 1));
    }
}
