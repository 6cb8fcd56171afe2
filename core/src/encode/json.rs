//! Frames as JSON: an object by broadcast path, its values the family's words and `since`, the form
//! that readers of moq-net's and moq-stats' frames know.

use core::{marker::PhantomData, ops::Range};

use super::{
    Out, Window,
    number::{digit, number},
};
use crate::{
    key::{self, Key, KeyWords},
    ledger::Series,
    schema::{Family, Gauge, Histogram, MAX_NAME, MAX_WORDS, Totals, Word},
};

/// Bytes that a word's name takes with what JSON wants around it, at most: `,"frames":`.
const LABEL: usize = MAX_NAME + 6;

/// Bytes of the longest form.
const FORM: usize = MAX_WORDS * LABEL;

/// The words of a family as JSON with a digit for each value, `{"announced":0,"announced_closed":0,..`:
/// most words of most rows are small, so that it is mostly right as it stands.
#[derive(Clone, Copy, Debug)]
struct Form {
    text: [u8; FORM],
    len: usize,
    /// Where each word's digit stands.
    digits: [usize; MAX_WORDS],
}

impl Form {
    const fn of(words: &[Word]) -> Self {
        let mut form = Self {
            text: [0; FORM],
            len: 0,
            digits: [0; MAX_WORDS],
        };
        let mut i = 0;
        while i < words.len() {
            form = form.with(if i == 0 { b"{\"" } else { b",\"" });
            form = form.with(words[i].name.as_bytes()).with(b"\":0");
            form.digits[i] = form.len - 1;
            i += 1;
        }
        form
    }

    const fn with(mut self, bytes: &[u8]) -> Self {
        let mut i = 0;
        while i < bytes.len() {
            self.text[self.len] = bytes[i];
            self.len += 1;
            i += 1;
        }
        self
    }

    /// Writes the text with all words filled in. For rows that are written whole, which is to be fast, each
    /// family has code of its own; for pieces all families share it.
    #[inline]
    fn fill<O: Out>(&self, out: &mut O, words: &[u64]) {
        if O::IS_PART {
            self.shared_fill(out, words);
        } else {
            self.inlined_fill(out, words);
        }
    }

    #[inline(never)]
    fn shared_fill(&self, out: &mut impl Out, words: &[u64]) {
        self.inlined_fill(out, words);
    }

    #[expect(clippy::inline_always, reason = "that each family has its own")]
    #[inline(always)]
    fn inlined_fill(&self, out: &mut impl Out, words: &[u64]) {
        let (mut written, mut first) = (0, 0);
        for (at, (place, word)) in self.digits.iter().zip(words).enumerate() {
            if *word >= 10 {
                let small = words.get(first..at).unwrap_or_default();
                self.put(out, written..*place, small, first);
                number(out, *word);
                (written, first) = (place + 1, at + 1);
            }
        }
        let small = words.get(first..).unwrap_or_default();
        self.put(out, written..self.len, small, first);
    }

    /// Writes the text of `part`, with the digits of those of `words` that stand in it.
    #[inline]
    fn put(&self, out: &mut impl Out, part: Range<usize>, words: &[u64], first: usize) {
        let start = part.start;
        let digits = self.digits.get(first..).unwrap_or_default();
        let filled = digits
            .iter()
            .zip(words)
            .map(|(place, word)| (place - start, digit(*word)));
        out.put_filled(self.text.get(part).unwrap_or_default(), filled);
    }
}

/// The form of a family, made when the family is compiled.
struct Forms<F>(PhantomData<F>);

impl<F: Family> Forms<F> {
    const FORM: Form = Form::of(F::WORDS);
}

/// Digits of the largest `u64`.
const DIGITS: usize = 20;

/// No row is longer than this; the rest of the last padded copy included.
pub(crate) const fn longest_row<F: Family>(key_len: usize) -> usize {
    let words = F::WORDS.len() + F::GAUGES.len() + F::HISTOGRAMS.len() + 1;
    let of_histograms = F::Totals::LEN - F::WORDS.len();
    key_len * "\\u0000".len()
        + words * (LABEL + DIGITS)
        + F::HISTOGRAMS.len() * HISTOGRAM
        + of_histograms * (DIGITS + 1)
        + LABEL
        + size_of::<u64>()
}

/// Bytes that JSON wants around the words of a histogram: `{"buckets":[],"sum":}`.
const HISTOGRAM: usize = 24;

