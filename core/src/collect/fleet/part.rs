//! Parts of nodes: a node may publish its series in several broadcasts, each of which is read by itself.
//!
//! A part is a source of its own as to what was read of it, and which series it has. What these count is the
//! node's, in the node's epochs, so that a series may move from one part to another.

use super::{
    Bookmarks, Fleet, FleetFull, FleetRoom, Intake, SourceId, list, rate::When, rows::add,
    series::SeriesSlot, work::Work,
};
use crate::{
    collect::ReadRow,
    key::{Key, KeyWords},
    schema::{Family, Totals},
    time::Instant,
    track::Link,
};

impl<F: Family, R: FleetRoom<F>> Fleet<F, R> {
    /// A node that is there publishes some of its series apart, as a part of this name: it is new, or
    /// returned, or began anew. Frames of the part are read as those of a node are, and count for the node;
    /// `node.json` is the node's alone. When the node [arrives](Self::arrive) or departs, its parts have departed.
    ///
    /// A part takes the room of a node.
    ///
    /// # Errors
    /// When there is no room, or the node is not there.
    pub fn arrive_part(
        &mut self,
        node: SourceId,
        name: &str,
        now: Instant,
    ) -> Result<SourceId, FleetFull> {
        let key = Key::read(name)?;
        let mut work = self.work();
        let owner = work.source_here(node).ok_or(FleetFull)?;
        if work.owner(owner) != owner {
            return Err(FleetFull);
        }
        let at = match work.find_part(owner, &key) {
            Some(at) => {
                work.depart(at, now);
                work.come_back(at);
                at
            }
            None => work.make_part(owner, key, now).ok_or(FleetFull)?,
        };
        work.source_id(at).ok_or(FleetFull)
    }
}

