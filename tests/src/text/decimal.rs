//! Numbers as text has them, compared exactly.

use std::fmt;

/// A decimal number that is not negative: digits without zeros at either end, and the place of the
/// decimal point counted from their beginning.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal {
    /// Negative where zeros follow the decimal point.
    point: i64,
    digits: String,
}

impl Decimal {
    /// `n` with its last `places` digits behind the decimal point.
    #[must_use]
    pub fn scaled(n: u64, places: i64) -> Self {
        let digits = n.to_string();
        Self::new(&digits, i64::try_from(digits.len()).unwrap_or(0) - places)
    }

    /// Reads `12`, `12.50`, `1.25e+01`.
    ///
    /// # Panics
    /// When the text is no such number.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let (number, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, rest) = number.split_once('.').unwrap_or((number, ""));
        let digits = format!("{whole}{rest}");
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        assert!(plain && !whole.is_empty(), "{text:?} is no number");
        assert!(!number.ends_with('.'), "{text:?} ends with a point");
        let exponent: i64 = exponent.parse().expect("an exponent");
        Self::new(&digits, i64::try_from(whole.len()).unwrap_or(0) + exponent)
    }

    /// The nearest float.
    ///
    /// # Panics
    /// Never: it is a number.
    #[must_use]
    pub fn float(&self) -> f64 {
        self.to_string().parse().expect("a float")
    }

    fn new(digits: &str, point: i64) -> Self {
        let short = digits.trim_start_matches('0');
        let zeros = i64::try_from(digits.len() - short.len()).unwrap_or(0);
        match short.trim_end_matches('0') {
            "" => Self {
                point: i64::MIN,
                digits: String::new(),
            },
            short => Self {
                point: point - zeros,
                digits: short.into(),
            },
        }
    }
}

/// As any parser of floats reads it.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.digits.as_str() {
            "" => write!(f, "0"),
            digits => write!(f, "0.{digits}e{}", self.point),
        }
    }
}

impl Default for Decimal {
    fn default() -> Self {
        Self::new("", 0)
    }
}
