//! Time as plain integers: the core has no clock, adapters bring the readings.

/// A moment, in microseconds from an arbitrary start that the adapter chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

/// A span of time in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(u64);

impl Instant {
    /// The moment `micros` microseconds after the start.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the start.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The moment `span` later; the latest moment there is when that overflows.
    #[must_use]
    pub const fn saturating_add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The time since `earlier`; zero when `earlier` is later, as after a clock that jumped back.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl Duration {
    /// A span of `micros` microseconds.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// A span of `millis` milliseconds, saturating.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// A span of `secs` seconds, saturating.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// The span in microseconds.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The span in whole milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        quotient(self.0, 1_000)
    }
}

/// In whole microseconds; the longest span there is, from 584,542 years on.
impl From<core::time::Duration> for Duration {
    #[inline]
    fn from(span: core::time::Duration) -> Self {
        const TOO_LONG: u64 = u64::MAX / 1_000_000;
        match span.as_secs() {
            TOO_LONG.. => Self(u64::MAX),
            secs => Self(secs * 1_000_000 + u64::from(span.subsec_micros())),
        }
    }
}

/// How often `by` goes into `n`; never, if `by` is zero. Processors of 32 bits would bring in a kilobyte
/// of library for it, and nothing here divides often: there it goes a bit at a time.
pub(crate) const fn quotient(n: u64, by: u64) -> u64 {
    if cfg!(target_pointer_width = "64") {
        return match n.checked_div(by) {
            Some(quotient) => quotient,
            None => 0,
        };
    }
    bit_by_bit(n, by)
}

/// The quotient's bits come into `n` from below as its own go out above.
#[inline(never)]
const fn bit_by_bit(mut n: u64, by: u64) -> u64 {
    if by == 0 {
        return 0;
    }
    let (mut rest, mut bits) = (0_u64, u64::BITS);
    while bits > 0 {
        bits -= 1;
        let carried = rest >> (u64::BITS - 1) > 0;
        rest = rest << 1 | n >> (u64::BITS - 1);
        n <<= 1;
        if carried || rest >= by {
            rest = rest.wrapping_sub(by);
            n |= 1;
        }
    }
    n
}

#[cfg(test)]
mod tests {
    use super::bit_by_bit;

    #[test]
    fn both_ways_to_divide_agree() {
        let numbers = [
            0,
            1,
            2,
            9,
            10,
            999,
            1_000,
            1_001,
            u64::MAX / 3,
            u64::MAX - 1,
            u64::MAX,
        ];
        for n in numbers {
            for by in numbers {
                assert_eq!(
                    bit_by_bit(n, by),
                    n.checked_div(by).unwrap_or(0),
                    "{n} / {by}"
                );
            }
        }
    }
}
