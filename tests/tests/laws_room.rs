//! Room: bounded whatever comes, given back when it can be, and no reason to panic at any size.
#![cfg(not(loom))]

use streamgauge_core::{OVERFLOW, PublisherTrack, Role, Tier, Traffic};
use streamgauge_tests::{Gauge, Node, Room, Sink};

const TRACK: &str = "publisher.json";

fn open(gauge: &Gauge, path: &str) -> PublisherTrack<Node> {
    let handle = gauge.node.tier(Tier::External);
    handle.broadcast(path).publisher_track("video")
}

fn bytes(gauge: &Gauge, name: &str) -> u64 {
    let seen = gauge.reader.seen(TRACK, name);
    seen.get(6).copied().unwrap_or_default()
}

/// One short subscription that counts so many bytes.
fn pass(gauge: &Gauge, path: &str, bytes: usize) {
    open(gauge, path).whole_frame(bytes);
}

fn usage(gauge: &Gauge) -> streamgauge_core::Usage {
    gauge.node.meters().traffic().usage()
}

#[test]
fn a_node_without_any_room_counts_all_in_the_overflow_series() {
    let mut gauge = Gauge::new(Room::of(0));
    let handle = gauge.node.tier(Tier::Internal);
    let session = handle.session("root");
    let guard = handle.broadcast("a").subscriber();
    let mut track = guard.track("video");
    (0..1_000).for_each(|_| track.whole_frame(3));
    drop((track, guard, session));
    gauge.tick();
    let seen = |track| gauge.reader.seen(track, OVERFLOW);
    let traffic = [1, 1, 1, 1, 1, 1, 3_000, 1_000, 0, 1, 1];
    assert_eq!(seen("internal/subscriber.json"), traffic);
    assert_eq!(seen("internal/sessions.json"), [1, 1]);
}

#[test]
fn a_named_tier_that_was_not_declared_counts_in_the_external_overflow_series() {
    let mut gauge = Gauge::new(Room::of(4));
    let handle = gauge.node.tier(Tier::Named(200));
    handle.broadcast("a").publisher_track("video").bytes(5);
    let _session = handle.session("root");
    gauge.tick();
    assert_eq!(bytes(&gauge, OVERFLOW), 5);
    assert_eq!(gauge.reader.seen("sessions.json", OVERFLOW), [1, 0]);
}

#[test]
fn ten_thousand_names_and_a_dead_sink_take_no_more_room_and_lose_nothing() {
    let mut gauge = Gauge::new(Room::of(8));
    for n in 0..10_000 {
        pass(&gauge, &format!("name/{n}"), 1);
        if n % 100 == 0 {
            gauge.tick_into(Sink::Refuse, 64);
        }
        assert!(usage(&gauge).series <= 8 && usage(&gauge).cells <= 8);
    }
    gauge.tick();
    let own: u64 = (0..8).map(|n| bytes(&gauge, &format!("name/{n}"))).sum();
    assert_eq!((own, bytes(&gauge, OVERFLOW)), (8, 9_992));
    assert_eq!(usage(&gauge).folded_keys, 9_992);
}

#[test]
fn rows_return_when_their_last_frame_was_accepted_and_not_before() {
    let mut gauge = Gauge::new(Room::of(1));
    pass(&gauge, "a", 1);
    for _ in 0..3 {
        gauge.tick_into(Sink::Refuse, 64);
        assert_eq!(usage(&gauge).series, 1);
    }
    gauge.tick();
    assert_eq!(usage(&gauge).series, 0);
    pass(&gauge, "b", 2);
    gauge.tick();
    let seen = ["a", "b", OVERFLOW].map(|name| bytes(&gauge, name));
    assert_eq!(seen, [1, 2, 0]);
}

