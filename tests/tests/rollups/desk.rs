//! A node, its roll-ups, and a reader that takes nothing on trust.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use streamgauge_core::{
    Duration, Id, Instant, LevelEvent, LevelId, LevelRow, LevelSeries, LevelSum, Role, Rollup,
    RollupPages, Rollups, Tier, Usage,
};
use streamgauge_tests::{Gauge, KeyWords, Room, Sink, TIER_NAMES};

pub(crate) type Boxed =
    RollupPages<KeyWords, Vec<LevelSeries>, Vec<LevelRow<KeyWords>>, Vec<LevelSum>, Vec<Id>>;

/// How much there is room for, and what is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) room: Room,
    pub(crate) levels: usize,
    /// Levels that there is room for.
    pub(crate) level_room: usize,
    pub(crate) linger: Duration,
}

impl Plan {
    /// More room than anything needs.
    pub(crate) fn ample(levels: usize) -> Self {
        Self {
            room: Room {
                named_tiers: 1,
                ..Room::of(256)
            },
            levels,
            level_room: 512,
            linger: Duration::from_secs(10),
        }
    }

    pub(crate) fn lanes(&self) -> usize {
        self.room.tiers() * Role::ALL.len()
    }
}

/// A frame's level and lane, and the life that it tells of.
type Told = (String, usize, u64);

/// A node with its roll-ups.
pub(crate) struct Desk {
    pub(crate) plan: Plan,
    pub(crate) gauge: Gauge,
    pub(crate) rollups: Rollups<Boxed>,
    /// The levels that there were after the last tick.
    levels: BTreeMap<String, LevelId>,
    /// The levels that are announced, by their places.
    pub(crate) announced: BTreeMap<LevelId, String>,
    /// The last accepted frame of each life.
    pub(crate) told: BTreeMap<Told, Rollup>,
    /// The last accepted frame of each track that is announced.
    pub(crate) accepted: BTreeMap<(String, usize), Rollup>,
    /// Announcements and their ends, in this tick.
    pub(crate) came: BTreeSet<String>,
    pub(crate) went: BTreeSet<String>,
    /// Frames that were offered in this tick.
    pub(crate) offered: usize,
}

impl Desk {
    pub(crate) fn new(plan: Plan) -> Self {
        let (rows, lanes) = (plan.room.series + plan.lanes(), plan.lanes());
        let pages = RollupPages::new(
            vec![LevelSeries::ZERO; rows],
            vec![LevelRow::ZERO; plan.level_room],
            vec![LevelSum::ZERO; plan.level_room * lanes],
            vec![0; plan.level_room],
        );
        let rollups = Rollups::new(pages, lanes, plan.levels).with_linger(plan.linger);
        Self {
            gauge: Gauge::new(plan.room),
            rollups: rollups.with_seed(7),
            plan,
            levels: BTreeMap::new(),
            announced: BTreeMap::new(),
            told: BTreeMap::new(),
            accepted: BTreeMap::new(),
            came: BTreeSet::new(),
            went: BTreeSet::new(),
            offered: 0,
        }
    }

    pub(crate) fn usage(&self) -> Usage {
        self.rollups.usage()
    }

    /// A second later, ticks with sinks that take all.
    pub(crate) fn tick(&mut self) {
        self.sleep(1_000);
        self.tick_into(Sink::Accept, u32::MAX, 512);
    }

    pub(crate) fn sleep(&mut self, ms: u64) {
        let span = Duration::from_millis(ms);
        self.gauge.now = self.gauge.now.saturating_add(span);
    }

    pub(crate) fn jump_back(&mut self, ms: u64) {
        let now = self.gauge.now.as_micros().saturating_sub(ms * 1_000);
        self.gauge.now = Instant::from_micros(now);
    }

    /// Takes in what was counted, as text for scrapers does, without a tick.
    pub(crate) fn scrape(&mut self) {
        let meters = self.gauge.node.meters();
        self.gauge.reporter.collect(meters, self.gauge.now);
    }

    /// Ticks now: the node's frames go into `sink`, those of levels are taken where the bit is set, through
    /// a buffer of `room` bytes.
    pub(crate) fn tick_into(&mut self, sink: Sink, takes: u32, room: usize) {
        self.gauge.collect();
        let (node, now) = (self.gauge.node.clone(), self.gauge.now);
        let ledger = self.gauge.reporter.traffic();
        self.rollups.take_in(node.meters().traffic(), ledger, now);
        self.rollups.handle_timeout(now);
        let levels = self.rollups.all();
        self.levels = levels.map(|level| (self.prefix(level), level)).collect();
        self.hear();
        self.read(takes, room);
        self.gauge.drain(sink, 512);
    }

    /// What a level has added up to, in all lives that there is nothing left of and in this one.
    pub(crate) fn total(&self, prefix: &str, lane: usize) -> Rollup {
        let level = self.find(prefix);
        level.map_or_else(Rollup::default, |level| self.rollups.total(level, lane))
    }

