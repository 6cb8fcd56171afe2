//! Sums of the words of a family.

use streamgauge_core::Family;

/// Word by word; none passes 2^64 - 1.
pub(super) fn plus<F: Family>(a: F, b: F) -> F {
    let mut words = a.words();
    for (word, other) in words.as_mut().iter_mut().zip(b.words().as_ref()) {
        *word = word.saturating_add(*other);
    }
    F::from_words(words.as_ref())
}

/// Whether all that was opened is closed.
pub(super) fn is_closed<F: Family>(row: F) -> bool {
    let words = row.words();
    let word = |at: usize| words.as_ref().get(at).copied().unwrap_or_default();
    F::PAIRS
        .iter()
        .all(|[opened, closed]| word(*opened) <= word(*closed))
}
