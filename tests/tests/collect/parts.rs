//! Nodes that publish some of their series apart.

use streamgauge_core::{
    Duration, Health, Instant, Traffic,
    collect::{
        BroadcastName, Fleet, FleetFull, FleetPolicy, FrameAt, Kept, ReadError, Refused, SourceId,
    },
};

use crate::{
    room::{Boxed, KEY, Size, fleet},
    world::{Copy, assert_copied, copy},
};

/// A moment of a wall clock, in milliseconds.
const BORN: u64 = 1_700_000_000_000;

const NOW: Instant = Instant::from_micros(0);

/// A fleet of one lane, whose frames have groups that follow each other.
struct World {
    fleet: Fleet<Traffic, Boxed<Traffic>>,
    group: u64,
}

impl World {
    fn new() -> Self {
        let size = Size {
            lanes: 1,
            sources: 4,
            rows: 16,
            series: 16,
        };
        Self {
            fleet: fleet(size, FleetPolicy::new()),
            group: 0,
        }
    }

    fn arrive(&mut self) -> SourceId {
        self.fleet.arrive("n", NOW).unwrap()
    }

    fn part(&mut self, node: SourceId, name: &str) -> SourceId {
        self.fleet.arrive_part(node, name, NOW).unwrap()
    }

    /// Another reader goes on from what this one kept.
    fn restore(&mut self) {
        let mut next = Self::new();
        for kept in self.fleet.kept() {
            let kept = kept.map_names(ToString::to_string);
            next.fleet.restore(&kept.as_str(), NOW).unwrap();
        }
        self.fleet = next.fleet;
    }

    /// The node is gone for so long that its series are forgotten.
    fn forget(&mut self, node: SourceId) {
        self.fleet.depart(node, NOW);
        let later = NOW.saturating_add(Duration::from_secs(1_000));
        self.fleet.handle_timeout(later);
        assert_eq!(self.fleet.counts().series, 0);
    }

    /// A frame of this group.
    fn frame_at(&mut self, group: u64, source: SourceId, rows: &[(&str, u64, u64)]) {
        self.group = group - 1;
        self.frame(source, rows);
    }

    fn frame(&mut self, source: SourceId, rows: &[(&str, u64, u64)]) {
        assert_eq!(self.read(source, &text(rows)), Ok(()));
    }

    fn frame_on(&mut self, at: FrameAt, source: SourceId, rows: &[(&str, u64, u64)]) {
        let (text, now) = (text(rows), NOW);
        let read = self.fleet.read::<KEY>(source, 0, at, text.as_bytes(), now);
        assert_eq!(read, Ok(()));
    }

    fn read(&mut self, source: SourceId, text: &str) -> Result<(), ReadError> {
        self.group += 1;
        let (at, text) = (FrameAt::first(self.group), text.as_bytes());
        self.fleet.read::<KEY>(source, 0, at, text, NOW)
    }

    fn report(&mut self, node: SourceId, epoch: u64, since: u64, bytes: u64) {
        assert!(self.try_report(node, epoch, since, bytes));
    }

    fn try_report(&mut self, node: SourceId, epoch: u64, since: u64, bytes: u64) -> bool {
        self.group += 1;
        let text = format!(
            r#"{{"epoch":{epoch},"since":{since},"totals":{{"publisher":{{"bytes":{bytes}}}}}}}"#
        );
        let (at, mut health) = (FrameAt::first(self.group), Health::default());
        let lane = |name: &str| (name == "publisher").then_some(0);
        let text = text.as_bytes();
        let read = self
            .fleet
            .read_node::<KEY>(node, at, text, &mut health, lane, NOW);
        read.is_ok()
    }

    fn total(&self) -> u64 {
        self.fleet.lane(0, NOW).unwrap().total.bytes
    }

    /// What is told of a name: bytes, and subscriptions that are open.
    fn row(&self, name: &str) -> (u64, u64) {
        let row = self.fleet.row(0, name).unwrap();
        let live = row.live();
        let open = live.subscriptions - live.subscriptions_closed;
        (row.totals().bytes, open)
    }
}

