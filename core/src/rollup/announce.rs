//! Which levels are announced, and until when.

use super::{
    LevelId, RollupBooks, Rollups,
    level::{ANNOUNCED, CAME, IDLE, LevelRow, OVERFLOWN, TAKEN, WANTED},
};
use crate::{
    key::KeyWords,
    time::{Duration, Instant},
};

/// What the caller is to do with a level's broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelEvent {
    /// Announce it: a subscription began under the level. Its frames follow, one for each track.
    Announce(LevelId),
    /// Unannounce it: nothing under the level has been subscribed for the linger, and its last frames were
    /// accepted.
    Unannounce(LevelId),
}

impl<B: RollupBooks> Rollups<B> {
    /// Lets levels go that have been idle for the linger. Takes what was taken in before as all there is:
    /// call it after [`take_in`](Self::take_in). A call that comes too early does nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        let short = core::mem::take(&mut self.short);
        for at in 0..self.used {
            let due = self.due(at, short);
            let told = due.is_some_and(|due| now >= due) && self.is_told(at);
            if told && let Some(level) = self.books.split().levels.get_mut(at) {
                level.flags &= !WANTED;
            }
        }
    }

    /// When the next level has been idle for the linger, if any is: a tick is of use then, and
    /// [`handle_timeout`](Self::handle_timeout) after it.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let due = (0..self.used).filter_map(|at| self.due(at, self.short));
        due.min()
    }

    /// The next level to announce or to unannounce. Its path can be asked for until the next
    /// [`take_in`](Self::take_in).
    pub fn poll_event(&mut self) -> Option<LevelEvent> {
        while self.told < self.used {
            let at = self.told;
            self.told += 1;
            let Some(level) = self.books.split().levels.get_mut(at) else {
                break;
            };
            let (wanted, announced) = (level.flags & WANTED != 0, level.flags & ANNOUNCED != 0);
            if wanted != announced {
                level.flags ^= ANNOUNCED;
                return Some(self.event(at, wanted));
            }
        }
        self.told = 0;
        None
    }

    fn event(&mut self, at: usize, wanted: bool) -> LevelEvent {
        if !wanted {
            return LevelEvent::Unannounce(LevelId(at));
        }
        // Whoever reads it from now on was told nothing.
        let lanes = self.lanes;
        let sums = self.books.split().sums.iter_mut().skip(at * lanes);
        sums.take(lanes).for_each(|sum| sum.told = false);
        LevelEvent::Announce(LevelId(at))
    }

    /// Sees which levels are subscribed.
    pub(super) fn settle(&mut self, now: Instant) {
        for at in 0..self.used {
            if let Some(level) = self.books.split().levels.get_mut(at) {
                level.settle(now);
            }
        }
    }

    /// When a level has been idle for long enough.
    fn due(&self, at: usize, short: bool) -> Option<Instant> {
        const IDLE_NOW: u8 = ANNOUNCED | WANTED | IDLE;
        let level = self.books.levels().get(at)?;
        let linger = if short && level.held == 0 && at > OVERFLOWN as usize {
            Duration::default()
        } else {
            self.linger
        };
        (level.flags & IDLE_NOW == IDLE_NOW).then(|| level.idle.saturating_add(linger))
    }

    /// Whether the sink accepted all frames of a level as they are.
    fn is_told(&self, at: usize) -> bool {
        let sums = self.books.sums().iter().skip(at * self.lanes);
        sums.take(self.lanes).all(|sum| sum.told)
    }
}

impl<K: KeyWords> LevelRow<K> {
    fn settle(&mut self, now: Instant) {
        if self.flags & TAKEN == 0 {
            return;
        }
        let came = self.flags & CAME != 0;
        self.flags &= !CAME;
        if came || self.open != 0 {
            self.flags |= WANTED;
            self.flags &= !IDLE;
        }
        // A clock that jumped back begins the linger anew.
        if self.open == 0 && (self.flags & IDLE == 0 || self.idle > now) {
            self.flags |= IDLE;
            self.idle = now;
        }
    }
}
