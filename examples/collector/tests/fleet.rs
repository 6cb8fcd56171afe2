//! Totals of the fleet against a model that knows what was told.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;
use streamgauge_collector::cli::FleetOptions;
use streamgauge_collector::fleet::{Fleet, RestoreError, State};
use streamgauge_collector::source::{News, What};
use streamgauge_collector::track::Track;
use streamgauge_collector::view::{Broadcast, View};
use streamgauge_core::Role;
use streamgauge_tokio::collect::FrameAt;

const NODES: usize = 3;
const SERIES: usize = 4;

/// A node as it really is.
#[derive(Clone, Debug)]
struct Node {
    name: Arc<str>,
    life: u64,
    sequence: u64,
    /// By series: when it began, bytes, viewers and viewers that left.
    series: HashMap<usize, [u64; 4]>,
    /// Frames that are still on their way.
    late: Vec<Frame>,
}

/// A frame: its place, and the rows in it.
#[derive(Clone, Debug)]
struct Frame {
    sequence: u64,
    rows: HashMap<usize, [u64; 4]>,
}

/// Something that happens to a node.
#[derive(Clone, Debug)]
enum Event {
    Bytes(usize, u64),
    View(usize),
    Unview(usize),
    Tell,
    TellLate,
    TellTwice,
    Lose,
    Arrive,
    Restart,
    End(usize),
    Leave,
    /// The collector goes on from what it kept.
    Kill,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0..SERIES, 1..1000_u64).prop_map(|(series, bytes)| Event::Bytes(series, bytes)),
        2 => (0..SERIES).prop_map(Event::View),
        2 => (0..SERIES).prop_map(Event::Unview),
        4 => Just(Event::Tell),
        1 => Just(Event::TellLate),
        1 => Just(Event::TellTwice),
        1 => Just(Event::Lose),
        1 => Just(Event::Arrive),
        1 => Just(Event::Restart),
        1 => (0..SERIES).prop_map(Event::End),
        1 => Just(Event::Leave),
        1 => Just(Event::Kill),
    ]
}

/// One with room for all that happens here.
fn fleet(epoch: u64) -> Fleet {
    let options = FleetOptions {
        max_nodes: 8,
        max_broadcasts: 64,
        max_series: 64,
        ..FleetOptions::default()
    };
    Fleet::new(&options, epoch)
}

/// Nodes, a collector, and what it was told.
struct World {
    now_ms: u64,
    nodes: Vec<Node>,
    fleet: Fleet,
    /// By node, series and its beginning, the most that was told.
    told: HashMap<(usize, usize, u64), [u64; 4]>,
    /// By node, the newest frame that arrived.
    read: [u64; NODES],
    /// What a file has: all of it at first, and then what changed.
    kept: State,
}

impl World {
    fn new() -> Self {
        let node = |at: usize| Node {
            name: format!("node/{at}").into(),
            life: 1,
            sequence: 2_000_000_000_000,
            series: HashMap::new(),
            late: Vec::new(),
        };
        Self {
            now_ms: 1_700_000_000_000,
            nodes: (0..NODES).map(node).collect(),
            fleet: fleet(7),
            told: HashMap::new(),
            read: [0; NODES],
            kept: State::default(),
        }
    }

    fn happen(&mut self, at: usize, event: &Event) {
        self.now_ms += 10;
        let now = self.now_ms;
        let node = &mut self.nodes[at];
        match event {
            Event::Bytes(series, bytes) => node.at(*series, now)[1] += bytes,
            Event::View(series) => node.at(*series, now)[2] += 1,
            Event::Unview(series) => {
                let row = node.at(*series, now);
                row[3] = (row[3] + 1).min(row[2]);
            }
            Event::Tell => self.tell(at, 1),
            Event::TellTwice => self.tell(at, 2),
            Event::Lose => drop(node.frame()),
            Event::TellLate => {
                let frame = node.frame();
                node.late.push(frame);
            }
            Event::Arrive => self.arrive(at),
            Event::Restart => {
                node.life += 1;
                node.series.clear();
                // What it sent before is in the network, or lost with it.
                self.arrive(at);
                self.news(at, What::Left(self.nodes[at].name.clone()));
            }
            Event::End(series) => drop(node.series.remove(series)),
            Event::Leave => {
                let name = node.name.clone();
                self.news(at, What::Left(name));
            }
            Event::Kill => self.kill(),
        }
    }

    fn kill(&mut self) {
        self.keep();
        let mut next = fleet(8);
        let kept = std::mem::take(&mut self.kept);
        next.restore(kept, self.now_ms).expect("room");
        self.fleet = next;
    }

    /// Brings the file up to date, which then has all of it.
    fn keep(&mut self) {
        let changes = if self.kept == State::default() {
            self.fleet.keep_all()
        } else {
            self.fleet.keep_changes()
        };
        self.kept.apply(&changes).expect("what was kept");
        let mut all = State::default();
        all.apply(&self.fleet.keep_all()).expect("all of it");
        assert_eq!(self.kept, all);
        assert!(self.fleet.keep_changes().is_empty());
    }

