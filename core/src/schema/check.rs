//! What a family must not be declared as: all of it is found out as it is compiled.

use super::{
    Gauge, Histogram, Label, Reading, SECONDS, Source, Word, ends_with,
    own::{are_one, is_reserved},
    same,
};

/// Words that a row of a frame has at most, histograms apart.
pub(crate) const MAX_WORDS: usize = 32;

/// Bytes of the longest name in frames.
pub(crate) const MAX_NAME: usize = 26;

/// The label of a histogram's buckets, and that of a summary's quantiles.
const RESERVED_LABELS: [&str; 2] = ["le", "quantile"];

/// What text formats append to names, so that a name that ends so might be taken for another's part.
const RESERVED_ENDS: [&str; 6] = ["_total", "_created", "_bucket", "_count", "_sum", "_info"];

/// What words, gauges and histograms have in common.
#[derive(Clone, Copy)]
struct Entry {
    name: &'static str,
    help: &'static str,
    unit: &'static str,
    metric: &'static str,
    label: Option<Label>,
    kind: u8,
}

/// A family's entries, one list after the other.
#[derive(Clone, Copy)]
struct Entries<'a> {
    words: &'a [Word],
    gauges: &'a [Gauge],
    histograms: &'a [Histogram],
}

impl Entries<'_> {
    const fn len(self) -> usize {
        self.words.len() + self.gauges.len() + self.histograms.len()
    }

    const fn at(self, i: usize) -> Entry {
        let (words, gauges) = (self.words.len(), self.gauges.len());
        if i < words {
            let word = &self.words[i];
            Entry {
                name: word.name,
                help: word.help,
                unit: word.unit,
                metric: word.metric,
                label: word.label,
                kind: 0,
            }
        } else if i < words + gauges {
            let gauge = &self.gauges[i - words];
            Entry {
                name: gauge.name,
                help: gauge.help,
                unit: gauge.unit,
                metric: gauge.metric,
                label: gauge.label,
                kind: 1,
            }
        } else {
            let histogram = &self.histograms[i - words - gauges];
            Entry {
                name: histogram.name,
                help: histogram.help,
                unit: histogram.unit,
                metric: histogram.metric,
                label: None,
                kind: 2,
            }
        }
    }
}

/// Checks a whole family.
///
/// # Panics
/// In the constant that the family is made of, when it is declared wrongly.
#[doc(hidden)]
pub const fn check(key: &str, words: &[Word], gauges: &[Gauge], histograms: &[Histogram]) {
    assert!(words.len() <= MAX_WORDS, "a family has at most 32 words");
    check_label_name(key);
    let entries = Entries {
        words,
        gauges,
        histograms,
    };
    let mut i = 0;
    while i < entries.len() {
        check_entry(&entries.at(i), key);
        check_unique(entries, i);
        i += 1;
    }
    check_events(words);
    i = 0;
    while i < gauges.len() {
        check_gauge(gauges, i, words);
        i += 1;
    }
}

/// The index of the word of this name.
///
/// # Panics
/// In the constant that a family is made of, when there is none.
#[doc(hidden)]
#[must_use]
pub const fn index(words: &[Word], name: &str) -> usize {
    let mut i = 0;
    while i < words.len() {
        if same(words[i].name, name) {
            return i;
        }
        i += 1;
    }
    panic!("the family has no word of this name");
}

/// Whether what has this unit is kept in microseconds.
#[doc(hidden)]
#[must_use]
pub const fn is_time(unit: &str) -> bool {
    same(unit, SECONDS)
}

const fn check_entry(entry: &Entry, key: &str) {
    assert!(!entry.name.is_empty(), "a word needs a name");
    assert!(
        entry.name.len() <= MAX_NAME,
        "a word's name is at most 26 bytes"
    );
    assert!(is_plain(entry.name), "a word's name is of [a-z0-9_]");
    assert!(
        !same(entry.name, "since"),
        "`since` is the series' start time"
    );
    assert!(
        is_plain(entry.metric) && !begins_with_digit(entry.metric),
        "a metric's name is of [a-z0-9_], and begins with no digit"
    );
    assert!(
        !has_reserved_end(entry.metric),
        "text formats append `_total`, `_created`, `_bucket`, `_count`, `_sum` and `_info` themselves"
    );
    assert!(
        !is_reserved(entry.metric),
        "`streamgauge_node_`, `_reporter_`, `_scrape` and `_table_` begin the names of metrics of the node"
    );
    assert!(
        ends_with_unit(entry.metric, entry.unit),
        "a unit is the suffix of the metric's name"
    );
    assert!(
        !is_time(entry.unit) || ends_with(entry.name, "_us"),
        "what is measured in seconds is kept in microseconds, and called `.._us` in frames"
    );
    if let Some(label) = entry.label {
        check_label_name(label.name);
        assert!(
            !same(label.name, key),
            "that is the label of a series' name"
        );
        assert!(
            is_quotable(label.value),
            "a label's value is of printable ASCII without quotes and backslashes"
        );
    }
}

