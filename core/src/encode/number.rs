//! Numbers in decimal, eight digits at a time.

use super::Out;
use crate::time::quotient;

/// Writes a number in decimal.
#[inline]
pub(crate) fn number(out: &mut impl Out, n: u64) {
    if n < EIGHT {
        small(out, n);
    } else {
        long(out, n);
    }
}

#[inline(never)]
fn long(out: &mut impl Out, n: u64) {
    inlined_number(out, n);
}

/// Writes a number in decimal, and shows `out` to nothing that is not inlined, so that what it consists
/// of can stay in registers.
#[expect(clippy::inline_always, reason = "that is what it is for")]
#[inline(always)]
pub(crate) fn inlined_number(out: &mut impl Out, n: u64) {
    if n < EIGHT {
        return small(out, n);
    }
    let [first, second, third] = eights(n);
    if first > 0 {
        lead(out, first);
        out.put(&eight(second));
    } else {
        lead(out, second);
    }
    out.put(&eight(third));
}

#[expect(clippy::inline_always, reason = "as its callers")]
#[inline(always)]
fn small(out: &mut impl Out, n: u64) {
    if n < 10 {
        out.put(&[digit(n)]);
    } else {
        lead(out, n);
    }
}

#[expect(clippy::inline_always, reason = "as its callers")]
#[inline(always)]
fn lead(out: &mut impl Out, n: u64) {
    let (text, len) = leading(n);
    out.put_padded(&text, len);
}

/// A number in parts of eight digits.
#[inline(never)]
fn eights(n: u64) -> [u64; 3] {
    let head = quotient(n, EIGHT);
    let first = quotient(head, EIGHT);
    [first, head - first * EIGHT, n - head * EIGHT]
}

/// What eight digits can count to, and one more.
const EIGHT: u64 = 100_000_000;

/// The digits of a number of at most eight, not zero, without the zeros in front; and how many they are.
#[inline]
fn leading(n: u64) -> ([u8; 8], usize) {
    let digits = digits(n);
    let zeros = digits.trailing_zeros() / 8;
    let text = ascii(digits) >> (8 * zeros);
    (text.to_le_bytes(), 8 - zeros as usize)
}

/// All eight digits.
#[inline]
fn eight(n: u64) -> [u8; 8] {
    ascii(digits(n)).to_le_bytes()
}

const fn ascii(digits: u64) -> u64 {
    digits | 0x3030_3030_3030_3030
}

/// The eight digits of a number below [`EIGHT`], a byte each, the first the lowest: halves, quarters
/// and eighths are split off in all places at once, dividing by multiplication.
#[inline]
const fn digits(n: u64) -> u64 {
    #[allow(clippy::cast_possible_truncation, reason = "eight digits")]
    let n = n as u32;
    let halves = (n / 10_000) as u64 | ((n % 10_000) as u64) << 32;
    let hundreds = ((halves * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let quarters = hundreds | ((halves - 100 * hundreds) << 16);
    let tens = ((quarters * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((quarters - 10 * tens) << 8)
}

/// The digit of a number below ten.
pub(crate) const fn digit(n: u64) -> u8 {
    b'0' + n.to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::number;
    use crate::encode::Window;

    fn written(n: u64) -> std::string::String {
        let mut buf = [0; 24];
        let mut out = Window::new(&mut buf, 0);
        number(&mut out, n);
        let len = out.written();
        core::str::from_utf8(&buf[..len])
            .unwrap_or("not text")
            .to_string()
    }

    #[test]
    fn numbers_are_written_as_the_standard_library_does() {
        for power in 0..20 {
            let n = 10_u64.pow(power);
            for near in [n - 1, n, n + 1, n / 3, n / 7, u64::MAX - n] {
                assert_eq!(written(near), near.to_string());
            }
        }
        for n in 0..20_000 {
            let many = n * 922_337_203_685_477;
            assert_eq!(written(n), n.to_string());
            assert_eq!(written(many), many.to_string());
        }
    }
}
