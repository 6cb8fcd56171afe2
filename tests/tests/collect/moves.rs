//! Nodes that publish their series in parts, between which these move, through a relay that gives again what it
//! has kept, to a reader that keeps what changed: against a plain model of what each life was told to count.

use std::{array, collections::BTreeMap};

use proptest::prelude::*;
use streamgauge_core::{
    Duration, Instant, Traffic,
    collect::{Fleet, FleetPolicy, FrameAt, SourceId},
};

use crate::{
    room::{Boxed, KEY, Size, fleet},
    world::{Copy, assert_copied, copy, restore},
};

/// The broadcasts of a node: its own, and those of its parts.
const BROADCASTS: [&str; 3] = ["", "a", "b"];
const NODES: [&str; 2] = ["n", "m"];
const NAMES: [&str; 3] = ["x", "a/y", "b/z"];

/// A moment of a wall clock, in milliseconds.
const BORN: u64 = 1_700_000_000_000;

/// One life of a series: when it began, and what it counted.
#[derive(Clone, Copy, Debug)]
struct Life {
    since: u64,
    bytes: u64,
    opened: u64,
}

/// A frame as a relay has it.
#[derive(Clone, Debug)]
struct Frame {
    group: u64,
    rows: Vec<(usize, Life)>,
}

impl Frame {
    fn text(&self) -> String {
        let rows = self.rows.iter().map(|(name, life)| {
            let (
                name,
                Life {
                    since,
                    bytes,
                    opened,
                },
            ) = (NAMES[*name], life);
            format!(r#""{name}":{{"bytes":{bytes},"subscriptions":{opened},"since":{since}}}"#)
        });
        format!("{{{}}}", rows.collect::<Vec<_>>().join(","))
    }
}

/// A broadcast, and how far it is read.
#[derive(Debug, Default)]
struct Broadcast {
    id: Option<SourceId>,
    frames: Vec<Frame>,
    next: usize,
    read: usize,
}

impl Broadcast {
    const fn unread(&self) -> usize {
        self.frames.len() - self.next
    }

    fn go_back(&mut self, frames: usize) {
        self.next = self.read.saturating_sub(frames);
    }
}

#[derive(Debug, Default)]
struct Node {
    series: [Option<Life>; NAMES.len()],
    /// In which broadcast each of them is.
    homes: [usize; NAMES.len()],
    broadcasts: [Broadcast; BROADCASTS.len()],
    /// What frames that were read told of each life of each series: bytes, and what was opened.
    told: [BTreeMap<u64, [u64; 2]>; NAMES.len()],
}

impl Node {
    /// All broadcasts have a frame, as after a tick.
    fn publish(&mut self, group: u64) {
        for (home, broadcast) in self.broadcasts.iter_mut().enumerate() {
            let series = self.series.iter().enumerate();
            let rows = series.filter_map(|(name, life)| Some((name, (*life)?)));
            let rows = rows.filter(|(name, _)| self.homes[*name] == home).collect();
            broadcast.frames.push(Frame { group, rows });
        }
    }