const fn check_label_name(name: &str) {
    assert!(!name.is_empty(), "a label needs a name");
    assert!(
        is_plain(name) && !begins_with_digit(name) && !begins_with_two_marks(name),
        "a label's name is of [a-z0-9_], and begins with no digit and no `__`"
    );
    assert!(
        !is_one_of(name, &RESERVED_LABELS),
        "`le` and `quantile` are labels of text formats"
    );
}

/// No name in frames stands twice, and words of one metric follow each other and differ by a label.
const fn check_unique(entries: Entries<'_>, i: usize) {
    let entry = entries.at(i);
    let mut j = 0;
    while j < i {
        let other = entries.at(j);
        assert!(!same(entry.name, other.name), "two words of one name");
        if same(entry.metric, other.metric) {
            assert!(
                same(entries.at(i - 1).metric, entry.metric),
                "words of one metric follow each other"
            );
            assert!(
                entry.kind == other.kind
                    && same(entry.unit, other.unit)
                    && same(entry.help, other.help)
                    && differ_by_label(entry.label, other.label),
                "two metrics of one name"
            );
        } else {
            assert!(
                !are_one(entry.metric, other.metric),
                "two metrics that differ in nothing but `streamgauge_` in front"
            );
        }
        j += 1;
    }
}

const fn differ_by_label(a: Option<Label>, b: Option<Label>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same(a.name, b.name) && !same(a.value, b.value),
        _ => false,
    }
}

const fn check_events(words: &[Word]) {
    let mut i = 0;
    while i < words.len() {
        let mut j = 0;
        while j < i {
            assert!(
                !same_event(words[i].source, words[j].source),
                "an event counted twice"
            );
            j += 1;
        }
        i += 1;
    }
}

const fn same_event(a: Source, b: Source) -> bool {
    match (a, b) {
        (Source::Opened(a), Source::Opened(b)) | (Source::Closed(a), Source::Closed(b)) => {
            a as u8 == b as u8
        }
        _ => false,
    }
}

/// A difference is of words that are counted alike, so that the closing ones never outnumber the other.
const fn check_gauge(gauges: &[Gauge], i: usize, words: &[Word]) {
    let Reading::Difference { opened, closed } = gauges[i].reading else {
        return;
    };
    let mut j = 0;
    while j < closed.len() {
        let pair = match (words[opened].source, words[closed[j]].source) {
            (Source::Bump(_), Source::Bump(_)) => true,
            (Source::Opened(_), Source::Closed(_)) | (Source::Begun(_), Source::Ended(_)) => {
                closed[j] == opened + 1 && closed.len() == 1
            }
            _ => false,
        };
        assert!(
            pair,
            "a gauge is the difference of a pair, or of words that one guard bumps"
        );
        let mut k = 0;
        while k < gauges.len() {
            if let Reading::Difference { opened, .. } = gauges[k].reading {
                assert!(
                    opened != closed[j],
                    "a word that closes one gauge opens no other"
                );
            }
            k += 1;
        }
        k = 0;
        while k < j {
            assert!(closed[k] != closed[j], "a word is taken off twice");
            k += 1;
        }
        j += 1;
    }
}

pub(super) const fn is_one_of(name: &str, names: &[&str]) -> bool {
    let mut i = 0;
    while i < names.len() {
        if same(name, names[i]) {
            return true;
        }
        i += 1;
    }
    false
}

const fn has_reserved_end(name: &str) -> bool {
    let mut i = 0;
    while i < RESERVED_ENDS.len() {
        if ends_with(name, RESERVED_ENDS[i]) {
            return true;
        }
        i += 1;
    }
    false
}

const fn ends_with_unit(name: &str, unit: &str) -> bool {
    if unit.is_empty() || same(name, unit) {
        return true;
    }
    ends_with(name, unit) && name.as_bytes()[name.len() - unit.len() - 1] == b'_'
}

const fn is_plain(name: &str) -> bool {
    let name = name.as_bytes();
    let mut i = 0;
    while i < name.len() {
        if !matches!(name[i], b'a'..=b'z' | b'0'..=b'9' | b'_') {
            return false;
        }
        i += 1;
    }
    true
}

const fn begins_with_digit(name: &str) -> bool {
    matches!(name.as_bytes(), [b'0'..=b'9', ..] | [])
}

const fn begins_with_two_marks(name: &str) -> bool {
    matches!(name.as_bytes(), [b'_', b'_', ..])
}

const fn is_quotable(value: &str) -> bool {
    let value = value.as_bytes();
    let mut i = 0;
    while i < value.len() {
        if !matches!(value[i], b' '..=b'~') || matches!(value[i], b'"' | b'\\') {
            return false;
        }
        i += 1;
    }
    true
}
