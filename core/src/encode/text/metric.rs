//! The metrics of a family, in the order of an exposition.

use super::line::{Head, Kind};
use crate::schema::Family;

/// One word, gauge or histogram of a family.
pub(crate) struct Entry {
    pub(crate) head: Head<'static>,
    /// Whether it is the first of its metric.
    pub(crate) first: bool,
    pub(crate) fixed: Option<(&'static str, &'static str)>,
    /// Decimals of its numbers.
    pub(crate) places: u8,
    pub(crate) number: Number,
}

/// Where an entry's numbers come from.
pub(crate) enum Number {
    Word(usize),
}

/// The entry at this place of a family.
pub(crate) fn entry<F: Family>(place: usize) -> Option<Entry> {
    let word = F::WORDS.get(place)?;
    Some(Entry {
        head: Head {
            name: [F::NAME, word.name],
            kind: Kind::Counter,
            unit: word.unit,
            help: word.help,
        },
        first: true,
        fixed: None,
        places: 0,
        number: Number::Word(place),
    })
}
