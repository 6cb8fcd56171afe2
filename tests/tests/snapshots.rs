//! Plain snapshots through serde: the same data in any format.
#![cfg(not(loom))]

use std::collections::BTreeMap;

use streamgauge_core::{Presence, PublisherTrack, Tier, Traffic};
use streamgauge_tests::{Gauge, Node, Room, TIER_NAMES};

fn counted() -> (Gauge, Vec<PublisherTrack<Node>>) {
    let mut gauge = Gauge::new(Room::of(8));
    let handle = gauge.node.tier(Tier::External);
    let names = ["demo/bbb", "quo\"te", "ünï/🎈"];
    let mut tracks = names.map(|name| handle.broadcast(name).publisher_track("video"));
    tracks[0].whole_frame(1200);
    tracks[2].group();
    gauge.reporter.tick(gauge.node.meters(), gauge.now);
    (gauge, tracks.into())
}

#[test]
fn a_snapshot_in_json_is_the_frame() {
    let (mut gauge, _tracks) = counted();
    let meters = gauge.node.meters();
    let snapshot = gauge.reporter.traffic().snapshot(meters.traffic(), 0);
    let by_serde = serde_json::to_vec(&snapshot).expect("JSON");
    let mut frame = vec![0; 4096];
    gauge.reporter.poll_track();
    let chunk = gauge
        .reporter
        .poll_frame(meters, &TIER_NAMES[..], &mut frame);
    assert!(chunk.end);
    assert_eq!(frame[..chunk.len], by_serde);
}

#[test]
fn a_snapshot_comes_back_from_a_binary_format() {
    let traffic = Traffic {
        announced: 1,
        bytes: u64::MAX,
        viewers_closed: 3,
        ..Traffic::default()
    };
    let bytes = postcard::to_stdvec(&traffic).expect("postcard");
    assert_eq!(
        postcard::from_bytes::<Traffic>(&bytes).expect("traffic"),
        traffic
    );
    let presence = Presence {
        sessions: 2,
        sessions_closed: 1,
    };
    let bytes = postcard::to_stdvec(&presence).expect("postcard");
    assert_eq!(
        postcard::from_bytes::<Presence>(&bytes).expect("presence"),
        presence
    );
}

#[test]
fn a_frame_reads_back_as_snapshots_whatever_else_it_holds() {
    let frame = r#"{"a":{"bytes":7,"later":{"nested":[1]},"since":9},"b":{}}"#;
    let rows: BTreeMap<String, Traffic> = serde_json::from_str(frame).expect("a frame");
    assert_eq!(
        rows["a"],
        Traffic {
            bytes: 7,
            ..Traffic::default()
        }
    );
    assert_eq!(rows["b"], Traffic::default());
}
