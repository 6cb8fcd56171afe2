//! A relay that gives each new reader what it has kept, and a reader that begins anew at any time, against a
//! plain model: what the newest frame that was read says of each life.

use proptest::prelude::*;
use streamgauge_core::{
    Duration,
    collect::{FleetPolicy, FrameAt},
};

use crate::replay::Reader;

const SERIES: usize = 4;
const NAMES: [&str; SERIES] = ["a", "x/b", "x/c", "d"];

/// A moment of a wall clock, in milliseconds.
const BORN: u64 = 1_700_000_000_000;

/// What a life of a series counted: bytes, what was opened, and what was closed.
type Words = [u64; 3];

#[derive(Clone, Debug, PartialEq)]
struct Life {
    since: u64,
    words: Words,
}

/// What frames told so far: lives that are over, added up, and those that are not.
#[derive(Clone, Debug, Default)]
struct Told {
    over: [Words; SERIES],
    live: [Option<Life>; SERIES],
}

impl Told {
    /// A frame tells what there is now.
    fn take(&mut self, now: &[Option<Life>; SERIES]) {
        for ((over, before), now) in self.over.iter_mut().zip(&self.live).zip(now) {
            let is_over = |life: &&Life| now.as_ref().is_none_or(|now| now.since != life.since);
            if let Some(Life { words, .. }) = before.as_ref().filter(is_over) {
                let [bytes, opened, _] = *words;
                *over = plus(*over, [bytes, opened, opened]);
            }
        }
        self.live.clone_from(now);
    }

    fn total(&self, series: usize) -> Words {
        let live = self.live[series].as_ref();
        plus(self.over[series], live.map_or([0; 3], |life| life.words))
    }

    fn open(&self) -> u64 {
        let live = self.live.iter().flatten();
        live.map(|Life { words, .. }| words[1] - words[2]).sum()
    }
}

fn plus(a: Words, b: Words) -> Words {
    std::array::from_fn(|at| a[at] + b[at])
}

/// What is told of a step, as the relay has it, and what all steps up to it tell.
struct Step {
    /// Which life of the node it is of.
    life: usize,
    /// On the track, where each frame says all, and on its sibling, where most are patches.
    frames: [Frame; 2],
    told: Told,
}

struct Frame {
    at: FrameAt,
    text: String,
}

/// A node, and the relay between it and its readers.
struct Node {
    clock: u64,
    life: usize,
    /// The last groups of the track and of its sibling.
    groups: [u64; 2],
    series: [Option<Life>; SERIES],
    steps: Vec<Step>,
    told: Told,
}

impl Node {
    fn new() -> Self {
        let mut node = Self {
            clock: BORN,
            life: 0,
            groups: [BORN * 1000; 2],
            series: [const { None }; SERIES],
            steps: Vec::new(),
            told: Told::default(),
        };
        node.keyframe();
        node
    }

    fn life_of(&mut self, series: usize) -> &mut Words {
        self.clock += 1;
        let since = self.clock;
        let born = || Life {
            since,
            words: [0; 3],
        };
        &mut self.series[series].get_or_insert_with(born).words
    }

    /// It begins anew, after some seconds, or with its clock set back by as many.
    fn restart(&mut self, seconds: u64, is_set_back: bool) {
        self.series = [const { None }; SERIES];
        self.life += 1;
        let millis = 1_000 * (2 + seconds);
        self.clock = if is_set_back {
            self.clock - millis
        } else {
            // No two lives in a row, or with one between, begin at the same moment: nobody could tell their groups apart.
            self.clock + millis + 500
        };
        self.groups = [self.clock * 1000; 2];
        self.keyframe();
    }

    /// Begins a group.
    fn keyframe(&mut self) {
        self.groups[1] += 1;
        let (at, text) = (FrameAt::first(self.groups[1]), self.whole());
        self.push(at, text);
    }

    fn whole(&self) -> String {
        let row = |life: &Life| {
            let [bytes, opened, closed] = life.words;
            let since = life.since;
            format!(
                r#"{{"bytes":{bytes},"subscriptions":{opened},"subscriptions_closed":{closed},"since":{since}}}"#
            )
        };
        let rows = self.series.iter().map(|life| life.as_ref().map(row));
        frame(rows)
    }

    /// Adds a patch to the group.
    fn patch(&mut self) {
        let before = &self.told.live;
        let rows = self.series.iter().zip(before);
        let rows = rows.map(|(now, before)| match (now, before) {
            (Some(now), before) => changed(now, before.as_ref()),
            (None, Some(_)) => Some("null".to_owned()),
            (None, None) => None,
        });
        let text = frame(rows);
        let mut at = self.steps.last().unwrap().frames[1].at;
        at.frame += 1;
        self.push(at, text);
    }

