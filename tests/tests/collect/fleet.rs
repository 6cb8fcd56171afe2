//! What the fleet makes of frames: lives, epochs, what is open, rates, prefixes, and what is forgotten.

use streamgauge_core::{
    Duration, Health, Instant, Replication, Traffic,
    collect::{Fleet, FleetPolicy, FrameAt, FrameReader, ReadError, Refused, SourceId},
};

use crate::room::{Boxed, KEY, Size, fleet};

/// A moment of a wall clock, in milliseconds.
const BORN: u64 = 1_700_000_000_000;

type Traffics = Fleet<Traffic, Boxed<Traffic>>;

const SIZE: Size = Size {
    lanes: 2,
    sources: 3,
    rows: 16,
    series: 16,
};

fn small() -> Traffics {
    fleet(SIZE, FleetPolicy::new())
}

fn at(seconds: u64) -> Instant {
    Instant::from_micros(seconds * 1_000_000)
}

fn place(group: u64, frame: u64) -> FrameAt {
    FrameAt {
        frame,
        ..FrameAt::first(group)
    }
}

/// A reader of one track of one node, whose groups follow each other.
struct Track<'a> {
    fleet: &'a mut Traffics,
    node: SourceId,
    group: u64,
    now: Instant,
}

impl<'a> Track<'a> {
    fn new(fleet: &'a mut Traffics) -> Self {
        let node = fleet.arrive("n", at(0)).unwrap();
        Self {
            fleet,
            node,
            group: 0,
            now: at(0),
        }
    }

    fn frame(&mut self, text: &str) {
        self.group += 1;
        self.frame_at(FrameAt::first(self.group), text).unwrap();
    }

    fn patch(&mut self, frame: u64, text: &str) -> Result<(), ReadError> {
        let group = self.group;
        self.frame_at(place(group, frame), text)
    }

    fn frame_at(&mut self, at: FrameAt, text: &str) -> Result<(), ReadError> {
        let bytes = text.as_bytes();
        self.fleet.read::<KEY>(self.node, 0, at, bytes, self.now)
    }

    fn report(&mut self, epoch: u64, since: u64, bytes: u64) {
        self.group += 1;
        let text = format!(
            r#"{{"epoch":{epoch},"since":{since},"totals":{{"publisher":{{"bytes":{bytes}}}}}}}"#
        );
        let lane = |name: &str| (name == "publisher").then_some(0);
        let (at, mut health) = (FrameAt::first(self.group), Health::default());
        let read = self.fleet.read_node::<KEY>(
            self.node,
            at,
            text.as_bytes(),
            &mut health,
            lane,
            self.now,
        );
        assert_eq!((read, health.epoch), (Ok(()), epoch));
    }

    fn row(&self, name: &str) -> Traffic {
        let row = self.fleet.row(0, name);
        row.map_or_else(Traffic::default, |row| row.totals())
    }

    fn live(&self, name: &str) -> u64 {
        let live = self.fleet.row(0, name).unwrap().live();
        live.subscriptions - live.subscriptions_closed
    }

    fn total(&self) -> Traffic {
        self.fleet.lane(0, self.now).unwrap().total
    }

    fn unnamed(&self) -> Traffic {
        self.fleet.lane(0, self.now).unwrap().unnamed
    }
}

fn bytes_since(bytes: u64, since: u64) -> String {
    format!(r#"{{"a":{{"bytes":{bytes},"since":{since}}}}}"#)
}

#[test]
fn another_since_is_another_life_even_if_nothing_falls() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    track.frame(&bytes_since(100, BORN));
    track.frame(&bytes_since(150, BORN));
    track.frame(&bytes_since(200, BORN + 1));
    assert_eq!((track.row("a").bytes, track.total().bytes), (350, 350));
    assert!(!track.fleet.row(0, "a").unwrap().is_inferred());
}

