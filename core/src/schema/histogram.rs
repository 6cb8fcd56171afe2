//! How often values fell between bounds, and what they add up to.

use core::{marker::PhantomData, ops::Range};

use super::{Bounds, Family, is_time, same};
use crate::time::Duration;

/// A histogram of a family: a word for each bucket, which are not cumulative, one for what exceeds the
/// last bound, and one for the sum of all values. So it takes two bumps to record a value, and the
/// number of values is the sum of the buckets at any time.
///
/// What is measured in seconds is kept in microseconds, and its name ends in `_us`.
#[derive(Clone, Copy, Debug)]
pub struct Histogram {
    /// The name in frames.
    pub name: &'static str,
    /// One line for a human.
    pub help: &'static str,
    /// The base unit, such as `seconds`; empty for plain numbers.
    pub unit: &'static str,
    /// The name in text formats.
    pub metric: &'static str,
    /// The bounds of all buckets but the last, rising; a bucket's bound belongs to it.
    pub bounds: &'static [u64],
    /// How a value's bucket is found.
    pub kind: Bounds,
    /// The word of the first bucket.
    pub word: usize,
    /// The slot of the first bucket.
    pub slot: usize,
}

impl Histogram {
    /// Its words: the buckets, and the sum.
    pub(crate) const fn words(&self) -> Range<usize> {
        self.word..self.word + self.bounds.len() + 2
    }

    /// What these words, of a whole series, say.
    pub(crate) fn read<'a>(&self, words: &'a [u64]) -> Distribution<'a> {
        let (sum, buckets) = match words.get(self.words()) {
            Some([buckets @ .., sum]) => (*sum, buckets),
            _ => (0, [].as_slice()),
        };
        Distribution {
            bounds: self.bounds,
            buckets,
            sum,
        }
    }
}

/// What a histogram or a gauge takes: [`Duration`]s where the unit is seconds, else `usize`.
pub trait Quantity: Copy {
    /// Whether it is a span of time.
    const IS_TIME: bool;

    /// The number that is kept: of a span of time, microseconds.
    fn fine(self) -> u64;
}

impl Quantity for Duration {
    const IS_TIME: bool = true;

    #[inline]
    fn fine(self) -> u64 {
        self.as_micros()
    }
}

impl Quantity for usize {
    const IS_TIME: bool = false;

    #[inline]
    fn fine(self) -> u64 {
        self as u64
    }
}

/// A histogram of family `F` that records values of type `V`, by its slots.
#[derive(Debug)]
pub struct Buckets<F, V> {
    slot: usize,
    bounds: &'static [u64],
    kind: Bounds,
    types: PhantomData<fn(F, V)>,
}

impl<F, V> Clone for Buckets<F, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F, V> Copy for Buckets<F, V> {}

impl<F: Family, V: Quantity> Buckets<F, V> {
    /// The histogram called `name`. Meant for constants, where a wrong name fails to compile.
    ///
    /// # Panics
    /// When the family has no such histogram, or `V` is no [`Duration`] and the unit is seconds, or the
    /// other way round.
    #[must_use]
    pub const fn named(name: &str) -> Self {
        let mut i = 0;
        while i < F::HISTOGRAMS.len() {
            let histogram = &F::HISTOGRAMS[i];
            if same(histogram.name, name) {
                assert!(
                    is_time(histogram.unit) == V::IS_TIME,
                    "durations are for seconds, and integers for all else"
                );
                return Self {
                    slot: histogram.slot,
                    bounds: histogram.bounds,
                    kind: histogram.kind,
                    types: PhantomData,
                };
            }
            i += 1;
        }
        panic!("the family has no histogram of this name");
    }

    /// What a value adds, and to which slots.
    #[inline]
    pub(crate) fn place(self, value: V) -> Bumps {
        let value = value.fine();
        let bucket = self.kind.place(self.bounds, value);
        Bumps {
            bucket: self.slot + bucket,
            sum: self.slot + self.bounds.len() + 1,
            value: usize::try_from(value).unwrap_or(usize::MAX),
        }
    }
}

/// What a recorded value bumps: its bucket by one, and the sum by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bumps {
    /// The slot of the bucket.
    pub(crate) bucket: usize,
    /// The slot of the sum.
    pub(crate) sum: usize,
    /// What the sum grows by.
    pub(crate) value: usize,
}

impl Bumps {
    /// Each slot, and how much it grows.
    #[inline]
    pub(crate) const fn each(self) -> [(usize, usize); 2] {
        [(self.bucket, 1), (self.sum, self.value)]
    }
}

