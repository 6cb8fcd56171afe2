//! What series that are present have now, added up: it falls as they go.

use crate::{
    ledger::summed,
    schema::{Family, Totals, decoded, encoded},
};

/// Sums of numbers that are put in and taken out again. They are kept whole, however large what a node tells, so
/// that they are right again as soon as it is gone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Live<F: Family> {
    low: F::Totals,
    /// How many times 2^64 the sums are more.
    high: F::Totals,
}

impl<F: Family> Live<F> {
    pub(super) const NONE: Self = Self {
        low: F::Totals::ZERO,
        high: F::Totals::ZERO,
    };

    /// Takes numbers out, and puts others in.
    #[inline]
    pub(super) fn pass(&mut self, [before, now]: &[F::Totals; 2]) {
        let sums = self.low.as_mut().iter_mut().zip(self.high.as_mut());
        let words = before.as_ref().iter().zip(now.as_ref());
        for ((low, high), (before, now)) in sums.zip(words) {
            let (more, carry) = low.overflowing_add(*now);
            let (rest, borrow) = more.overflowing_sub(*before);
            *low = rest;
            *high = high.wrapping_add(carry.into()).wrapping_sub(borrow.into());
        }
    }

    /// As a snapshot, in which gauges are one more than they are. What passes 2^64 - 1 is that; what is open is
    /// right also then.
    pub(super) fn shown(&self) -> F {
        let mut words = F::Totals::ZERO;
        for (at, word) in words.as_mut().iter_mut().enumerate() {
            let sum = capped(self.sum(at));
            *word = if at < summed::<F>() {
                sum
            } else {
                encoded(sum)
            };
        }
        for [opened, closed] in F::PAIRS {
            let opening = words.as_ref().get(*opened).copied().unwrap_or(0);
            if let Some(closing) = words.as_mut().get_mut(*closed) {
                *closing = opening.saturating_sub(self.open(*opened, *closed));
            }
        }
        F::from_words(words.as_ref())
    }

    /// What of a pair is open.
    pub(super) fn open(&self, opened: usize, closed: usize) -> u64 {
        capped(self.sum(opened).saturating_sub(self.sum(closed)))
    }

    fn sum(&self, at: usize) -> u128 {
        let word = |words: &F::Totals| words.as_ref().get(at).copied().map_or(0, u128::from);
        word(&self.high) << 64 | word(&self.low)
    }
}

/// Words as numbers that can be added up: gauges by their values.
pub(super) fn numbers<F: Family>(words: &F::Totals) -> F::Totals {
    let mut numbers = *words;
    for level in numbers.as_mut().iter_mut().skip(summed::<F>()) {
        *level = decoded(*level).unwrap_or(0);
    }
    numbers
}

fn capped(sum: u128) -> u64 {
    u64::try_from(sum).unwrap_or(u64::MAX)
}
