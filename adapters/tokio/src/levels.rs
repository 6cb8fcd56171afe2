//! Traffic by prefix: a broadcast for each level that is announced.

use std::hash::{BuildHasher, RandomState};

use bytes::Bytes;
use streamgauge_core::{
    Id, Instant, LevelEvent, LevelId, LevelRow, LevelSeries, LevelSum, LevelTrack, Role, Rollup,
    RollupPages, Rollups, Tier, TrackId, Usage,
};

use crate::{
    Config,
    host::{HostMeters, HostReporter, KeyWords, boxed, tiers},
    names::NodeNames,
    side::Side,
    sink::Outlet,
};

type HostRollups = Rollups<
    RollupPages<
        KeyWords,
        Box<[LevelSeries]>,
        Box<[LevelRow<KeyWords>]>,
        Box<[LevelSum]>,
        Box<[Id]>,
    >,
>;

/// Bytes that most frames have room in.
const ROOM: usize = 512;

/// The levels of one node, and where they are published.
pub(crate) struct Levels {
    rollups: HostRollups,
    side: Side,
    /// `<prefix>/prefix`.
    root: String,
    /// Levels whose broadcasts were opened in this tick.
    opened: Vec<LevelId>,
    /// For each track of each level, what the last frame told; nothing if there was none.
    last: Vec<Option<Rollup>>,
    /// Memory in which frames are written.
    room: Vec<u8>,
    lanes: usize,
}

impl Levels {
    /// Nothing unless the configuration asks for levels. Sinks know their tracks from zero on.
    pub(crate) fn new(config: &Config) -> Option<Self> {
        if config.levels == 0 {
            return None;
        }
        let lanes = tiers(config) * Role::ALL.len();
        let (rows, room) = (config.series + lanes, config.level_room);
        let pages = RollupPages::new(
            boxed(rows, || LevelSeries::ZERO),
            boxed(room, || LevelRow::ZERO),
            boxed(room * lanes, || LevelSum::ZERO),
            boxed(room, || 0),
        );
        #[allow(
            clippy::cast_possible_truncation,
            reason = "any part of a random number will do"
        )]
        let seed = RandomState::new().hash_one(0) as usize;
        let rollups = Rollups::new(pages, lanes, config.levels);
        Some(Self {
            rollups: rollups
                .with_linger(config.level_linger.into())
                .with_seed(seed),
            side: Side::new(&config.origins, config.deltas, &track_names(config), 0),
            root: format!("{}/prefix", config.prefix),
            opened: Vec::new(),
            last: Vec::new(),
            room: vec![0; ROOM],
            lanes,
        })
    }

    /// Takes in what the reporter has collected: before any of its frames is accepted.
    pub(crate) fn take_in(&mut self, meters: &HostMeters, reporter: &HostReporter, now: Instant) {
        let ledger = reporter.traffic();
        self.rollups.take_in(meters.traffic(), ledger, now);
        self.rollups.handle_timeout(now);
    }

    /// How many tracks there may be, each under all of its names.
    pub(crate) fn tracks(&self) -> usize {
        self.rollups.usage().series_capacity * self.side.names()
    }

    /// How full the table of levels is.
    pub(crate) fn usage(&self) -> Usage {
        self.rollups.usage()
    }

    /// Publishes what changed; tells of each frame how long it is, and whether all sinks have it.
    pub(crate) fn publish(
        &mut self,
        outlets: &mut [Outlet],
        names: &NodeNames,
        ts_ms: u64,
        mut sent: impl FnMut(usize, bool),
    ) {
        while let Some(event) = self.rollups.poll_event() {
            match event {
                LevelEvent::Announce(level) => self.open(level, &names.node),
                LevelEvent::Unannounce(level) => self.side.close(level.index()),
            }
        }
        while let Some(track) = self.rollups.poll_track() {
            let payload = self.frame(names);
            if self.offer(outlets, &track, (ts_ms, payload), &mut sent) {
                self.rollups.accept();
            } else {
                self.rollups.refuse();
            }
        }
        for level in self.opened.drain(..) {
            self.side.announce(level.index());
        }
    }

    fn open(&mut self, level: LevelId, node: &str) {
        let prefix = self.rollups.prefix(level).map(ToString::to_string);
        let parts = [Some(self.root.as_str()), prefix.as_deref(), Some(node)];
        let parts = parts.into_iter().flatten().filter(|part| !part.is_empty());
        self.side
            .open(level.index(), parts.collect::<Vec<_>>().join("/"));
        let first = level.index() * self.lanes;
        let end = first + self.lanes;
        if self.last.len() < end {
            self.last.resize(end, None);
        }
        self.last[first..end].fill(None);
        self.opened.push(level);
    }

    /// Encodes the frame whose turn it is.
    fn frame(&mut self, names: &NodeNames) -> Bytes {
        let mut len = 0;
        loop {
            let room = self.room.get_mut(len..).unwrap_or_default();
            let chunk = self.rollups.poll_frame(names, &names.node, room);
            len += chunk.len;
            if chunk.end {
                return Bytes::copy_from_slice(&self.room[..len]);
            }
            self.room.resize(self.room.len() + ROOM, 0);
        }
    }

    fn offer(
        &mut self,
        outlets: &mut [Outlet],
        track: &LevelTrack,
        (ts_ms, payload): (u64, Bytes),
        sent: impl FnMut(usize, bool),
    ) -> bool {
        let (slot, lane) = (track.level.index(), track.lane());
        let total = Some(self.rollups.total(track.level, lane));
        let last = self.last.get_mut(slot * self.lanes + lane);
        let changed = last.is_some_and(|last| std::mem::replace(last, total) != total);
        self.side
            .offer(outlets, (slot, lane), (ts_ms, payload), changed, sent)
    }
}

/// The names of a level's tracks, by lane.
fn track_names(config: &Config) -> Vec<String> {
    let tiers = (0..tiers(config)).filter_map(Tier::from_index);
    let tracks = tiers.flat_map(|tier| Role::ALL.map(|role| TrackId::Traffic(tier, role)));
    let names = tracks.map(|track| track.name(config.tiers.as_slice()).concat());
    names.collect()
}