    fn take(&mut self, frame: &Frame) {
        for (name, life) in &frame.rows {
            let told = self.told[*name].entry(life.since).or_default();
            *told = [told[0].max(life.bytes), told[1].max(life.opened)];
        }
    }
}

struct World {
    fleet: Fleet<Traffic, Boxed<Traffic>>,
    file: Copy<Traffic>,
    nodes: [Node; NODES.len()],
    now: Instant,
    clock: u64,
}

fn empty() -> Fleet<Traffic, Boxed<Traffic>> {
    let size = Size {
        lanes: 1,
        sources: NODES.len() * BROADCASTS.len(),
        rows: 16,
        series: 16,
    };
    let keep = Duration::from_secs(300);
    fleet(size, FleetPolicy::new().with_keep(keep))
}

/// Something that happens to a node, or to what it counts.
#[derive(Clone, Debug)]
enum Event {
    Bytes(usize, u64),
    Open(usize),
    End(usize),
    /// It is published in this broadcast from now on.
    Move(usize, usize),
    Publish,
    /// So many frames of a broadcast are read.
    Read(usize, usize),
    /// A part of it departs.
    Lose(usize),
    /// A part is announced anew, and so many of its frames are given again.
    ConnectPart(usize, usize),
    /// The same of a node and all of its parts.
    Connect(Back),
    /// The same after it was gone for so long that its series are forgotten.
    Forget(Back),
    /// The reader goes on from what it kept, likewise.
    Restore(Back),
}

/// How many frames are given again of each broadcast.
type Back = [usize; BROADCASTS.len()];

fn event() -> impl Strategy<Value = Event> {
    let (name, home) = (0..NAMES.len(), 0..BROADCASTS.len());
    let (part, back) = (1..BROADCASTS.len(), prop::array::uniform3(0..6_usize));
    prop_oneof![
        6 => (name.clone(), 1..1000_u64).prop_map(|(name, bytes)| Event::Bytes(name, bytes)),
        2 => name.clone().prop_map(Event::Open),
        2 => name.clone().prop_map(Event::End),
        3 => (name, home.clone()).prop_map(|(name, home)| Event::Move(name, home)),
        6 => Just(Event::Publish),
        8 => (home, 1..4_usize).prop_map(|(home, frames)| Event::Read(home, frames)),
        1 => part.clone().prop_map(Event::Lose),
        1 => (part, 0..6_usize).prop_map(|(part, back)| Event::ConnectPart(part, back)),
        1 => back.clone().prop_map(Event::Connect),
        2 => back.clone().prop_map(Event::Forget),
        2 => back.prop_map(Event::Restore),
    ]
}

fn events() -> impl Strategy<Value = Vec<(usize, Event)>> {
    prop::collection::vec((0..NODES.len(), event()), 0..150)
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            fleet: empty(),
            file: Copy::new(),
            nodes: array::from_fn(|_| Node::default()),
            now: Instant::from_micros(0),
            clock: BORN,
        };
        (0..NODES.len()).for_each(|node| world.arrive(node));
        world
    }

    fn arrive(&mut self, node: usize) {
        let id = self.fleet.arrive(NODES[node], self.now).unwrap();
        self.nodes[node].broadcasts[0].id = Some(id);
        (1..BROADCASTS.len()).for_each(|part| self.arrive_part(node, part));
    }

    fn arrive_part(&mut self, node: usize, part: usize) {
        let owner = self.nodes[node].broadcasts[0].id.unwrap();
        let id = self.fleet.arrive_part(owner, BROADCASTS[part], self.now);
        self.nodes[node].broadcasts[part].id = Some(id.unwrap());
    }

    fn happen(&mut self, node: usize, event: &Event) {
        match *event {
            Event::Bytes(name, bytes) => self.life(node, name).bytes += bytes,
            Event::Open(name) => self.life(node, name).opened += 1,
            Event::End(name) => self.nodes[node].series[name] = None,
            Event::Move(name, home) => self.relocate(node, name, home),
            Event::Publish => self.publish(node),
            Event::Read(home, frames) => (0..frames).for_each(|_| self.read_next(node, home)),
            Event::Lose(part) => self.lose(node, part),
            Event::ConnectPart(part, back) => {
                self.arrive_part(node, part);
                self.nodes[node].broadcasts[part].go_back(back);
            }
            Event::Connect(back) => self.connect(node, back),
            Event::Forget(back) => self.forget(node, back),
            Event::Restore(back) => self.restore(back),
        }
    }

    fn life(&mut self, node: usize, name: usize) -> &mut Life {
        self.clock += 1;
        let born = Life {
            since: self.clock,
            bytes: 0,
            opened: 0,
        };
        self.nodes[node].series[name].get_or_insert(born)
    }

    /// The links are quiet while a series moves: nobody can tell which of two broadcasts is the newer one.
    fn relocate(&mut self, node: usize, name: usize, home: usize) {
        self.publish(node);
        self.read_all(node);
        self.nodes[node].homes[name] = home;
        self.publish(node);
        self.read_all(node);
    }

    fn publish(&mut self, node: usize) {
        self.clock += 1;
        self.nodes[node].publish(self.clock * 1000);
    }

    fn read_all(&mut self, node: usize) {
        for home in 0..BROADCASTS.len() {
            if self.nodes[node].broadcasts[home].id.is_none() {
                self.arrive_part(node, home);
            }
            let unread = self.nodes[node].broadcasts[home].unread();
            (0..unread).for_each(|_| self.read_next(node, home));
        }
    }

    fn read_next(&mut self, node: usize, home: usize) {
        let node = &mut self.nodes[node];
        let broadcast = &mut node.broadcasts[home];
        let (Some(frame), Some(id)) = (broadcast.frames.get(broadcast.next).cloned(), broadcast.id)
        else {
            return;
        };
        let (at, text) = (FrameAt::first(frame.group), frame.text());
        let read = self.fleet.read::<KEY>(id, 0, at, text.as_bytes(), self.now);
        read.unwrap();
        broadcast.next += 1;
        broadcast.read = broadcast.read.max(broadcast.next);
        node.take(&frame);
    }

    fn lose(&mut self, node: usize, part: usize) {
        let part = &mut self.nodes[node].broadcasts[part];
        if let Some(id) = part.id.take() {
            self.fleet.depart(id, self.now);
        }
    }

    fn connect(&mut self, node: usize, back: Back) {
        self.arrive(node);
        for (broadcast, back) in self.nodes[node].broadcasts.iter_mut().zip(back) {
            broadcast.go_back(back);
        }
    }

    fn forget(&mut self, node: usize, back: Back) {
        let id = self.nodes[node].broadcasts[0].id.unwrap();
        self.fleet.depart(id, self.now);
        self.now = self.now.saturating_add(Duration::from_secs(1_000));
        self.fleet.handle_timeout(self.now);
        self.connect(node, back);
    }

    fn restore(&mut self, back: Back) {
        copy(&mut self.fleet, &mut self.file);
        self.fleet = empty();
        restore(&self.file, &mut self.fleet, self.now);
        self.file = Copy::new();
        (0..NODES.len()).for_each(|node| self.connect(node, back));
    }

    /// The file that has each change is what would be kept now.
    fn save(&mut self) {
        copy(&mut self.fleet, &mut self.file);
        assert_copied(&self.fleet, &self.file);
    }

    /// What lives of a name counted, as far as frames told it.
    fn told(&self, name: usize) -> [u64; 2] {
        let lives = self.nodes.iter().flat_map(|node| node.told[name].values());
        lives.fold([0; 2], |sum, life| array::from_fn(|at| sum[at] + life[at]))
    }

    fn counted(&self, name: usize) -> [u64; 2] {
        let row = self.fleet.row(0, NAMES[name]);
        let row = row.map_or_else(Traffic::default, |row| row.totals());
        [row.bytes, row.subscriptions]
    }

    fn total(&self) -> [u64; 2] {
        let total = self.fleet.lane(0, self.now).unwrap().total;
        [total.bytes, total.subscriptions]
    }

    fn all_told(&self) -> [u64; 2] {
        let names = (0..NAMES.len()).map(|name| self.told(name));
        names.fold([0; 2], |sum, told| array::from_fn(|at| sum[at] + told[at]))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn in_whichever_part_a_life_is_told_of_it_counts_once(events in events()) {
        let mut world = World::new();
        for (node, event) in events.iter().filter(|(_, event)| !matches!(event, Event::Forget(_))) {
            world.happen(*node, event);
            for (name, text) in NAMES.iter().enumerate() {
                prop_assert_eq!(world.counted(name), world.told(name), "{}", text);
            }
            prop_assert_eq!(world.total(), world.all_told());
            world.save();
        }
    }

    #[test]
    fn what_is_forgotten_of_parts_and_comes_again_never_counts_twice(events in events()) {
        let mut world = World::new();
        for (node, event) in &events {
            world.happen(*node, event);
            let (total, told) = (world.total(), world.all_told());
            prop_assert!(total[0] <= told[0] && total[1] <= told[1], "{total:?} of {told:?}");
            world.save();
        }
    }
}
