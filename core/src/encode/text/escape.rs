//! What must be escaped in text, and in no more than one way: a carriage return, for one, is legal as
//! it is, and an escape that is not in the list makes a scraper refuse the whole scrape.

use super::Format;
use crate::encode::Out;

/// Writes what stands between the quotes of a label.
pub(crate) fn label(out: &mut impl Out, text: impl Iterator<Item = u8>) {
    for byte in text {
        match byte {
            b'"' => out.put(b"\\\""),
            b'\\' => out.put(b"\\\\"),
            b'\n' => out.put(b"\\n"),
            _ => out.put(&[byte]),
        }
    }
}

/// Writes the text of a HELP line, in which only `OpenMetrics` escapes quotes.
pub(crate) fn help(out: &mut impl Out, text: &str, format: Format) {
    for byte in text.bytes() {
        match byte {
            b'"' if format.is_open() => out.put(b"\\\""),
            b'\\' => out.put(b"\\\\"),
            b'\n' => out.put(b"\\n"),
            _ => out.put(&[byte]),
        }
    }
}
