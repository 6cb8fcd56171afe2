//! Nodes that count for themselves, links that lose and delay, and a reader that adds it all up.

use std::collections::{BTreeMap, VecDeque};

use streamgauge_core::{
    Duration, Family, Health, Instant, Presence, PublisherStats, PublisherTrack, Role, Schedule,
    SessionStats, Tier, Traffic,
    collect::{
        Fleet, FleetPolicy, FrameAt, Kept, KeptAt, ReadError, SourceId, TrackKind, TrackName,
    },
};
use streamgauge_tests::{Node, Reporter, Room, TIER_NAMES, Words, plus, track_name};

use crate::room::{Boxed, KEY, Size, fleet};

/// Numbers that look like chance, and are always the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n.max(1)
    }

    /// The same for a place among `n`.
    fn index(&mut self, n: usize) -> usize {
        usize::try_from(self.below(n as u64)).unwrap_or(0)
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// What goes wrong in a world, in percent of frames, or of nodes and steps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trouble {
    pub(crate) lost: u64,
    pub(crate) late: u64,
    pub(crate) repeated: u64,
    pub(crate) crashes: u64,
    pub(crate) partings: u64,
    /// Of steps: the reader ends, and begins anew from what it kept.
    pub(crate) renewals: u64,
    /// Of arrivals: the reader is given frames from before first.
    pub(crate) replays: u64,
    /// Of arrivals: the reader reads the siblings instead of the tracks from then on, or the other way round.
    pub(crate) turns: u64,
}

/// A moment of 2023, in milliseconds.
const START_MS: u64 = 1_700_000_000_000;

/// So many frames of all tracks of a node are kept for readers who come late.
const REPLAYED: usize = 12;

/// A frame that a node published.
#[derive(Clone, Debug)]
struct Published {
    /// Which life of the node it is of.
    life: u64,
    track: String,
    /// Its group on the track; on the sibling it is some more.
    group: u64,
    bytes: Vec<u8>,
}

/// How much larger the numbers of groups are on siblings.
const BESIDE: u64 = 700;

/// A frame on its way.
#[derive(Clone, Debug)]
struct Sent {
    due: u64,
    frame: Published,
}

/// One life of a node.
struct Life {
    node: Node,
    reporter: Reporter,
    announces: Vec<PublisherStats<Node>>,
    tracks: Vec<PublisherTrack<Node>>,
    sessions: Vec<SessionStats<Node>>,
}

impl Life {
    fn new(step: u64, epoch: u64) -> Self {
        let node = Node::new(Room::of(8));
        let reporter = node.reporter_of(Schedule {
            interval: Duration::from_secs(1),
            start: instant(step),
            start_ms: START_MS + step * 1000,
            epoch,
        });
        Self {
            node,
            reporter,
            announces: Vec::new(),
            tracks: Vec::new(),
            sessions: Vec::new(),
        }
    }

    /// Opens, counts and closes this and that.
    fn act(&mut self, dice: &mut Dice) {
        for _ in 0..dice.below(4) {
            let tier = [Tier::External, Tier::Internal][usize::from(dice.chance(30))];
            let handle = self.node.tier(tier);
            match dice.below(6) {
                0 | 1 => {
                    let broadcast = handle.broadcast(&path(dice));
                    let stats = [broadcast.publisher(), broadcast.subscriber()]
                        .into_iter()
                        .nth(usize::from(dice.chance(30)));
                    self.announces.extend(stats);
                }
                2 => {
                    let at = dice.index(self.announces.len());
                    if let Some(stats) = self.announces.get(at) {
                        self.tracks.push(stats.track("video"));
                    }
                }
                3 => self.sessions.push(handle.session(&path(dice))),
                4 => self.bump(dice),
                _ => self.close(dice),
            }
        }
    }

    fn bump(&mut self, dice: &mut Dice) {
        for track in &mut self.tracks {
            if dice.chance(50) {
                track.group();
                track.whole_frame(1 + dice.index(2000));
            }
        }
    }

    fn close(&mut self, dice: &mut Dice) {
        drop_one(&mut self.tracks, dice);
        drop_one(&mut self.announces, dice);
        drop_one(&mut self.sessions, dice);
    }

