//! Numbers below one, placed by their digits: nothing here computes with floats.

use super::Format;
use crate::{
    encode::{
        Out, Whole,
        number::{inlined_number, number},
    },
    time::quotient,
};

/// Writes `n` units of a tenth, a hundredth, .. by `places`, with that many decimals; at most nine.
#[expect(clippy::inline_always, reason = "speed: see `Item::write`")]
#[inline(always)]
pub(crate) fn decimal(out: &mut impl Out, n: u64, places: u8) {
    let Some(unit) = 10_u64
        .checked_pow(u32::from(places))
        .filter(|unit| *unit > 1)
    else {
        return inlined_number(out, n);
    };
    let whole = quotient(n, unit);
    // One in front keeps the zeros, and is left out again.
    let mut digits = [0; 20];
    let mut tail = Whole::new(&mut digits);
    inlined_number(&mut tail, unit + (n - whole * unit));
    if let Some(first) = digits.first_mut() {
        *first = b'.';
    }
    inlined_number(out, whole);
    out.put_padded(&digits, usize::from(places) + 1);
}

/// Writes the bound of a histogram's bucket in the one way in which it is the same label everywhere: as
/// Go's `%g` writes floats, and in `OpenMetrics` with a decimal point or an exponent in any case.
pub(crate) fn bound(out: &mut impl Out, n: u64, places: u8, format: Format) {
    let mut digits = [0; 20];
    let mut whole = Whole::new(&mut digits);
    number(&mut whole, n);
    let all = whole.written();
    let digits = digits.get(..all).unwrap_or_default();
    let zeros = digits
        .iter()
        .rev()
        .take_while(|digit| **digit == b'0')
        .count();
    let significant = digits.get(..all - zeros).unwrap_or_default();
    // Digits before the decimal point; negative for zeros behind it.
    let point = i32::try_from(all).unwrap_or(0) - i32::from(places);
    match significant {
        [] => out.put(if format.is_open() { b"0.0" } else { b"0" }),
        [first, rest @ ..] if !(-3..=6).contains(&point) => power(out, *first, rest, point - 1),
        _ => plain(out, significant, point, format),
    }
}

/// Writes `d.ddde+dd`.
fn power(out: &mut impl Out, first: u8, rest: &[u8], exponent: i32) {
    out.put(&[first]);
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
fn plain(out: &mut impl Out, digits: &[u8], point: i32, format: Format) {
    let zeros = |n: i32| {
        b"000000"
            .get(..usize::try_from(n).unwrap_or(0))
            .unwrap_or_default()
    };
    if point <= 0 {
        out.put(b"0.");
        out.put(zeros(-point));
        out.put(digits);
        return;
    }
    let whole = usize::try_from(point).unwrap_or(0);
    if let Some((whole, rest)) = digits
        .split_at_checked(whole)
        .filter(|(_, rest)| !rest.is_empty())
    {
        out.put(whole);
        out.put(b".");
        out.put(rest);
        return;
    }
    out.put(digits);
    out.put(zeros(point - i32::try_from(digits.len()).unwrap_or(0)));
    if format.is_open() {
        out.put(b".0");
    }
}