fn text(rows: &[(&str, u64, u64)]) -> String {
    let rows = rows.iter().map(|(name, since, bytes)| {
        format!(r#""{name}":{{"bytes":{bytes},"subscriptions":1,"since":{since}}}"#)
    });
    format!("{{{}}}", rows.collect::<Vec<_>>().join(","))
}

#[test]
fn what_parts_count_is_the_nodes_and_each_row_is_in_one() {
    let mut world = World::new();
    let node = world.arrive();
    let [a, b] = ["a", "b"].map(|name| world.part(node, name));
    world.frame(node, &[("", BORN, 1)]);
    world.frame(a, &[("a/x", BORN, 10), ("a/y", BORN, 20)]);
    world.frame(b, &[("b/x", BORN, 300)]);
    assert_eq!(world.total(), 331);
    world.report(node, 7, BORN, 331);
    assert_eq!(world.total(), 331);
    world.report(node, 7, BORN, 340);
    assert_eq!(world.total(), 340, "what no frame told has no name");
    world.frame(a, &[("a/x", BORN, 19)]);
    assert_eq!((world.total(), world.row("a/x")), (340, (19, 1)));
    assert_eq!(world.row("a/y"), (20, 0), "its part says that it is over");
    assert_eq!(world.row("b/x"), (300, 1), "of which another says nothing");
    assert_eq!(world.fleet.sources().count(), 1);
    assert_eq!(world.fleet.source_total(node, 0).unwrap().bytes, 340);
}

#[test]
fn a_row_that_moves_to_another_part_goes_on() {
    for returns in [false, true] {
        let mut world = World::new();
        let node = world.arrive();
        let [a, b] = ["a", "b"].map(|name| world.part(node, name));
        world.frame(a, &[("x", BORN, 10), ("y", BORN, 1)]);
        world.frame(b, &[("x", BORN, 12)]);
        assert_eq!((world.total(), world.row("x")), (13, (12, 1)));
        world.frame(a, &[("y", BORN, 2)]);
        assert_eq!((world.total(), world.row("x")), (14, (12, 1)));
        if returns {
            world.frame(a, &[("x", BORN, 20), ("y", BORN, 2)]);
            world.frame(b, &[]);
            assert_eq!((world.total(), world.row("x")), (22, (20, 1)));
        }
        world.fleet.depart(b, NOW);
        let open = u64::from(returns);
        assert_eq!(world.row("x").1, open);
        world.fleet.depart(a, NOW);
        assert_eq!((world.row("x").1, world.row("y").1), (0, 0));
    }
}

#[test]
fn a_part_departs_with_its_node_and_is_none_without_it() {
    let mut world = World::new();
    let node = world.arrive();
    let part = world.part(node, "a");
    world.frame(part, &[("a/x", BORN, 10)]);
    assert!(!world.try_report(part, 7, BORN, 10), "that is the node's");
    assert_eq!(world.fleet.arrive_part(part, "b", NOW), Err(FleetFull));
    let again = world.arrive();
    assert_eq!(world.row("a/x"), (10, 0));
    assert_eq!(world.read(part, "{}"), Err(Refused::Unknown.into()));
    assert_eq!(world.fleet.arrive_part(node, "a", NOW), Err(FleetFull));
    let part = world.part(again, "a");
    world.frame(part, &[("a/x", BORN, 15)]);
    assert_eq!((world.row("a/x"), world.total()), ((15, 1), 15));
    world.fleet.depart(again, NOW);
    assert_eq!((world.row("a/x"), world.total()), ((15, 0), 15));
    assert_eq!(world.read(part, "{}"), Err(Refused::Unknown.into()));
}

#[test]
fn a_part_that_is_of_a_new_life_before_its_node_is_counts_once() {
    for early in [false, true] {
        let mut world = World::new();
        let node = world.arrive();
        let part = world.part(node, "a");
        world.report(node, 1, BORN, 100);
        world.frame(part, &[("a/x", BORN + 5, 60)]);
        let next = BORN + 1_000;
        if early {
            let part = world.part(node, "a");
            world.frame(part, &[("a/x", next + 5, 10)]);
        }
        let node = world.arrive();
        world.report(node, 2, next, 10);
        assert_eq!(world.total(), 110, "early: {early}");
        let part = world.part(node, "a");
        world.frame(part, &[("a/x", next + 5, 15)]);
        assert_eq!(world.total(), 115);
        world.report(node, 2, next, 15);
        assert_eq!((world.total(), world.row("a/x").0), (115, 75));
    }
}

#[test]
fn an_epoch_that_nobody_noticed_counts_what_parts_tell_once() {
    let mut world = World::new();
    let node = world.arrive();
    let part = world.part(node, "a");
    world.report(node, 1, BORN, 60);
    world.frame(part, &[("a/x", BORN + 5, 60)]);
    let next = BORN + 1_000;
    world.frame(part, &[("a/x", next + 5, 10)]);
    world.report(node, 2, next, 10);
    assert_eq!(world.total(), 70);
    world.frame(part, &[("a/x", next + 5, 12)]);
    world.report(node, 2, next, 12);
    assert_eq!(world.total(), 72);
}

#[test]
fn parts_are_forgotten_with_their_node_when_others_need_the_room() {
    for restores in [false, true] {
        let mut world = World::new();
        let node = world.arrive();
        for (n, name) in (1..).zip(["a", "b", "c"]) {
            let part = world.part(node, name);
            world.frame(part, &[(name, BORN, n)]);
        }
        assert_eq!(world.fleet.arrive_part(node, "d", NOW), Err(FleetFull));
        assert_eq!(world.fleet.arrive("m", NOW), Err(FleetFull));
        if restores {
            world.restore();
        } else {
            world.fleet.depart(node, NOW);
        }
        for name in ["m", "o", "p", "q"] {
            let node = world.fleet.arrive(name, NOW).unwrap();
            world.frame(node, &[("a", BORN, 10)]);
        }
        assert_eq!((world.total(), world.row("a")), (46, (41, 4)));
        assert_eq!(world.fleet.counts().sources, 4);
        assert_eq!(world.fleet.sources().count(), 4);
    }
}

#[test]
fn what_parts_told_is_kept_as_the_nodes() {
    let mut world = World::new();
    let node = world.arrive();
    let part = world.part(node, "a");
    world.report(node, 1, BORN, 10);
    world.frame(part, &[("a/x", BORN, 10)]);
    let kept: Vec<Kept<Traffic, String>> = world
        .fleet
        .kept()
        .map(|kept| kept.map_names(ToString::to_string))
        .collect();
    let mut world = World::new();
    for kept in &kept {
        world.fleet.restore(&kept.as_str(), NOW).unwrap();
    }
    assert_eq!((world.total(), world.fleet.sources().count()), (10, 1));
    let node = world.arrive();
    let part = world.part(node, "a");
    world.frame(part, &[("a/x", BORN, 14)]);
    world.report(node, 1, BORN, 14);
    assert_eq!((world.total(), world.row("a/x")), (14, (14, 1)));
}

#[test]
fn broadcasts_are_told_apart_by_their_paths() {
    let name = |path| BroadcastName::parse(path, ".stats").map(|name| (name.group, name.node));
    for (path, expected) in [
        (".stats/node", Some(("", ""))),
        (".stats/node/sjc/1", Some(("", "sjc/1"))),
        (".stats/node/node", Some(("", "node"))),
        (".stats/a/node", Some(("a", ""))),
        (".stats/a/b/node/sjc/node/1", Some(("a/b", "sjc/node/1"))),
        (".stats/nodes/node/x", Some(("nodes", "x"))),
        (".stats/prefixes/node/x", Some(("prefixes", "x"))),
        (".stats/prefix/node/x", None),
        (".stats/prefix", None),
        (".stats/node/", None),
        (".stats/nodes/x", None),
        (".stats", None),
        ("x.stats/node", None),
        (".statsnode/node/x", None),
        (".stats//node/x", None),
    ] {
        assert_eq!(name(path), expected, "{path}");
    }
}

#[test]
fn frames_of_a_part_that_come_again_count_nothing_after_a_restart_of_the_reader_too() {
    for restores in [false, true] {
        let mut world = World::new();
        world.group = BORN * 1_000; // numbers of groups come from a clock
        let node = world.arrive();
        let part = world.part(node, "a");
        world.frame(part, &[("a/x", BORN, 10)]);
        world.frame(part, &[]);
        world.frame(part, &[("a/x", BORN + 1, 5)]);
        assert_eq!((world.total(), world.row("a/x")), (15, (15, 1)));

        if restores {
            world.restore();
        } else {
            world.fleet.depart(node, NOW);
        }
        let node = world.arrive();
        let part = world.part(node, "a");
        world.group -= 3;
        world.frame(part, &[("a/x", BORN, 10)]);
        world.frame(part, &[]);
        assert_eq!((world.total(), world.row("a/x").0), (15, 15));
        world.frame(part, &[("a/x", BORN + 1, 5)]);
        assert_eq!((world.total(), world.row("a/x")), (15, (15, 1)));
        world.fleet.depart(part, NOW);
        assert_eq!(world.row("a/x"), (15, 0), "it is the part's again");
        let part = world.part(node, "a");
        world.frame(part, &[("a/x", BORN + 1, 7)]);
        assert_eq!((world.total(), world.row("a/x")), (17, (17, 1)));
    }
}

/// The first group of a clock.
const FIRST: u64 = BORN * 1_000;

#[test]
fn what_was_forgotten_is_anew_where_another_part_tells_of_it() {
    let mut world = World::new();
    let node = world.arrive();
    let a = world.part(node, "a");
    world.frame_at(FIRST, a, &[("x", BORN, 5)]);
    world.frame_at(FIRST + 1, a, &[]);
    world.forget(node);
    let node = world.arrive();
    let [a, b] = ["a", "b"].map(|name| world.part(node, name));
    world.frame_at(FIRST, a, &[("x", BORN, 5)]);
    world.frame_at(FIRST + 2, b, &[("x", BORN + 1, 7)]);
    assert_eq!((world.total(), world.row("x")), (12, (12, 1)));
    world.restore();
    let node = world.arrive();
    let b = world.part(node, "b");
    world.frame_at(FIRST + 3, b, &[("x", BORN + 1, 8)]);
    assert_eq!((world.total(), world.row("x")), (13, (13, 1)));
}

#[test]
fn what_was_forgotten_goes_on_in_the_part_that_told_of_it_last() {
    for restores in [false, true] {
        let mut world = World::new();
        let node = world.arrive();
        let [a, b] = ["a", "b"].map(|name| world.part(node, name));
        world.frame_at(FIRST, a, &[("x", BORN, 5)]);
        world.frame_at(FIRST + 1, b, &[("x", BORN, 6)]);
        world.frame_at(FIRST + 2, a, &[]);
        world.forget(node);
        let node = world.arrive();
        let [a, mut b] = ["a", "b"].map(|name| world.part(node, name));
        world.frame_at(FIRST, a, &[("x", BORN, 5)]);
        world.frame_at(FIRST + 1, b, &[("x", BORN, 6)]);
        if restores {
            world.restore();
            let node = world.arrive();
            b = world.part(node, "b");
        }
        world.frame_at(FIRST + 3, b, &[("x", BORN, 8)]);
        assert_eq!((world.total(), world.row("x")), (8, (8, 1)));
    }
}

#[test]
fn a_part_that_told_before_takes_nothing_from_the_one_that_tells_now() {
    let mut world = World::new();
    let node = world.arrive();
    let [a, b] = ["a", "b"].map(|name| world.part(node, name));
    world.frame_at(FIRST, a, &[("x", BORN, 5)]);
    world.frame_at(FIRST + 1, b, &[("x", BORN, 6)]);
    world.frame_at(FIRST + 2, a, &[]);
    let a = world.part(node, "a");
    world.frame_at(FIRST, a, &[("x", BORN, 5)]);
    world.frame_at(FIRST + 2, a, &[]);
    assert_eq!((world.total(), world.row("x")), (6, (6, 1)));
}

#[test]
fn a_part_that_finds_no_room_leaves_its_node_alone() {
    let mut world = World::new();
    let node = world.arrive();
    let part = world.part(node, "a");
    world.frame(node, &[("x", BORN, 5)]);
    world.frame(part, &[("a/x", BORN, 10)]);
    let mut small = fleet::<Traffic>(
        Size {
            lanes: 1,
            sources: 1,
            rows: 16,
            series: 16,
        },
        FleetPolicy::new(),
    );
    for kept in world.fleet.kept() {
        let restored = small.restore(&kept.map_names(ToString::to_string).as_str(), NOW);
        assert_eq!(restored.is_err(), matches!(kept, Kept::Part { .. }));
    }
    assert_eq!(small.counts().forgotten_sources, 0);
    assert_eq!(small.lane(0, NOW).unwrap().total.bytes, 15);
}

#[test]
fn nodes_that_are_forgotten_with_their_parts_are_kept_no_more() {
    let mut world = World::new();
    let mut file = Copy::new();
    let node = world.arrive();
    for name in ["a", "b", "c"] {
        let part = world.part(node, name);
        world.frame(part, &[(name, BORN, 1)]);
    }
    // The node goes first now.
    world.restore();
    copy(&mut world.fleet, &mut file);
    world.fleet.arrive("m", NOW).unwrap();
    copy(&mut world.fleet, &mut file);
    assert_copied(&world.fleet, &file);
}

#[test]
fn what_parts_count_of_a_node_is_among_what_changed() {
    let mut world = World::new();
    let mut file = Copy::new();
    let node = world.arrive();
    let part = world.part(node, "a");
    for bytes in [10, 20] {
        world.frame(part, &[("a/x", BORN, bytes)]);
        copy(&mut world.fleet, &mut file);
        assert_copied(&world.fleet, &file);
    }
}

#[test]
fn what_ends_after_its_part_was_announced_anew_closes_in_the_epoch_in_which_it_was_opened() {
    let mut world = World::new();
    let node = world.arrive();
    let part = world.part(node, "a");
    world.frame_at(FIRST, part, &[("x", BORN, 5)]);
    world.fleet.depart(part, NOW);
    let later = NOW.saturating_add(Duration::from_secs(300));
    world.fleet.handle_timeout(later);
    let part = world.part(node, "a");
    world.frame_at(FIRST, part, &[("x", BORN, 5)]);
    world.frame_at(FIRST + 1, part, &[]);
    let row = world.fleet.row(0, "x").unwrap().totals();
    let lane = world.fleet.lane(0, NOW).unwrap().total;
    assert_eq!(
        (row.subscriptions_closed, lane.subscriptions_closed),
        (1, 1)
    );
}

#[test]
fn nodes_that_were_kept_are_forgotten_one_by_one_for_others() {
    for departs in [false, true] {
        let mut world = World::new();
        let node = world.arrive();
        world.part(node, "a");
        for name in ["k", "l"] {
            world.fleet.arrive(name, NOW).unwrap();
        }
        world.restore();
        let first = world.fleet.arrive("m", NOW).unwrap();
        if departs {
            // It is the last to be forgotten then.
            world.fleet.depart(first, NOW);
        }
        let others = ["o", "p", "q", "r"];
        for name in &others[..3 + usize::from(departs)] {
            world.fleet.arrive(name, NOW).unwrap();
        }
        let forgotten = world.fleet.counts().forgotten_sources;
        assert_eq!(forgotten, 4 + u64::from(departs));
    }
}

#[test]
fn lives_of_a_part_that_are_over_count_once_on_its_sibling() {
    for (restores, first) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut world = World::new();
        let node = world.arrive();
        let part = world.part(node, "a");
        let lives = [(BORN, 10), (BORN + 1, 5), (BORN + 2, 3)];
        for (group, (since, bytes)) in (FIRST..).zip(lives) {
            let at = FrameAt::first(group).on_sibling(first);
            world.frame_on(at, part, &[("a/x", since, bytes)]);
        }
        if restores {
            world.restore();
        }
        let node = world.arrive();
        let part = world.part(node, "a");
        for (group, (since, bytes)) in (FIRST + 40..).zip(lives) {
            let at = FrameAt::first(group).on_sibling(!first);
            world.frame_on(at, part, &[("a/x", since, bytes)]);
            assert_eq!((world.total(), world.row("a/x").0), (18, 18), "{restores}");
        }
        let at = FrameAt::first(FIRST + 50).on_sibling(!first);
        world.frame_on(at, part, &[("a/x", BORN + 2, 4), ("a/y", BORN + 3, 1)]);
        assert_eq!((world.total(), world.row("a/x")), (20, (19, 1)));
    }
}