    fn close_all(&mut self) {
        self.tracks.clear();
        self.announces.clear();
        self.sessions.clear();
    }

    /// What it has counted up to its last tick, by lane.
    fn totals(&self) -> Totals {
        let (traffic, presence) = (self.reporter.traffic(), self.reporter.presence());
        let traffic = (0..TRAFFIC_LANES).map(|lane| traffic.total(lane).words().to_vec());
        let presence = (0..PRESENCE_LANES).map(|lane| presence.total(lane).words().to_vec());
        Totals(traffic.chain(presence).collect())
    }

    /// Its frames that changed, by track.
    fn tick(&mut self, step: u64) -> Vec<(String, Vec<u8>)> {
        let meters = self.node.meters();
        self.reporter.tick(meters, instant(step));
        let (mut frames, mut buf) = (Vec::new(), [0; 4096]);
        while let Some(track) = self.reporter.poll_track() {
            let mut frame = Vec::new();
            loop {
                let chunk = self.reporter.poll_frame(meters, &TIER_NAMES[..], &mut buf);
                frame.extend_from_slice(&buf[..chunk.len]);
                if chunk.end {
                    break;
                }
            }
            self.reporter.accept(meters);
            frames.push((track_name(track), frame));
        }
        frames
    }
}

fn drop_one<T>(all: &mut Vec<T>, dice: &mut Dice) {
    if !all.is_empty() {
        all.swap_remove(dice.index(all.len()));
    }
}

fn path(dice: &mut Dice) -> String {
    let customer = dice.below(3);
    format!("room-{customer}/{}", dice.below(4))
}

/// Before the first group of a life that begins then.
fn first_group(step: u64) -> u64 {
    (START_MS + step * 1000) * 1000
}

fn instant(step: u64) -> Instant {
    Instant::from_micros(step * 1_000_000)
}

/// By lane, what was counted: four lanes of traffic, then two of presence.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Totals(pub(crate) Vec<Words>);

const TRAFFIC_LANES: usize = 4;
const PRESENCE_LANES: usize = 2;

impl Totals {
    pub(crate) fn zero() -> Self {
        let traffic = vec![vec![0; Traffic::WORDS.len()]; TRAFFIC_LANES];
        let presence = vec![vec![0; Presence::WORDS.len()]; PRESENCE_LANES];
        Self([traffic, presence].concat())
    }

    fn add(&mut self, other: &Self) {
        for (sum, other) in self.0.iter_mut().zip(&other.0) {
            *sum = plus(sum, other);
        }
    }

    /// What was open in a life that is over is closed.
    fn close(mut self) -> Self {
        for (lane, words) in self.0.iter_mut().enumerate() {
            for [opened, closed] in pairs(lane) {
                words[*closed] = words[*opened];
            }
        }
        self
    }

    /// How much is open, by lane and pair.
    pub(crate) fn open(&self) -> Vec<Words> {
        let of_lane = |(lane, words): (usize, &Words)| {
            let open = |pair: &[usize; 2]| words[pair[0]] - words[pair[1]];
            pairs(lane).iter().map(open).collect()
        };
        self.0.iter().enumerate().map(of_lane).collect()
    }

    /// Whether no word is less than it was, and nothing closed more often than it was opened.
    #[track_caller]
    pub(crate) fn assert_follows(&self, before: &Self) {
        for (lane, (now, before)) in self.0.iter().zip(&before.0).enumerate() {
            let rises = now.iter().zip(before).all(|(now, before)| now >= before);
            assert!(rises, "lane {lane} fell: {before:?} to {now:?}");
            for [opened, closed] in pairs(lane) {
                assert!(now[*opened] >= now[*closed], "lane {lane}: {now:?}");
            }
        }
    }
}

fn pairs(lane: usize) -> &'static [[usize; 2]] {
    if lane < TRAFFIC_LANES {
        Traffic::PAIRS
    } else {
        Presence::PAIRS
    }
}

/// What a file of a fleet holds: all changes, one upon the other.
pub(crate) type Copy<F> = BTreeMap<KeptAt, Kept<F, String>>;

