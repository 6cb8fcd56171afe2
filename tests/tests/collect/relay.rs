//! A relay that gives each new reader what it has kept, and a reader that begins anew at any time, against a
//! plain model: what the newest frame that was read says of each life.

use proptest::prelude::*;
use streamgauge_core::{
    Duration,
    collect::{FleetPolicy, FrameAt},
};

use crate::replay::{Reader, place};

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

/// A frame as the relay has it, and what all frames up to it tell.
struct Frame {
    /// Which life of the node it is of.
    life: usize,
    at: FrameAt,
    text: String,
    told: Told,
}

/// A node, and the relay between it and its readers.
struct Node {
    clock: u64,
    life: usize,
    group: u64,
    series: [Option<Life>; SERIES],
    frames: Vec<Frame>,
    told: Told,
}

impl Node {
    fn new() -> Self {
        let mut node = Self {
            clock: BORN,
            life: 0,
            group: BORN * 1000,
            series: [const { None }; SERIES],
            frames: Vec::new(),
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
        self.group = self.clock * 1000;
        self.keyframe();
    }

    /// Begins a group.
    fn keyframe(&mut self) {
        self.group += 1;
        let row = |life: &Life| {
            let [bytes, opened, closed] = life.words;
            let since = life.since;
            format!(
                r#"{{"bytes":{bytes},"subscriptions":{opened},"subscriptions_closed":{closed},"since":{since}}}"#
            )
        };
        let rows = self.series.iter().map(|life| life.as_ref().map(row));
        let text = frame(rows);
        self.push(FrameAt::first(self.group), text);
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
        let last = self.frames.last().map_or(0, |frame| frame.at.frame);
        self.push(place(self.group, last + 1), text);
    }

    fn push(&mut self, at: FrameAt, text: String) {
        self.told.take(&self.series);
        self.frames.push(Frame {
            life: self.life,
            at,
            text,
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
        2 => (0..12_usize).prop_map(Event::Connect),
        2 => (0..12_usize).prop_map(Event::Restore),
        1 => (0..12_usize).prop_map(Event::Forget),
    ]
}

/// A node, a relay, and a reader.
struct World {
    node: Node,
    reader: Reader,
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
        let Some(frame) = self.node.frames.get(self.next) else {
            return;
        };
        let before = self.next.checked_sub(1).map(|at| &self.node.frames[at]);
        if before.is_some_and(|before| frame.at.group < before.at.group) {
            // Numbers that fall are announced anew.
            self.reader.connect();
        }
        self.reader.read(frame.at, &frame.text).unwrap();
        self.next += 1;
        self.read = self.read.max(self.next);
    }

    /// The relay goes back to the beginning of a group, in this life of the node or the one before, such that
    /// nothing is missing between what was read and what comes.
    fn go_back(&mut self, frames: usize) {
        let newest = self.read.saturating_sub(1);
        let life = self.node.frames[newest].life;
        let mut start = newest.saturating_sub(frames);
        while self.node.frames[start].at.frame > 0 {
            start -= 1;
        }
        let kept = |frame: &Frame| frame.at.frame == 0 && frame.life + 1 >= life;
        while !kept(&self.node.frames[start]) {
            start += 1;
        }
        self.next = start;
    }

    fn told(&self) -> Told {
        let newest = self.read.checked_sub(1);
        newest.map_or_else(Told::default, |at| self.node.frames[at].told.clone())
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_comes_again_each_name_counts_what_was_told(
        events in prop::collection::vec(event(), 0..150),
    ) {
        let mut world = World::new();
        for event in events.iter().filter(|event| !matches!(event, Event::Forget(_))) {
            world.happen(event);
            assert_exact(&world);
        }
        world.happen(&Event::Keyframe);
        world.happen(&Event::Read(1000));
        assert_exact(&world);
    }

    #[test]
    fn what_was_forgotten_and_comes_again_is_never_counted_twice(
        events in prop::collection::vec(event(), 0..150),
    ) {
        let mut world = World::new();
        for event in &events {
            world.happen(event);
            assert_not_more(&world);
        }
    }
}
