//! What a reader of merge patches has not been told yet: a mark for each series, and for each lane a list
//! of those that changed, so that a patch costs what changed and not what there is.

use crate::{
    schema::{Family, Reading},
    sync::{Id, narrow, widen},
};

/// What a patch has to say about one series, or of the totals of one lane. All zero at first, so that a
/// static of them lies in `.bss`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// A bit for each field that changed, and [`TOLD`].
    fields: u32,
    /// The next series of the list, plus one; of a lane, the first.
    next: Id,
}

/// The reader has the series.
const TOLD: u32 = 1 << 31;

/// The last bit for fields: those that have none of their own share it.
const SHARED: u32 = 30;

/// Ends a list. No series has this id.
const END: Id = Id::MAX;

/// The marks of a ledger: those of its rows, then those of its lanes.
#[derive(Debug)]
pub(super) struct Marks<'a> {
    rows: &'a mut [Mark],
    lanes: &'a mut [Mark],
}

/// What a patch says about a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The reader does not have it: all of it.
    Whole,
    /// These fields changed.
    Fields(Fields),
    /// It does not show any more.
    Gone,
}

/// Fields of a family's frames, or some more, as a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fields(u32);

impl Fields {
    /// Whether the field at this place, among words, gauges and histograms, is one of them.
    #[inline]
    pub(crate) fn has(self, place: usize) -> bool {
        self.0 & bit(place) != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl Mark {
    /// Nothing to say.
    pub const NONE: Self = Self { fields: 0, next: 0 };

    /// What there is to say about a series that shows, or does not.
    #[inline]
    pub(super) fn change(self, shown: bool) -> Option<Change> {
        match (self.fields & TOLD != 0, shown) {
            (false, false) => None,
            (false, true) => Some(Change::Whole),
            (true, false) => Some(Change::Gone),
            (true, true) => Some(Change::Fields(self.fields())).filter(|_| self.fields != TOLD),
        }
    }

    /// Whether the reader has the series.
    #[inline]
    pub(super) fn is_told(self) -> bool {
        self.fields & TOLD != 0
    }

    /// Whether the reader does not have the series and no list does, so that another may take its row.
    #[inline]
    pub(super) fn is_free(self) -> bool {
        !self.is_told() && self.next == 0
    }

    /// The fields that changed.
    pub(super) fn fields(self) -> Fields {
        Fields(self.fields & !TOLD)
    }

    /// The next series of the list; of a lane, the first.
    #[inline]
    pub(super) fn follow(self) -> Option<u32> {
        match self.next {
            0 | END => None,
            next => Some(widen(next) - 1),
        }
    }
}

impl<'a> Marks<'a> {
    /// The marks of so many rows, and of the lanes; nothing if there are too few.
    #[inline]
    pub(super) fn new(marks: &'a mut [Mark], rows: usize, lanes: usize) -> Option<Self> {
        let (rows, rest) = marks.split_at_mut_checked(rows)?;
        let lanes = rest.get_mut(..lanes)?;
        Some(Self { rows, lanes })
    }

    /// Notes that a series changed, in a field or in whether it shows.
    #[inline]
    pub(super) fn note(&mut self, lane: usize, id: u32, field: Option<usize>) {
        let field = field.map_or(0, bit);
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.fields |= field;
        }
        if let Some(mark) = self.rows.get_mut(id as usize) {
            mark.fields |= field;
            self.list(lane, id);
        }
    }

    /// Notes that a lane's totals changed.
    pub(super) fn note_total(&mut self, lane: usize, field: usize) {
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.fields |= bit(field);
        }
    }

    /// Puts a series into its lane's list, if it does not stand there.
    #[inline]
    pub(super) fn list(&mut self, lane: usize, id: u32) {
        let mark = self.rows.get_mut(id as usize).zip(self.lanes.get_mut(lane));
        if let Some((mark, lane)) = mark
            && mark.next == 0
        {
            mark.next = if lane.next == 0 { END } else { lane.next };
            lane.next = narrow(id) + 1;
        }
    }

    /// Takes the whole list of a lane; the first series of it.
    pub(super) fn take_list(&mut self, lane: usize) -> Option<u32> {
        let lane = self.lanes.get_mut(lane)?;
        let first = lane.follow();
        lane.next = 0;
        first
    }

    /// Takes a series out of a list that was taken; the next.
    #[inline]
    pub(super) fn unlist(&mut self, id: u32) -> Option<u32> {
        let mark = self.rows.get_mut(id as usize)?;
        let next = mark.follow();
        mark.next = 0;
        next
    }

    /// Notes that the reader was told of a series as it shows now, or does not.
    #[inline]
    pub(super) fn tell(&mut self, id: u32, shown: bool) {
        if let Some(mark) = self.rows.get_mut(id as usize) {
            mark.fields = if shown { TOLD } else { 0 };
        }
    }

    /// Notes that the reader was told of the totals of all lanes.
    pub(super) fn tell_totals(&mut self) {
        for lane in &mut *self.lanes {
            lane.fields = 0;
        }
    }

    #[inline]
    pub(super) fn row(&self, id: u32) -> Mark {
        self.rows.get(id as usize).copied().unwrap_or_default()
    }
}

#[inline]
const fn bit(field: usize) -> u32 {
    if field < SHARED as usize {
        1 << field
    } else {
        1 << SHARED
    }
}

/// The place, among words, gauges and histograms, of the field that a word is part of.
#[inline]
pub(super) fn field_of<F: Family>(word: usize) -> usize {
    if word < F::WORDS.len() {
        word
    } else {
        behind_words::<F>(word)
    }
}

#[cold]
fn behind_words<F: Family>(word: usize) -> usize {
    let is_set = |gauge: &crate::schema::Gauge| match gauge.reading {
        Reading::Set { word: at, .. } => at == word,
        Reading::Difference { .. } => false,
    };
    if let Some(gauge) = F::GAUGES.iter().position(is_set) {
        return F::WORDS.len() + gauge;
    }
    let mut histograms = F::HISTOGRAMS.iter();
    let histogram = histograms.position(|histogram| histogram.words().contains(&word));
    F::WORDS.len() + F::GAUGES.len() + histogram.unwrap_or(F::HISTOGRAMS.len())
}
