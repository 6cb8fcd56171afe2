//! Gives words, gauges and histograms their places in cells, rows and accounts, as a family is compiled.

use super::{Gauge, Histogram, Reading, Source, Word, check::is_one_of};

/// How many words guards bump, histograms apart.
#[doc(hidden)]
#[must_use]
pub const fn bumped(words: &[Word]) -> usize {
    let (mut i, mut n) = (0, 0);
    while i < words.len() {
        if matches!(words[i].source, Source::Bump(_)) {
            n += 1;
        }
        i += 1;
    }
    n
}

/// How many words that guards bump close a gauge.
#[doc(hidden)]
#[must_use]
pub const fn closing(words: &[Word], closing: &[&str]) -> usize {
    let (mut i, mut n) = (0, 0);
    while i < words.len() {
        if matches!(words[i].source, Source::Bump(_)) && is_one_of(words[i].name, closing) {
            n += 1;
        }
        i += 1;
    }
    n
}

/// Gives the words their slots: first those that close a gauge, then the others that guards bump, then,
/// behind those of histograms, those that count activities.
#[doc(hidden)]
#[must_use]
pub const fn slotted<const N: usize>(
    mut words: [Word; N],
    closing_names: &[&str],
    of_histograms: usize,
) -> [Word; N] {
    let (mut first, mut other) = (0, closing(&words, closing_names));
    let mut activity = bumped(&words) + of_histograms;
    let mut i = 0;
    while i < N {
        let slot = match words[i].source {
            Source::Bump(_) if is_one_of(words[i].name, closing_names) => &mut first,
            Source::Bump(_) => &mut other,
            _ => &mut activity,
        };
        match words[i].source {
            Source::Bump(_) => words[i].source = Source::Bump(*slot),
            Source::Begun(_) => words[i].source = Source::Begun(*slot),
            Source::Ended(_) => words[i].source = Source::Ended(*slot),
            Source::Opened(_) | Source::Closed(_) => {
                i += 1;
                continue;
            }
        }
        *slot += 1;
        i += 1;
    }
    words
}

/// How many words count activities.
#[doc(hidden)]
#[must_use]
pub const fn activities(words: &[Word]) -> usize {
    let (mut i, mut n) = (0, 0);
    while i < words.len() {
        if matches!(words[i].source, Source::Begun(_) | Source::Ended(_)) {
            n += 1;
        }
        i += 1;
    }
    n
}

/// How many pairs there are.
#[doc(hidden)]
#[must_use]
pub const fn paired(words: &[Word]) -> usize {
    let (mut i, mut n) = (0, 0);
    while i < words.len() {
        if matches!(words[i].source, Source::Opened(_) | Source::Begun(_)) {
            n += 1;
        }
        i += 1;
    }
    n
}

/// The word index of each slot.
#[doc(hidden)]
#[must_use]
pub const fn slots<const N: usize>(words: &[Word], histograms: &[Histogram]) -> [usize; N] {
    let mut slots = [0; N];
    let mut i = 0;
    while i < words.len() {
        if let Source::Bump(slot) | Source::Begun(slot) | Source::Ended(slot) = words[i].source {
            slots[slot] = i;
        }
        i += 1;
    }
    i = 0;
    while i < histograms.len() {
        let range = histograms[i].words();
        let mut at = range.start;
        while at < range.end {
            slots[histograms[i].slot + at - range.start] = at;
            at += 1;
        }
        i += 1;
    }
    slots
}

/// The indices of each opening word and its closing word, which follows it.
#[doc(hidden)]
#[must_use]
pub const fn pairs<const N: usize>(words: &[Word]) -> [[usize; 2]; N] {
    let mut pairs = [[0; 2]; N];
    let (mut i, mut n) = (0, 0);
    while i < words.len() {
        if matches!(words[i].source, Source::Opened(_) | Source::Begun(_)) {
            pairs[n] = [i, i + 1];
            n += 1;
        }
        i += 1;
    }
    pairs
}

/// How many words histograms take.
#[doc(hidden)]
#[must_use]
pub const fn histogram_words(histograms: &[Histogram]) -> usize {
    let (mut i, mut n) = (0, 0);
    while i < histograms.len() {
        n += histograms[i].bounds.len() + 2;
        i += 1;
    }
    n
}

/// Gives the histograms their words and slots, from these on.
#[doc(hidden)]
#[must_use]
pub const fn placed<const N: usize>(
    mut histograms: [Histogram; N],
    mut word: usize,
    mut slot: usize,
) -> [Histogram; N] {
    let mut i = 0;
    while i < N {
        histograms[i].word = word;
        histograms[i].slot = slot;
        word += histograms[i].bounds.len() + 2;
        slot += histograms[i].bounds.len() + 2;
        i += 1;
    }
    histograms
}

/// How many gauges are set.
#[doc(hidden)]
#[must_use]
pub const fn set_gauges(gauges: &[Gauge]) -> usize {
    let (mut i, mut n) = (0, 0);
    while i < gauges.len() {
        if matches!(gauges[i].reading, Reading::Set { .. }) {
            n += 1;
        }
        i += 1;
    }
    n
}

/// Gives the gauges that are set their places among themselves, and behind this many words.
#[doc(hidden)]
#[must_use]
pub const fn numbered<const N: usize>(mut gauges: [Gauge; N], words: usize) -> [Gauge; N] {
    let (mut i, mut place) = (0, 0);
    while i < N {
        if let Reading::Set { .. } = gauges[i].reading {
            gauges[i].reading = Reading::Set {
                place,
                word: words + place,
            };
            place += 1;
        }
        i += 1;
    }
    gauges
}
