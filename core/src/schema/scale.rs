//! The bounds of a histogram's buckets, and which bucket a value falls into.

use crate::time::Duration;

/// The bounds of a histogram's buckets. A value falls into the first bucket whose bound it does not
/// exceed, or past the last bound.
#[derive(Clone, Copy, Debug)]
pub struct Scale(Kind);

#[derive(Clone, Copy, Debug)]
enum Kind {
    Integers(&'static [u64]),
    Durations(&'static [Duration]),
    Log {
        shift: u32,
        buckets: usize,
        of_time: bool,
    },
}

/// How a value's bucket is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounds {
    /// By comparing it with the bounds, from the lowest on.
    Listed,
    /// From its leading digits: eight buckets for each doubling, the first of them `1 << shift` wide.
    Log {
        /// Binary places that tell no buckets apart.
        shift: u32,
    },
}

/// Buckets for each doubling of a log-linear scale: a bucket is an eighth as wide as its lower bound at
/// most.
const STEPS: usize = 8;

impl Scale {
    /// The bounds that Prometheus' clients have for latencies: 5, 10, 25, 50, 100, 250 and 500 ms, and
    /// 1, 2.5, 5 and 10 s.
    pub const LATENCY: Self = Self::durations(&[
        Duration::from_millis(5),
        Duration::from_millis(10),
        Duration::from_millis(25),
        Duration::from_millis(50),
        Duration::from_millis(100),
        Duration::from_millis(250),
        Duration::from_millis(500),
        Duration::from_millis(1_000),
        Duration::from_millis(2_500),
        Duration::from_millis(5_000),
        Duration::from_millis(10_000),
    ]);

    /// These bounds, rising. To record a value costs a comparison for each bound below it, and one more:
    /// where there are dozens, a log-linear scale is the faster one.
    #[must_use]
    pub const fn durations(bounds: &'static [Duration]) -> Self {
        Self(Kind::Durations(bounds))
    }

    /// The same for integers.
    #[must_use]
    pub const fn integers(bounds: &'static [u64]) -> Self {
        Self(Kind::Integers(bounds))
    }

    /// Log-linear bounds: what lies between `least` and `most` is told apart with a relative error of at
    /// most 12.5 %, in eight buckets for each doubling; what is less, at least as finely as `least`.
    ///
    /// Memory is fixed: from 100 microseconds to a minute it takes 169 words.
    #[must_use]
    pub const fn log_durations(least: Duration, most: Duration) -> Self {
        Self::log(least.as_micros(), most.as_micros(), true)
    }

    /// The same for integers.
    #[must_use]
    pub const fn log_integers(least: u64, most: u64) -> Self {
        Self::log(least, most, false)
    }

    /// # Panics
    /// In the constant that a family is made of, when there is no range.
    const fn log(least: u64, most: u64, of_time: bool) -> Self {
        assert!(0 < least && least < most, "a scale goes up from above zero");
        assert!(most < 1 << 60, "a scale ends below 2^60");
        let mut shift = 0;
        while least >> shift >= 2 * STEPS as u64 {
            shift += 1;
        }
        Self(Kind::Log {
            shift,
            buckets: log_place(most, shift) + 1,
            of_time,
        })
    }

    /// How many buckets there are, the one past the last bound included.
    #[must_use]
    pub const fn buckets(&self) -> usize {
        1 + match self.0 {
            Kind::Integers(bounds) => bounds.len(),
            Kind::Durations(bounds) => bounds.len(),
            Kind::Log { buckets, .. } => buckets,
        }
    }

    /// Whether it measures time.
    #[doc(hidden)]
    #[must_use]
    pub const fn is_of_time(&self) -> bool {
        match self.0 {
            Kind::Integers(_) => false,
            Kind::Durations(_) => true,
            Kind::Log { of_time, .. } => of_time,
        }
    }

    /// How a value's bucket is found.
    #[doc(hidden)]
    #[must_use]
    pub const fn kind(&self) -> Bounds {
        match self.0 {
            Kind::Log { shift, .. } => Bounds::Log { shift },
            _ => Bounds::Listed,
        }
    }

    /// The bounds themselves, of durations in microseconds; `N` is one less than there are buckets.
    ///
    /// # Panics
    /// When they do not rise, or there are none.
    #[doc(hidden)]
    #[must_use]
    pub const fn bounds<const N: usize>(&self) -> [u64; N] {
        assert!(N > 0 && N + 1 == self.buckets(), "a scale has a bound");
        let mut bounds = [0; N];
        let mut i = 0;
        while i < N {
            bounds[i] = match self.0 {
                Kind::Integers(bounds) => bounds[i],
                Kind::Durations(bounds) => bounds[i].as_micros(),
                Kind::Log { shift, .. } => log_bound(i, shift),
            };
            assert!(i == 0 || bounds[i - 1] < bounds[i], "bounds rise");
            i += 1;
        }
        bounds
    }
}

impl Bounds {
    /// The bucket that a value falls into, among these bounds.
    ///
    /// Listed bounds are gone through from the lowest. A processor foresees where that ends, as most values
    /// are like those before them, and so knows which word is to be bumped before it has compared
    /// anything; one that is worked out from the value holds up all reads that follow.
    #[inline]
    pub(crate) fn place(self, bounds: &[u64], value: u64) -> usize {
        match self {
            Self::Listed => {
                let place = bounds.iter().position(|bound| value <= *bound);
                place.unwrap_or(bounds.len())
            }
            Self::Log { shift } => log_place(value, shift).min(bounds.len()),
        }
    }
}

/// The bucket of a value: the first whose bound it does not exceed, so what counts is one less.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "below 8 * 64")]
const fn log_place(value: u64, shift: u32) -> usize {
    let steps = value.saturating_sub(1) >> shift;
    let doublings = (steps | STEPS as u64).ilog2() - STEPS.ilog2();
    doublings as usize * STEPS + (steps >> doublings) as usize
}

/// The bound of a bucket: all values that fall into it or into those before are no higher.
const fn log_bound(place: usize, shift: u32) -> u64 {
    let doublings = (place / STEPS).saturating_sub(1);
    ((place - doublings * STEPS + 1) as u64) << doublings << shift
}