#[test]
fn within_a_life_an_older_frame_changes_nothing() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    track.frame(&bytes_since(100, BORN));
    // It comes over another way, whose groups have other numbers.
    track.node = track.fleet.arrive("n", at(1)).unwrap();
    track.frame(&bytes_since(40, BORN));
    assert_eq!((track.row("a").bytes, track.total().bytes), (100, 100));
    track.frame(&bytes_since(130, BORN));
    assert_eq!((track.row("a").bytes, track.total().bytes), (130, 130));
    assert_eq!(track.fleet.counts().inferred, 0);
}

#[test]
fn without_since_a_number_that_fell_is_a_restart_and_marked_as_inferred() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    track.frame(r#"{"a":{"bytes":100,"frames":3}}"#);
    track.frame(r#"{"a":{"bytes":160,"frames":4}}"#);
    track.frame(r#"{"a":{"bytes":170,"frames":1}}"#);
    assert_eq!((track.row("a").bytes, track.row("a").frames), (330, 5));
    assert!(track.fleet.row(0, "a").unwrap().is_inferred());
    assert_eq!(track.fleet.counts().inferred, 1);
}

#[test]
fn a_clock_that_counts_from_the_start_of_the_machine_is_no_proof_of_life() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    track.frame(&bytes_since(100, 0));
    track.frame(&bytes_since(30, 0));
    assert_eq!(
        (track.row("a").bytes, track.fleet.counts().inferred),
        (130, 1)
    );
}

#[test]
fn a_series_that_comes_back_goes_on_where_it_was() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    track.frame(r#"{"a":{"bytes":100}}"#);
    track.frame("{}");
    track.frame(r#"{"a":{"bytes":120}}"#);
    assert_eq!(track.row("a").bytes, 120);
}

#[test]
fn what_a_frame_lacks_is_over_and_what_was_open_is_closed() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    let open = format!(r#"{{"a":{{"subscriptions":5,"subscriptions_closed":2,"since":{BORN}}}}}"#);
    track.frame(&open);
    assert_eq!(track.live("a"), 3);
    track.frame("{}");
    assert_eq!(track.live("a"), 0);
    assert_eq!(track.row("a").subscriptions_closed, 5);
}

#[test]
fn a_departed_nodes_open_pairs_are_shown_closed_until_it_returns() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    let open = format!(r#"{{"a":{{"subscriptions":5,"subscriptions_closed":2,"since":{BORN}}}}}"#);
    track.frame(&open);
    track.fleet.depart(track.node, at(1));
    assert_eq!(track.live("a"), 0);
    let row = track.fleet.row(0, "a").unwrap();
    assert_eq!(
        (row.shown().subscriptions, row.shown().subscriptions_closed),
        (5, 5)
    );
    assert_eq!(row.totals().subscriptions_closed, 2);
    let refused = track.frame_at(FrameAt::first(9), &open);
    assert_eq!(refused, Err(ReadError::Refused(Refused::Unknown)));
    track.node = track.fleet.arrive("n", at(2)).unwrap();
    track.frame(&open);
    assert_eq!((track.live("a"), track.row("a").subscriptions), (3, 5));
}

#[test]
fn frames_that_are_not_newer_are_refused() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    track.group = 4;
    track.frame(r#"{"a":{"bytes":1}}"#);
    for group in [5, 4, 0] {
        let read = track.frame_at(FrameAt::first(group), r#"{"a":{"bytes":9}}"#);
        assert_eq!(read, Err(ReadError::Refused(Refused::Old)));
    }
    let lane = track
        .fleet
        .read::<KEY>(track.node, 2, FrameAt::first(6), b"{}", at(0));
    assert_eq!(lane, Err(ReadError::Refused(Refused::NoLane)));
    assert_eq!(track.row("a").bytes, 1);
}

#[test]
fn a_patch_changes_named_members_and_null_ends_a_series() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    let first = format!(
        r#"{{"a":{{"bytes":5,"frames":6,"since":{BORN}}},"b":{{"subscriptions":1,"since":{BORN}}}}}"#
    );
    track.frame(&first);
    track.patch(1, r#"{"a":{"bytes":8}}"#).unwrap();
    assert_eq!((track.row("a").bytes, track.row("a").frames), (8, 6));
    assert_eq!(track.live("b"), 1, "what a patch leaves out is as it was");
    track.patch(2, r#"{"b":null,"c":{"bytes":7}}"#).unwrap();
    assert_eq!(
        (track.live("b"), track.row("b").subscriptions_closed),
        (0, 1)
    );
    assert_eq!((track.row("c").bytes, track.total().bytes), (7, 15));
}

#[test]
fn a_patch_that_renews_a_series_is_put_together_with_what_it_leaves_out() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    track.frame(&format!(
        r#"{{"a":{{"bytes":5,"frames":6,"since":{BORN}}}}}"#
    ));
    let renewed = format!(r#"{{"a":{{"frames":9,"since":{}}}}}"#, BORN + 1);
    track.patch(1, &renewed).unwrap();
    assert_eq!((track.row("a").bytes, track.row("a").frames), (10, 15));
}

#[test]
fn a_patch_behind_a_gap_waits_for_the_next_group() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    let gap = Err(ReadError::Refused(Refused::Gap));
    assert_eq!(track.patch(1, "{}"), gap, "there is nothing to patch");
    track.frame(r#"{"a":{"bytes":5}}"#);
    assert_eq!(track.patch(2, r#"{"a":{"bytes":8}}"#), gap);
    track.patch(1, r#"{"a":{"bytes":6}}"#).unwrap();
    assert!(track.patch(2, "{").is_err());
    assert_eq!(track.patch(3, "{}"), gap, "the patch before was cut");
    track.frame(r#"{"a":{"bytes":9}}"#);
    track.patch(1, r#"{"a":{"bytes":10}}"#).unwrap();
    assert_eq!(track.row("a").bytes, 10);
}

#[test]
fn a_frame_cut_short_counts_as_far_as_it_goes_and_ends_nothing() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    track.frame(r#"{"a":{"bytes":1},"b":{"subscriptions":1}}"#);
    let cut = track.frame_at(FrameAt::first(7), r#"{"a":{"bytes":4},"b""#);
    assert!(matches!(cut, Err(ReadError::Parse(error)) if error.offset == 20));
    assert_eq!(
        (track.row("a").bytes, track.total().bytes, track.live("b")),
        (4, 4, 1)
    );
    // The same frame may come again, whole.
    let again = track.frame_at(FrameAt::first(7), r#"{"a":{"bytes":4},"c":{"bytes":2}}"#);
    assert_eq!(
        (again, track.live("b"), track.total().bytes),
        (Ok(()), 0, 6)
    );
}

#[test]
fn a_name_that_a_frame_has_twice_counts_once() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    track.frame(r#"{"a":{"bytes":7},"a":{"bytes":3},"a":{"bytes":9}}"#);
    assert_eq!(
        (track.row("a").bytes, track.fleet.counts().repeated),
        (7, 2)
    );
}

#[test]
fn what_was_lost_with_a_frame_is_in_the_total_without_a_name() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    track.report(1, BORN, 0);
    track.frame(&bytes_since(100, BORN));
    track.report(1, BORN, 140);
    assert_eq!((track.total().bytes, track.unnamed().bytes), (140, 40));
    track.frame(&bytes_since(140, BORN));
    assert_eq!((track.total().bytes, track.unnamed().bytes), (140, 0));
}

#[test]
fn another_epoch_adds_to_what_was_before() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    track.report(1, BORN, 140);
    track.frame(&bytes_since(100, BORN));
    track.node = track.fleet.arrive("n", at(5)).unwrap();
    track.frame(&bytes_since(30, BORN + 5_000));
    assert_eq!(track.total().bytes, 140, "it may be the same epoch");
    track.report(2, BORN + 4_000, 50);
    assert_eq!((track.total().bytes, track.row("a").bytes), (190, 130));
    assert_eq!(track.fleet.source_total(track.node, 0).unwrap().bytes, 190);
}

#[test]
fn a_restart_that_nobody_announced_is_found_out_by_the_epoch() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    track.report(1, BORN, 100);
    track.frame(&bytes_since(100, BORN));
    track.frame(&bytes_since(30, BORN + 5_000));
    track.report(2, BORN + 4_000, 35);
    assert_eq!((track.total().bytes, track.row("a").bytes), (135, 130));
    // A last frame of the epoch before says nothing new: its node's total covers it.
    track.frame(&bytes_since(35, BORN + 5_000));
    assert_eq!(track.total().bytes, 135);
}

#[test]
fn a_node_that_returns_in_its_epoch_is_counted_once() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    track.report(1, BORN, 100);
    track.frame(&bytes_since(90, BORN));
    track.fleet.depart(track.node, at(1));
    track.node = track.fleet.arrive("n", at(2)).unwrap();
    track.frame(&bytes_since(110, BORN));
    assert_eq!(track.total().bytes, 110);
    track.report(1, BORN, 125);
    assert_eq!((track.total().bytes, track.row("a").bytes), (125, 110));
}

#[test]
fn nodes_add_up_by_name_by_prefix_and_by_lane() {
    let policy = FleetPolicy::new().with_levels(2);
    let mut fleet: Traffics = fleet(SIZE, policy);
    for (name, text) in [
        (
            "sjc",
            r#"{"acme/x/1":{"bytes":1},"acme/y":{"bytes":2},"solo":{"bytes":4}}"#,
        ),
        ("ams", r#"{"acme/x/1":{"bytes":8},"acme/x/2":{"bytes":16}}"#),
    ] {
        let node = fleet.arrive(name, at(0)).unwrap();
        for lane in 0..2 {
            let read = fleet.read::<KEY>(node, lane, FrameAt::first(1), text.as_bytes(), at(0));
            read.unwrap();
        }
    }
    let prefix = |prefix| fleet.prefix(1, prefix).map(|row| row.totals().bytes);
    assert_eq!(fleet.row(1, "acme/x/1").unwrap().totals().bytes, 9);
    assert_eq!((prefix("acme"), prefix("acme/x")), (Some(27), Some(25)));
    assert_eq!((prefix("acme/y"), prefix("solo")), (Some(2), Some(4)));
    assert_eq!((prefix("acme/x/1"), prefix("")), (None, None));
    assert_eq!(fleet.lane(0, at(0)).unwrap().total.bytes, 31);
    let nodes: Vec<_> = fleet
        .sources()
        .map(|node| {
            (
                node.name.to_string(),
                fleet.source_total(node.id, 1).unwrap().bytes,
            )
        })
        .collect();
    assert_eq!(nodes, [("sjc".to_owned(), 7), ("ams".to_owned(), 24)]);
}

#[test]
fn rates_are_by_time_and_what_was_counted_before_is_none() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    let rate = |track: &Track<'_>, seconds| {
        let growth = track.fleet.row(0, "a").unwrap().growth(at(seconds));
        growth.per_second(|words| words.bytes)
    };
    track.frame(&bytes_since(1_000_000, BORN));
    assert_eq!(rate(&track, 1), 0, "it was counted at other times");
    // Frames come at any distance: 500 bytes a second.
    for second in [2, 3, 7, 8, 9, 15, 20] {
        track.now = at(second);
        track.frame(&bytes_since(1_000_000 + 500 * second, BORN));
        assert!((400..=500).contains(&rate(&track, second)), "{second}");
    }
    assert!(rate(&track, 40) < 200, "silence is no traffic");
    track.now = at(100);
    track.frame(&bytes_since(1_060_000, BORN));
    assert_eq!(
        rate(&track, 100),
        5_000,
        "a burst after it counts over the window"
    );
}

#[test]
fn a_series_born_between_two_frames_counts_in_the_rate() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    track.frame("{}");
    track.now = at(5);
    track.frame(&bytes_since(1_000, BORN));
    let growth = track.fleet.lane(0, at(10)).unwrap().growth;
    assert_eq!(
        (growth.counted.bytes, growth.over),
        (1_000, Duration::from_secs(10))
    );
}

#[test]
fn the_fastest_come_first() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    track.frame("{}");
    track.now = at(1);
    track.frame(r#"{"a":{"bytes":10},"b":{"bytes":40},"c":{"bytes":20},"d":{"frames":9}}"#);
    let mut top = [None; 2];
    let found = track.fleet.top(0, at(2), |words| words.bytes, &mut top);
    let names = top.map(|row| row.unwrap().key().to_string());
    assert_eq!((found, names), (2, ["b".to_owned(), "c".to_owned()]));
    let mut all = [None; 9];
    assert_eq!(track.fleet.top(0, at(2), |words| words.bytes, &mut all), 3);
    assert_eq!(track.fleet.top(1, at(2), |words| words.bytes, &mut all), 0);
    assert_eq!(track.fleet.top(0, at(2), |words| words.bytes, &mut []), 0);
}

#[test]
fn what_is_idle_for_too_long_is_forgotten_and_stays_in_the_sums() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    track.frame(r#"{"acme/a":{"bytes":5},"acme/b":{"bytes":7}}"#);
    track.now = at(10);
    track.frame(r#"{"acme/b":{"bytes":7}}"#);
    assert_eq!(track.fleet.poll_timeout(), Some(at(310)));
    track.fleet.handle_timeout(at(309));
    assert!(track.fleet.row(0, "acme/a").is_some());
    track.fleet.handle_timeout(at(310));
    track.fleet.handle_timeout(at(700));
    assert!(track.fleet.row(0, "acme/a").is_none());
    assert_eq!(track.fleet.poll_timeout(), None);
    let lane = track.fleet.lane(0, at(700)).unwrap();
    assert_eq!(
        (lane.total.bytes, lane.forgotten.bytes, lane.unnamed.bytes),
        (12, 5, 0)
    );
    assert_eq!(track.fleet.prefix(0, "acme").unwrap().totals().bytes, 12);
    assert_eq!(track.fleet.counts().series, 1);
}

#[test]
fn a_series_that_went_on_while_it_was_forgotten_is_not_counted_twice() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    track.report(1, BORN, 100);
    track.frame(&bytes_since(100, BORN));
    track.fleet.depart(track.node, at(1));
    track.fleet.handle_timeout(at(1_000));
    track.node = track.fleet.arrive("n", at(1_001)).unwrap();
    track.frame(&bytes_since(120, BORN));
    assert_eq!(
        (track.total().bytes, track.fleet.counts().resumed),
        (100, 1)
    );
    track.frame(&bytes_since(125, BORN));
    track.report(1, BORN, 125);
    assert_eq!((track.total().bytes, track.unnamed().bytes), (125, 20));
}

#[test]
fn when_tables_are_full_the_nodes_total_still_tells_all() {
    let tight = Size {
        rows: 3,
        series: 2,
        ..SIZE
    };
    let mut fleet: Traffics = fleet(tight, FleetPolicy::new().with_levels(0));
    let mut track = Track::new(&mut fleet);
    track.frame(r#"{"a":{"bytes":1},"b":{"bytes":2},"c":{"bytes":4}}"#);
    assert_eq!((track.total().bytes, track.fleet.counts().folded), (3, 1));
    track.report(1, BORN, 7);
    assert_eq!((track.total().bytes, track.unnamed().bytes), (7, 4));
    track.frame(r#"{"c":{"bytes":5}}"#);
    track.frame(r#"{"c":{"bytes":6}}"#);
    assert_eq!(track.row("c").bytes, 6, "what is over makes room");
}

#[test]
fn a_node_more_than_there_is_room_for_takes_that_of_one_that_departed() {
    let mut fleet = small();
    let nodes = ["x", "y", "z"].map(|name| fleet.arrive(name, at(0)).unwrap());
    assert!(fleet.arrive("w", at(0)).is_err());
    assert!(fleet.arrive(&"long".repeat(KEY), at(0)).is_err());
    fleet
        .read::<KEY>(
            nodes[1],
            0,
            FrameAt::first(1),
            br#"{"a":{"bytes":5,"subscriptions":1}}"#,
            at(0),
        )
        .unwrap();
    fleet.depart(nodes[1], at(1));
    fleet.depart(nodes[0], at(2));
    let new = fleet.arrive("w", at(3)).unwrap();
    assert_ne!(new, nodes[1]);
    let stale = fleet.read::<KEY>(nodes[1], 0, FrameAt::first(2), b"{}", at(3));
    assert_eq!(stale, Err(ReadError::Refused(Refused::Unknown)));
    assert_eq!(
        (
            fleet.source_total(nodes[1], 0),
            fleet.counts().forgotten_sources
        ),
        (None, 1)
    );
    let total = fleet.lane(0, at(3)).unwrap().total;
    assert_eq!(
        (total.bytes, total.subscriptions, total.subscriptions_closed),
        (5, 1, 1)
    );
}

#[test]
fn gauges_of_nodes_that_are_there_add_up() {
    let mut fleet: Fleet<Replication, Boxed<Replication>> = fleet(SIZE, FleetPolicy::new());
    let [a, b] = ["a", "b"].map(|name| fleet.arrive(name, at(0)).unwrap());
    for (node, lag) in [(a, "250"), (b, "40")] {
        let text = format!(r#"{{"c":{{"sync_bytes":7,"replica_lag_us":{lag}}}}}"#);
        fleet
            .read::<KEY>(node, 0, FrameAt::first(1), text.as_bytes(), at(0))
            .unwrap();
    }
    let row = fleet.row(0, "c").unwrap();
    assert_eq!(
        (row.live().replica_lag_us, row.totals().sync_bytes),
        (Some(290), 14)
    );
    fleet.depart(a, at(1));
    fleet
        .read::<KEY>(
            b,
            0,
            FrameAt::first(2),
            br#"{"c":{"sync_bytes":9,"replica_lag_us":null}}"#,
            at(1),
        )
        .unwrap();
    let row = fleet.row(0, "c").unwrap();
    assert_eq!(
        (row.live().replica_lag_us, row.totals().sync_bytes),
        (Some(0), 16)
    );
}

#[test]
fn no_room_at_all_counts_nothing_and_breaks_nothing() {
    let none = Size {
        lanes: 0,
        sources: 0,
        rows: 0,
        series: 0,
    };
    let mut empty: Traffics = fleet(none, FleetPolicy::new());
    assert!(empty.arrive("n", at(0)).is_err());
    assert!(empty.lane(0, at(0)).is_none());
    let no_names = Size {
        rows: 0,
        series: 0,
        ..SIZE
    };
    let mut fleet: Traffics = fleet(no_names, FleetPolicy::new());
    let mut track = Track::new(&mut fleet);
    track.frame(r#"{"a":{"bytes":1}}"#);
    assert_eq!((track.total().bytes, track.fleet.counts().folded), (0, 1));
}

#[test]
fn patches_of_node_json_leave_what_they_leave_out() {
    let mut fleet = small();
    let node = fleet.arrive("n", at(0)).unwrap();
    let mut health = Health::default();
    let mut read = |frame, text: &str| {
        let frame = place(1, frame);
        let lane = |name: &str| (name == "publisher").then_some(0);
        fleet.read_node::<KEY>(node, frame, text.as_bytes(), &mut health, lane, at(0))
    };
    let whole = r#"{"epoch":7,"since":9,"ticks":1,"totals":{"publisher":{"bytes":5,"frames":2}}}"#;
    read(0, whole).unwrap();
    read(1, r#"{"ticks":2,"totals":{"publisher":{"bytes":8}}}"#).unwrap();
    assert_eq!(read(3, "{}"), Err(ReadError::Refused(Refused::Gap)));
    assert_eq!(read(1, "{}"), Err(ReadError::Refused(Refused::Old)));
    read(2, "{}").unwrap();
    assert_eq!((health.epoch, health.since, health.ticks), (7, 9, 2));
    let total = fleet.lane(0, at(0)).unwrap().total;
    assert_eq!((total.bytes, total.frames), (8, 2));
}

#[test]
fn a_frame_whose_node_departs_in_its_midst_counts_no_further() {
    let mut fleet = small();
    let node = fleet.arrive("n", at(0)).unwrap();
    let intake = fleet.begin(node, 0, FrameAt::first(1), at(0)).unwrap();
    let mut reader = FrameReader::<Traffic, KEY>::new();
    let mut parts = [
        r#"{"a":{"subscriptions":1}"#,
        r#","b":{"subscriptions":1}}"#,
    ]
    .into_iter();
    let mut push = |fleet: &mut Traffics| {
        let part = parts.next().unwrap().as_bytes();
        reader
            .push(part, |entry| fleet.take(&intake, &entry))
            .unwrap();
    };
    push(&mut fleet);
    fleet.depart(node, at(1));
    push(&mut fleet);
    fleet.end(intake);
    assert!(fleet.row(0, "b").is_none());
    assert_eq!(fleet.row(0, "a").unwrap().live().subscriptions, 0);
}

#[test]
fn a_late_frame_of_the_epoch_before_closes_what_it_opened_in_the_one_in_which_it_was_counted() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    track.report(1, BORN, 0);
    track.node = track.fleet.arrive("n", at(1)).unwrap();
    let late = format!(r#"{{"a":{{"subscriptions":10,"since":{}}}}}"#, BORN + 1);
    track.frame(&late);
    track.report(2, BORN + 2, 0);
    track.frame(&late);
    track.frame("{}");
    assert_eq!(track.row("a").subscriptions_closed, 10);
    assert_eq!(track.total().subscriptions_closed, 10);
}

#[test]
fn a_series_that_ended_two_arrivals_ago_and_goes_on_is_in_the_total() {
    let mut fleet = small();
    let frames = [r#"{"a":{}}"#, "{}"];
    let mut track = Track::new(&mut fleet);
    for frame in frames {
        track.frame(frame);
    }
    for _ in 0..2 {
        track.node = track.fleet.arrive("n", at(1)).unwrap();
    }
    track.frame(r#"{"a":{"frames":2}}"#);
    let lane = fleet.lane(0, at(1)).unwrap();
    assert_eq!((lane.total.frames, lane.unnamed.frames), (2, 0));
    assert_eq!(fleet.row(0, "a").unwrap().totals().frames, 2);
}

#[test]
fn late_frames_of_an_epoch_that_was_told_whole_count_nothing_more() {
    let mut fleet = small();
    let mut track = Track::new(&mut fleet);
    let since = BORN + 1;
    track.frame(&format!(r#"{{"a":{{"bytes":10,"since":{since}}}}}"#));
    track.report(1, BORN, 21);
    track.node = track.fleet.arrive("n", at(1)).unwrap();
    track.frame(&format!(
        r#"{{"a":{{"bytes":15,"since":{since}}},"b":{{"bytes":6,"since":{since}}}}}"#
    ));
    assert_eq!(track.total().bytes, 21);
    track.report(2, BORN + 4_000, 0);
    assert_eq!(track.total().bytes, 21);
    let since = BORN + 4_001;
    track.frame(&format!(r#"{{"a":{{"bytes":3,"since":{since}}}}}"#));
    track.report(2, BORN + 4_000, 3);
    assert_eq!(track.total().bytes, 24);
    assert_eq!((track.row("a").bytes, track.row("b").bytes), (18, 6));
}
