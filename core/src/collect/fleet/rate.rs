//! How fast something grows: by what it was at two moments of the past.

use super::rows::{add, excess};
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

/// When something is told, and since when it may have been counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct When {
    /// When it is told.
    pub(super) now: Instant,
    /// When the same track told last; nothing if it is not known at all when this was counted.
    pub(super) before: Option<Instant>,
}

impl When {
    /// At this moment, and none before.
    pub(super) const fn at(now: Instant) -> Self {
        Self {
            now,
            before: Some(now),
        }
    }
}

/// Totals as they were at two moments, the older one about a window ago.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks<F: Family> {
    older: Mark<F>,
    newer: Mark<F>,
    /// When the totals were last told.
    last: Instant,
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
        Self::from(at, &F::Totals::ZERO)
    }

    /// These totals at this moment.
    pub(super) const fn from(at: Instant, totals: &F::Totals) -> Self {
        let totals = *totals;
        Self {
            older: Mark { at, totals },
            newer: Mark { at, totals },
            last: at,
        }
    }

    /// Before the totals change: notes what they were when they were told last, if that is half a window
    /// after what was noted before.
    #[inline]
    pub(super) fn pass(&mut self, when: When, window: Duration, totals: &F::Totals) {
        let half = Duration::from_micros(window.as_micros() / 2);
        let last = core::mem::replace(&mut self.last, when.now);
        let known = last.max(when.before.unwrap_or(last)).min(when.now);
        // What is told after a long silence was counted lately.
        let known = known.max(before(when.now, window));
        let jumped_back = when.now < self.newer.at;
        if jumped_back || known.saturating_since(self.newer.at) >= half {
            let here = Mark {
                at: known,
                totals: *totals,
            };
            let stale = jumped_back || self.newer.at < before(known, window);
            self.older = if stale { here } else { self.newer };
            self.newer = here;
        }
    }

    /// Leaves out of all rates what the totals will grow by: it was counted at other times.
    pub(super) fn shift(&mut self, gain: &F::Totals) {
        for mark in [&mut self.older, &mut self.newer] {
            add(&mut mark.totals, gain);
        }
    }

    /// What the totals have grown by over the last window, more or less.
    pub(super) fn growth(&self, now: Instant, window: Duration, totals: &F::Totals) -> Growth<F> {
        let silent = now.saturating_since(self.newer.at) >= window;
        let base = if silent { &self.newer } else { &self.older };
        let counted = excess(totals, &base.totals);
        Growth {
            counted: F::from_words(counted.as_ref()),
            over: now.saturating_since(base.at),
        }
    }
}

fn before(now: Instant, span: Duration) -> Instant {
    Instant::from_micros(now.as_micros().saturating_sub(span.as_micros()))
}
