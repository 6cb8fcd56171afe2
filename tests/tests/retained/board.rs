//! A node that is reset: its tables and guards are gone, its memory stays.

use std::collections::BTreeMap;

use streamgauge_core::{
    Family, Instant, KeyWords, NoRoom, Presence, PublisherStats, PublisherTrack, Role, Saved,
    Schedule, Series, SessionStats, Tier, TrackId, Traffic,
};
use streamgauge_embassy::retained::{HEADER, Loaded, Memory, Saver};
use streamgauge_tests::{
    Gauge, Model, Name, Node, Reader, Room, Sink, TIER_NAMES, Words, close, plus, track_name,
};

use crate::ram::Ram;

/// What the ledgers know: the total of each track, and each series' start and words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Books {
    pub(crate) totals: BTreeMap<String, Words>,
    pub(crate) series: BTreeMap<Name, (u64, Words)>,
}

/// A node between two resets.
#[derive(Debug)]
pub(crate) struct Board<'a> {
    pub(crate) gauge: Gauge,
    pub(crate) loaded: Loaded,
    pub(crate) model: Model,
    ram: &'a Ram,
    saver: Saver<'a, Ram>,
    announces: Vec<(PublisherStats<Node>, Name)>,
    tracks: Vec<(PublisherTrack<Node>, Name)>,
    sessions: Vec<(SessionStats<Node>, Name)>,
}

impl<'a> Board<'a> {
    /// The first boot, or one after power was off for the reader too.
    pub(crate) fn boot(ram: &'a Ram, room: Room, epoch: u64) -> Self {
        Self::boot_at(ram, room, epoch, Gauge::START_MS)
    }

    fn boot_at(ram: &'a Ram, room: Room, epoch: u64, start_ms: u64) -> Self {
        let mut gauge = Gauge::new(room);
        gauge.reporter = gauge.node.reporter_of(Schedule {
            interval: Gauge::INTERVAL,
            start: Instant::from_micros(0),
            start_ms,
            epoch,
        });
        let meters = gauge.node.meters();
        let (saver, loaded) = Saver::load(ram, &mut gauge.reporter, meters, &TIER_NAMES[..]);
        Self {
            gauge,
            loaded,
            model: Model::default(),
            ram,
            saver,
            announces: Vec::new(),
            tracks: Vec::new(),
            sessions: Vec::new(),
        }
    }

    /// A reset: the reader stays, and so does the model, which is told what the guards' end means.
    pub(crate) fn reset(self, room: Room, epoch: u64, saved: &Model) -> Self {
        let (mut reader, ram) = (self.gauge.reader, self.ram);
        ram.wake();
        let mut next = Self::boot(ram, room, epoch);
        if let Loaded::Restored(_) = next.loaded {
            reader.reset();
            next.gauge.reader = reader;
            next.model = saved.clone();
            next.model.close_all();
        } else {
            next.gauge.reader = Reader::default();
        }
        next
    }

    /// A reset, and a clock that knows the time then.
    pub(crate) fn reset_at(self, room: Room, start_ms: u64) -> Self {
        Self::boot_at(self.ram, room, 2, start_ms)
    }

    pub(crate) fn announce(&mut self, tier: Tier, role: Role, path: &str) {
        let broadcast = self.gauge.node.tier(tier).broadcast(path);
        let guard = match role {
            Role::Publisher => broadcast.publisher(),
            Role::Subscriber => broadcast.subscriber(),
        };
        let name = (track_name(TrackId::Traffic(tier, role)), path.into());
        self.model.add(&name, "announced", 1);
        self.announces.push((guard, name));
    }

    pub(crate) fn subscribe(&mut self, tier: Tier, role: Role, path: &str) {
        let broadcast = self.gauge.node.tier(tier).broadcast(path);
        let guard = match role {
            Role::Publisher => broadcast.publisher_track("video"),
            Role::Subscriber => broadcast.subscriber_track("video"),
        };
        let name = (track_name(TrackId::Traffic(tier, role)), path.into());
        self.model.subscribe(&name);
        self.tracks.push((guard, name));
    }

    pub(crate) fn connect(&mut self, tier: Tier, root: &str) {
        let guard = self.gauge.node.tier(tier).session(root);
        let name = (track_name(TrackId::Sessions(tier)), root.into());
        self.model.add(&name, "sessions", 1);
        self.sessions.push((guard, name));
    }