impl<F: Family, K: KeyWords> Work<'_, F, K> {
    /// The node that a source is part of, or is.
    pub(super) fn owner(&self, at: usize) -> usize {
        let owner = self.tables.sources.get(at).map(|source| source.owner);
        owner.and_then(Link::slot).unwrap_or(at)
    }

    /// How often a source's node has arrived.
    pub(super) fn arrival(&self, at: usize) -> u32 {
        let owner = self.tables.sources.get(self.owner(at));
        owner.map_or(0, |owner| owner.ordinal)
    }

    /// Brings what a source's node told of a lane into the lane's total.
    pub(super) fn settle_owner(&mut self, at: usize, lane: usize, when: When) {
        let owner = self.owner(at);
        self.settle(owner * self.tables.lanes.len() + lane, lane, when);
    }

    /// A part of a node that was kept, which has departed, and how far it was read in a lane.
    pub(super) fn restore_part(
        &mut self,
        node: &str,
        name: &str,
        (lane, read): (usize, Bookmarks),
        now: Instant,
    ) -> Option<()> {
        let owner = self.find_source(&Key::read(node).ok()?)?;
        let key = Key::read(name).ok()?;
        let at = match self.find_part(owner, &key) {
            Some(at) => at,
            None => self.make_departed(owner, key, now)?,
        };
        let track = at * self.tables.lanes.len() + lane;
        self.tables.tracks.get_mut(track)?.marks = read;
        Some(())
    }

    /// No node is forgotten for such a part, least of all its own.
    fn make_departed(&mut self, owner: usize, name: Key<K>, now: Instant) -> Option<usize> {
        if self.is_full() {
            return None;
        }
        let at = self.make_part(owner, name, now)?;
        self.depart(at, now);
        Some(at)
    }

    fn find_part(&self, owner: usize, name: &Key<K>) -> Option<usize> {
        list::find(
            self.tables.source_buckets,
            self.tables.sources,
            name.hash(self.state.seed, 0),
            |source| source.chain,
            |source| source.used && source.owner.slot() == Some(owner) && source.name.is(name),
        )
    }

    fn make_part(&mut self, owner: usize, name: Key<K>, now: Instant) -> Option<usize> {
        let at = self.make_source(name, now)?;
        self.tables.sources.get_mut(at)?.owner = Link::to(owner);
        let mut parts = self.tables.sources.get(owner)?.parts;
        parts.push(self.tables.sources, at, |part| &mut part.side);
        self.tables.sources.get_mut(owner)?.parts = parts;
        Some(at)
    }

    /// Takes a part that is forgotten from its node.
    pub(super) fn leave_owner(&mut self, at: usize) {
        let owner = self.owner(at);
        let Some(mut parts) = self.tables.sources.get(owner).map(|owner| owner.parts) else {
            return;
        };
        if owner != at {
            parts.remove(self.tables.sources, at, |part| &mut part.side);
            if let Some(owner) = self.tables.sources.get_mut(owner) {
                owner.parts = parts;
            }
        }
    }

    /// The first part of a node.
    pub(super) fn first_part(&self, owner: usize) -> Option<usize> {
        self.tables.sources.get(owner)?.parts.first()
    }

    /// The part after this one.
    pub(super) fn next_part(&self, part: usize) -> Option<usize> {
        self.tables.sources.get(part)?.side.after.slot()
    }

    /// All parts of a node that departs do so too.
    pub(super) fn depart_parts(&mut self, owner: usize, now: Instant) {
        let mut next = self.first_part(owner);
        while let Some(part) = next {
            next = self.next_part(part);
            self.depart(part, now);
        }
    }

    /// Whether a row of one part is older than what another has told of the series since, which moved there. A patch
    /// that tells no beginning is: it is of a row that was.
    pub(super) fn lags(
        &self,
        series: &SeriesSlot<F>,
        part: usize,
        intake: &Intake,
        row: &ReadRow<F>,
    ) -> bool {
        let is_here = series.part as usize == part;
        let is_told = series.turn > 0 && series.ordinal == self.arrival(part);
        if is_here || !is_told || series.since.is_none() {
            return false;
        }
        match row.since {
            None => intake.patch,
            since if since == series.since => series.is_behind(row),
            since => since < series.since,
        }
    }

    /// A series is told of by this part from now on.
    pub(super) fn adopt(&mut self, at: usize, part: usize) {
        let Some(series) = self.tables.series.get(at).copied() else {
            return;
        };
        if series.part as usize == part {
            return;
        }
        let lanes = self.tables.lanes.len();
        let place = |part: usize| part * lanes + usize::from(series.lane);
        if let Some(track) = self.tables.tracks.get_mut(place(series.part as usize)) {
            let list = track.list_of(series.state);
            list.remove(self.tables.series, at, |s| &mut s.side);
        }
        if let Some(track) = self.tables.tracks.get_mut(place(part)) {
            let list = track.list_of(series.state);
            list.push(self.tables.series, at, |s| &mut s.side);
        }
        if let Some(series) = self.tables.series.get_mut(at) {
            series.part = u32::try_from(part).unwrap_or(series.part);
        }
    }

    /// A node is in another epoch, since `born`, than before it arrived: what its parts had told of that by then
    /// is of the new one, and what frames that came late told of lives from before is of the old one.
    pub(super) fn begin_epoch(&mut self, owner: usize, born: Option<u64>, now: Instant) {
        let Some(ordinal) = self.tables.sources.get(owner).map(|source| source.ordinal) else {
            return;
        };
        let lanes = self.tables.lanes.len();
        for lane in 0..lanes {
            let carried = self.carry_parts(owner, lane, ordinal.wrapping_sub(1), born);
            let track = owner * lanes + lane;
            if let Some(track) = self.tables.tracks.get_mut(track) {
                track.epochs.bring(&carried);
            }
            if let Some(born) = born {
                self.leave_late_to(owner, lane, (ordinal, born));
            }
            self.settle(track, lane, When::at(now));
        }
    }

    /// Leaves what a node and its parts told in a lane, of lives that began before its epoch, to the one before.
    fn leave_late_to(&mut self, owner: usize, lane: usize, epoch: (u32, u64)) {
        let lanes = self.tables.lanes.len();
        let mut ours = F::Totals::ZERO;
        let mut any = self.leave_late(owner * lanes + lane, epoch, &mut ours);
        let mut next = self.first_part(owner);
        while let Some(part) = next {
            next = self.next_part(part);
            any |= self.leave_late(part * lanes + lane, epoch, &mut ours);
        }
        if let Some(track) = self.tables.tracks.get_mut(owner * lanes + lane)
            && any
        {
            track.epochs.leave(&ours);
        }
    }

    /// Brings the series of a node's parts that began at `born` or later into the next epoch; what they counted.
    pub(super) fn carry_parts(
        &mut self,
        owner: usize,
        lane: usize,
        old: u32,
        born: Option<u64>,
    ) -> F::Totals {
        let mut carried = F::Totals::ZERO;
        let lanes = self.tables.lanes.len();
        let mut next = self.first_part(owner);
        while let Some(part) = next {
            next = self.next_part(part);
            let words = self.carry(part * lanes + lane, old, born);
            add(&mut carried, &words);
        }
        carried
    }
}
