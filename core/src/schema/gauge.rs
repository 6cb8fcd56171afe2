//! What rises and falls: a difference of words, or the value that was set last.

use core::marker::PhantomData;

use super::{Family, Label, Quantity, is_time, same};

/// Something of a family that rises and falls.
///
/// What is measured in seconds is kept in microseconds, and its name ends in `_us`.
#[derive(Clone, Copy, Debug)]
pub struct Gauge {
    /// The name in frames.
    pub name: &'static str,
    /// One line for a human; the same for all gauges of one metric.
    pub help: &'static str,
    /// The base unit, such as `seconds`; empty for a plain number.
    pub unit: &'static str,
    /// The name in text formats. Gauges of one metric follow each other, and differ by their label's
    /// value.
    pub metric: &'static str,
    /// What tells it from the other gauges of its metric.
    pub label: Option<Label>,
    /// Where the number comes from.
    pub reading: Reading,
}

/// Where a gauge's number comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The value that was set last.
    Set {
        /// The gauge's place among those that are set.
        place: usize,
        /// Its place among all words.
        word: usize,
    },
    /// A word less others that never outnumber it.
    Difference {
        /// The opening word.
        opened: usize,
        /// The closing words.
        closed: &'static [usize],
    },
}

impl Gauge {
    /// Whether it is a difference, and one of its words is among these.
    pub(crate) fn follows(&self, changed: impl Fn(usize) -> bool) -> bool {
        match self.reading {
            Reading::Set { .. } => false,
            Reading::Difference { opened, closed } => {
                changed(opened) || closed.iter().any(|word| changed(*word))
            }
        }
    }

    /// The value in a series with these words; nothing if it was never set.
    pub(crate) fn read(&self, words: &[u64]) -> Option<u64> {
        let word = |at: usize| words.get(at).copied().unwrap_or(0);
        match self.reading {
            Reading::Set { word: at, .. } => decoded(word(at)),
            Reading::Difference { opened, closed } => {
                let closed = closed.iter().map(|at| word(*at));
                Some(closed.fold(word(opened), u64::saturating_sub))
            }
        }
    }
}

/// A value as tables keep it: one more, so that zero stands for none yet and an all-zero table is a
/// fresh one. The largest two values become one.
#[doc(hidden)]
#[inline]
#[must_use]
pub const fn encoded(value: u64) -> u64 {
    value.saturating_add(1)
}

/// The value, if there is one.
#[doc(hidden)]
#[inline]
#[must_use]
pub const fn decoded(level: u64) -> Option<u64> {
    level.checked_sub(1)
}

/// A gauge of family `F` that is set to values of type `V`, by its place among those that are set.
#[derive(Debug)]
pub struct Level<F, V> {
    place: usize,
    types: PhantomData<fn(F, V)>,
}

impl<F, V> Clone for Level<F, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F, V> Copy for Level<F, V> {}

impl<F: Family, V: Quantity> Level<F, V> {
    /// The gauge called `name`. Meant for constants, where a wrong name fails to compile.
    ///
    /// # Panics
    /// When the family has no such gauge, or it is not set but read from words, or `V` is no
    /// [`Duration`](crate::Duration) and the unit is seconds, or the other way round.
    #[must_use]
    pub const fn named(name: &str) -> Self {
        let mut i = 0;
        while i < F::GAUGES.len() {
            let gauge = &F::GAUGES[i];
            if let Reading::Set { place, .. } = gauge.reading
                && same(gauge.name, name)
            {
                assert!(
                    is_time(gauge.unit) == V::IS_TIME,
                    "durations are for seconds, and integers for all else"
                );
                return Self {
                    place,
                    types: PhantomData,
                };
            }
            i += 1;
        }
        panic!("the family has no gauge of this name that is set");
    }

    pub(crate) const fn place(self) -> usize {
        self.place
    }
}
