//! How much was counted in overflow series.

use super::{Books, Ledger};
use crate::{
    meter::Meter,
    pool::Usage,
    schema::{Family, Word},
    storage::Storage,
};

impl<F: Family, B: Books<F>> Ledger<F, B> {
    /// How full the meter's tables are, and what did not fit: with the events that were collected in its overflow
    /// series. Takes the pool's lock.
    pub fn usage<S: Storage<F>>(&self, meter: &Meter<F, S>) -> Usage {
        Usage {
            folded_events: self.folded_events(meter.lanes()),
            ..meter.usage()
        }
    }

    /// The overflow series, which never retire, have the first rows.
    fn folded_events(&self, lanes: usize) -> usize {
        let events = const { events(F::WORDS, F::PAIRS) };
        let overflow = self.books.accounts().iter().take(lanes);
        let sum = overflow.fold(0, |sum, account| add(sum, account.words(), events));
        usize::try_from(sum).unwrap_or(usize::MAX)
    }
}

/// The words that count events, a bit each.
const fn events(words: &[Word], pairs: &[[usize; 2]]) -> u32 {
    let (mut events, mut i) = (0, 0);
    while i < words.len() {
        // What has a unit, such as bytes, is an amount.
        if words[i].unit.is_empty() {
            events |= 1 << i;
        }
        i += 1;
    }
    i = 0;
    while i < pairs.len() {
        // What closes was counted as it was opened.
        events &= !(1 << pairs[i][1]);
        i += 1;
    }
    events
}

/// Adds those words that count events.
fn add(mut sum: u64, words: &[u64], mut events: u32) -> u64 {
    for word in words {
        if events & 1 != 0 {
            sum = sum.wrapping_add(*word);
        }
        events >>= 1;
    }
    sum
}
