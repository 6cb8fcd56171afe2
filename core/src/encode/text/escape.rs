//! What must be escaped in text, and in no more than one way: a carriage return, for one, is legal as
//! it is, and an escape that is not in the list makes a scraper refuse the whole scrape.

use super::Format;
use crate::encode::Out;

/// Writes what stands between the quotes of a label.
pub(crate) fn label(out: &mut impl Out, text: impl Iterator<Item = u8>) {
    for byte in text {
        out.put(in_label(byte).unwrap_or(&[byte]));
    }
}

/// The same of a text in one piece.
pub(crate) fn label_text(out: &mut impl Out, text: &str) {
    runs(out, text.as_bytes(), in_label);
}

/// Writes the text of a HELP line, in which only `OpenMetrics` escapes quotes.
pub(crate) fn help(out: &mut impl Out, text: &str, format: Format) {
    runs(out, text.as_bytes(), |byte| {
        in_label(byte).filter(|_| byte != b'"' || format.is_open())
    });
}

#[inline]
const fn in_label(byte: u8) -> Option<&'static [u8]> {
    match byte {
        b'"' => Some(b"\\\""),
        b'\\' => Some(b"\\\\"),
        b'\n' => Some(b"\\n"),
        _ => None,
    }
}

/// Writes what needs no escape in as few pieces as there are: mostly in one, and whether in one is seen
/// without a branch for each byte.
fn runs(out: &mut impl Out, text: &[u8], escape: impl Fn(u8) -> Option<&'static [u8]>) {
    let is_odd = |byte: &u8| matches!(byte, b'"' | b'\\' | b'\n');
    if !text.iter().fold(false, |odd, byte| odd | is_odd(byte)) {
        return out.put(text);
    }
    let mut done = 0;
    for (place, byte) in text.iter().enumerate() {
        if let Some(escaped) = escape(*byte) {
            out.put(text.get(done..place).unwrap_or_default());
            out.put(escaped);
            done = place + 1;
        }
    }
    out.put(text.get(done..).unwrap_or_default());
}