    pub(crate) fn bump(&mut self, pick: usize, n: usize) {
        if let Some(at) = pick.checked_rem(self.tracks.len()) {
            let (guard, name) = &mut self.tracks[at];
            guard.whole_frame(n);
            self.model.add(name, "frames", 1);
            self.model.add(name, "bytes", n as u64);
        }
    }

    pub(crate) fn drop_one(&mut self, pick: usize) {
        if let Some(at) = pick.checked_rem(self.tracks.len()) {
            let (_, name) = self.tracks.swap_remove(at);
            self.model.unsubscribe(&name);
        }
        if let Some(at) = pick.checked_rem(self.announces.len()) {
            let (_, name) = self.announces.swap_remove(at);
            self.model.add(&name, "announced_closed", 1);
        }
        if let Some(at) = pick.checked_rem(self.sessions.len()) {
            let (_, name) = self.sessions.swap_remove(at);
            self.model.add(&name, "sessions_closed", 1);
        }
    }

    pub(crate) fn drop_all(&mut self) {
        while !(self.tracks.is_empty() && self.announces.is_empty() && self.sessions.is_empty()) {
            self.drop_one(0);
        }
    }

    /// An interval later: collects and saves.
    pub(crate) fn save(&mut self) -> Result<Saved, NoRoom> {
        self.gauge.now = self.gauge.now.saturating_add(Gauge::INTERVAL);
        self.gauge.collect();
        let (reporter, meters) = (&self.gauge.reporter, self.gauge.node.meters());
        self.saver.save(reporter, meters, &TIER_NAMES[..])
    }

    /// An interval later: collects, saves, and lets frames out, as a firmware does.
    pub(crate) fn tick(&mut self) {
        self.save().expect("room");
        self.gauge.drain(Sink::Accept, 4096);
    }

    /// Whether the totals fit into half of the memory.
    pub(crate) fn has_room(&self) -> bool {
        let room = (self.ram.capacity() / 2).saturating_sub(HEADER);
        let (reporter, meters) = (&self.gauge.reporter, self.gauge.node.meters());
        let saved = reporter.save(meters, &TIER_NAMES[..], room, |_| {});
        saved.is_ok()
    }

    pub(crate) fn boots(&self) -> u32 {
        self.saver.boots()
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.gauge.reporter.health().epoch
    }

    /// What the ledgers know; fails where the parts of a total are not the total.
    pub(crate) fn books(&self) -> Books {
        let (traffic, presence) = (
            self.gauge.reporter.traffic(),
            self.gauge.reporter.presence(),
        );
        let meters = self.gauge.node.meters();
        let mut books = Books::default();
        let tracks = self.gauge.reporter.all_tracks().map(track_name);
        for (place, track) in tracks.enumerate() {
            if let Some(lane) = place.checked_sub(traffic.lanes()) {
                if lane < presence.lanes() {
                    let parts = (presence.total(lane), presence.retired(lane));
                    let words = (parts.0.words().into(), parts.1.words().into());
                    books.note::<Presence, _>(&track, words, presence.all(meters.presence(), lane));
                }
            } else {
                let parts = (traffic.total(place), traffic.retired(place));
                let words = (parts.0.words().into(), parts.1.words().into());
                books.note::<Traffic, _>(&track, words, traffic.all(meters.traffic(), place));
            }
        }
        books
    }
}

impl Books {
    /// The same after a reset.
    pub(crate) fn closed(mut self) -> Self {
        for (track, words) in &mut self.totals {
            close(track, words);
        }
        for ((track, _), (_, words)) in &mut self.series {
            close(track, words);
        }
        self
    }

    fn note<'a, F: Family, K: KeyWords>(
        &mut self,
        track: &str,
        (total, retired): (Words, Words),
        series: impl Iterator<Item = Series<'a, K>>,
    ) {
        let mut sum = retired;
        for series in series {
            assert_eq!(series.words.len(), F::WORDS.len());
            let name = (track.to_owned(), series.key.to_string());
            sum = plus(&sum, series.words);
            let before = self
                .series
                .insert(name, (series.since, series.words.into()));
            assert!(before.is_none(), "a series is there twice");
        }
        assert_eq!(total, sum, "{track}: parts differ from the total");
        self.totals.insert(track.into(), total);
    }
}
