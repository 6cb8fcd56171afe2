//! Reads an `Accept` header, as RFC 9110 (section 12.5.1) has it.

use super::Format;

/// The format that the `Accept` header of a scrape asks for.
///
/// For each format the most specific range that covers it tells its quality; the format of the best
/// quality wins, and among equals the one that is named first. A range without a version means the
/// oldest version of its media type. Where nothing fits, or there is no header (an empty one), it is
/// Prometheus text 0.0.4; ranges that make no sense are skipped. Cost: O(length).
///
/// ```
/// use streamgauge_core::{Format, negotiate};
/// let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
/// assert_eq!(negotiate(prometheus), Format::OpenMetrics1);
/// assert_eq!(negotiate("text/html, */*;q=0.8"), Format::Prometheus);
/// assert_eq!(negotiate(""), Format::Prometheus);
/// ```
#[must_use]
pub fn negotiate(accept: &str) -> Format {
    let mut offers = Format::ALL.map(|format| (format, Offer::default()));
    let ranges = split(accept, b',').filter_map(Range::parse);
    for (place, range) in ranges.enumerate() {
        for (format, offer) in &mut offers {
            offer.hear(range.covers(*format), range.quality, place);
        }
    }
    let mut best = (Format::default(), Offer::default());
    for offer in offers {
        if offer.1.beats(best.1) {
            best = offer;
        }
    }
    best.0
}

/// What the header says of one format.
#[derive(Clone, Copy, Debug, Default)]
struct Offer {
    /// How specific the range is that tells.
    specificity: u8,
    quality: u16,
    /// The range's place in the header.
    place: usize,
}

impl Offer {
    /// Takes what a more specific range says; of equals the first counts.
    fn hear(&mut self, specificity: Option<u8>, quality: u16, place: usize) {
        if let Some(specificity) = specificity
            && specificity > self.specificity
        {
            *self = Self {
                specificity,
                quality,
                place,
            };
        }
    }

    fn beats(self, other: Self) -> bool {
        let sooner = self.quality == other.quality && self.place < other.place;
        self.quality > 0 && (self.quality > other.quality || sooner)
    }
}

/// One media range of the header.
#[derive(Clone, Copy, Debug)]
struct Range<'a> {
    media: [&'a str; 2],
    version: Option<&'a str>,
    /// In thousandths.
    quality: u16,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = split(text, b';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let mut range = Self {
            media: [kind, subtype],
            version: None,
            quality: THOUSAND,
        };
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            if name.eq_ignore_ascii_case("q") {
                range.quality = thousandths(value)?;
            } else if name.eq_ignore_ascii_case("version") {
                range.version = Some(value.trim_matches('"'));
            }
        }
        Some(range)
    }

    /// How specifically it covers the format, from 1 to 4; nothing if it does not.
    fn covers(&self, format: Format) -> Option<u8> {
        let [kind, subtype] = self.media;
        let [our_kind, our_subtype] = format.media();
        if kind == "*" && subtype == "*" {
            return Some(1);
        }
        if !kind.eq_ignore_ascii_case(our_kind) {
            return None;
        }
        if subtype == "*" {
            return Some(2);
        }
        let same = subtype.eq_ignore_ascii_case(our_subtype);
        match self.version {
            _ if !same => None,
            Some(version) => (version == format.version()).then_some(4),
            None => (format != Format::OpenMetrics2).then_some(3),
        }
    }
}

const THOUSAND: u16 = 1000;

/// Reads a quality: `0` or `1`, with at most three decimals.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let whole = match whole {
        "0" => 0,
        "1" => THOUSAND,
        _ => return None,
    };
    let places = [100, 10, 1];
    if decimals.len() > places.len() {
        return None;
    }
    let mut sum = whole;
    for (digit, place) in decimals.bytes().zip(places) {
        sum += u16::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?) * place;
    }
    (sum <= THOUSAND).then_some(sum)
}

/// The pieces between separators that stand outside of quotes.
fn split(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |character| {
        let inside = quoted;
        match character {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        !inside && character == char::from(separator)
    })
}