#[test]
fn a_guard_without_a_cell_is_given_one_when_there_is_one_again() {
    let mut gauge = Gauge::new(Room {
        cells: 1,
        ..Room::of(4)
    });
    let first = open(&gauge, "a");
    let mut second = open(&gauge, "b");
    second.bytes(1);
    drop(first);
    gauge.tick();
    assert_eq!(bytes(&gauge, "b"), 0, "still in the guard");
    (0..64).for_each(|_| second.bytes(1));
    gauge.tick();
    assert_eq!(bytes(&gauge, "b"), 65, "one flush and one bump of a cell");
    second.bytes(1);
    gauge.tick();
    assert_eq!(bytes(&gauge, "b"), 66, "every bump of a cell shows at once");
}

#[test]
fn a_row_reopened_between_collect_and_accept_keeps_its_counts() {
    let mut gauge = Gauge::new(Room::of(1));
    pass(&gauge, "a", 1);
    gauge.collect();
    pass(&gauge, "a", 2);
    let held = open(&gauge, "a");
    gauge.drain(Sink::Accept, 64);
    assert_eq!(bytes(&gauge, "a"), 1);
    gauge.tick();
    assert_eq!(bytes(&gauge, "a"), 3);
    drop(held);
    gauge.tick();
    gauge.tick();
    assert_eq!(usage(&gauge).series, 0);
    assert_eq!(gauge.total(0).subscriptions_closed, 3);
}

#[test]
fn a_row_with_changes_to_tell_goes_to_no_other_name() {
    let mut gauge = Gauge::new(Room::of(1));
    pass(&gauge, "a", 1);
    gauge.collect();
    pass(&gauge, "a", 2);
    gauge.drain(Sink::Accept, 64);
    pass(&gauge, "b", 4);
    gauge.tick();
    let seen = ["a", "b", OVERFLOW].map(|name| bytes(&gauge, name));
    assert_eq!(seen, [3, 0, 4]);
}

#[test]
fn a_writer_that_outlives_its_subscription_still_counts() {
    let mut gauge = Gauge::new(Room {
        cells: 2,
        ..Room::of(1)
    });
    let subscription = open(&gauge, "a");
    let mut writer = subscription.writer();
    drop(subscription);
    for round in 1..5 {
        writer.bytes(1);
        gauge.tick();
        gauge.tick();
        assert_eq!(bytes(&gauge, "a"), round);
        assert_eq!(
            usage(&gauge).series,
            1,
            "a row with a writer is not retired"
        );
    }
    drop(writer);
    gauge.tick();
    assert_eq!(usage(&gauge).series, 0);
}

#[test]
fn a_cell_is_as_good_as_new_for_the_next_series() {
    let mut gauge = Gauge::new(Room::of(1));
    for (name, n) in [("a", 5), ("b", 3), ("c", 4)] {
        pass(&gauge, name, n);
        gauge.tick();
    }
    assert_eq!(["a", "b", "c"].map(|name| bytes(&gauge, name)), [5, 3, 4]);
}

#[test]
fn node_totals_outlive_their_series() {
    let mut gauge = Gauge::new(Room::of(2));
    for round in 1..6 {
        pass(&gauge, "a", 10);
        gauge.tick();
        gauge.tick();
        assert_eq!(gauge.total(0).bytes, 10 * round);
        assert_eq!(gauge.reporter.traffic().retired(0).bytes, 10 * round);
        assert_eq!(
            gauge.reader.node()["totals"]["publisher"]["bytes"],
            10 * round
        );
    }
}

#[test]
fn a_disabled_handle_counts_nothing_and_neither_do_its_guards() {
    let handle = streamgauge_core::StatsHandle::<Node>::disabled();
    assert!(handle.is_disabled() && handle.broadcast("a").is_empty());
    let guard = handle.broadcast("a").publisher();
    let mut track = guard.track("video");
    track.whole_frame(5);
    track.writer().group();
    let _session = handle.session("root");
}

#[test]
fn a_table_has_the_lanes_of_its_tiers() {
    let gauge = Gauge::new(Room {
        named_tiers: 2,
        ..Room::of(1)
    });
    let lanes = gauge.reporter.traffic().lanes();
    assert_eq!(lanes, 4 * Role::ALL.len());
    assert_eq!(gauge.total(lanes), Traffic::default(), "no lane, no counts");
}
