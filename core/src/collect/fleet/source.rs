//! Nodes, and what each told of each lane.

use super::{
    epoch::Epochs,
    list::{self, Changed, Ends, Hook},
    order::{Bookmarks, Reading},
    rate::When,
    rows::{add, excess},
    series::SeriesState,
    work::Work,
};
use crate::{
    key::{Key, KeyWords},
    node::Health,
    schema::{Family, Totals},
    time::Instant,
    track::Link,
};

/// The room for one node.
#[derive(Clone, Copy, Debug)]
pub struct SourceSlot<K: KeyWords> {
    pub(super) name: Key<K>,
    pub(super) used: bool,
    /// It publishes; otherwise it has departed.
    pub(super) here: bool,
    /// Tells the node from others that had this slot before.
    pub(super) generation: u32,
    /// Its epochs so far.
    pub(super) ordinal: u32,
    /// It was restored in the midst of finding out whether it is in another epoch.
    pub(super) restored: bool,
    /// What `node.json` told last.
    pub(super) epoch: Option<u64>,
    pub(super) since: u64,
    pub(super) ts_ms: u64,
    /// How far `node.json` was read since it arrived, and ever.
    pub(super) told: Reading,
    pub(super) marks: Bookmarks,
    pub(super) chain: Link,
    /// Its place among the nodes that have departed.
    pub(super) age: Hook,
    /// The node that it is a part of, if it is one.
    pub(super) owner: Link,
    /// The parts of it.
    pub(super) parts: Ends,
    /// Its place among the parts of its node.
    pub(super) side: Hook,
    pub(super) changed: Changed,
}

impl<K: KeyWords> SourceSlot<K> {
    /// Room for a node.
    pub const FREE: Self = Self {
        name: Key::EMPTY,
        used: false,
        here: false,
        generation: 0,
        ordinal: 0,
        restored: false,
        epoch: None,
        since: 0,
        ts_ms: 0,
        told: Reading::NOTHING,
        marks: Bookmarks::NONE,
        chain: Link::NONE,
        age: Hook::NONE,
        owner: Link::NONE,
        parts: Ends::NONE,
        side: Hook::NONE,
        changed: Changed::NOT,
    };
}

impl<K: KeyWords> SourceSlot<K> {
    /// Whether a report is no newer than the last.
    pub(super) fn has_told(&self, health: &Health) -> bool {
        match self.epoch {
            Some(epoch) if epoch == health.epoch => health.ts_ms <= self.ts_ms,
            Some(_) => health.since < self.since,
            None => false,
        }
    }
}

impl<K: KeyWords> Default for SourceSlot<K> {
    fn default() -> Self {
        Self::FREE
    }
}

/// The room for one lane of one node.
#[derive(Clone, Copy, Debug)]
pub struct TrackSlot<F: Family> {
    /// How far it was read since the node arrived, and ever.
    pub(super) at: Reading,
    pub(super) marks: Bookmarks,
    /// Some series are here only because a frame that was read before has them.
    pub(super) recalls: bool,
    /// Tells the series that a frame had from those that it had not.
    pub(super) turn: u32,
    /// When its last frame came, if one has since the node arrived.
    pub(super) read: Option<Instant>,
    /// The series that the last frame had, in its order.
    pub(super) present: Ends,
    /// The series that may come again.
    pub(super) waiting: Ends,
    /// Of the series that were forgotten though they might go on, the latest beginning.
    pub(super) horizon: Option<u64>,
    /// The same of those that were over.
    pub(super) past: Option<u64>,
    /// What the node counted, epoch by epoch.
    pub(super) epochs: Epochs<F>,
    /// What of it is in the lane's total.
    pub(super) shown: F::Totals,
    pub(super) changed: Changed,
}

impl<F: Family> TrackSlot<F> {
    /// Room for a lane of a node.
    pub const FREE: Self = Self {
        at: Reading::NOTHING,
        marks: Bookmarks::NONE,
        recalls: false,
        turn: 0,
        read: None,
        present: Ends::NONE,
        waiting: Ends::NONE,
        horizon: None,
        past: None,
        epochs: Epochs::NONE,
        shown: F::Totals::ZERO,
        changed: Changed::NOT,
    };
}

impl<F: Family> TrackSlot<F> {
    /// The series that stand so.
    pub(super) const fn list_of(&mut self, state: SeriesState) -> &mut Ends {
        match state {
            SeriesState::Present => &mut self.present,
            SeriesState::Free | SeriesState::Waiting => &mut self.waiting,
        }
    }
}

impl<F: Family> Default for TrackSlot<F> {
    fn default() -> Self {
        Self::FREE
    }
}

/// A node of a fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourceId {
    pub(super) at: u32,
    pub(super) generation: u32,
}

