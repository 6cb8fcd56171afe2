//! How much was counted in overflow series.

use super::{Account, Books, Ledger};
use crate::{meter::Meter, pool::Usage, schema::Family, storage::Storage};

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
        let overflow = self.books.accounts().iter().take(lanes);
        let events = overflow.map(events::<F>).fold(0, u64::wrapping_add);
        usize::try_from(events).unwrap_or(usize::MAX)
    }
}

fn events<F: Family>(account: &Account<F>) -> u64 {
    let words = account.words().iter().zip(F::WORDS).enumerate();
    let events = words.filter(|(place, (_, word))| {
        // What has a unit, such as bytes, is an amount; and what closes was counted as it was opened.
        word.unit.is_empty() && F::PAIRS.iter().all(|[_, closed]| closed != place)
    });
    events.fold(0, |sum, (_, (word, _))| sum.wrapping_add(*word))
}