/// Writes what changed into the file.
pub(crate) fn copy<F: Family>(fleet: &mut Fleet<F, Boxed<F>>, copy: &mut Copy<F>) {
    for (at, kept) in fleet.changed() {
        match kept {
            Some(kept) => copy.insert(at, kept.map_names(ToString::to_string)),
            None => copy.remove(&at),
        };
    }
    fleet.mark_kept();
    assert_eq!(fleet.changed().count(), 0);
}

/// The file has all that is to be kept, as it is now.
pub(crate) fn assert_copied<F: Family>(fleet: &Fleet<F, Boxed<F>>, copy: &Copy<F>) {
    let kept = fleet.kept_places();
    let kept: Copy<F> = kept
        .map(|(at, kept)| (at, kept.map_names(ToString::to_string)))
        .collect();
    for (at, kept) in &kept {
        assert_eq!(copy.get(at), Some(kept));
    }
    assert_eq!(copy.len(), kept.len());
}

/// The reader's side: both families of all nodes.
pub(crate) struct Reading {
    pub(crate) traffic: Fleet<Traffic, Boxed<Traffic>>,
    pub(crate) presence: Fleet<Presence, Boxed<Presence>>,
    copies: (Copy<Traffic>, Copy<Presence>),
    size: (usize, usize, usize),
    policy: FleetPolicy,
}

pub(crate) fn restore<F: Family>(from: &Copy<F>, into: &mut Fleet<F, Boxed<F>>, now: Instant) {
    for kept in from.values() {
        // What finds no room is without a name from then on.
        let _ = into.restore(&kept.as_str(), now);
    }
}

/// A node as the reader knows it.
#[derive(Clone, Copy, Debug)]
struct Ids(SourceId, SourceId);

/// The lane of a track, among those of its family.
fn lane(tier: &str, kind: TrackKind<'_>) -> usize {
    let tier = usize::from(tier == "internal");
    match kind {
        TrackKind::Traffic(role) => 2 * tier + usize::from(role == Role::Subscriber),
        _ => tier,
    }
}

/// The lane of a total in `node.json`, if it is of traffic; otherwise if it is of presence.
fn total_lane(name: &str, of_traffic: bool) -> Option<usize> {
    let name = TrackName::of_total(name)?;
    let traffic = matches!(name.kind, TrackKind::Traffic(_));
    (traffic == of_traffic).then(|| lane(name.tier, name.kind))
}

impl Reading {
    pub(crate) fn new(sources: usize, rows: usize, series: usize, policy: FleetPolicy) -> Self {
        let size = |lanes| Size {
            lanes,
            sources,
            rows,
            series,
        };
        Self {
            traffic: fleet(size(TRAFFIC_LANES), policy),
            presence: fleet(size(PRESENCE_LANES), policy),
            copies: Default::default(),
            size: (sources, rows, series),
            policy,
        }
    }

    /// A reader of the same size that goes on from what this one kept.
    fn renewed(&self, now: Instant) -> Self {
        let mut renewed = Self::new(self.size.0, self.size.1, self.size.2, self.policy);
        restore(&self.copies.0, &mut renewed.traffic, now);
        restore(&self.copies.1, &mut renewed.presence, now);
        renewed.save();
        renewed
    }

    /// Brings the file up to date.
    fn save(&mut self) {
        copy(&mut self.traffic, &mut self.copies.0);
        copy(&mut self.presence, &mut self.copies.1);
    }

    fn assert_saved(&self) {
        assert_copied(&self.traffic, &self.copies.0);
        assert_copied(&self.presence, &self.copies.1);
    }

    fn arrive(&mut self, name: &str, now: Instant) -> Ids {
        let traffic = self.traffic.arrive(name, now).unwrap();
        Ids(traffic, self.presence.arrive(name, now).unwrap())
    }

    fn depart(&mut self, ids: Ids, now: Instant) {
        self.traffic.depart(ids.0, now);
        self.presence.depart(ids.1, now);
    }

