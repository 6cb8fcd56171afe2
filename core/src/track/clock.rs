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

    /// The time now, in steps forward since the first reading.
    #[inline]
    pub(super) fn advance(&mut self, now: Instant) -> Instant {
        let step = now.saturating_since(self.shown.unwrap_or(now));
        self.shown = Some(now);
        let total = self.total.as_micros().saturating_add(step.as_micros());
        self.total = Duration::from_micros(total);
        Instant::from_micros(total)
    }

    /// What the clock will show when `due` has come; nothing if that is never.
    pub(super) fn when(&self, due: Instant) -> Option<Instant> {
        if due.as_micros() == u64::MAX {
            return None;
        }
        let left = due.as_micros().saturating_sub(self.total.as_micros());
        Some(self.shown?.saturating_add(Duration::from_micros(left)))
    }
}
