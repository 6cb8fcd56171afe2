//! Sums and differences of the words of a family.

use streamgauge_core::Family;

/// Word by word; none passes 2^64 - 1.
pub(super) fn plus<F: Family>(a: F, b: F) -> F {
    combine(a, b, u64::saturating_add)
}

/// Word by word; none falls below zero.
pub(super) fn minus<F: Family>(a: F, b: F) -> F {
    combine(a, b, u64::saturating_sub)
}

/// Whether a word is less than it was.
pub(super) fn fell<F: Family>(before: F, now: F) -> bool {
    let (before, now) = (before.words(), now.words());
    let mut pairs = before.as_ref().iter().zip(now.as_ref());
    pairs.any(|(before, now)| now < before)
}

/// How many are open, at the words that count openings.
pub(super) fn open<F: Family>(row: F) -> F {
    pairs(row, |pair| pair[0])
}

/// How many are open, at the words that count closings.
pub(super) fn closing<F: Family>(row: F) -> F {
    pairs(row, |pair| pair[1])
}

/// The same, with as much closed as opened.
pub(super) fn all_closed<F: Family>(row: F) -> F {
    let mut words = row.words();
    for [opening, closing] in F::PAIRS {
        let opened = words.as_ref().get(*opening).copied().unwrap_or_default();
        if let Some(to) = words.as_mut().get_mut(*closing) {
            *to = opened;
        }
    }
    F::from_words(words.as_ref())
}

fn pairs<F: Family>(row: F, place: impl Fn(&[usize; 2]) -> usize) -> F {
    let words = row.words();
    let word = |at: usize| words.as_ref().get(at).copied().unwrap_or_default();
    let mut open = F::default().words();
    for pair in F::PAIRS {
        if let Some(to) = open.as_mut().get_mut(place(pair)) {
            *to = word(pair[0]).saturating_sub(word(pair[1]));
        }
    }
    F::from_words(open.as_ref())
}

fn combine<F: Family>(a: F, b: F, with: impl Fn(u64, u64) -> u64) -> F {
    let mut words = a.words();
    for (word, other) in words.as_mut().iter_mut().zip(b.words().as_ref()) {
        *word = with(*word, *other);
    }
    F::from_words(words.as_ref())
}

/// Whether nothing was counted.
pub(super) fn is_zero<F: Family>(row: F) -> bool {
    row.words().as_ref().iter().all(|word| *word == 0)
}

/// The word of this name.
pub(super) fn named<F: Family>(row: F, name: &str) -> u64 {
    let at = F::WORDS.iter().position(|word| word.name == name);
    let words = row.words();
    at.and_then(|at| words.as_ref().get(at).copied())
        .unwrap_or_default()
}
