//! Ticks: one when it is due, whatever the clock does.
#![cfg(not(loom))]

use streamgauge_core::{Duration, Instant, PublisherTrack, Tier};
use streamgauge_tests::{Gauge, Node, Room, Sink};

const SECOND: u64 = 1_000_000;

fn at(micros: u64) -> Instant {
    Instant::from_micros(micros)
}

/// Calls the reporter at a time, and says whether it ticked.
fn call(gauge: &mut Gauge, micros: u64) -> bool {
    gauge.now = at(micros);
    let ticked = gauge.call();
    gauge.drain(Sink::Accept, 256);
    ticked
}

fn open(gauge: &Gauge, path: &str) -> PublisherTrack<Node> {
    let handle = gauge.node.tier(Tier::External);
    handle.broadcast(path).publisher_track("video")
}

/// A node with room for two series, that has ticked at zero.
fn small() -> Gauge {
    let mut gauge = Gauge::new(Room::of(2));
    assert!(call(&mut gauge, 0));
    gauge
}

#[test]
fn a_call_before_its_time_does_nothing() {
    let mut gauge = small();
    for micros in [0, 1, SECOND / 2, SECOND - 1] {
        assert!(!call(&mut gauge, micros));
    }
    assert_eq!(gauge.reporter.health().ticks, 1);
    assert!(call(&mut gauge, SECOND));
}

#[test]
fn ticks_that_are_a_little_late_keep_the_beat() {
    let mut gauge = small();
    for beat in 1..20 {
        assert_eq!(gauge.reporter.poll_timeout(), at(beat * SECOND));
        assert!(call(&mut gauge, beat * SECOND + beat * 1_000));
    }
    assert_eq!(gauge.reporter.health().late_ticks, 0);
}

#[test]
fn a_late_tick_is_one_tick() {
    let mut gauge = small();
    let late = 50 * SECOND + 7;
    assert!(call(&mut gauge, late));
    assert!(!call(&mut gauge, late + SECOND - 1));
    assert_eq!(gauge.reporter.health().ticks, 2);
    assert_eq!(gauge.reporter.health().late_ticks, 1);
    assert_eq!(gauge.reporter.health().skipped_ticks, 49);
    assert!(call(&mut gauge, late + SECOND));
}

#[test]
fn a_flush_puts_no_tick_off() {
    let mut gauge = small();
    for micros in 1..100 {
        gauge.now = at(micros);
        gauge.tick_into(Sink::Accept, 256);
    }
    assert_eq!(gauge.reporter.poll_timeout(), at(SECOND));
}

#[test]
fn full_tables_make_ticks_come_early_and_put_none_off() {
    let mut gauge = small();
    let mut tracks = Vec::new();
    for tenth in 1..10 {
        tracks.push(open(&gauge, &tenth.to_string()));
        if gauge.node.meters().traffic().is_pressed() {
            assert_eq!(gauge.reporter.poll_early_timeout(), at(tenth * SECOND / 10));
            assert!(!call(&mut gauge, tenth * SECOND / 10 - 1));
            assert!(call(&mut gauge, tenth * SECOND / 10));
        } else {
            assert!(!call(&mut gauge, tenth * SECOND / 10));
            gauge.tick_into(Sink::Accept, 256);
        }
    }
    assert_eq!(gauge.reporter.health().early_ticks, 8);
    assert_eq!(gauge.reporter.poll_timeout(), at(SECOND));
}

#[test]
fn a_tick_that_makes_room_ends_the_pressure() {
    let mut gauge = small();
    drop([open(&gauge, "a"), open(&gauge, "b")]);
    assert!(gauge.node.meters().traffic().is_pressed());
    assert!(call(&mut gauge, SECOND));
    assert!(!gauge.node.meters().traffic().is_pressed());
    assert!(!call(&mut gauge, SECOND + SECOND / 2));
}

#[test]
fn a_clock_that_jumps_back_does_not_silence_the_node() {
    let mut gauge = Gauge::new(Room::of(2));
    assert!(call(&mut gauge, 5_000 * SECOND));
    let mut track = open(&gauge, "a");
    track.bytes(3);
    assert!(
        call(&mut gauge, 10 * SECOND),
        "the clock is behind the last tick"
    );
    assert_eq!(gauge.reporter.poll_timeout(), at(11 * SECOND));
    assert!(!call(&mut gauge, 11 * SECOND - 1));
    assert!(call(&mut gauge, 11 * SECOND));
    assert_eq!(gauge.reader.seen("publisher.json", "a")[6], 3);
}

#[test]
fn stamps_rise_and_lives_stay_apart_though_the_clock_stands() {
    let mut gauge = Gauge::new(Room::of(2));
    for bytes in [7, 5, 9] {
        let mut track = open(&gauge, "a");
        track.bytes(bytes);
        drop(track);
        let before = gauge.reporter.health().ts_ms;
        gauge.tick_into(Sink::Accept, 256);
        assert!(gauge.reporter.health().ts_ms > before);
    }
    // The reader sums up lives that it can tell apart, and nothing else.
    assert_eq!(gauge.reader.seen("publisher.json", "a")[6], 21);
}

#[test]
fn an_interval_of_zero_is_a_microsecond() {
    let node = Node::new(Room::of(1));
    let mut reporter = node.reporter(Duration::from_micros(0), 0);
    for micros in 0..5 {
        assert_eq!(reporter.poll_timeout(), at(micros));
        assert!(reporter.handle_timeout(node.meters(), at(micros)));
        assert!(!reporter.handle_timeout(node.meters(), at(micros)));
    }
}

#[test]
fn the_end_of_time_is_no_reason_to_panic() {
    let node = Node::new(Room::of(1));
    let mut reporter = node.reporter(Duration::from_micros(u64::MAX), u64::MAX);
    for micros in [0, u64::MAX, 0, u64::MAX - 1, 1 << 63] {
        reporter.handle_timeout(node.meters(), at(micros));
        reporter.tick(node.meters(), at(micros));
        let _ = (reporter.poll_timeout(), reporter.poll_early_timeout());
    }
}
