//! Frames of a track that may be older than what was read of its sibling with patches, or the other way round.
//!
//! Nobody knows whether they are: the numbers of the two cannot be compared. So each row is looked at by itself. Lives
//! of a series follow each other: one that began before the one which is known is over, and one that began later was
//! not counted. Of a series that is not known, a life that began before others which were forgotten is taken for one
//! of them: it counts nothing until the doubt ends.
//!
//! That is when a frame tells more of a life than was known, or when a relay has certainly given what it had kept.

use super::{
    Intake,
    series::{SeriesSlot, SeriesState},
    work::Work,
};
use crate::{collect::ReadRow, key::KeyWords, schema::Family};

/// What a row is found to tell.
enum Verdict {
    /// What was not counted.
    New,
    /// What was counted, of a series that was forgotten.
    Forgotten,
    /// What was counted, of one that is known.
    Known,
    /// Nothing but that there was a life which is over.
    Over,
}

impl<F: Family, K: KeyWords> Work<'_, F, K> {
    /// Takes in a row of a frame that may be older than what was read.
    pub(super) fn weigh(&mut self, source: usize, intake: &Intake, name: &str, row: &ReadRow<F>) {
        let at = self.series_of(source, intake, name);
        let series = at.and_then(|at| self.tables.series.get(at)).copied();
        let verdict = match at.zip(series) {
            None if self.was_forgotten(source, intake, row) => Verdict::Forgotten,
            None => Verdict::New,
            Some((at, series)) if series.is_recalled => {
                self.weigh_recalled((at, &series), source, intake, row)
            }
            Some((_, series)) => self.weigh_known(&series, source, intake, row),
        };
        match verdict {
            Verdict::New => self.merge(source, intake, name, row),
            Verdict::Forgotten => self.recall_forgotten(source, intake, name, row),
            Verdict::Known => self.recall(source, intake, name, row),
            Verdict::Over => {}
        }
    }

    fn weigh_recalled(
        &mut self,
        (at, series): (usize, &SeriesSlot<F>),
        source: usize,
        intake: &Intake,
        row: &ReadRow<F>,
    ) -> Verdict {
        let is_patched = intake.patch && series.is_shown_by(source);
        if is_patched && row.since.is_none() || self.was_forgotten(source, intake, row) {
            return Verdict::Known;
        }
        if is_patched {
            self.succeed(at);
        }
        Verdict::New
    }

    fn weigh_known(
        &mut self,
        series: &SeriesSlot<F>,
        source: usize,
        intake: &Intake,
        row: &ReadRow<F>,
    ) -> Verdict {
        if self.is_outlived(series, source, intake, row) {
            return Verdict::Over;
        }
        let step = series.step(row, intake.patch);
        if step.tells_nothing() {
            return Verdict::Known;
        }
        if !step.reborn && !series.ended {
            self.overtake(series, source, intake);
        }
        Verdict::New
    }

    /// Whether a row is of a life before the one that is known. A patch that tells no beginning is, if it is of
    /// nothing that is shown.
    fn is_outlived(
        &self,
        series: &SeriesSlot<F>,
        source: usize,
        intake: &Intake,
        row: &ReadRow<F>,
    ) -> bool {
        let (track, _) = self.track(source, intake.lane);
        let track = self.tables.tracks.get(track);
        let is_same = row.since.is_some() && row.since == series.since;
        let Some(track) = track.filter(|_| !is_same) else {
            return false;
        };
        let ago = |arrival| self.arrival(source).wrapping_sub(arrival);
        let is_former = track.marks.is_former(track.at.at);
        if is_former != (ago(series.ordinal) > ago(track.marks.began())) {
            // The clock may have been set back from one life of the node to the next.
            return is_former;
        }
        if self.is_of_past(source, intake, row) {
            return true;
        }
        match row.since {
            Some(since) => series.since.is_some_and(|known| since < known),
            None => !(intake.patch && series.is_shown_by(source)) && series.since.is_some(),
        }
    }

    /// Whether a series that is not known may be one that was forgotten. Of a node's life that is over all may be.
    fn was_forgotten(&self, source: usize, intake: &Intake, row: &ReadRow<F>) -> bool {
        let latest = self.horizons(source, intake).into_iter().max().flatten();
        let (track, _) = self.track(source, intake.lane);
        let track = self.tables.tracks.get(track);
        let is_former = track.is_some_and(|track| track.marks.is_former(track.at.at));
        let since = row.since.zip(latest);
        since.is_some_and(|(since, latest)| is_former || since <= latest)
            || self.is_of_past(source, intake, row)
    }

    /// Whether a row is of a life that began before the epoch which the node told last, of which no account is left as
    /// long as it is not known whether that goes on: it is in the total of its own.
    fn is_of_past(&self, source: usize, intake: &Intake, row: &ReadRow<F>) -> bool {
        let owner = self.owner(source);
        let (track, _) = self.track(owner, intake.lane);
        let node = self.tables.sources.get(owner);
        node.zip(self.tables.tracks.get(track))
            .is_some_and(|(node, track)| {
                let told = node.epoch.is_some() && track.epochs.is_open();
                told && row.since.is_some_and(|since| since < node.since)
            })
    }

    /// The latest beginnings of a node's series that were forgotten: of those that may go on, and of others.
    pub(super) fn horizons(&self, source: usize, intake: &Intake) -> [Option<u64>; 2] {
        let (place, _) = self.track(self.owner(source), intake.lane);
        let track = self.tables.tracks.get(place);
        track.map_or([None; 2], |track| [track.horizon, track.past])
    }

    /// The life of a series that is recalled was over, and counted: another follows, of which a patch tells no more
    /// than in what it differs.
    fn succeed(&mut self, at: usize) {
        if let Some(series) = self.tables.series.get_mut(at) {
            series.is_recalled = false;
            series.ended = true;
        }
    }

    /// A frame tells more of a life than was known: if the newest that was read had it, this one is newer.
    fn overtake(&mut self, series: &SeriesSlot<F>, source: usize, intake: &Intake) {
        let arrival = self.arrival(source);
        let (track, _) = self.track(source, intake.lane);
        if let Some(track) = self.tables.tracks.get_mut(track)
            && series.ordinal == track.marks.arrival()
        {
            track.marks.lead(track.at.at, arrival);
        }
    }
}

impl<F: Family> SeriesSlot<F> {
    /// Whether the last frame of a node, or of a part, had it.
    pub(super) fn is_shown_by(&self, part: usize) -> bool {
        self.state == SeriesState::Present && self.part as usize == part
    }
}