    pub(crate) fn find(&self, prefix: &str) -> Option<LevelId> {
        self.levels.get(prefix).copied()
    }

    pub(crate) fn prefix(&self, level: LevelId) -> String {
        let prefix = self.rollups.prefix(level).expect("a level");
        prefix.to_string()
    }

    /// The paths of all levels.
    pub(crate) fn prefixes(&self) -> BTreeSet<String> {
        self.levels.keys().cloned().collect()
    }

    fn hear(&mut self) {
        self.came.clear();
        self.went.clear();
        while let Some(event) = self.rollups.poll_event() {
            match event {
                LevelEvent::Announce(level) => {
                    let prefix = self.prefix(level);
                    assert!(self.came.insert(prefix.clone()), "{prefix} came twice");
                    let before = self.announced.insert(level, prefix);
                    assert_eq!(before, None, "it is announced already");
                }
                LevelEvent::Unannounce(level) => {
                    let prefix = self.prefix(level);
                    assert_eq!(self.announced.remove(&level), Some(prefix.clone()));
                    self.accepted.retain(|(of, _), _| *of != prefix);
                    self.went.insert(prefix);
                }
            }
        }
    }

    fn read(&mut self, takes: u32, room: usize) {
        self.offered = 0;
        let mut last = None;
        while let Some(track) = self.rollups.poll_track() {
            let place = (track.level, track.lane());
            assert!(last.replace(place) < Some(place), "each once, in order");
            let prefix = self.announced.get(&track.level).expect("announced");
            let (prefix, frame) = (prefix.clone(), self.frame(room));
            let rollup = self.judge(&prefix, track.tier, track.role, &frame);
            assert_eq!(rollup, self.rollups.total(track.level, track.lane()));
            if takes >> (self.offered % 32) & 1 == 1 {
                self.rollups.accept();
                self.note((prefix, track.lane()), &frame, rollup);
            } else {
                self.rollups.refuse();
            }
            self.offered += 1;
        }
    }

    fn frame(&mut self, room: usize) -> Map<String, Value> {
        let (mut frame, mut buf) = (Vec::new(), vec![0; room.max(1)]);
        loop {
            let chunk = self.rollups.poll_frame(&TIER_NAMES[..], "sjc/1", &mut buf);
            frame.extend_from_slice(&buf[..chunk.len]);
            if chunk.end {
                return serde_json::from_slice(&frame).expect("JSON");
            }
            assert_eq!(chunk.len, buf.len(), "an unfinished frame fills the buffer");
        }
    }

    /// Reads a frame, which must be of this track.
    fn judge(&self, prefix: &str, tier: Tier, role: Role, frame: &Map<String, Value>) -> Rollup {
        let tier = match tier {
            Tier::External => "external",
            Tier::Internal => "internal",
            Tier::Named(place) => TIER_NAMES[usize::from(place)],
        };
        assert_eq!(frame["v"], 1);
        assert_eq!(
            (&frame["level"], &frame["tier"]),
            (&prefix.into(), &tier.into())
        );
        assert_eq!(
            (&frame["role"], &frame["node"]),
            (&role.as_str().into(), &"sjc/1".into())
        );
        assert_eq!(frame["ts_ms"], self.gauge.reporter.health().ts_ms);
        rollup(frame)
    }

    /// What was accepted never falls within a life, and no word is below what closes it.
    fn note(&mut self, track: (String, usize), frame: &Map<String, Value>, rollup: Rollup) {
        check_order(&rollup);
        let since = frame["since"].as_u64().expect("a moment");
        let before = self.told.insert((track.0.clone(), track.1, since), rollup);
        if let Some(before) = before {
            check_rise(&before, &rollup);
        }
        self.accepted.insert(track, rollup);
    }
}

/// The counters of a frame.
fn rollup(frame: &Map<String, Value>) -> Rollup {
    let word = |name: &str| frame[name].as_u64().expect("a number");
    Rollup {
        broadcasts: word("broadcasts"),
        broadcasts_closed: word("broadcasts_closed"),
        subscriptions: word("subscriptions"),
        subscriptions_closed: word("subscriptions_closed"),
        bytes: word("bytes"),
        frames: word("frames"),
        groups: word("groups"),
    }
}

pub(crate) fn words(rollup: &Rollup) -> [u64; 7] {
    [
        rollup.broadcasts,
        rollup.broadcasts_closed,
        rollup.subscriptions,
        rollup.subscriptions_closed,
        rollup.bytes,
        rollup.frames,
        rollup.groups,
    ]
}

pub(crate) fn check_order(rollup: &Rollup) {
    assert!(rollup.broadcasts >= rollup.broadcasts_closed, "{rollup:?}");
    assert!(
        rollup.subscriptions >= rollup.subscriptions_closed,
        "{rollup:?}"
    );
}

pub(crate) fn check_rise(before: &Rollup, now: &Rollup) {
    let mut pairs = words(before).into_iter().zip(words(now));
    assert!(
        pairs.all(|(before, now)| before <= now),
        "{before:?} fell to {now:?}"
    );
}