/// Writes `"path":{"word":1,..,"since":2}`, after a comma unless it is the first.
#[inline]
pub(crate) fn row<F: Family, K: KeyWords>(
    out: &mut impl Out,
    series: &Series<'_, K>,
    since: &Since,
    first: bool,
) {
    out.put(if first { b"\"" } else { b",\"" });
    name(out, series);
    out.put(b"\":");
    words::<F>(out, series.words);
    for gauge in F::GAUGES {
        put_gauge(out, gauge, series.gauge(gauge));
    }
    for histogram in F::HISTOGRAMS {
        put_histogram(out, histogram, series.words);
    }
    out.put_padded(&since.text, since.len);
}

/// Writes `,"gauge":1`, or `null` for one that was never set.
pub(super) fn put_gauge(out: &mut impl Out, gauge: &Gauge, value: Option<u64>) {
    put_name(out, gauge.name);
    match value {
        Some(value) => number(out, value),
        None => out.put(b"null"),
    }
}

/// Writes `,"histogram":{"buckets":[1,..],"sum":2}`.
pub(super) fn put_histogram(out: &mut impl Out, histogram: &Histogram, words: &[u64]) {
    let read = histogram.read(words);
    put_name(out, histogram.name);
    out.put(b"{\"buckets\":");
    for (place, n) in read.buckets.iter().enumerate() {
        out.put(if place == 0 { b"[" } else { b"," });
        number(out, *n);
    }
    out.put(b"],\"sum\":");
    number(out, read.sum);
    out.put(b"}");
}

pub(super) fn put_name(out: &mut impl Out, name: &str) {
    out.put(b",\"");
    out.put(name.as_bytes());
    out.put(b"\":");
}

/// The end of a row, `,"since":1}`, which many rows have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Since {
    began: u64,
    text: [u8; SINCE],
    len: usize,
}

/// Bytes of the longest end of a row.
const SINCE: usize = 32;

impl Since {
    /// Stands for no row's end.
    pub(crate) const NONE: Self = Self {
        began: 0,
        text: [0; SINCE],
        len: 0,
    };

    /// The end of a row that began at `since`, written anew only if it differs from this one.
    #[inline]
    pub(crate) fn become_since(&mut self, since: u64) {
        if self.len == 0 || self.began != since {
            let mut out = Window::new(&mut self.text, 0);
            out.put(b",\"since\":");
            number(&mut out, since);
            out.put(b"}");
            self.len = out.written();
            self.began = since;
        }
    }
}

/// Writes `{"word":1,..` without the closing brace.
#[inline]
pub(crate) fn words<F: Family>(out: &mut impl Out, words: &[u64]) {
    let words = if F::Totals::LEN == F::WORDS.len() {
        words
    } else {
        words.get(..F::WORDS.len()).unwrap_or_default()
    };
    const { &Forms::<F>::FORM }.fill(out, words);
}

/// Writes a series' name, escaped as JSON wants it.
#[inline]
pub(super) fn name<K: KeyWords>(out: &mut impl Out, series: &Series<'_, K>) {
    let key = &series.key;
    if series.escape {
        key.bytes().for_each(|byte| escaped(out, byte));
        return;
    }
    key.put(out);
}

/// Writes a key of which it is not known whether it needs to be escaped.
pub(crate) fn key<K: KeyWords>(out: &mut impl Out, key: &Key<K>) {
    key.bytes().for_each(|byte| escaped(out, byte));
}

/// Writes text that is not a key, escaped as JSON wants it.
pub(crate) fn text(out: &mut impl Out, text: &[u8]) {
    for byte in text {
        escaped(out, *byte);
    }
}

fn escaped(out: &mut impl Out, byte: u8) {
    match byte {
        b'"' => out.put(b"\\\""),
        b'\\' => out.put(b"\\\\"),
        b'\n' => out.put(b"\\n"),
        b'\r' => out.put(b"\\r"),
        b'\t' => out.put(b"\\t"),
        0x08 => out.put(b"\\b"),
        0x0c => out.put(b"\\f"),
        _ if key::escapes(byte) => {
            out.put(b"\\u00");
            out.put(&[hex(byte >> 4), hex(byte & 15)]);
        }
        _ => out.put(&[byte]),
    }
}

fn hex(digit: u8) -> u8 {
    if digit < 10 {
        b'0' + digit
    } else {
        b'a' + digit - 10
    }
}
