//! Counters belong to one broadcast, one tier and one role.

use crate::harness::{Node, keys};
use streamgauge_tokio::{Stats, StatsHandle, Tier, Traffic};

const TRACKS: [&str; 4] = [
    "publisher.json",
    "subscriber.json",
    "internal/publisher.json",
    "internal/subscriber.json",
];

#[tokio::test(start_paused = true)]
async fn broadcasts_are_counted_apart() {
    let node = Node::start().await;
    let mut first = node.external().broadcast("live/one").publisher_track("v");
    let mut second = node.external().broadcast("live/two").publisher_track("v");
    first.bytes(300);
    second.bytes(5);
    second.frame();

    node.tick().await;
    let (first, second) = (
        node.egress("live/one").unwrap(),
        node.egress("live/two").unwrap(),
    );
    assert_eq!((first.bytes, first.frames), (300, 0));
    assert_eq!((second.bytes, second.frames), (5, 1));
}

#[tokio::test(start_paused = true)]
async fn tiers_and_roles_are_counted_apart() {
    let node = Node::start().await;
    let outer = node.external().broadcast("live/one");
    let inner = node.internal().broadcast("live/one");
    let mut writers = [
        outer.publisher_track("v"),
        outer.subscriber_track("v"),
        inner.publisher_track("v"),
        inner.subscriber_track("v"),
    ];
    for (writer, bytes) in writers.iter_mut().zip([1, 20, 300, 4000]) {
        writer.bytes(bytes);
    }

    node.tick().await;
    for (track, bytes) in TRACKS.iter().zip([1, 20, 300, 4000]) {
        assert_eq!(
            node.series(track, "live/one").unwrap().bytes,
            bytes,
            "{track}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_series_stays_out_of_tracks_where_it_did_nothing() {
    let node = Node::start().await;
    let mut track = node.external().broadcast("live/one").publisher_track("v");
    track.frame();
    node.tick().await;
    node.tick().await;

    assert_eq!(keys(&node.object("publisher.json")), ["live/one"]);
    for unused in &TRACKS[1..] {
        let frames = node.frames(unused);
        assert_eq!(frames.len(), 1, "{unused} is written once");
        assert_eq!(&frames[0].payload[..], b"{}", "{unused}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_held_broadcast_handle_counts_nothing_by_itself() {
    let node = Node::start().await;
    let broadcast = node.external().broadcast("live/one");
    node.tick().await;
    assert!(!broadcast.is_empty());
    assert_eq!(node.text("publisher.json"), "{}");
    assert_eq!(node.stats.usage().series, 0);
}

#[tokio::test(start_paused = true)]
async fn every_call_of_a_guard_lands_in_its_counter() {
    let node = Node::start().await;
    let announced = node.external().broadcast("live/one").publisher();
    let mut track = announced.track("v");
    track.group();
    track.group();
    track.whole_frame(40);
    track.frame();
    track.bytes(2);

    node.tick().await;
    let expected = Traffic {
        announced: 1,
        broadcasts: 1,
        subscriptions: 1,
        bytes: 42,
        frames: 2,
        groups: 2,
        viewers: 1,
        ..Traffic::default()
    };
    assert_eq!(node.egress("live/one"), Some(expected));
}

#[tokio::test(start_paused = true)]
async fn a_second_writer_adds_to_the_same_subscription() {
    let node = Node::start().await;
    let mut track = node.external().broadcast("live/one").publisher_track("v");
    let mut other = track.writer();
    track.bytes(1);
    let counting = tokio::spawn(async move { other.bytes(10) });
    counting.await.unwrap();

    node.tick().await;
    let series = node.egress("live/one").unwrap();
    assert_eq!((series.subscriptions, series.subscriptions_closed), (1, 0));
    assert_eq!(series.bytes, 11);
}

#[tokio::test(start_paused = true)]
async fn a_writer_that_outlives_its_subscription_still_counts() {
    let node = Node::start().await;
    let track = node.external().broadcast("live/one").publisher_track("v");
    let mut late = track.writer();
    drop(track);
    node.tick().await;
    node.tick().await;
    late.bytes(7);
    drop(late);

    node.tick().await;
    assert_eq!(node.total("publisher").bytes, 7);
    assert_eq!(node.egress("live/one").unwrap().bytes, 7);
    node.tick().await;
    assert_eq!(node.text("publisher.json"), "{}");
}

#[test]
fn disabled_handles_do_nothing() {
    let stats = Stats::disabled();
    assert_eq!(stats.path(), "");
    assert!(stats.tracks().is_empty());
    assert!(stats.latest("publisher.json").is_none());
    for handle in [stats.tier(Tier::Internal), StatsHandle::default()] {
        assert!(handle.is_disabled());
        drop(handle.session("root"));
        let broadcast = handle.broadcast("live/one");
        assert!(broadcast.is_empty());
        let announced = broadcast.publisher();
        let mut track = announced.track("v");
        track.whole_frame(9);
        track.group();
        track.writer().bytes(1);
        broadcast.subscriber_track("v").bytes(1);
    }
    assert_eq!(stats.usage(), Stats::default().usage());
    assert_eq!(stats.usage().series_capacity, 0);
}

#[tokio::test]
async fn disabled_stats_flush_and_close_at_once() {
    let stats = Stats::disabled();
    stats.flush().await;
    stats.close().await;
}
