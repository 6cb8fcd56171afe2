//! What nodes tell of themselves, and how they come and go.

use super::{
    Fleet, FleetRoom, FrameAt, ReadError, Refused, SourceId,
    order::{Reading, ReadingState},
    rate::When,
    rows::add,
    series::{SeriesSlot, clear_levels},
    work::Work,
};
use crate::{
    collect::{NodeReader, ReadRow},
    key::KeyWords,
    ledger::MAX_LANES,
    node::Health,
    schema::{Family, Totals},
    time::Instant,
};

impl<F: Family, R: FleetRoom<F>> Fleet<F, R> {
    /// Reads a node's `node.json`, or a patch of it, and brings `health` up to date. `lane` says which lane a
    /// total is of, by the name of its track without `.json`; those of other families are left out.
    ///
    /// # Errors
    /// When it is not to be read now, or is none; nothing of it is taken in then.
    pub fn read_node<const KEY: usize>(
        &mut self,
        source: SourceId,
        at: FrameAt,
        bytes: &[u8],
        health: &mut Health,
        lane: impl Fn(&str) -> Option<usize>,
        now: Instant,
    ) -> Result<(), ReadError> {
        let mut work = self.work();
        let place = work.source_here(source).ok_or(Refused::Unknown)?;
        let slot = work.tables.sources.get_mut(place);
        let slot = slot.filter(|slot| slot.owner.slot().is_none());
        let slot = slot.ok_or(Refused::Unknown)?;
        slot.told = slot.told.next(at, &slot.marks, now)?;
        let again = slot.told.again;
        let mut reader = if at.frame == 0 {
            NodeReader::<F, KEY>::new()
        } else {
            NodeReader::after(health)
        };
        let mut totals = [None; MAX_LANES];
        reader.push(bytes, |entry| {
            let lane = entry.key.and_then(&lane);
            if let Some(slot) = lane.and_then(|lane| totals.get_mut(lane)) {
                *slot = entry.row;
            }
        })?;
        *health = reader.finish()?;
        slot.told.state = ReadingState::Whole;
        if again {
            return Ok(());
        }
        slot.marks.note(&slot.told, slot.ordinal);
        let is_old = slot.told.doubtful && slot.has_told(health);
        work.note_source(place);
        if is_old {
            return Ok(());
        }
        work.learn(place, health, now);
        work.tell(place, &totals, now);
        Ok(())
    }
}

