//! Numbers below one, placed by their digits: nothing here computes with floats.

use super::Format;
use crate::{
    encode::{
        Out, Whole,
        number::{inlined_number, number},
    },
    time::quotient,
};

/// Units in a whole one, by how many decimals they have.
const UNITS: [u64; 10] = {
    let mut units = [1; 10];
    let mut places = 1;
    while places < units.len() {
        units[places] = 10 * units[places - 1];
        places += 1;
    }
    units
};

/// Writes `n` units of a tenth, a hundredth, .. by `places`, with that many decimals; at most nine.
#[expect(clippy::inline_always, reason = "speed: see `Item::write`")]
#[inline(always)]
pub(crate) fn decimal(out: &mut impl Out, n: u64, places: u8) {
    if places == 0 {
        return inlined_number(out, n);
    }
    let (whole, rest) = split(n, places);
    inlined_number(out, whole);
    out.put_padded(&fraction(rest, places), usize::from(places) + 1);
}

/// How many whole ones there are in `n` units, and how many units are left.
fn split(n: u64, places: u8) -> (u64, u64) {
    let unit = UNITS.get(usize::from(places)).copied().unwrap_or(1);
    let whole = quotient(n, unit);
    (whole, n - whole * unit)
}

/// The point, and `n` units after it, with the zeros in front.
#[expect(clippy::inline_always, reason = "as its caller")]
#[inline(always)]
fn fraction(n: u64, places: u8) -> [u8; 20] {
    let unit = UNITS.get(usize::from(places)).copied().unwrap_or(1);
    // One in front keeps the zeros, and is left out again.
    let mut digits = [0; 20];
    inlined_number(&mut Whole::new(&mut digits), unit + n);
    digits[0] = b'.';
    digits
}

/// Writes the bound of a histogram's bucket in the one way in which it is the same label everywhere: as
/// Go's `%g` writes floats, and in `OpenMetrics` with a decimal point or an exponent in any case.
pub(crate) fn bound(out: &mut impl Out, n: u64, places: u8, format: Format) {
    let (least, most) = (i32::from(places) - 3, i32::from(places) + 6);
    let digits = n.checked_ilog10().map_or(0, |log| log.cast_signed() + 1);
    if n == 0 || (least..=most).contains(&digits) {
        plain(out, n, places, format);
    } else {
        power(out, n, digits - i32::from(places) - 1);
    }
}

/// Writes `d.ddde+dd`.
fn power(out: &mut impl Out, n: u64, exponent: i32) {
    let mut digits = [0; 20];
    let mut all = Whole::new(&mut digits);
    number(&mut all, n);
    let len = all.written();
    let [first, rest @ ..] = &digits;
    out.put(&[*first]);
    let rest = without_zeros(rest.get(..len.saturating_sub(1)).unwrap_or_default());
    if !rest.is_empty() {
        out.put(b".");
        out.put(rest);
    }
    out.put(if exponent < 0 { b"e-" } else { b"e+" });
    let exponent = exponent.unsigned_abs();
    if exponent < 10 {
        out.put(b"0");
    }
    number(out, u64::from(exponent));
}

/// Writes `dd.ddd`, `dd000` or `0.00ddd`.
fn plain(out: &mut impl Out, n: u64, places: u8, format: Format) {
    let (whole, rest) = split(n, places);
    number(out, whole);
    if rest > 0 {
        let digits = fraction(rest, places);
        let digits = digits.get(..=usize::from(places)).unwrap_or_default();
        out.put(without_zeros(digits));
    } else if format.is_open() {
        out.put(b".0");
    }
}

/// Digits without the zeros that they end with.
fn without_zeros(digits: &[u8]) -> &[u8] {
    let mut digits = digits;
    while let [rest @ .., b'0'] = digits {
        digits = rest;
    }
    digits
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::{format, string::String};

    use super::{bound, decimal};
    use crate::encode::{Whole, text::Format};

    fn written(write: impl FnOnce(&mut Whole<'_>)) -> String {
        let mut text = [0; 64];
        let mut out = Whole::new(&mut text);
        write(&mut out);
        let len = out.written();
        String::from_utf8_lossy(&text[..len]).into_owned()
    }

    /// As Go's `%g` does, by the standard library's shortest digits of a float.
    fn by_float(value: f64) -> String {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        if value == 0.0 || (-4..6).contains(&exponent) {
            return format!("{value}");
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{digits}e{sign}{:02}", exponent.abs())
    }

    #[test]
    #[allow(clippy::cast_precision_loss, reason = "15 digits, which a float has")]
    fn bounds_are_written_as_floats_are() {
        for power in 0..15 {
            let n = 10_u64.pow(power);
            for near in [0, n / 3, n - 1, n, n + 1, n / 4 * 10, n * 3 / 2, n / 7 * 5] {
                for places in 0..=9 {
                    let value = near as f64 / 10_f64.powi(places);
                    let expected = by_float(value);
                    let bound = |format| {
                        let places = u8::try_from(places).unwrap_or(0);
                        written(|out| bound(out, near, places, format))
                    };
                    assert_eq!(bound(Format::Prometheus), expected, "{near} {places}");
                    let whole = !expected.contains(['.', 'e']);
                    let expected = expected + if whole { ".0" } else { "" };
                    assert_eq!(bound(Format::OpenMetrics2), expected, "{near} {places}");
                }
            }
        }
        let longest = written(|out| bound(out, u64::MAX, 6, Format::OpenMetrics1));
        assert_eq!(longest, "1.8446744073709551615e+13");
    }

    #[test]
    fn decimals_keep_their_zeros() {
        let written = |n, places| written(|out| decimal(out, n, places));
        assert_eq!(written(0, 0), "0");
        assert_eq!(written(7, 6), "0.000007");
        assert_eq!(written(1_500_000, 6), "1.500000");
        assert_eq!(written(u64::MAX, 9), "18446744073.709551615");
    }
}
