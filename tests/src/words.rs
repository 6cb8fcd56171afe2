//! Words of a series as plain vectors, and names as a reader sees them; both worked out apart from
//! the core.

use streamgauge_core::{Event, Family, OVERFLOW, Presence, Source, TrackId, Traffic};

use crate::{KEY_BYTES, TIER_NAMES};

/// The words of one series, in its family's order.
pub type Words = Vec<u64>;

/// The words of a track's family by name.
#[must_use]
pub fn words_of(track: &str) -> &'static [streamgauge_core::Word] {
    if track.ends_with("sessions.json") {
        Presence::WORDS
    } else {
        Traffic::WORDS
    }
}

/// The indices of each opening word and its closing word.
pub(crate) fn pairs(track: &str) -> Vec<(usize, usize)> {
    let words = words_of(track);
    let place = |source: Source| words.iter().position(|word| word.source == source);
    let events = [
        Event::Announce,
        Event::Active,
        Event::Subscribe,
        Event::View,
    ];
    let pair = |event: &Event| place(Source::Opened(*event)).zip(place(Source::Closed(*event)));
    events.iter().filter_map(pair).collect()
}

/// Closes what is open in a series.
pub fn close(track: &str, words: &mut [u64]) {
    for (opened, closed) in pairs(track) {
        words[closed] = words[opened];
    }
}

/// Whether something is open in a series.
pub(crate) fn is_open(track: &str, words: &[u64]) -> bool {
    let open = |(opened, closed): &(usize, usize)| words[*opened] != words[*closed];
    pairs(track).iter().any(open)
}

/// Word by word; a missing word is zero.
#[must_use]
pub fn plus(a: &[u64], b: &[u64]) -> Words {
    let len = a.len().max(b.len());
    let word = |words: &[u64], at: usize| words.get(at).copied().unwrap_or(0);
    (0..len).map(|at| word(a, at) + word(b, at)).collect()
}

/// Word by word.
///
/// # Panics
/// When a word would fall below zero.
#[must_use]
pub fn minus(a: &[u64], b: &[u64]) -> Words {
    let word = |at: usize| b.get(at).copied().unwrap_or(0);
    let differ = |(at, a): (usize, &u64)| a.checked_sub(word(at)).expect("a word fell below zero");
    a.iter().enumerate().map(differ).collect()
}

/// The name of a track.
#[must_use]
pub fn track_name(track: TrackId) -> String {
    track.name(&TIER_NAMES[..]).concat()
}

/// The name that a path is shown under, if it has a series of its own.
#[must_use]
pub fn shown_name(path: &str) -> Option<String> {
    let segments: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
    let name = segments.join("/");
    let marks = name.trim_start_matches('_');
    let reserved = marks == "overflow__" && name.len() >= OVERFLOW.len();
    let name = if reserved { format!("_{name}") } else { name };
    (name.len() <= KEY_BYTES).then_some(name)
}