#[test]
fn frames_that_lag_in_the_part_that_a_series_left_take_and_count_nothing() {
    let mut world = World::new();
    let node = world.arrive();
    let [a, b] = ["a", "b"].map(|name| world.part(node, name));
    world.frame(a, &[("x", BORN, 10), ("y", BORN, 1)]);
    world.frame(b, &[("x", BORN, 12)]);
    world.frame(a, &[("x", BORN, 11), ("y", BORN, 1)]);
    assert_eq!((world.total(), world.row("x")), (13, (12, 1)));
    world.frame(a, &[("y", BORN, 1)]);
    assert_eq!((world.total(), world.row("x")), (13, (12, 1)));
    world.frame(b, &[("x", BORN, 14)]);
    assert_eq!((world.total(), world.row("x")), (15, (14, 1)));
}

#[test]
fn a_life_that_lags_in_another_part_than_the_next_counts_once() {
    let mut world = World::new();
    let node = world.arrive();
    let [a, b] = ["a", "b"].map(|name| world.part(node, name));
    world.frame(a, &[("x", BORN, 10)]);
    world.frame(b, &[("x", BORN + 1, 5)]);
    assert_eq!((world.total(), world.row("x")), (15, (15, 1)));
    world.frame(a, &[("x", BORN, 10)]);
    let patch = FrameAt {
        frame: 1,
        ..FrameAt::first(world.group)
    };
    let text = r#"{"x":{"bytes":11}}"#.as_bytes();
    let read = world.fleet.read::<KEY>(a, 0, patch, text, NOW);
    assert_eq!(read, Ok(()));
    world.frame(a, &[]);
    assert_eq!((world.total(), world.row("x")), (15, (15, 1)));
    world.frame(b, &[("x", BORN + 1, 6)]);
    assert_eq!((world.total(), world.row("x")), (16, (16, 1)));
}

