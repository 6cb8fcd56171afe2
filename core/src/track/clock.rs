//! Time that only goes forward, from a clock that may jump back.

use crate::time::{Duration, Instant};

/// Adds up the steps that a clock takes forward; a step back is none, and time goes on from there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// What the clock showed last; nothing before the first reading.
    shown: Option<Instant>,
    total: Duration,
}

impl Clock {
    pub(super) const fn new() -> Self {
        Self {
            shown: None,
            total: Duration::from_micros(0),
        }
    }

    /// The time now, in steps forward since the first reading. A step counts for `most` at the most, so
    /// that a reading gone astray does not use up the time there is.
    #[inline]
    pub(super) fn advance(&mut self, now: Instant, most: Duration) -> Instant {
        let step = now.saturating_since(self.shown.unwrap_or(now)).min(most);
        self.shown = Some(now);
        let total = self.total.as_micros().saturating_add(step.as_micros());
        self.total = Duration::from_micros(total);
        Instant::from_micros(total)
    }

    /// What the clock will show when `due` has come; nothing if it cannot show that.
    pub(super) fn when(&self, due: Instant) -> Option<Instant> {
        let left = due.saturating_since(Instant::from_micros(self.total.as_micros()));
        let shown = self.shown?.as_micros().checked_add(left.as_micros());
        shown.map(Instant::from_micros)
    }
}
