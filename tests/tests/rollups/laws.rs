//! The laws against the plain truth, over random paths, levels, guards, refusals and clocks.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection::vec, prelude::*, sample::select};
use streamgauge_core::{
    Duration, Instant, OVERFLOW, PublisherStats, PublisherTrack, Role, Rollup, Tier,
};
use streamgauge_tests::{Node, Room, Sink};

use crate::{
    desk::{Desk, Plan, check_order, check_rise, words},
    truth::{Truth, name},
};

/// Few, so that guards meet under prefixes; strange, so that names are put to the test.
const PATHS: [&str; 20] = [
    "a",
    "a/b",
    "a/b/c",
    "a/b/c/d/e",
    "a/c",
    "b",
    "//a///b//",
    "ab",
    "a-b",
    "__overflow__",
    "__overflow__/a",
    "___overflow__",
    "___overflow__/a/b",
    "a/__overflow__",
    "/__overflow__//",
    "one-byte-longer-than-a-key-can-be",
    "exactly/as/long/as/a/key/can/be-",
    "quo\"te/back\\slash/\n",
    "ünï/çødé/🎈",
    "a\u{0}/b",
];

#[derive(Clone, Debug)]
enum Op {
    Announce(Tier, Role, String),
    Subscribe(Tier, Role, String),
    View(usize),
    Bump(usize, usize),
    Close(usize),
    CloseAnnounce(usize),
    Tick(Sink, u32, usize),
    Scrape,
    Sleep(u64),
    JumpBack(u64),
}

fn place() -> impl Strategy<Value = (Tier, Role, String)> {
    let tier = select(vec![Tier::External, Tier::Internal, Tier::Named(0)]);
    let path = prop_oneof![
        6 => select(&PATHS[..]).prop_map(String::from),
        3 => (0..30).prop_map(|n| format!("many/{}/{n}", n % 5)),
        1 => "[a-c/]{1,12}".prop_filter("a segment", |path| path.contains(|c| c != '/')),
    ];
    (tier, select(&Role::ALL[..]), path)
}