    fn tell(&mut self, at: usize, times: usize) {
        let frame = self.nodes[at].frame();
        for _ in 0..times {
            self.deliver(at, &frame);
        }
    }

    /// What is told counts, unless a later frame was there before: that tells all that still goes on.
    fn note(&mut self, at: usize, frame: &Frame) {
        if frame.sequence < self.read[at] {
            return;
        }
        self.read[at] = frame.sequence;
        for (series, row) in &frame.rows {
            self.told.insert((at, *series, row[0]), *row);
        }
    }

    fn arrive(&mut self, at: usize) {
        for frame in std::mem::take(&mut self.nodes[at].late) {
            self.deliver(at, &frame);
        }
    }

    fn deliver(&mut self, at: usize, frame: &Frame) {
        self.note(at, frame);
        let node = self.nodes[at].name.clone();
        let track = Track::Traffic("".into(), Role::Publisher);
        let (at_frame, payload) = (FrameAt::first(frame.sequence), frame.payload());
        self.news(
            at,
            What::Frame {
                node,
                group: None,
                track,
                deflated: false,
                at: at_frame,
                payload,
            },
        );
    }

    fn news(&mut self, _: usize, what: What) {
        self.fleet.take(News { source: 0, what }, self.now_ms);
    }

    fn view(&mut self) -> View {
        self.fleet.tick(self.now_ms)
    }

    /// Everything arrives, and every node tells all.
    fn settle(&mut self) -> View {
        for at in 0..NODES {
            self.arrive(at);
            self.tell(at, 1);
        }
        self.view()
    }
}

impl Node {
    fn at(&mut self, series: usize, now: u64) -> &mut [u64; 4] {
        self.series.entry(series).or_insert([now, 0, 0, 0])
    }

    fn frame(&mut self) -> Frame {
        self.sequence += 1;
        Frame {
            sequence: self.sequence,
            rows: self.series.clone(),
        }
    }
}

impl Frame {
    fn payload(&self) -> Bytes {
        let rows = self.rows.iter();
        let rows = rows.map(|(series, [since, bytes, viewers, closed])| {
            let row = json!({
                "bytes": bytes, "viewers": viewers, "viewers_closed": closed, "since": since
            });
            (format!("cam/{series}"), row)
        });
        let frame: serde_json::Map<_, _> = rows.collect();
        serde_json::to_vec(&frame).expect("a frame").into()
    }
}

/// By series, bytes, if there are any: a row of which only frames told that had been read before is there too.
fn bytes(view: &View) -> HashMap<String, u64> {
    let rows = view.broadcasts.iter();
    rows.map(|row| (row.name.to_string(), row.total.bytes))
        .filter(|(_, bytes)| *bytes > 0)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn totals_are_what_was_told_whatever_happens_on_the_way(
        events in prop::collection::vec((0..NODES, event()), 0..200),
    ) {
        let mut world = World::new();
        let mut before = View::default();
        for (node, event) in &events {
            world.happen(*node, event);
            let view = world.view();
            world.keep();
            for sum in &before.traffic {
                let now = view.traffic.iter().find(|now| now.role == sum.role).expect("a sum");
                prop_assert!(now.total.bytes >= sum.total.bytes, "a total fell");
            }
            for row in &before.broadcasts {
                let same = |now: &&Broadcast| (&now.name, now.role) == (&row.name, row.role);
                let now = view.broadcasts.iter().find(same).expect("a row");
                prop_assert!(now.told.viewers >= row.told.viewers, "what was told fell");
                prop_assert!(now.told.viewers_closed >= row.told.viewers_closed, "what was told fell");
                prop_assert!(now.told.viewers_closed <= now.told.viewers, "more left than came");
            }
            before = view;
        }
        let view = world.settle();
        let mut expected = HashMap::new();
        let mut viewers = 0;
        for ((_, series, _), row) in &world.told {
            *expected.entry(format!("cam/{series}")).or_insert(0) += row[1];
            viewers += row[2];
        }
        expected.retain(|_, bytes| *bytes > 0);
        prop_assert_eq!(bytes(&view), expected.clone());
        let all = &view.traffic.first().map(|sum| sum.total).unwrap_or_default();
        prop_assert_eq!(all.bytes, expected.values().sum::<u64>());
        prop_assert_eq!(all.viewers, viewers);
        let live: u64 = world.nodes.iter().flat_map(|node| node.series.values())
            .map(|row| row[2] - row[3]).sum();
        prop_assert_eq!(view.broadcasts.iter().map(|row| row.watching).sum::<u64>(), live);
    }

    #[test]
    fn any_bytes_as_a_state_or_a_frame_are_taken_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let _ = State::default().apply(&bytes);
        let mut world = World::new();
        let (node, track) = (world.nodes[0].name.clone(), Track::Node);
        let (at, payload) = (FrameAt::first(1), Bytes::from(bytes));
        let rows = Track::Traffic("".into(), Role::Publisher);
        for track in [track, rows] {
            let (node, payload) = (node.clone(), payload.clone());
            world.news(0, What::Frame { node, group: None, track, deflated: false, at, payload });
        }
        world.view();
    }
}