impl<F: Family, K: KeyWords> Work<'_, F, K> {
    pub(super) fn find_source(&self, name: &Key<K>) -> Option<usize> {
        list::find(
            self.tables.source_buckets,
            self.tables.sources,
            name.hash(self.state.seed, 0),
            |source| source.chain,
            |source| source.used && source.owner.slot().is_none() && source.name.is(name),
        )
    }

    /// The node's slot, if it is still known.
    pub(super) fn source(&self, id: SourceId) -> Option<usize> {
        let at = id.at as usize;
        let source = self.tables.sources.get(at)?;
        (source.used && source.generation == id.generation).then_some(at)
    }

    /// The same, if the node is there.
    pub(super) fn source_here(&self, id: SourceId) -> Option<usize> {
        let at = self.source(id)?;
        self.tables.sources.get(at)?.here.then_some(at)
    }

    pub(super) fn source_id(&self, at: usize) -> Option<SourceId> {
        let source = self.tables.sources.get(at)?;
        Some(SourceId {
            at: u32::try_from(at).ok()?,
            generation: source.generation,
        })
    }

    /// Makes room for a node, if need be that of the one that departed first, and was forgotten so.
    pub(super) fn make_source(&mut self, name: Key<K>, now: Instant) -> Option<usize> {
        let at = self.take_source(now)?;
        let source = self.tables.sources.get_mut(at)?;
        *source = SourceSlot {
            name,
            used: true,
            here: true,
            generation: source.generation.wrapping_add(1),
            changed: source.changed,
            ..SourceSlot::FREE
        };
        let hash = name.hash(self.state.seed, 0);
        list::index(
            self.tables.source_buckets,
            self.tables.sources,
            hash,
            at,
            |source| &mut source.chain,
        );
        let lanes = self.tables.lanes.len();
        let tracks = self.tables.tracks.get_mut(at * lanes..(at + 1) * lanes);
        for track in tracks.unwrap_or_default() {
            *track = TrackSlot {
                changed: track.changed,
                ..TrackSlot::FREE
            };
        }
        self.note_source(at);
        self.note_tracks(at);
        Some(at)
    }

    /// Whether there is room for another node only where one is forgotten.
    pub(super) fn is_full(&self) -> bool {
        let used = self.state.free_sources.used;
        let tracks = used * self.tables.lanes.len();
        used >= self.tables.sources.len() || tracks >= self.tables.tracks.len()
    }

    fn take_source(&mut self, now: Instant) -> Option<usize> {
        if self.is_full() {
            self.forget_source(self.state.gone.first()?, now);
        }
        let free = &mut self.state.free_sources;
        free.take(self.tables.sources, |source| &mut source.chain)
    }

    /// Forgets a node that has departed. All that it told stays in the lanes' totals, and what was open
    /// is closed.
    fn forget_source(&mut self, at: usize, now: Instant) {
        while let Some(part) = self.first_part(at) {
            self.forget_source(part, now);
        }
        let owner = self.owner(at);
        self.leave_owner(at);
        let lanes = self.tables.lanes.len();
        for lane in 0..lanes {
            let track = at * lanes + lane;
            while let Some(series) = self
                .tables
                .tracks
                .get(track)
                .and_then(|t| t.waiting.first())
            {
                self.end_series(series, now);
                self.release_series(series, now);
            }
            if let Some(track) = self.tables.tracks.get_mut(track) {
                track.epochs.end();
            }
            self.settle(owner * lanes + lane, lane, When::at(now));
        }
        let gone = &mut self.state.gone;
        gone.remove(self.tables.sources, at, |source| &mut source.age);
        let Some(source) = self.tables.sources.get_mut(at) else {
            return;
        };
        source.used = false;
        let hash = source.name.hash(self.state.seed, 0);
        list::unindex(
            self.tables.source_buckets,
            self.tables.sources,
            hash,
            at,
            |source| &mut source.chain,
        );
        let free = &mut self.state.free_sources;
        free.put(self.tables.sources, at, |source| &mut source.chain);
        self.state.counts.forgotten_sources += 1;
        self.note_source(at);
        self.note_tracks(at);
    }

    /// Brings what a node told of a lane into the lane's total.
    pub(super) fn settle(&mut self, track: usize, lane: usize, when: When) {
        let track = self.tables.tracks.get_mut(track);
        let Some((track, lane)) = track.zip(self.tables.lanes.get_mut(lane)) else {
            return;
        };
        track.epochs.hold(&track.shown);
        let total = track.epochs.total();
        let gain = excess(&total, &track.shown);
        track.shown = total;
        lane.marks.pass(when, self.state.policy.window, &lane.total);
        if when.before.is_none() {
            lane.marks.shift(&gain);
        }
        add(&mut lane.total, &gain);
    }
}