    fn read(&mut self, (ids, on_sibling): (Ids, bool), frame: &Published, now: Instant) {
        let Published {
            track,
            group,
            bytes,
            ..
        } = frame;
        let name = TrackName::parse(track).unwrap();
        let group = group + u64::from(on_sibling) * BESIDE;
        let at = FrameAt::first(group).on_sibling(on_sibling);
        let place = lane(name.tier, name.kind);
        let read = match name.kind {
            TrackKind::Traffic(_) => self.traffic.read::<KEY>(ids.0, place, at, bytes, now),
            TrackKind::Sessions => self.presence.read::<KEY>(ids.1, place, at, bytes, now),
            _ => self.read_node(ids, at, bytes, now),
        };
        assert!(
            matches!(read, Ok(()) | Err(ReadError::Refused(_))),
            "{track}: {read:?}"
        );
    }

    fn read_node(
        &mut self,
        ids: Ids,
        at: FrameAt,
        bytes: &[u8],
        now: Instant,
    ) -> Result<(), ReadError> {
        let mut health = Health::default();
        let lane = |name: &str| total_lane(name, true);
        self.traffic
            .read_node::<KEY>(ids.0, at, bytes, &mut health, lane, now)?;
        let lane = |name: &str| total_lane(name, false);
        self.presence
            .read_node::<KEY>(ids.1, at, bytes, &mut health, lane, now)?;
        Ok(())
    }

    pub(crate) fn totals(&self, now: Instant) -> Totals {
        let traffic = (0..TRAFFIC_LANES).map(|lane| self.traffic.lane(lane, now).unwrap().total);
        let presence = (0..PRESENCE_LANES).map(|lane| self.presence.lane(lane, now).unwrap().total);
        let traffic = traffic.map(|total| total.words().to_vec());
        let presence = presence.map(|total| total.words().to_vec());
        Totals(traffic.chain(presence).collect())
    }

    pub(crate) fn live(&self, now: Instant) -> Totals {
        let traffic = (0..TRAFFIC_LANES).map(|lane| self.traffic.lane(lane, now).unwrap().live);
        let presence = (0..PRESENCE_LANES).map(|lane| self.presence.lane(lane, now).unwrap().live);
        let traffic = traffic.map(|total| total.words().to_vec());
        let presence = presence.map(|total| total.words().to_vec());
        Totals(traffic.chain(presence).collect())
    }
}

/// A node, whatever becomes of it, and its link to the reader.
struct Simulated {
    name: String,
    ids: Option<Ids>,
    /// The reader reads the siblings.
    on_sibling: bool,
    life: Option<Life>,
    /// What lives that are over have told.
    over: Totals,
    /// What this life had told when the link went down.
    told: Totals,
    /// How many lives are over.
    lives: u64,
    /// The group of the last frame; begins with the clock in each life.
    group: u64,
    /// The newest frame of each track, for a reader that comes late.
    newest: BTreeMap<String, Published>,
    /// The last frames of this life and the one before, in their order.
    past: VecDeque<Published>,
    on_the_way: Vec<Sent>,
    /// The step at which it can be reached again.
    away_until: Option<u64>,
}

impl Simulated {
    fn new(name: String) -> Self {
        Self {
            name,
            ids: None,
            on_sibling: false,
            life: Some(Life::new(0, 1)),
            over: Totals::zero(),
            told: Totals::zero(),
            lives: 0,
            group: first_group(0),
            newest: BTreeMap::new(),
            past: VecDeque::new(),
            on_the_way: Vec::new(),
            away_until: None,
        }
    }

    /// What a reader of all that it published would know.
    fn truth(&self) -> Totals {
        let mut truth = self.over.clone();
        match &self.life {
            Some(life) if self.ids.is_some() => truth.add(&life.totals()),
            _ => truth.add(&self.told),
        }
        truth
    }

    fn publish(&mut self, step: u64, trouble: &Trouble, dice: &mut Dice) {
        let Some(life) = &mut self.life else { return };
        for (track, bytes) in life.tick(step) {
            self.group += 1;
            let frame = Published {
                life: self.lives,
                track: track.clone(),
                group: self.group,
                bytes,
            };
            self.newest.insert(track, frame.clone());
            self.past.push_back(frame.clone());
            if self.ids.is_none() {
                continue;
            }
            for _ in 0..=u64::from(dice.chance(trouble.repeated)) {
                let late = if dice.chance(trouble.late) {
                    1 + dice.below(3)
                } else {
                    0
                };
                if !dice.chance(trouble.lost) {
                    let (due, frame) = (step + late, frame.clone());
                    self.on_the_way.push(Sent { due, frame });
                }
            }
        }
        self.past.drain(..self.past.len().saturating_sub(REPLAYED));
    }