    fn push(&mut self, at: FrameAt, text: String) {
        self.told.take(&self.series);
        self.groups[0] += 1;
        let whole = Frame {
            at: FrameAt::first(self.groups[0]),
            text: self.whole(),
        };
        let at = at.on_sibling(true);
        self.steps.push(Step {
            life: self.life,
            frames: [whole, Frame { at, text }],
            told: self.told.clone(),
        });
    }
}

fn frame(rows: impl Iterator<Item = Option<String>>) -> String {
    let rows = NAMES.iter().zip(rows);
    let rows = rows.filter_map(|(name, row)| Some(format!(r#""{name}":{}"#, row?)));
    format!("{{{}}}", rows.collect::<Vec<_>>().join(","))
}

/// The members of a row that changed, if any did.
fn changed(now: &Life, before: Option<&Life>) -> Option<String> {
    let names = ["bytes", "subscriptions", "subscriptions_closed"];
    let was = before.map_or([0; 3], |life| life.words);
    let words = names.iter().zip(now.words.iter().zip(&was));
    let mut members: Vec<_> = words
        .filter(|(_, (now, was))| now != was)
        .map(|(name, (now, _))| format!(r#""{name}":{now}"#))
        .collect();
    if before.map(|life| life.since) != Some(now.since) {
        members.push(format!(r#""since":{}"#, now.since));
    }
    (!members.is_empty()).then(|| format!("{{{}}}", members.join(",")))
}

/// Something that happens.
#[derive(Clone, Debug)]
enum Event {
    Bytes(usize, u64),
    Open(usize),
    Close(usize),
    End(usize),
    Patch,
    Keyframe,
    Restart(u64, bool),
    /// So many frames are read.
    Read(usize),
    /// The reader will read the sibling instead of the track, or the other way round, once it is connected anew.
    Turn,
    /// The reader connects anew, and is given so many frames again.
    Connect(usize),
    /// The reader goes on from what it kept, likewise.
    Restore(usize),
    /// The node was gone for so long that its series are forgotten.
    Forget(usize),
}

fn event() -> impl Strategy<Value = Event> {
    let series = 0..SERIES;
    prop_oneof![
        6 => (series.clone(), 1..1000_u64).prop_map(|(at, bytes)| Event::Bytes(at, bytes)),
        2 => series.clone().prop_map(Event::Open),
        2 => series.clone().prop_map(Event::Close),
        3 => series.prop_map(Event::End),
        8 => Just(Event::Patch),
        3 => Just(Event::Keyframe),
        1 => (0..100_u64, any::<bool>()).prop_map(|(by, back)| Event::Restart(by, back)),
        8 => (0..8_usize).prop_map(Event::Read),
        2 => Just(Event::Turn),
        2 => (0..12_usize).prop_map(Event::Connect),
        2 => (0..12_usize).prop_map(Event::Restore),
        1 => (0..12_usize).prop_map(Event::Forget),
    ]
}

/// A node, a relay, and a reader.
struct World {
    node: Node,
    reader: Reader,
    /// Which of the track and its sibling is read, and which will be.
    form: usize,
    turn: usize,
    /// The next frame that the relay gives.
    next: usize,
    /// How many were read, whenever that was.
    read: usize,
}

impl World {
    fn new() -> Self {
        let policy = FleetPolicy::new().with_keep(Duration::from_secs(300));
        Self {
            node: Node::new(),
            reader: Reader::with(policy),
            form: 1,
            turn: 1,
            next: 0,
            read: 0,
        }
    }

    fn happen(&mut self, event: &Event) {
        let node = &mut self.node;
        match *event {
            Event::Bytes(at, bytes) => node.life_of(at)[0] += bytes,
            Event::Open(at) => node.life_of(at)[1] += 1,
            Event::Close(at) => {
                let words = node.life_of(at);
                words[2] = (words[2] + 1).min(words[1]);
            }
            Event::End(at) => node.series[at] = None,
            Event::Patch => node.patch(),
            Event::Keyframe => node.keyframe(),
            Event::Restart(by, is_set_back) => node.restart(by, is_set_back),
            Event::Turn => self.turn = 1 - self.turn,
            Event::Read(frames) => (0..frames).for_each(|_| self.read_next()),
            Event::Connect(back) => {
                self.reader.connect();
                self.go_back(back);
            }
            Event::Restore(back) => {
                self.reader.restore();
                self.go_back(back);
            }
            Event::Forget(back) => {
                self.reader.forget();
                self.go_back(back);
            }
        }
    }

    fn read_next(&mut self) {
        let Some(frame) = self.frame(self.next) else {
            return;
        };
        let before = self.next.checked_sub(1).and_then(|at| self.frame(at));
        let (at, text) = (frame.at, frame.text.clone());
        if before.is_some_and(|before| at.group < before.at.group) {
            // Numbers that fall are announced anew.
            self.reader.connect();
        }
        self.reader.read(at, &text).unwrap();
        self.next += 1;
        self.read = self.read.max(self.next);
    }

    fn frame(&self, step: usize) -> Option<&Frame> {
        Some(&self.node.steps.get(step)?.frames[self.form])
    }

    /// The relay goes back to the beginning of a group, in this life of the node or the one before, such that
    /// nothing is missing between what was read and what comes.
    fn go_back(&mut self, frames: usize) {
        self.form = self.turn;
        let newest = self.read.saturating_sub(1);
        let life = self.node.steps[newest].life;
        let mut start = newest.saturating_sub(frames);
        while self.frame(start).unwrap().at.frame > 0 {
            start -= 1;
        }
        let kept = |step: &Step| step.frames[self.form].at.frame == 0 && step.life + 1 >= life;
        while !kept(&self.node.steps[start]) {
            start += 1;
        }
        self.next = start;
    }

    fn told(&self) -> Told {
        let newest = self.read.checked_sub(1);
        newest.map_or_else(Told::default, |at| self.node.steps[at].told.clone())
    }

    fn totals(&self) -> [Words; SERIES] {
        NAMES.map(|name| {
            let row = self.reader.row(name);
            [row.bytes, row.subscriptions, row.subscriptions_closed]
        })
    }

    fn total(&self) -> Words {
        let total = self.reader.total();
        [total.bytes, total.subscriptions, total.subscriptions_closed]
    }

    fn is_caught_up(&self) -> bool {
        self.next == self.read
    }
}

/// Each name's own truth, at every moment, and what is open once the relay has nothing old to give. What
/// was open when the reader lost the node, and is not there when it is back, is closed once that is forgotten.
fn assert_exact(world: &World) {
    let told = world.told();
    let totals = world.totals();
    for (series, words) in totals.into_iter().enumerate() {
        let [bytes, opened, closed] = told.total(series);
        assert_eq!(words[..2], [bytes, opened], "{}", NAMES[series]);
        assert!(words[2] <= closed, "{}: {words:?}", NAMES[series]);
    }
    assert_eq!(world.total(), totals.into_iter().fold([0; 3], plus));
    if world.is_caught_up() && world.next > 0 {
        assert_eq!(world.reader.open(), told.open());
    }
}

/// What was forgotten may be without a name, or missing where the node tells no totals: never is anything
/// more than it was.
fn assert_not_more(world: &World) {
    let told = world.told();
    let sum = (0..SERIES).map(|series| told.total(series));
    let sum = sum.fold([0; 3], plus);
    let total = world.total();
    assert!(total[..2] <= sum[..2] && total[0] <= sum[0] && total[1] <= sum[1]);
    assert!(total[2] <= total[1], "{total:?}");
}

/// The same without turns from a track to its sibling.
fn without_turns(events: Vec<Event>) -> Vec<Event> {
    let stays = |event: &Event| !matches!(event, Event::Turn);
    events.into_iter().filter(stays).collect()
}

/// The same with clocks that are set back by more than a life of a node lasts: who reads now a track and now its
/// sibling cannot tell lives apart that begin at the same moment.
fn with_large_steps(events: Vec<Event>) -> Vec<Event> {
    let large = |event| match event {
        Event::Restart(by, true) => Event::Restart(by + 100_000, true),
        event => event,
    };
    events.into_iter().map(large).collect()
}

fn check_exact(events: &[Event]) {
    let mut world = World::new();
    for event in events
        .iter()
        .filter(|event| !matches!(event, Event::Forget(_)))
    {
        world.happen(event);
        assert_exact(&world);
    }
    world.happen(&Event::Keyframe);
    world.happen(&Event::Read(1000));
    assert_exact(&world);
}

fn check_not_more(events: &[Event]) {
    let mut world = World::new();
    for event in events {
        world.happen(event);
        assert_not_more(&world);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_comes_again_each_name_counts_what_was_told(
        events in prop::collection::vec(event(), 0..150),
    ) {
        check_exact(&without_turns(events));
    }

    #[test]
    fn whatever_comes_again_on_a_track_and_its_sibling_counts_once(
        events in prop::collection::vec(event(), 0..150),
    ) {
        check_exact(&with_large_steps(events));
    }

    #[test]
    fn what_was_forgotten_and_comes_again_is_never_counted_twice(
        events in prop::collection::vec(event(), 0..150),
    ) {
        check_not_more(&without_turns(events));
    }

    #[test]
    fn what_was_forgotten_and_comes_again_on_a_track_and_its_sibling_is_never_counted_twice(
        events in prop::collection::vec(event(), 0..150),
    ) {
        check_not_more(&with_large_steps(events));
    }
}