fn sink() -> impl Strategy<Value = Sink> {
    prop_oneof![
        3 => Just(Sink::Accept),
        1 => Just(Sink::Refuse),
        2 => any::<u32>().prop_map(Sink::Some),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let takes = prop_oneof![3 => Just(u32::MAX), 1 => Just(0), 1 => any::<u32>()];
    let room = prop_oneof![1 => 1..40_usize, 5 => Just(512)];
    prop_oneof![
        2 => place().prop_map(|(tier, role, path)| Op::Announce(tier, role, path)),
        4 => place().prop_map(|(tier, role, path)| Op::Subscribe(tier, role, path)),
        2 => any::<usize>().prop_map(Op::View),
        4 => (any::<usize>(), 0..5_000_usize).prop_map(|(pick, n)| Op::Bump(pick, n)),
        5 => any::<usize>().prop_map(Op::Close),
        2 => any::<usize>().prop_map(Op::CloseAnnounce),
        6 => (sink(), takes, room).prop_map(|(sink, takes, room)| Op::Tick(sink, takes, room)),
        1 => Just(Op::Scrape),
        3 => (0..8_000_u64).prop_map(Op::Sleep),
        1 => (0..20_000_u64).prop_map(Op::JumpBack),
    ]
}

/// A guard, and the name and lane that it counts for.
struct Held<G>(G, String, usize);

/// A node with roll-ups, and the truth about it.
struct World {
    desk: Desk,
    truth: Truth,
    announces: Vec<Held<PublisherStats<Node>>>,
    tracks: Vec<Held<PublisherTrack<Node>>>,
    /// What lives that are over have added up to, and what those that are not had at the last tick.
    over: BTreeMap<(String, usize), [u64; 7]>,
    lives: BTreeMap<(String, u64), Vec<Rollup>>,
    /// Since when nothing was subscribed under a prefix that is announced.
    idle: BTreeMap<String, Instant>,
}

impl World {
    fn new(plan: Plan) -> Self {
        let truth = Truth {
            levels: plan.levels,
            ..Truth::default()
        };
        Self {
            desk: Desk::new(plan),
            truth,
            announces: Vec::new(),
            tracks: Vec::new(),
            over: BTreeMap::new(),
            lives: BTreeMap::new(),
            idle: BTreeMap::new(),
        }
    }

    /// Does an operation to both; says whether it was a tick.
    fn apply(&mut self, op: &Op) -> bool {
        match op {
            Op::Announce(tier, role, path) => self.announce(*tier, *role, path),
            Op::Subscribe(tier, role, path) => self.subscribe(*tier, *role, path),
            Op::View(pick) => self.view(*pick),
            Op::Bump(pick, n) => self.bump(*pick, *n),
            Op::Close(pick) => self.close(*pick),
            Op::CloseAnnounce(pick) => self.close_announce(*pick),
            Op::Scrape => self.desk.scrape(),
            Op::Sleep(ms) => self.desk.sleep(*ms),
            Op::JumpBack(ms) => self.desk.jump_back(*ms),
            Op::Tick(sink, takes, room) => {
                self.desk.tick_into(*sink, *takes, *room);
                return true;
            }
        }
        false
    }

    fn announce(&mut self, tier: Tier, role: Role, path: &str) {
        let broadcast = self.desk.gauge.node.tier(tier).broadcast(path);
        let guard = match role {
            Role::Publisher => broadcast.publisher(),
            Role::Subscriber => broadcast.subscriber(),
        };
        let (name, lane) = (name(path), lane(tier, role));
        self.truth.add(&name, lane, 0, 1);
        self.announces.push(Held(guard, name, lane));
    }

    fn subscribe(&mut self, tier: Tier, role: Role, path: &str) {
        let broadcast = self.desk.gauge.node.tier(tier).broadcast(path);
        let guard = match role {
            Role::Publisher => broadcast.publisher_track("v"),
            Role::Subscriber => broadcast.subscriber_track("v"),
        };
        let (name, lane) = (name(path), lane(tier, role));
        self.truth.add(&name, lane, 2, 1);
        self.tracks.push(Held(guard, name, lane));
    }

    fn view(&mut self, pick: usize) {
        let Some(at) = pick.checked_rem(self.announces.len()) else {
            return;
        };
        let Held(announce, name, lane) = &self.announces[at];
        let (track, name, lane) = (announce.track("v"), name.clone(), *lane);
        self.truth.add(&name, lane, 2, 1);
        self.tracks.push(Held(track, name, lane));
    }

    fn bump(&mut self, pick: usize, n: usize) {
        let Some(at) = pick.checked_rem(self.tracks.len()) else {
            return;
        };
        let Held(track, name, lane) = &mut self.tracks[at];
        if name == OVERFLOW {
            // It would keep what it counts for a while.
            return;
        }
        track.group();
        track.whole_frame(n);
        for (word, n) in [(4, n as u64), (5, 1), (6, 1)] {
            self.truth.add(name, *lane, word, n);
        }
    }

    fn close(&mut self, pick: usize) {
        let Some(at) = pick.checked_rem(self.tracks.len()) else {
            return;
        };
        let Held(track, name, lane) = self.tracks.swap_remove(at);
        drop(track);
        self.truth.add(&name, lane, 3, 1);
    }

    fn close_announce(&mut self, pick: usize) {
        let Some(at) = pick.checked_rem(self.announces.len()) else {
            return;
        };
        let Held(announce, name, lane) = self.announces.swap_remove(at);
        drop(announce);
        self.truth.add(&name, lane, 1, 1);
    }

    /// Each level in order, none falls within its life, and the root is all that there is.
    fn check_lives(&mut self) {
        let lanes = self.desk.plan.lanes();
        let mut now = BTreeMap::new();
        for level in self.desk.rollups.all() {
            let since = self.desk.rollups.since(level).expect("a level");
            let totals = (0..lanes).map(|lane| self.desk.rollups.total(level, lane));
            let totals: Vec<_> = totals.collect();
            totals.iter().for_each(check_order);
            let life = (self.desk.prefix(level), since);
            for (before, now) in self.lives.get(&life).into_iter().flatten().zip(&totals) {
                check_rise(before, now);
            }
            assert!(now.insert(life, totals).is_none(), "a level is there twice");
        }
        self.lives.retain(|life, totals| {
            let over = !now.contains_key(life);
            if over {
                for (lane, total) in totals.iter().enumerate() {
                    let sum = self.over.entry((life.0.clone(), lane)).or_default();
                    *sum = plus(sum, &words(total));
                }
            }
            !over
        });
        self.lives = now;
        for lane in 0..lanes {
            let (root, all) = (self.desk.total("", lane), self.desk.gauge.total(lane));
            let all = [
                all.announced,
                all.announced_closed,
                all.subscriptions,
                all.subscriptions_closed,
                all.bytes,
                all.frames,
                all.groups,
            ];
            assert_eq!(words(&root), all, "the root of lane {lane}");
        }
    }

    /// What a prefix has added up to in all its lives.
    fn total(&self, prefix: &str, lane: usize) -> [u64; 7] {
        let over = self.over.get(&(prefix.to_owned(), lane));
        let now = words(&self.desk.total(prefix, lane));
        plus(&over.copied().unwrap_or_default(), &now)
    }

    /// Where there is room, every prefix is exact.
    fn check_exact(&self) {
        for ((prefix, lane), truth) in &self.truth.sums {
            assert_eq!(self.total(prefix, *lane), *truth, "{prefix:?} {lane}");
        }
        let known: BTreeSet<_> = self.truth.sums.keys().map(|(prefix, _)| prefix).collect();
        for prefix in self.desk.prefixes() {
            let first = prefix.is_empty() || prefix == OVERFLOW;
            assert!(first || known.contains(&prefix), "{prefix:?} is made up");
        }
    }

    /// Where there is none, what a prefix lacks is in the overflow level; guards that were counted there
    /// themselves keep what they counted for a while.
    fn check_folded(&self, guards_are_gone: bool) {
        let sure = if guards_are_gone { 7 } else { 4 };
        for ((prefix, lane), truth) in &self.truth.sums {
            let total = self.total(prefix, *lane);
            let spare = self.total(OVERFLOW, *lane);
            for word in 0..7 {
                let (total, truth) = (total[word], truth[word]);
                assert!(prefix == OVERFLOW || total <= truth, "{prefix:?} {lane}");
                let lacks = word < sure && total + spare[word] < truth;
                assert!(!lacks, "{prefix:?} {lane} {word}");
            }
        }
        if self.desk.plan.levels == 1 {
            self.check_parts();
        }
    }

    /// With one level each series counts in one prefix, or in the overflow level: they make up the root.
    fn check_parts(&self) {
        let parts = |lane| {
            let over = self.over.iter().filter(move |((_, of), _)| *of == lane);
            let over = over.map(|(_, sum)| *sum);
            let now = self
                .lives
                .iter()
                .filter(|((prefix, _), _)| !prefix.is_empty());
            over.chain(now.map(move |(_, totals)| words(&totals[lane])))
        };
        for lane in 0..self.desk.plan.lanes() {
            let sum = parts(lane).fold([0; 7], |sum, part| plus(&sum, &part));
            assert_eq!(sum, words(&self.desk.total("", lane)), "lane {lane}");
        }
    }

    /// A level is announced as long as something is subscribed under it and for the linger after that, and
    /// then until its last frames were accepted.
    fn check_announced(&mut self, told: &BTreeSet<String>) {
        let now = self.desk.gauge.now;
        let came = std::mem::take(&mut self.truth.came);
        let announced: BTreeSet<_> = self.desk.announced.values().cloned().collect();
        let prefixes: BTreeSet<_> = self.truth.sums.keys().map(|(of, _)| of.clone()).collect();
        for prefix in prefixes {
            let open = self.truth.open(&prefix) > 0;
            let active = open || came.contains_key(&prefix);
            let is = announced.contains(&prefix);
            assert!(is || !active, "{prefix:?} is subscribed, and not announced");
            let idle = self.idle.get(&prefix).copied().filter(|idle| *idle <= now);
            let idle = idle.filter(|_| !active).unwrap_or(now);
            let over = now.saturating_since(idle) >= self.desk.plan.linger;
            let known = self.desk.went.contains(&prefix) || is;
            if known && !active && !self.desk.came.contains(&prefix) {
                let stays = !(over && told.contains(&prefix));
                assert_eq!(is, stays, "{prefix:?} is idle since {idle:?}, {now:?} now");
            }
            if is && !open {
                self.idle.insert(prefix, idle);
            } else {
                self.idle.remove(&prefix);
            }
        }
    }

    /// The levels all of whose frames were accepted as they now are.
    fn told(&self) -> BTreeSet<String> {
        let lanes = self.desk.plan.lanes();
        let told = |prefix: &str| {
            (0..lanes).all(|lane| {
                let track = (prefix.to_owned(), lane);
                let over = self.over.get(&track).copied().unwrap_or_default();
                let accepted = self.desk.accepted.get(&track).map(words);
                accepted.map(|words| plus(&over, &words)) == Some(self.truth.sum(prefix, lane))
            })
        };
        let announced = self.desk.announced.values();
        announced.filter(|prefix| told(prefix)).cloned().collect()
    }

    /// After the last guard: all is told, and all room is free again.
    fn finish(mut self) -> Self {
        while !self.tracks.is_empty() {
            self.close(0);
        }
        while !self.announces.is_empty() {
            self.close_announce(0);
        }
        for _ in 0..3 {
            self.desk.tick();
            self.check_lives();
        }
        for ((prefix, lane), accepted) in &self.desk.accepted {
            let total = self.desk.total(prefix, *lane);
            assert_eq!(accepted, &total, "{prefix:?} {lane} was told as it is");
        }
        self.desk.sleep(self.desk.plan.linger.as_millis());
        self.desk.tick();
        self.desk.tick();
        self.check_lives();
        assert_eq!(self.desk.announced.len(), 0);
        assert!(
            self.desk.usage().series <= 2,
            "the root, and the overflow level"
        );
        self
    }
}

fn lane(tier: Tier, role: Role) -> usize {
    tier.index() * 2 + role as usize
}

fn plus(a: &[u64; 7], b: &[u64; 7]) -> [u64; 7] {
    std::array::from_fn(|word| a[word] + b[word])
}

/// Lives of levels that are told apart by the frames that were accepted.
fn check_told(world: &World) {
    let mut lives: BTreeMap<(&str, usize), Vec<u64>> = BTreeMap::new();
    for (prefix, lane, since) in world.desk.told.keys() {
        lives.entry((prefix, *lane)).or_default().push(*since);
    }
    for (_, since) in lives {
        assert!(since.is_sorted_by(|a, b| a < b));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_prefix_is_exact_and_announced_as_long_as_it_is_subscribed(
        levels in 1..5_usize,
        linger in prop_oneof![Just(0), 0..30_000_u64],
        ops in vec(op(), 0..120),
    ) {
        let mut world = World::new(Plan {
            linger: Duration::from_millis(linger),
            ..Plan::ample(levels)
        });
        for op in &ops {
            let told = world.told();
            if world.apply(op) {
                world.check_lives();
                world.check_exact();
                // What moved in this tick was not told before it.
                world.check_announced(&told);
            }
        }
        check_told(&world);
        world.finish().check_exact();
    }

    #[test]
    fn tables_that_are_full_lose_nothing(
        levels in 1..4_usize,
        (series, cells, level_room) in (0..12_usize, 0..40_usize, 2..9_usize),
        linger in 0..20_000_u64,
        ops in vec(op(), 0..150),
    ) {
        let room = Room { named_tiers: 1, cells: cells.max(200), ..Room::of(series) };
        let linger = Duration::from_millis(linger);
        let mut world = World::new(Plan { room, levels, level_room, linger });
        for op in &ops {
            if world.apply(op) {
                world.check_lives();
                world.check_folded(false);
            }
        }
        check_told(&world);
        world.finish().check_folded(true);
    }
}
