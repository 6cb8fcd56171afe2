//! How a frame is taken in.

use core::fmt;

use super::{
    Fleet, FleetRoom, FrameAt, SourceId,
    order::ReadingState,
    rate::When,
    rows::RowKind,
    series::{SeriesSlot, SeriesState, Step},
    work::Work,
};
use crate::{
    collect::{Entry, FrameReader, ParseError, ReadRow},
    key::{Key, KeyWords},
    schema::Family,
    time::Instant,
};

/// Why a frame is not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It, or a newer one, was read before. Nothing is lost.
    Old,
    /// A frame between it and the last one is missing: the patches of this group can be read no more, and
    /// the next group says it all.
    Gap,
    /// The node is forgotten, has departed, or is of another fleet.
    Unknown,
    /// There is no such lane.
    NoLane,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Old => "the frame is not newer than what was read",
            Self::Gap => "a frame before this patch is missing",
            Self::Unknown => "the node is not known or has departed",
            Self::NoLane => "the fleet has no such lane",
        })
    }
}

impl core::error::Error for Refused {}

/// Why a frame was not read, or not to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// It was not even begun.
    Refused(Refused),
    /// It is no frame. The rows before the fault were counted: each of them stands for itself.
    Parse(ParseError),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refused) => refused.fmt(f),
            Self::Parse(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ReadError {}

impl From<Refused> for ReadError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<ParseError> for ReadError {
    fn from(error: ParseError) -> Self {
        Self::Parse(error)
    }
}

/// A frame that is being taken in.
#[derive(Debug)]
#[must_use = "a frame counts once it is ended"]
pub struct Intake {
    source: SourceId,
    pub(super) lane: u8,
    pub(super) patch: bool,
    /// The frame was read before.
    again: bool,
    /// It may be older than what was read.
    pub(super) doubtful: bool,
    pub(super) turn: u32,
    pub(super) when: When,
}

impl<F: Family, R: FleetRoom<F>> Fleet<F, R> {
    /// Reads a whole frame of a lane of a node; `KEY` is the room for names of series, in bytes.
    ///
    /// Cost: the bytes of the frame, and for each of its rows a few look-ups and additions; a patch costs
    /// what changed. Allocates nothing.
    ///
    /// # Errors
    /// When the frame is not to be read now, or is none.
    pub fn read<const KEY: usize>(
        &mut self,
        source: SourceId,
        lane: usize,
        at: FrameAt,
        bytes: &[u8],
        now: Instant,
    ) -> Result<(), ReadError> {
        let intake = self.begin(source, lane, at, now)?;
        let mut reader = FrameReader::<F, KEY>::new();
        let read = reader
            .push(bytes, |entry| self.take(&intake, &entry))
            .and_then(|()| reader.finish());
        match read {
            Ok(()) => self.end(intake),
            Err(_) => self.cut(intake),
        }
        Ok(read?)
    }

    /// Begins a frame whose rows come one by one, as from a [`FrameReader`]: [`take`](Self::take) them,
    /// and then [`end`](Self::end) it.
    ///
    /// # Errors
    /// When the frame is not to be read now.
    pub fn begin(
        &mut self,
        source: SourceId,
        lane: usize,
        at: FrameAt,
        now: Instant,
    ) -> Result<Intake, Refused> {
        let mut work = self.work();
        let place = work.source_here(source).ok_or(Refused::Unknown)?;
        let lanes = work.tables.lanes.len();
        let id = u8::try_from(lane).ok().filter(|_| lane < lanes);
        let id = id.ok_or(Refused::NoLane)?;
        let place = place * lanes + lane;
        let track = work.tables.tracks.get_mut(place);
        let track = track.ok_or(Refused::NoLane)?;
        let before = track.at;
        track.at = before.next(at, &track.marks, now)?;
        track.turn = track.turn.wrapping_add(1);
        let intake = Intake {
            source,
            lane: id,
            patch: at.frame > 0,
            again: track.at.again,
            doubtful: track.at.doubtful,
            turn: track.turn,
            when: When {
                now,
                before: track.read,
            },
        };
        work.leave_recalled(place, &before, now);
        Ok(intake)
    }

    /// Takes in one row of a frame that was begun.
    pub fn take(&mut self, intake: &Intake, entry: &Entry<'_, F>) {
        let mut work = self.work();
        let Some(source) = work.source_here(intake.source) else {
            return;
        };
        let Some(name) = entry.key else {
            work.state.counts.folded += 1;
            return;
        };
        match &entry.row {
            Some(row) if intake.again => work.recall(source, intake, name, row),
            Some(row) if intake.doubtful => work.weigh(source, intake, name, row),
            Some(row) => work.merge(source, intake, name, row),
            None => work.remove(source, intake, name),
        }
    }

    /// Ends a frame of which all rows were taken: the series that it has not are over.
    #[allow(clippy::needless_pass_by_value, reason = "a frame ends once")]
    pub fn end(&mut self, intake: Intake) {
        let mut work = self.work();
        let Some(source) = work.source_here(intake.source) else {
            return;
        };
        let (place, lane) = work.track(source, intake.lane);
        if !intake.patch {
            work.sweep(place, &intake);
        }
        if work.finish(source, place, &intake) {
            work.settle_owner(source, lane, intake.when);
        }
    }

    /// Gives up a frame whose rest does not come, or makes no sense. What was taken of it counts; what it
    /// has not is not over for that.
    #[allow(clippy::needless_pass_by_value, reason = "a frame ends once")]
    pub fn cut(&mut self, intake: Intake) {
        let mut work = self.work();
        if let Some(source) = work.source_here(intake.source) {
            let lane = usize::from(intake.lane);
            work.settle_owner(source, lane, intake.when);
        }
    }
}

impl<F: Family, K: KeyWords> Work<'_, F, K> {
    /// The track of a node's lane, and the lane.
    pub(super) fn track(&self, source: usize, lane: u8) -> (usize, usize) {
        let lane = usize::from(lane);
        (source * self.tables.lanes.len() + lane, lane)
    }

    /// A frame was read to its end. Says whether it may have counted anything.
    fn finish(&mut self, source: usize, place: usize, intake: &Intake) -> bool {
        let arrival = self.arrival(source);
        let track = self.tables.tracks.get_mut(place);
        let Some(track) = track.filter(|track| track.turn == intake.turn) else {
            return true;
        };
        track.at.state = ReadingState::Whole;
        if !intake.again {
            track.marks.note(&track.at, arrival);
            track.read = Some(intake.when.now);
            self.note_track(place);
        } else if track.marks.ends_at(track.at.at) && track.marks.is_led_by(track.at.at) {
            self.catch_up(place);
        }
        !intake.again
    }

    pub(super) fn merge(&mut self, source: usize, intake: &Intake, name: &str, row: &ReadRow<F>) {
        let Some(at) = self.series_of(source, intake, name) else {
            self.meet(source, intake, name, row);
            return;
        };
        let Some(series) = self.tables.series.get(at) else {
            return;
        };
        let ours = series.part as usize == source;
        if ours && series.turn == intake.turn && series.state == SeriesState::Present {
            self.state.counts.repeated += 1;
            return;
        }
        if series.is_recalled {
            // Another part told of it, in a frame that was read before: it is forgotten nonetheless.
            self.fade(at, intake.when.now);
            self.meet(source, intake, name, row);
            return;
        }
        if self.lags(series, source, intake, row) {
            return;
        }
        let step = series.step(row, intake.patch);
        self.adopt(at, source);
        self.follow(at, intake, &step);
    }

    fn follow(&mut self, at: usize, intake: &Intake, step: &Step<F>) {
        self.state.counts.inferred += u64::from(step.inferred && step.reborn);
        self.advance(at, step, intake);
        self.appear(at);
        let Some(series) = self.tables.series.get_mut(at) else {
            return;
        };
        series.turn = intake.turn;
        let row = series.row as usize;
        if step.inferred
            && let Some(slot) = self.tables.rows.get_mut(row)
            && !core::mem::replace(&mut slot.inferred, true)
        {
            self.note_row(row);
        }
    }

    /// The node's series of this name: mostly the next in the order of the frame before.
    pub(super) fn series_of(&self, source: usize, intake: &Intake, name: &str) -> Option<usize> {
        let key = Key::read(name).ok()?;
        if !intake.patch
            && let Some(next) = self.next_in_order(source, intake, &key)
        {
            return Some(next);
        }
        let row = self.find_row(&key, intake.lane, RowKind::Name)?;
        let owner = self.owner(source);
        self.find_series(u32::try_from(owner).ok()?, u32::try_from(row).ok()?)
    }

    fn next_in_order(&self, source: usize, intake: &Intake, key: &Key<K>) -> Option<usize> {
        let (place, _) = self.track(source, intake.lane);
        let next = self.tables.tracks.get(place)?.present.first()?;
        let series = self.tables.series.get(next)?;
        let row = self.tables.rows.get(series.row as usize)?;
        row.key.is(key).then_some(next)
    }

    /// A series that was not known.
    fn meet(&mut self, source: usize, intake: &Intake, name: &str, row: &ReadRow<F>) {
        let Some(at) = self.make(source, intake, name) else {
            self.state.counts.folded += 1;
            return;
        };
        let Some(series) = self.tables.series.get(at) else {
            return;
        };
        let mut step = series.step(row, intake.patch);
        let horizon = self.horizons(source, intake)[0];
        if row.since.is_some() && horizon >= row.since {
            step.resume();
            self.state.counts.resumed += 1;
        }
        self.follow(at, intake, &step);
    }

    pub(super) fn make(&mut self, source: usize, intake: &Intake, name: &str) -> Option<usize> {
        let row = self.hold_name(name, intake.lane, intake.when.now)?;
        let made = SeriesSlot {
            source: u32::try_from(self.owner(source)).ok()?,
            part: u32::try_from(source).ok()?,
            lane: intake.lane,
            row: u32::try_from(row).ok()?,
            ordinal: self.tables.sources.get(self.owner(source))?.ordinal,
            ..SeriesSlot::FREE
        };
        let at = self.make_series(made, intake.when.now);
        if at.is_none() {
            self.release_row(row, intake.when.now);
        }
        at
    }

    /// A patch took a series away.
    fn remove(&mut self, source: usize, intake: &Intake, name: &str) {
        let at = self.series_of(source, intake, name);
        let series = at.and_then(|at| self.tables.series.get(at));
        if let Some(at) = at
            && series.is_some_and(|series| {
                series.state == SeriesState::Present && series.part as usize == source
            })
        {
            self.lose(at, intake);
        }
    }

    /// A frame says that a series is not there any more. An overflow series comes and goes in one life: a frame that
    /// may be older than what was read does not end it.
    fn lose(&mut self, at: usize, intake: &Intake) {
        let is_recalled = self
            .tables
            .series
            .get(at)
            .is_some_and(|series| series.is_recalled);
        if intake.again || is_recalled || intake.doubtful && self.is_overflow(at) {
            self.fade(at, intake.when.now);
        } else {
            self.end_series(at, intake.when.now);
            self.vanish(at, intake.when.now);
        }
    }

    /// Ends the series that the frame had not: they are the first in the order.
    fn sweep(&mut self, place: usize, intake: &Intake) {
        while let Some(at) = self
            .tables
            .tracks
            .get(place)
            .and_then(|t| t.present.first())
        {
            let series = self.tables.series.get(at);
            if series.is_none_or(|series| series.turn == intake.turn) {
                break;
            }
            self.lose(at, intake);
        }
    }
}
