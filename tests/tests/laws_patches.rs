//! Patches: what changed since what the sink took, and nothing else.
#![cfg(not(loom))]

use serde_json::Value;
use streamgauge_core::{PublisherTrack, Reporter, Tier, Told};
use streamgauge_tests::{Gauge, Ledgers, Node, Patched, Room, Sink, TIER_NAMES, track_name};

const TRACK: &str = "publisher.json";

type Traffic = Ledgers<streamgauge_core::Traffic>;
type Presence = Ledgers<streamgauge_core::Presence>;

fn patching(series: usize) -> Gauge {
    Gauge::new(Room {
        marks: true,
        ..Room::of(series)
    })
}

fn open(gauge: &Gauge, path: &str) -> PublisherTrack<Node> {
    let handle = gauge.node.tier(Tier::External);
    handle.broadcast(path).publisher_track("video")
}

fn patched(gauge: &Gauge) -> &Patched {
    gauge.patched.as_ref().expect("patches are made")
}

/// The patch of a track that is due, of a reporter that the gauge does not drain.
fn patch(gauge: &mut Gauge, told: &Told, track: &str, room: usize) -> String {
    let reporter: &mut Reporter<Traffic, Presence> = &mut gauge.reporter;
    while let Some(id) = reporter.poll_track() {
        if track_name(id) == track {
            break;
        }
        reporter.accept(gauge.node.meters());
    }
    reporter.restart();
    let (mut patch, mut buf) = (Vec::new(), vec![0; room]);
    loop {
        let names = &TIER_NAMES[..];
        let chunk = reporter.poll_patch(told, gauge.node.meters(), names, &mut buf);
        patch.extend_from_slice(&buf[..chunk.len]);
        if chunk.end {
            return String::from_utf8(patch).expect("text");
        }
    }
}

#[test]
fn a_row_returns_when_its_end_was_told_by_a_patch_and_not_before() {
    let mut gauge = patching(1);
    gauge.tick();
    open(&gauge, "a").bytes(1);
    let series = |gauge: &Gauge| gauge.node.meters().traffic().usage().series;
    for _ in 0..3 {
        gauge.tick_into(Sink::Refuse, 64);
        assert_eq!(series(&gauge), 1);
    }
    gauge.tick();
    assert_eq!(
        series(&gauge),
        1,
        "its last words were told, its end was not"
    );
    assert_eq!(
        patched(&gauge).frame(TRACK).expect("a frame")["a"]["bytes"],
        1
    );
    gauge.tick_into(Sink::Refuse, 64);
    assert_eq!(series(&gauge), 1);
    gauge.tick();
    assert_eq!(series(&gauge), 0);
    assert!(patched(&gauge).frame(TRACK).expect("a frame")["a"].is_null());
}

#[test]
fn a_series_that_comes_again_before_its_end_was_told_goes_on() {
    let mut gauge = patching(1);
    gauge.tick();
    open(&gauge, "a").bytes(1);
    gauge.tick();
    open(&gauge, "a").bytes(2);
    gauge.tick();
    assert_eq!(
        patched(&gauge).frame(TRACK).expect("a frame")["a"]["bytes"],
        3
    );
    gauge.tick();
    gauge.tick();
    assert_eq!(gauge.total(0).bytes, 3);
    assert_eq!(gauge.node.meters().traffic().usage().series, 0);
}

#[test]
fn a_patch_is_the_same_in_pieces_of_any_size() {
    for track in [TRACK, "node.json"] {
        let whole = pieces(track, 1 << 14);
        assert!(whole.len() > 2, "{whole}");
        for room in (1..90).chain([255, 256, 1_000]) {
            assert_eq!(pieces(track, room), whole, "pieces of {room}");
        }
    }
}

