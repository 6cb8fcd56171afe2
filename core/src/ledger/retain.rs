//! What a ledger writes down of itself, and takes back after a reset.

use super::{Books, LANE_SHIFT, Ledger, MOVED, Marks, Split};
use crate::{
    key::KeyWords,
    meter::Meter,
    retained::{Reader, Record, RecordName, RestoreError, Restored, Saved, Writer, longest_record},
    schema::Family,
    storage::Storage,
    sync::widen,
};

impl<F: Family, B: Books<F>> Ledger<F, B> {
    /// Writes down what was ever collected in each lane.
    pub(crate) fn save_totals(&self, to: &mut Writer<'_>) {
        for lane in self.books.lanes().iter().take(self.lanes()) {
            to.numbers(lane.total.as_ref());
        }
    }

    /// Writes down the series that there is room for.
    pub(crate) fn save_series<S: Storage<F>>(
        &self,
        meter: &Meter<F, S>,
        to: &mut Writer<'_>,
        saved: &mut Saved,
    ) {
        let ids = self.books.order().get(..self.ordered);
        for id in ids.unwrap_or_default() {
            match self.save_one(meter, widen(*id), to) {
                Some(()) => saved.series += 1,
                None => saved.folded += 1,
            }
        }
        to.end();
    }

    fn save_one<S: Storage<F>>(
        &self,
        meter: &Meter<F, S>,
        id: u32,
        to: &mut Writer<'_>,
    ) -> Option<()> {
        let series = self.series(meter, id)?;
        let lane = meter.row(id)?.lane();
        let key = Some(&series.key).filter(|_| id as usize >= meter.lanes());
        let write = |to: &mut Writer<'_>| {
            to.record(lane, key);
            to.number(self.stamp.wrapping_sub(series.since));
            to.numbers(series.words);
        };
        let longest = longest_record::<F>(series.key.len());
        to.whole(longest, &write).ok()
    }

    /// Reads what [`save_totals`](Self::save_totals) wrote and does nothing with it.
    pub(crate) fn check_totals<I: Iterator<Item = u8>>(
        &self,
        from: &mut Reader<I>,
    ) -> Result<(), RestoreError> {
        (0..self.lanes()).try_for_each(|_| from.words::<F>().map(drop))
    }

    /// Takes back what was ever collected in each lane since `began`, all of it as retired.
    pub(crate) fn restore_totals<I: Iterator<Item = u8>>(
        &mut self,
        from: &mut Reader<I>,
        began: u64,
        stamp: u64,
    ) -> Result<(), RestoreError> {
        self.began = began;
        self.stamp = stamp;
        let lanes = self.lanes();
        for lane in self.books.split().lanes.iter_mut().take(lanes) {
            let words = closed::<F>(from.words::<F>()?);
            for (word, n) in words.as_ref().iter().enumerate() {
                super::grow(&mut lane.total, word, *n);
            }
        }
        Ok(())
    }

    /// Takes series back that were written down at `stamp`.
    pub(crate) fn restore_series<S: Storage<F>, I: Iterator<Item = u8>>(
        &mut self,
        meter: &Meter<F, S>,
        from: &mut Reader<I>,
        stamp: u64,
        restored: &mut Restored,
    ) -> Result<(), RestoreError> {
        while let Some(record) = from.record::<S::Key>(stamp)? {
            let words = closed::<F>(from.words::<F>()?);
            match self.restore_one(meter, &record, words) {
                Some(()) => restored.series += 1,
                None => restored.folded += 1,
            }
        }
        self.sort_in(meter);
        Ok(())
    }

    /// Gives a series its row and its account again, out of what retired; nothing if there is no room.
    fn restore_one<S: Storage<F>>(
        &mut self,
        meter: &Meter<F, S>,
        record: &Record<S::Key>,
        words: F::Totals,
    ) -> Option<()> {
        let key = match &record.name {
            RecordName::Overflow => None,
            RecordName::Key(key) => Some(key),
            RecordName::TooLong => return None,
        };
        let id = meter.readmit(record.lane, key)?;
        let met = self.met;
        self.meet(id, || Some(record.lane), record.since);
        if self.met == met {
            return None;
        }
        let Split {
            accounts,
            flags,
            lanes,
            marks,
            ..
        } = self.books.split();
        let flags = flags.get_mut(id as usize)?;
        *flags |= MOVED;
        if B::MARKS
            && let Some(mut marks) = Marks::new(marks, accounts.len(), lanes.len())
        {
            marks.note(usize::from(*flags >> LANE_SHIFT), id, None);
        }
        let account = accounts.get_mut(id as usize)?;
        account.totals = words;
        let lane = lanes.get_mut(usize::from(*flags >> LANE_SHIFT))?;
        lane.told = false;
        Some(())
    }
}

/// Reads a list of series and does nothing with it.
pub(crate) fn check_series<F: Family, K: KeyWords, I: Iterator<Item = u8>>(
    from: &mut Reader<I>,
) -> Result<(), RestoreError> {
    while from.record::<K>(0)?.is_some() {
        from.words::<F>()?;
    }
    Ok(())
}

/// The same words with nothing open: guards do not outlive a reset.
fn closed<F: Family>(mut words: F::Totals) -> F::Totals {
    for [begun, ended] in F::PAIRS {
        let begun = words.as_ref().get(*begun).copied();
        let ended = words.as_mut().get_mut(*ended);
        if let Some((begun, ended)) = begun.zip(ended) {
            *ended = begun;
        }
    }
    words
}