#[test]
fn what_a_lost_node_has_open_is_not_live_and_is_told_as_closed_when_it_stays_away() {
    let mut world = World::new();
    world.happen(0, &Event::View(0));
    world.happen(0, &Event::Tell);
    assert_eq!(world.view().broadcasts[0].watching, 1);
    world.news(0, What::Down("gone".into()));
    let gone = world.view();
    assert_eq!(
        (gone.broadcasts[0].watching, gone.nodes[0].present),
        (0, false)
    );
    assert_eq!(gone.broadcasts[0].told.viewers_closed, 0);
    world.now_ms += 60_000;
    let closed = world.view().broadcasts[0].clone();
    assert_eq!((closed.told.viewers, closed.told.viewers_closed), (1, 1));
    assert_eq!((closed.total.viewers, closed.total.viewers_closed), (1, 0));
    world.happen(0, &Event::Tell);
    let back = world.view();
    assert_eq!(
        (back.broadcasts[0].watching, back.broadcasts[0].told.viewers),
        (1, 2)
    );
    assert_eq!(back.broadcasts[0].total.viewers, 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_forgotten_stays_in_the_sums() {
    let mut world = World::new();
    world.happen(0, &Event::Bytes(0, 5));
    world.happen(0, &Event::Tell);
    world.happen(0, &Event::Leave);
    world.view();
    for _ in 0..2 {
        world.now_ms += 25 * 3_600_000;
        tokio::time::advance(std::time::Duration::from_hours(25)).await;
        world.view();
    }
    let view = world.view();
    assert_eq!((view.nodes.len(), view.broadcasts.len()), (0, 0));
    assert_eq!(view.traffic[0].total.bytes, 5);
    // Also by one that goes on from there.
    world.happen(0, &Event::Kill);
    assert_eq!(world.view().traffic[0].total.bytes, 5);
}

#[tokio::test(start_paused = true)]
async fn a_series_that_is_live_is_never_forgotten_however_quiet() {
    let mut world = World::new();
    world.happen(0, &Event::Bytes(0, 5));
    world.happen(0, &Event::View(0));
    world.happen(0, &Event::Tell);
    for _ in 0..5 {
        world.now_ms += 25 * 3_600_000;
        tokio::time::advance(std::time::Duration::from_hours(25)).await;
        world.view();
    }
    world.happen(0, &Event::Bytes(0, 1));
    world.happen(0, &Event::Tell);
    assert_eq!(world.view().traffic[0].total.bytes, 6);
}

#[test]
fn a_state_of_more_than_there_is_room_for_is_refused() {
    let mut world = World::new();
    world.happen(0, &Event::Bytes(0, 5));
    for node in 0..NODES {
        world.happen(node, &Event::Tell);
    }
    world.keep();
    let options = FleetOptions {
        max_nodes: NODES - 1,
        ..FleetOptions::default()
    };
    let mut small = Fleet::new(&options, 1);
    assert_eq!(small.restore(world.kept, 1), Err(RestoreError::Full));
}

#[test]
fn a_node_that_two_sources_have_counts_once_and_stays_until_both_lose_it() {
    let mut world = World::new();
    world.happen(0, &Event::Bytes(0, 5));
    world.happen(0, &Event::View(0));
    let frame = world.nodes[0].frame();
    world.deliver(0, &frame);
    let name = world.nodes[0].name.clone();
    let track = Track::Traffic("".into(), Role::Publisher);
    let again = What::Frame {
        node: name.clone(),
        group: None,
        track,
        deflated: false,
        at: FrameAt::first(frame.sequence),
        payload: frame.payload(),
    };
    world.fleet.take(
        News {
            source: 1,
            what: again,
        },
        world.now_ms,
    );
    assert_eq!(world.view().traffic[0].total.bytes, 5);
    world.news(0, What::Left(name.clone()));
    let view = world.view();
    assert_eq!(
        (view.nodes[0].present, view.broadcasts[0].watching),
        (true, 1)
    );
    world.fleet.take(
        News {
            source: 1,
            what: What::Left(name),
        },
        world.now_ms,
    );
    assert!(!world.view().nodes[0].present);
}

#[test]
fn frames_of_a_life_that_is_over_count_once_also_after_a_restart_of_the_collector() {
    for kill in [false, true] {
        let mut world = World::new();
        world.happen(0, &Event::Bytes(0, 5));
        world.happen(0, &Event::Tell);
        world.happen(0, &Event::TellLate);
        world.happen(0, &Event::End(0));
        world.happen(0, &Event::Bytes(0, 3));
        world.happen(0, &Event::Tell);
        if kill {
            world.happen(0, &Event::Kill);
        } else {
            world.happen(0, &Event::Leave);
        }
        assert_eq!(world.settle().traffic[0].total.bytes, 8, "killed: {kill}");
    }
}
