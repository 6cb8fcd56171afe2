//! Frames that were read before, and come again: they tell which series there are, so that those after them
//! can be read, and count nothing.
//!
//! What is known of a series is at least as new as such a frame. So a row that is of the same life brings
//! the series back as it is known, and any other is of a life that is over. A series that was forgotten is
//! made anew, with nothing to count, until the frames catch up with what was read.

use super::{
    Intake,
    epoch::trim,
    order::Reading,
    rate::When,
    series::{SeriesSlot, SeriesState, raise},
    work::Work,
};
use crate::{
    collect::ReadRow,
    key::KeyWords,
    schema::{Family, Totals},
    time::Instant,
};

impl<F: Family, K: KeyWords> Work<'_, F, K> {
    /// Takes in a row of such a frame.
    pub(super) fn recall(&mut self, source: usize, intake: &Intake, name: &str, row: &ReadRow<F>) {
        let Some(at) = self.series_of(source, intake, name) else {
            self.recall_forgotten(source, intake, name, row);
            return;
        };
        let Some(series) = self.tables.series.get(at) else {
            return;
        };
        let is_elsewhere = series.state == SeriesState::Present && series.part as usize != source;
        let goes_on = intake.patch && series.is_shown_by(source);
        let known = if series.is_recalled {
            series.recalled(row, intake.patch)
        } else if !series.is_same_life(row, goes_on) {
            return;
        } else {
            series.recounted(row, goes_on)
        };
        if !series.is_recalled && known.words.as_ref() != series.words.as_ref() {
            self.note_series(at);
        } else if !series.is_recalled && is_elsewhere {
            return;
        }
        self.adopt(at, source);
        self.show(at, intake, &known);
    }

    /// A row without a series: it was forgotten, and will count from here on if it goes on.
    pub(super) fn recall_forgotten(
        &mut self,
        source: usize,
        intake: &Intake,
        name: &str,
        row: &ReadRow<F>,
    ) {
        let Some(at) = self.make(source, intake, name) else {
            self.state.counts.folded += 1;
            return;
        };
        let (track, _) = self.track(source, intake.lane);
        let Some((series, track)) = self
            .tables
            .series
            .get(at)
            .zip(self.tables.tracks.get(track))
        else {
            return;
        };
        let made = SeriesSlot {
            // It was counted when the track was read last.
            ordinal: track.marks.arrival(),
            is_recalled: true,
            ..series.recalled(row, intake.patch)
        };
        self.show(at, intake, &made);
    }

    /// Shows a series as present, with what is known of it.
    fn show(&mut self, at: usize, intake: &Intake, known: &SeriesSlot<F>) {
        let Some(series) = self.tables.series.get_mut(at) else {
            return;
        };
        let before = series.shown();
        series.words = known.words;
        series.since = known.since;
        series.ordinal = known.ordinal;
        series.is_recalled = known.is_recalled;
        series.turn = intake.turn;
        let live = [before, known.words];
        self.credit(at, &F::Totals::ZERO, &live, When::at(intake.when.now));
        self.appear(at);
        if let Some((_, track)) = self.place_of(at)
            && let Some(track) = self.tables.tracks.get_mut(track)
        {
            track.recalls |= known.is_recalled;
        }
    }

    /// A series is not in such a frame: it may come again in one after it.
    pub(super) fn fade(&mut self, at: usize, now: Instant) {
        let Some(series) = self.tables.series.get(at) else {
            return;
        };
        let (state, is_recalled) = (series.state, series.is_recalled);
        if state == SeriesState::Present {
            self.vanish(at, now);
        }
        if is_recalled {
            self.release_series(at, now);
        }
    }

    /// Another frame is begun than the last: what becomes of series that had been forgotten.
    pub(super) fn leave_recalled(&mut self, place: usize, last: &Reading, now: Instant) {
        let Some(track) = self.tables.tracks.get(place) else {
            return;
        };
        let Reading {
            at,
            again,
            doubtful,
            ..
        } = track.at;
        if !last.goes_on(at) {
            self.forget_recalled(place, now);
        } else if !again && !doubtful {
            if last.doubtful || track.marks.ends_at(last.at) {
                self.catch_up(place);
            } else {
                self.forget_recalled(place, now);
            }
        }
    }

    /// The frames have caught up with what was read: what they tell of a series that had been forgotten is
    /// what it had counted by then.
    pub(super) fn catch_up(&mut self, place: usize) {
        let Some(track) = self.tables.tracks.get_mut(place) else {
            return;
        };
        if !core::mem::take(&mut track.recalls) {
            return;
        }
        let mut next = track.present.first();
        while let Some((at, series)) =
            next.and_then(|at| Some((at, self.tables.series.get_mut(at)?)))
        {
            next = series.side.after.slot();
            if core::mem::take(&mut series.is_recalled) {
                self.note_series(at);
            }
        }
    }

    /// The frames stop before they have caught up: what had been forgotten is so again.
    pub(super) fn forget_recalled(&mut self, place: usize, now: Instant) {
        let Some(track) = self.tables.tracks.get_mut(place) else {
            return;
        };
        if !core::mem::take(&mut track.recalls) {
            return;
        }
        let mut next = track.present.first();
        while let Some((at, series)) = next.and_then(|at| Some((at, self.tables.series.get(at)?))) {
            next = series.side.after.slot();
            if series.is_recalled {
                self.fade(at, now);
            }
        }
    }
}

impl<F: Family> SeriesSlot<F> {
    /// Whether a row is of the life that is known, and that goes on. A patch of what is shown need not tell.
    fn is_same_life(&self, row: &ReadRow<F>, is_shown: bool) -> bool {
        !self.ended && (row.since == self.since || is_shown && row.since.is_none())
    }

    /// The same, with what a row of its life tells, which was counted. That may be more than is known where all that
    /// was known is forgotten, and a part that it left has told of it again.
    fn recounted(&self, row: &ReadRow<F>, goes_on: bool) -> Self {
        let mut words = if goes_on { self.words } else { F::Totals::ZERO };
        row.patch(&mut words);
        let mut known = *self;
        raise::<F>(&mut known.words, &words);
        known
    }

    /// What a row makes of a series of which nothing else is known.
    fn recalled(&self, row: &ReadRow<F>, patch: bool) -> Self {
        let goes_on = patch && self.state == SeriesState::Present;
        let mut words = if goes_on { self.words } else { F::Totals::ZERO };
        row.patch(&mut words);
        trim::<F>(&mut words);
        let before = self.since.filter(|_| goes_on);
        Self {
            words,
            since: row.since.or(before),
            ..*self
        }
    }

    /// What of it is in the live counts.
    pub(super) fn shown(&self) -> F::Totals {
        match self.state {
            SeriesState::Present => self.words,
            SeriesState::Free | SeriesState::Waiting => F::Totals::ZERO,
        }
    }
}