/// The words of one histogram with `N` buckets, as plain data. Those of two series, or of two nodes, add
/// up to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Samples<const N: usize> {
    /// How many values fell into each bucket, the one past the last bound included.
    pub buckets: [u64; N],
    /// What all values add up to; of durations, in microseconds.
    pub sum: u64,
}

impl<const N: usize> Samples<N> {
    /// The samples that have these words, the buckets before the sum; missing ones are zero.
    #[doc(hidden)]
    #[must_use]
    pub fn from_words(words: &mut impl Iterator<Item = u64>) -> Self {
        Self {
            buckets: core::array::from_fn(|_| words.next().unwrap_or(0)),
            sum: words.next().unwrap_or(0),
        }
    }

    /// Its words, the buckets before the sum.
    #[doc(hidden)]
    pub fn words(&self) -> impl Iterator<Item = u64> + '_ {
        self.buckets.iter().copied().chain([self.sum])
    }

    /// Adds what another series, or another node, recorded.
    pub fn merge(&mut self, other: &Self) {
        for (ours, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *ours = ours.wrapping_add(*theirs);
        }
        self.sum = self.sum.wrapping_add(other.sum);
    }

    /// How these samples lie between these bounds.
    #[must_use]
    pub const fn between(&self, bounds: &'static [u64]) -> Distribution<'_> {
        Distribution {
            bounds,
            buckets: &self.buckets,
            sum: self.sum,
        }
    }
}

impl<const N: usize> Default for Samples<N> {
    fn default() -> Self {
        Self {
            buckets: [0; N],
            sum: 0,
        }
    }
}

/// What a histogram recorded in one series. All in integers: durations are in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Distribution<'a> {
    /// The bounds of all buckets but the last, rising; a bucket's bound belongs to it.
    pub bounds: &'static [u64],
    /// How many values fell into each bucket, the one past the last bound included.
    pub buckets: &'a [u64],
    /// What all values add up to.
    pub sum: u64,
}

/// Parts of a whole that a quantile is told in.
const WHOLE: u128 = 1_000_000;

impl<'a> Distribution<'a> {
    /// How many values were recorded: the sum of the buckets.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.cumulative().last().unwrap_or(0)
    }

    /// How many values are no higher than each bound; at last, how many there are.
    pub fn cumulative(&self) -> impl Iterator<Item = u64> + use<'a> {
        let below = |sum: &mut u64, n: &u64| {
            *sum = sum.wrapping_add(*n);
            Some(*sum)
        };
        self.buckets.iter().scan(0, below)
    }

    /// An estimate of the value that so many millionths of all values do not exceed (`990_000` for p99):
    /// within the right bucket, as if the values in it lay evenly. Past the last bound it is that bound,
    /// as in Prometheus. Nothing if there are no values.
    ///
    /// Cost: O(buckets), with a division or two of 128 bits: for the reading side.
    #[must_use]
    pub fn quantile(&self, millionths: u32) -> Option<u64> {
        let rank = u128::from(self.count()) * u128::from(millionths).min(WHOLE);
        let (mut below, mut lower) = (0, 0);
        for (bound, n) in self.bounds.iter().zip(self.buckets) {
            let within = u128::from(*n) * WHOLE;
            if within > 0 && below + within >= rank {
                let part = share(
                    bound.saturating_sub(lower),
                    rank.saturating_sub(below),
                    within,
                );
                return Some(lower.saturating_add(part));
            }
            (below, lower) = (below + within, *bound);
        }
        let past = self.buckets.last().is_some_and(|n| *n > 0);
        past.then_some(lower)
    }
}

/// So much of `width` as `part` is of `whole`.
fn share(width: u64, part: u128, whole: u128) -> u64 {
    let exact = u128::from(width).checked_mul(part);
    let share = match exact {
        Some(product) => product.checked_div(whole),
        None => part.checked_div(whole / u128::from(width.max(1))),
    };
    share.map_or(width, |share| {
        u64::try_from(share).unwrap_or(width).min(width)
    })
}

/// The bounds of a family's histogram.
///
/// # Panics
/// In a constant, when there is none of this name.
#[doc(hidden)]
#[must_use]
pub const fn bounds_of<F: Family>(name: &str) -> &'static [u64] {
    let mut i = 0;
    while i < F::HISTOGRAMS.len() {
        if same(F::HISTOGRAMS[i].name, name) {
            return F::HISTOGRAMS[i].bounds;
        }
        i += 1;
    }
    panic!("the family has no histogram of this name");
}