impl<F: Family, K: KeyWords> Work<'_, F, K> {
    /// Ends what is present of a node that is there.
    pub(super) fn depart(&mut self, at: usize, now: Instant) {
        self.depart_parts(at, now);
        let lanes = self.tables.lanes.len();
        for track in at * lanes..(at + 1) * lanes {
            self.forget_recalled(track, now);
            while let Some(series) = self
                .tables
                .tracks
                .get(track)
                .and_then(|t| t.present.first())
            {
                self.vanish(series, now);
            }
        }
        if let Some(source) = self.tables.sources.get_mut(at).filter(|source| source.here) {
            source.here = false;
            let gone = &mut self.state.gone;
            gone.push(self.tables.sources, at, |source| &mut source.age);
        }
    }

    /// A node that has departed is there again.
    pub(super) fn come_back(&mut self, at: usize) {
        let gone = &mut self.state.gone;
        gone.remove(self.tables.sources, at, |source| &mut source.age);
        let Some(source) = self.tables.sources.get_mut(at) else {
            return;
        };
        source.here = true;
        source.told = Reading::NOTHING;
        source.marks.arrive();
        source.generation = source.generation.wrapping_add(1);
        // As long as it had not told, what it tells now is of the same arrival.
        let begins = !core::mem::take(&mut source.restored) && source.owner.slot().is_none();
        source.ordinal = source.ordinal.wrapping_add(u32::from(begins));
        let lanes = self.tables.lanes.len();
        let tracks = self.tables.tracks.get_mut(at * lanes..(at + 1) * lanes);
        for track in tracks.unwrap_or_default() {
            track.at = Reading::NOTHING;
            track.marks.arrive();
            track.read = None;
            if begins {
                track.epochs.begin();
            }
        }
        self.note_source(at);
        self.note_tracks(at);
    }

    /// Takes in which epoch a node is in.
    fn learn(&mut self, at: usize, health: &Health, now: Instant) {
        let Some(source) = self.tables.sources.get_mut(at) else {
            return;
        };
        let (epoch, since) = (source.epoch.replace(health.epoch), source.since);
        (source.since, source.ts_ms) = (health.since, health.ts_ms);
        let lanes = self.tables.lanes.len();
        let tracks = at * lanes..(at + 1) * lanes;
        if epoch.is_none() || epoch == Some(health.epoch) {
            for at in tracks {
                let track = self.tables.tracks.get_mut(at);
                if track.is_some_and(|track| track.epochs.join()) {
                    self.note_track(at);
                }
            }
            return;
        }
        self.note_tracks(at);
        let noticed = tracks.clone().all(|track| {
            let track = self.tables.tracks.get_mut(track);
            track.is_some_and(|track| track.epochs.part())
        });
        let born = (health.since > since).then_some(health.since);
        if noticed {
            self.begin_epoch(at, born, now);
        } else {
            self.split(at, born, now);
        }
    }

    /// A node began another epoch, at `born`, while its frames were read on: those of its series that began
    /// by then are of the epoch before.
    fn split(&mut self, at: usize, born: Option<u64>, now: Instant) {
        let Some(source) = self.tables.sources.get_mut(at) else {
            return;
        };
        let old = source.ordinal;
        source.ordinal = old.wrapping_add(1);
        let lanes = self.tables.lanes.len();
        for lane in 0..lanes {
            let track = at * lanes + lane;
            let mut carried = self.carry(track, old, born);
            add(&mut carried, &self.carry_parts(at, lane, old, born));
            if let Some(track) = self.tables.tracks.get_mut(track) {
                track.epochs.part_from(&carried);
            }
            self.settle(track, lane, When::at(now));
        }
    }

    /// Brings the series of a track that began at `born` or later into the next epoch; what they counted.
    pub(super) fn carry(&mut self, track: usize, old: u32, born: Option<u64>) -> F::Totals {
        let mut carried = F::Totals::ZERO;
        self.each_of(track, old, |series| {
            let is_new = born.is_some() && series.since >= born;
            if is_new {
                series.ordinal = old.wrapping_add(1);
                add(&mut carried, &series.words);
            }
            is_new
        });
        clear_levels::<F>(&mut carried);
        carried
    }

    /// Leaves the series of a track that began before `born` to the epoch before, of which late frames told; adds up
    /// what the others counted, and says whether there were any to leave.
    pub(super) fn leave_late(
        &mut self,
        track: usize,
        (ordinal, born): (u32, u64),
        others: &mut F::Totals,
    ) -> bool {
        let mut any = false;
        self.each_of(track, ordinal, |series| {
            let is_late = series.since.is_some_and(|since| since < born);
            if is_late {
                series.ordinal = ordinal.wrapping_sub(1);
            } else {
                add(others, &series.words);
            }
            any |= is_late;
            is_late
        });
        any
    }

    /// Each series of a track that was told of last after this arrival of the node; `f` says whether it changed.
    fn each_of(
        &mut self,
        track: usize,
        ordinal: u32,
        mut f: impl FnMut(&mut SeriesSlot<F>) -> bool,
    ) {
        let track = self.tables.tracks.get(track);
        let lists = track.map(|track| [track.present, track.waiting]);
        for ends in lists.into_iter().flatten() {
            let mut next = ends.first();
            while let Some((at, series)) =
                next.and_then(|at| Some((at, self.tables.series.get_mut(at)?)))
            {
                next = series.side.after.slot();
                if series.ordinal == ordinal && f(series) {
                    self.note_series(at);
                }
            }
        }
    }

    /// Takes in the totals that a node tells.
    fn tell(&mut self, at: usize, totals: &[Option<ReadRow<F>>], now: Instant) {
        let lanes = self.tables.lanes.len();
        for (lane, told) in totals.iter().enumerate().take(lanes) {
            let place = at * lanes + lane;
            let Some(track) = self.tables.tracks.get_mut(place) else {
                return;
            };
            let before = track.epochs.is_told().then_some(now);
            let is_news = told.is_some_and(|told| track.epochs.tell(&told.words().words()));
            if is_news {
                self.note_track(place);
            }
            self.settle(place, lane, When { now, before });
        }
    }
}