    /// The node arrives at the reader, which reads now the one of tracks and siblings and now the other.
    fn arrive(&mut self, step: u64, reading: &mut Reading, trouble: &Trouble, dice: &mut Dice) {
        self.ids = Some(reading.arrive(&self.name, instant(step)));
        if trouble.turns > 0 && dice.chance(trouble.turns) {
            self.on_sibling = !self.on_sibling;
            // What is on its way is of the other.
            self.on_the_way.clear();
        }
        self.replay(step, reading, trouble, dice);
    }

    /// Brings the frames to the reader that are due.
    fn deliver(&mut self, step: u64, reading: &mut Reading) {
        let Some(ids) = self.ids else { return };
        let (due, rest): (Vec<Sent>, _) = self.on_the_way.drain(..).partition(|s| s.due <= step);
        self.on_the_way = rest;
        for sent in due {
            reading.read((ids, self.on_sibling), &sent.frame, instant(step));
        }
    }

    /// Brings frames to the reader that it may have read before.
    fn replay(&self, step: u64, reading: &mut Reading, trouble: &Trouble, dice: &mut Dice) {
        let Some(ids) = self.ids.filter(|_| dice.chance(trouble.replays)) else {
            return;
        };
        let from = dice.index(self.past.len());
        for frame in self.past.iter().skip(from) {
            reading.read((ids, self.on_sibling), frame, instant(step));
        }
    }

    /// Brings the newest frames to the reader, whatever was lost.
    fn catch_up(&mut self, step: u64, reading: &mut Reading) {
        let Some(ids) = self.ids else { return };
        self.on_the_way.clear();
        for frame in self.newest.values() {
            reading.read((ids, self.on_sibling), frame, instant(step));
        }
    }

    /// It ends at once. What it published has arrived, what it counted since is lost with it.
    fn crash(&mut self, step: u64, reading: &mut Reading, trouble: &Trouble, dice: &mut Dice) {
        self.catch_up(step, reading);
        if self.ids.is_none() {
            self.past.clear();
        } else {
            self.told = self.life.as_ref().map_or(Totals::zero(), Life::totals);
        }
        let told = std::mem::replace(&mut self.told, Totals::zero());
        self.over.add(&told.close());
        self.newest.clear();
        let lives = self.lives;
        self.past.retain(|frame| frame.life == lives);
        self.lives += 1;
        self.group = first_group(step);
        self.life = Some(Life::new(step, step + 2));
        if let Some(ids) = self.ids {
            if dice.chance(50) {
                reading.depart(ids, instant(step));
            }
            self.arrive(step, reading, trouble, dice);
        }
    }

    /// It cannot be reached any more, for some time or for ever.
    fn part(&mut self, step: u64, reading: &mut Reading, dice: &mut Dice) {
        self.catch_up(step, reading);
        if let Some(ids) = self.ids.take() {
            reading.depart(ids, instant(step));
        }
        self.told = self.life.as_ref().map_or(Totals::zero(), Life::totals);
        self.away_until = Some(step + 1 + dice.below(20));
        if dice.chance(20) {
            self.away_until = None;
            self.life = None;
        }
    }

    fn come_back(&mut self, step: u64, reading: &mut Reading, trouble: &Trouble, dice: &mut Dice) {
        self.away_until = None;
        self.arrive(step, reading, trouble, dice);
        self.catch_up(step, reading);
    }
}

/// Nodes, and one reader of them all.
pub(crate) struct World {
    nodes: Vec<Simulated>,
    pub(crate) reading: Reading,
    trouble: Trouble,
    dice: Dice,
    step: u64,
    last: Totals,
}

impl World {
    pub(crate) fn new(nodes: usize, reading: Reading, trouble: Trouble, seed: u64) -> Self {
        let node = |n| Simulated::new(format!("node/{n}"));
        let mut world = Self {
            nodes: (0..nodes).map(node).collect(),
            reading,
            trouble,
            dice: Dice(seed | 1),
            step: 1,
            last: Totals::zero(),
        };
        for node in &mut world.nodes {
            node.ids = Some(world.reading.arrive(&node.name, instant(0)));
        }
        world
    }

