//! What frames say, byte by byte.

use streamgauge_core::{LevelEvent, Tier};
use streamgauge_tests::{Sink, TIER_NAMES};

use crate::desk::{Desk, Plan};

/// The first frame of each track of the level of this prefix, through a buffer of `room` bytes.
fn frames(path: &str, prefix: &str, node: &str, room: usize) -> Vec<String> {
    let mut desk = Desk::new(Plan::ample(2));
    let handle = desk.gauge.node.tier(Tier::External);
    let viewer = handle.broadcast(path).publisher();
    let mut track = viewer.track("v");
    track.group();
    track.whole_frame(1_200);
    desk.gauge.collect();
    let (meters, now) = (desk.gauge.node.clone(), desk.gauge.now);
    let ledger = desk.gauge.reporter.traffic();
    desk.rollups.take_in(meters.meters().traffic(), ledger, now);
    while let Some(event) = desk.rollups.poll_event() {
        assert!(matches!(event, LevelEvent::Announce(_)));
    }
    let (mut frames, mut buf) = (Vec::new(), vec![0; room]);
    while let Some(track) = desk.rollups.poll_track() {
        let mut frame = Vec::new();
        loop {
            let names = &TIER_NAMES[..];
            let chunk = desk.rollups.poll_frame(names, node, &mut buf);
            frame.extend_from_slice(&buf[..chunk.len]);
            if chunk.end {
                break;
            }
        }
        desk.rollups.accept();
        if desk.prefix(track.level) == prefix {
            frames.push(String::from_utf8(frame).expect("text"));
        }
    }
    frames
}

const FIRST: &str = "{\"v\":1,\"level\":\"demo\",\"tier\":\"external\",\"role\":\"publisher\",\"node\":\"sjc/1\",\
    \"ts_ms\":1000001,\"broadcasts\":1,\"broadcasts_closed\":0,\"subscriptions\":1,\"subscriptions_closed\":0,\
    \"bytes\":1200,\"frames\":1,\"groups\":1,\"since\":1000000}";

#[test]
fn a_frame_has_its_fields_in_the_order_that_is_known() {
    let frames = frames("demo/bbb", "demo", "sjc/1", 512);
    assert_eq!(frames.len(), 6);
    assert_eq!(frames[0], FIRST);
    let heads = [
        "\"tier\":\"external\",\"role\":\"subscriber\"",
        "\"tier\":\"internal\",\"role\":\"publisher\"",
        "\"tier\":\"internal\",\"role\":\"subscriber\"",
        "\"tier\":\"edge\",\"role\":\"publisher\"",
        "\"tier\":\"edge\",\"role\":\"subscriber\"",
    ];
    for (frame, head) in frames[1..].iter().zip(heads) {
        assert!(frame.contains(head), "{frame}");
        assert!(frame.contains("\"bytes\":0,"), "{frame}");
    }
}

#[test]
fn a_frame_is_the_same_in_pieces_of_any_size() {
    let whole = frames("demo/bbb", "demo", "sjc/1", 512);
    for room in 1..FIRST.len() + 2 {
        assert_eq!(frames("demo/bbb", "demo", "sjc/1", room), whole, "{room}");
    }
}

#[test]
fn a_node_without_a_name_has_no_field_for_it() {
    let frames = frames("demo/bbb", "demo", "", 512);
    assert_eq!(frames[0], FIRST.replace("\"node\":\"sjc/1\",", ""));
}

#[test]
fn paths_and_nodes_are_escaped() {
    let frames = frames("quo\"te/a\\\n", "quo\"te/a\\\n", "s\"jc", 512);
    assert!(
        frames[0].contains(r#""level":"quo\"te/a\\\n","#),
        "{}",
        frames[0]
    );
    assert!(frames[0].contains(r#""node":"s\"jc","#), "{}", frames[0]);
}

#[test]
fn a_frame_comes_when_its_lane_changed_and_only_then() {
    let mut desk = Desk::new(Plan::ample(1));
    let handle = desk.gauge.node.tier(Tier::External);
    let mut a = handle.broadcast("a").publisher_track("v");
    let _b = handle.broadcast("b").publisher_track("v");
    desk.tick();
    assert_eq!(desk.offered, 3 * 6, "a baseline of all");
    desk.tick();
    assert_eq!(desk.offered, 0);
    a.bytes(1);
    desk.tick();
    assert_eq!(desk.offered, 2, "one lane of `a`, and of the root");
}

#[test]
fn a_frame_of_the_ledger_that_is_refused_brings_no_frame_of_levels_again() {
    let mut desk = Desk::new(Plan::ample(1));
    let handle = desk.gauge.node.tier(Tier::External);
    let _a = handle.broadcast("a").publisher_track("v");
    for _ in 0..3 {
        desk.sleep(1_000);
        desk.tick_into(Sink::Refuse, u32::MAX, 512);
    }
    assert_eq!(desk.offered, 0);
}

#[test]
fn a_refused_frame_comes_again_with_newer_numbers() {
    let mut desk = Desk::new(Plan::ample(1));
    let handle = desk.gauge.node.tier(Tier::External);
    let mut a = handle.broadcast("a").publisher_track("v");
    a.bytes(1);
    desk.tick_into(Sink::Accept, 0, 512);
    assert_eq!((desk.offered, desk.accepted.len()), (12, 0));
    a.bytes(1);
    desk.tick();
    assert_eq!(desk.offered, 12);
    assert_eq!(desk.accepted[&("a".into(), 0)].bytes, 2);
}

#[test]
fn a_frame_that_is_broken_off_begins_again() {
    let mut desk = Desk::new(Plan::ample(1));
    let handle = desk.gauge.node.tier(Tier::External);
    let _a = handle.broadcast("a").publisher_track("v");
    desk.tick_into(Sink::Accept, 0, 512);
    let (meters, now) = (desk.gauge.node.clone(), desk.gauge.now);
    desk.gauge.collect();
    let ledger = desk.gauge.reporter.traffic();
    desk.rollups.take_in(meters.meters().traffic(), ledger, now);
    let mut buf = [0; 16];
    assert!(desk.rollups.poll_track().is_some());
    for _ in 0..3 {
        let chunk = desk.rollups.poll_frame(&TIER_NAMES[..], "", &mut buf);
        assert!(!chunk.end && buf.starts_with(b"{\"v\":1,\"level\":"));
        desk.rollups.restart();
    }
}

#[test]
fn polling_past_the_last_frame_is_no_panic() {
    let mut desk = Desk::new(Plan::ample(1));
    let mut buf = [0; 16];
    for _ in 0..3 {
        assert_eq!(desk.rollups.poll_track(), None);
        let chunk = desk.rollups.poll_frame(&TIER_NAMES[..], "", &mut buf);
        assert_eq!((chunk.len, chunk.end), (0, true));
        desk.rollups.accept();
        desk.rollups.refuse();
        assert_eq!(desk.rollups.poll_event(), None);
    }
}
