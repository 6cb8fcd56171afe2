//! How fast something grows: by what it was at two moments of the past.

use crate::{
    schema::{Family, Totals},
    time::{Duration, Instant},
};

/// What was counted over a span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Growth<F> {
    /// What was counted.
    pub counted: F,
    /// Over how long.
    pub over: Duration,
}

impl<F> Growth<F> {
    /// So many per second, rounded down; nothing over no time.
    pub fn per_second(&self, word: impl FnOnce(&F) -> u64) -> u64 {
        rate(word(&self.counted), self.over)
    }
}

/// `n` over a span, per second.
pub(super) fn rate(n: u64, over: Duration) -> u64 {
    let rate = (u128::from(n) * 1_000_000).checked_div(u128::from(over.as_micros()));
    u64::try_from(rate.unwrap_or(0)).unwrap_or(u64::MAX)
}

/// Totals as they were at two moments, the older one about a window ago.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks<F: Family> {
    older: Mark<F>,
    newer: Mark<F>,
}

#[derive(Clone, Copy, Debug)]
struct Mark<F: Family> {
    at: Instant,
    totals: F::Totals,
}

impl<F: Family> Marks<F> {
    /// Zero at the beginning of time.
    pub(super) const NONE: Self = Self::since(Instant::from_micros(0));

    /// Zero at this moment.
    pub(super) const fn since(at: Instant) -> Self {
        let mark = Mark {
            at,
            totals: F::Totals::ZERO,
        };
        Self {
            older: mark,
            newer: mark,
        }
    }

    fn at(at: Instant, totals: &F::Totals) -> Self {
        let mark = Mark {
            at,
            totals: *totals,
        };
        Self {
            older: mark,
            newer: mark,
        }
    }

    /// Before the totals change at `now`: moves the marks on, so that the older lies at least half a window
    /// back.
    #[inline]
    pub(super) fn pass(&mut self, now: Instant, window: Duration, totals: &F::Totals) {
        if now < self.newer.at {
            // The clock jumped back.
            *self = Self::at(now, totals);
        }
        let half = window.as_micros() / 2;
        let age = now.saturating_since(self.newer.at).as_micros();
        if age < half {
            return;
        }
        let here = Mark {
            at: now,
            totals: *totals,
        };
        // After a long silence there is nothing to tell of what lies before it.
        self.older = if age < window.as_micros().saturating_mul(2) {
            self.newer
        } else {
            let at = now.as_micros().saturating_sub(window.as_micros());
            Mark {
                at: Instant::from_micros(at),
                ..here
            }
        };
        self.newer = here;
    }

    /// Leaves out of all rates what the totals will grow by: it was counted at other times.
    #[inline]
    pub(super) fn shift(&mut self, gain: &F::Totals) {
        for mark in [&mut self.older, &mut self.newer] {
            for (total, gain) in mark.totals.as_mut().iter_mut().zip(gain.as_ref()) {
                *total = total.wrapping_add(*gain);
            }
        }
    }

    /// What the totals have grown by over the last window, more or less.
    pub(super) fn growth(&self, now: Instant, window: Duration, totals: &F::Totals) -> Growth<F> {
        let silent = now.saturating_since(self.newer.at) >= window;
        let base = if silent { &self.newer } else { &self.older };
        let mut counted = *totals;
        for (word, base) in counted.as_mut().iter_mut().zip(base.totals.as_ref()) {
            *word = word.wrapping_sub(*base);
        }
        Growth {
            counted: F::from_words(counted.as_ref()),
            over: now.saturating_since(base.at),
        }
    }
}