#[test]
fn what_was_forgotten_after_it_moved_goes_on_though_the_part_that_it_left_tells_of_it_first() {
    for is_patch in [false, true] {
        let mut world = World::new();
        let node = world.arrive();
        let [a, b] = ["a", "b"].map(|name| world.part(node, name));
        let patch = |world: &mut World, b| {
            let (at, text) = (FrameAt::first(FIRST + 1), r#"{"x":{"bytes":8}}"#);
            let at = FrameAt { frame: 1, ..at };
            world
                .fleet
                .read::<KEY>(b, 0, at, text.as_bytes(), NOW)
                .unwrap();
        };
        let moved = if is_patch { 6 } else { 8 };
        world.frame_at(FIRST, a, &[("x", BORN, 5)]);
        world.frame_at(FIRST + 1, b, &[("x", BORN, moved)]);
        if is_patch {
            patch(&mut world, b);
        }
        world.forget(node);
        let node = world.arrive();
        let [a, b] = ["a", "b"].map(|name| world.part(node, name));
        world.frame_at(FIRST, a, &[("x", BORN, 5)]);
        world.frame_at(FIRST + 1, b, &[("x", BORN, moved)]);
        if is_patch {
            patch(&mut world, b);
        }
        assert_eq!(world.total(), 8);
        world.frame_at(FIRST + 2, a, &[]);
        world.frame_at(FIRST + 3, b, &[("x", BORN, 9)]);
        assert_eq!((world.total(), world.row("x")), (9, (9, 1)), "{is_patch}");
    }
}