    pub(crate) fn now(&self) -> Instant {
        instant(self.step)
    }

    /// A second passes. Nothing that the reader tells may fall.
    pub(crate) fn step(&mut self) {
        self.step += 1;
        let (step, trouble) = (self.step, self.trouble);
        let (reading, dice) = (&mut self.reading, &mut self.dice);
        for node in &mut self.nodes {
            if node.away_until.is_some_and(|until| until <= step) {
                node.come_back(step, reading, &trouble, dice);
            }
            if let Some(life) = &mut node.life {
                life.act(dice);
            }
            node.publish(step, &trouble, dice);
            node.deliver(step, reading);
            if node.life.is_some() && dice.chance(trouble.crashes) {
                node.crash(step, reading, &trouble, dice);
            } else if node.ids.is_some() && dice.chance(trouble.partings) {
                node.part(step, reading, dice);
            }
        }
        reading.traffic.handle_timeout(instant(step));
        reading.presence.handle_timeout(instant(step));
        reading.save();
        if dice.chance(trouble.renewals) {
            self.renew_reader();
        }
        self.check();
    }

    /// The reader ends, and another goes on from what it kept: the nodes that are there arrive anew.
    fn renew_reader(&mut self) {
        let now = self.now();
        self.reading = self.reading.renewed(now);
        for node in self.nodes.iter_mut().filter(|node| node.ids.is_some()) {
            node.arrive(self.step, &mut self.reading, &self.trouble, &mut self.dice);
            node.catch_up(self.step, &mut self.reading);
        }
    }

    fn check(&mut self) {
        let totals = self.reading.totals(self.now());
        totals.assert_follows(&self.last);
        self.last = totals;
        if self.step.is_multiple_of(8) {
            self.reading.save();
            self.reading.assert_saved();
            let now = self.now();
            assert_adds_up(&self.reading.traffic, TRAFFIC_LANES, now);
            assert_adds_up(&self.reading.presence, PRESENCE_LANES, now);
        }
    }

    /// All is quiet: who can be reached is reached, and the newest frames arrive.
    pub(crate) fn settle(&mut self, close: bool) {
        self.step += 1;
        let step = self.step;
        let mut dice = self.dice;
        for node in &mut self.nodes {
            if node.away_until.is_some() {
                node.come_back(step, &mut self.reading, &self.trouble, &mut dice);
            }
            if let Some(life) = node.life.as_mut().filter(|_| close) {
                life.close_all();
            }
            node.publish(step, &self.trouble, &mut dice);
            node.catch_up(step, &mut self.reading);
        }
        self.check();
    }

    /// What was counted and published.
    pub(crate) fn truth(&self) -> Totals {
        let mut truth = Totals::zero();
        self.nodes.iter().for_each(|node| truth.add(&node.truth()));
        truth
    }

    /// What is open in the nodes that can be reached.
    pub(crate) fn truly_open(&self) -> Vec<Words> {
        let mut open = Totals::zero();
        let here = self.nodes.iter().filter(|node| node.ids.is_some());
        for life in here.filter_map(|node| node.life.as_ref()) {
            open.add(&life.totals());
        }
        open.open()
    }
}

/// Names, what is forgotten of them, and what has no name: together they are all that was counted. The
/// same of what is open.
fn assert_adds_up<F: Family>(fleet: &Fleet<F, Boxed<F>>, lanes: usize, now: Instant) {
    for lane in 0..lanes {
        let view = fleet.lane(lane, now).unwrap();
        let mut sum = plus(
            view.unnamed.words().as_ref(),
            view.forgotten.words().as_ref(),
        );
        let mut live = Words::new();
        for row in fleet.rows().filter(|row| row.lane() == lane) {
            let totals = row.totals().words();
            sum = plus(&sum, totals.as_ref());
            live = plus(&live, row.live().words().as_ref());
            for [opened, closed] in F::PAIRS {
                assert!(totals.as_ref()[*opened] >= totals.as_ref()[*closed]);
            }
        }
        assert_eq!(sum, view.total.words().as_ref(), "lane {lane}");
        assert_eq!(plus(&live, &sum), plus(view.live.words().as_ref(), &sum));
    }
}