fn pieces(track: &str, room: usize) -> String {
    let mut gauge = patching(8);
    let mut told = Told::NOTHING;
    let mut tracks: Vec<_> = ["a", "b", "quo\"te\\", "ünï/🎈", "gone"]
        .map(|name| open(&gauge, name))
        .into();
    gauge.collect();
    take_all(&mut gauge, &mut told);
    drop(tracks.pop());
    gauge.collect();
    take_all(&mut gauge, &mut told);
    tracks
        .iter_mut()
        .skip(1)
        .for_each(|track| track.whole_frame(123_456_789));
    let _new = open(&gauge, "new");
    gauge.collect();
    patch(&mut gauge, &told, track, room)
}

/// A sink takes a keyframe of each track.
fn take_all(gauge: &mut Gauge, told: &mut Told) {
    while gauge.reporter.poll_track().is_some() {
        gauge.reporter.accept_keyframe(told);
        gauge.reporter.accept(gauge.node.meters());
    }
}

#[test]
fn what_was_told_of_the_node_is_not_said_again() {
    let mut gauge = patching(4);
    let mut told = Told::NOTHING;
    let mut track = open(&gauge, "a");
    gauge.collect();
    let whole = patch(&mut gauge, &told, "node.json", 4096);
    let whole: Value = serde_json::from_str(&whole).expect("JSON");
    assert_eq!(whole["epoch"], 7, "all of it, to who knows nothing");
    gauge.reporter.accept_keyframe(&mut told);
    gauge.reporter.accept(gauge.node.meters());
    track.whole_frame(5);
    gauge.now = gauge.now.saturating_add(Gauge::INTERVAL);
    gauge.collect();
    let patch = patch(&mut gauge, &told, "node.json", 4096);
    let patch: Value = serde_json::from_str(&patch).expect("JSON");
    let mut names: Vec<_> = patch.as_object().expect("an object").keys().collect();
    names.sort();
    let expected = [
        "frame_bytes",
        "frames",
        "ticks",
        "totals",
        "ts_ms",
        "uptime_ms",
    ];
    assert_eq!(names, expected, "{patch}");
    let totals = serde_json::json!({"publisher": {"bytes": 5, "frames": 1}});
    assert_eq!(patch["totals"], totals);
}

#[test]
fn books_without_marks_make_no_patches() {
    let mut gauge = Gauge::new(Room::of(4));
    let _track = open(&gauge, "a");
    gauge.collect();
    assert!(!gauge.reporter.traffic().keeps_marks());
    assert_eq!(
        gauge.reporter.poll_track().map(track_name),
        Some(TRACK.into())
    );
    assert!(!gauge.reporter.has_patch());
    assert_eq!(patch(&mut gauge, &Told::NOTHING, TRACK, 64), "{}");
}

#[test]
fn a_patch_costs_what_changed() {
    // Counted in bytes: they say nothing of the thousand that did not move.
    let mut gauge = patching(1_000);
    let mut tracks: Vec<_> = (0..1_000)
        .map(|n| open(&gauge, &format!("room/{n}")))
        .collect();
    let mut told = Told::NOTHING;
    gauge.collect();
    take_all(&mut gauge, &mut told);
    tracks[500].whole_frame(1_200);
    gauge.collect();
    let patch = patch(&mut gauge, &told, TRACK, 4096);
    assert_eq!(patch, r#"{"room/500":{"bytes":1200,"frames":1}}"#);
}

#[test]
fn what_outlived_a_reset_is_told_and_ends() {
    let mut before = patching(4);
    open(&before, "a").bytes(5);
    before.collect();
    let (mut saved, names) = (Vec::new(), &TIER_NAMES[..]);
    let put = |byte| saved.push(byte);
    let meters = before.node.meters();
    before
        .reporter
        .save(meters, names, 4096, put)
        .expect("room");

    let mut after = patching(4);
    let (meters, bytes) = (after.node.meters(), saved.iter().copied());
    after
        .reporter
        .restore(meters, names, bytes)
        .expect("a block");
    after.tick();
    assert_eq!(
        patched(&after).frame(TRACK).expect("a frame")["a"]["bytes"],
        5
    );
    after.tick();
    assert!(patched(&after).frame(TRACK).expect("a frame")["a"].is_null());
    assert_eq!(after.node.meters().traffic().usage().series, 0);
}
