//! What changed in a frame, as a JSON merge patch (RFC 7396): members that did not change are left out,
//! and a series that does not show any more is `null`.

use super::{
    Out,
    json::{self, Since},
    number::number,
};
use crate::{
    key::KeyWords,
    ledger::{Change, Fields, Series},
    schema::Family,
};

/// Writes `"path":{"word":1,..}`, `"path":null`, or all of a series that is new; after a comma unless it is
/// the first.
#[inline]
pub(crate) fn row<F: Family, K: KeyWords>(
    out: &mut impl Out,
    series: &Series<'_, K>,
    change: Change,
    since: &Since,
    first: bool,
) {
    let fields = match change {
        Change::Whole => return json::row::<F, K>(out, series, since, first),
        Change::Gone => None,
        Change::Fields(fields) => Some(fields),
    };
    out.put(if first { b"\"" } else { b",\"" });
    json::name(out, series);
    match fields {
        Some(fields) => members::<F, K>(out, series, fields),
        None => out.put(b"\":null"),
    }
}

/// Writes `":{"word":1,..}`.
#[inline]
fn members<F: Family, K: KeyWords>(out: &mut impl Out, series: &Series<'_, K>, fields: Fields) {
    out.put(b"\":{");
    let first = words::<F>(out, series.words, fields);
    let mut out = Tail { out, first };
    let (gauges, histograms) = (F::GAUGES.iter(), F::HISTOGRAMS.iter());
    let behind = F::WORDS.len();
    for (place, gauge) in (behind..).zip(gauges) {
        if fields.has(place) || gauge.follows(|word| fields.has(word)) {
            json::put_gauge(&mut out, gauge, series.gauge(gauge));
        }
    }
    for (place, histogram) in (behind + F::GAUGES.len()..).zip(histograms) {
        if fields.has(place) {
            json::put_histogram(&mut out, histogram, series.words);
        }
    }
    out.put(b"}");
}

/// Writes `"word":1,..` of the words that changed; whether there was none.
#[inline]
pub(crate) fn words<F: Family>(out: &mut impl Out, words: &[u64], fields: Fields) -> bool {
    let mut first = true;
    for (place, (word, value)) in F::WORDS.iter().zip(words).enumerate() {
        if fields.has(place) {
            out.put(if first { b"\"" } else { b",\"" });
            out.put(word.name.as_bytes());
            out.put(b"\":");
            number(out, *value);
            first = false;
        }
    }
    first
}

/// Writes members that begin with a comma, without that if they are the first.
struct Tail<'a, O> {
    out: &'a mut O,
    first: bool,
}

impl<O: Out> Out for Tail<'_, O> {
    const IS_PART: bool = O::IS_PART;

    fn put(&mut self, bytes: &[u8]) {
        match bytes.strip_prefix(b",") {
            Some(rest) if self.first => self.out.put(rest),
            _ => self.out.put(bytes),
        }
        self.first = false;
    }
}
