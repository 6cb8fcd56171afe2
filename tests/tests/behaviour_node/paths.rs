//! Which path a broadcast is counted under, and which are not counted at all.

use crate::harness::{Node, keys};
use streamgauge_tokio::Config;

#[tokio::test(start_paused = true)]
async fn paths_that_differ_in_empty_segments_are_one_broadcast() {
    let node = Node::start().await;
    for path in ["live/one", "/live/one", "live//one/", "///live///one///"] {
        node.external()
            .broadcast(path)
            .publisher_track("v")
            .bytes(1);
    }
    node.tick().await;
    assert_eq!(keys(&node.object("publisher.json")), ["live/one"]);
    assert_eq!(node.egress("live/one").unwrap().bytes, 4);
}

#[tokio::test(start_paused = true)]
async fn paths_at_or_under_the_prefix_are_not_counted() {
    let node = Node::start().await;
    for path in [
        ".stats",
        "/.stats/",
        ".stats/node",
        "//.stats//node/sjc",
        ".stats/x/y",
    ] {
        let broadcast = node.external().broadcast(path);
        assert!(broadcast.is_empty(), "{path}");
        let announced = broadcast.publisher();
        let mut track = announced.track("v");
        track.bytes(100);
        broadcast.subscriber_track("v").frame();
    }
    node.tick().await;
    assert_eq!(node.text("publisher.json"), "{}");
    assert_eq!(node.text("subscriber.json"), "{}");
    assert_eq!(node.total("publisher").announced, 0);
    assert_eq!(node.stats.usage().series, 0);
}

#[tokio::test(start_paused = true)]
async fn paths_beside_the_prefix_are_counted() {
    let node = Node::start().await;
    let beside = [".statsfoo", ".stat", "a/.stats", ".STATS"];
    let guards = beside.map(|path| node.external().broadcast(path).publisher());
    node.tick().await;
    for path in beside {
        assert!(node.egress(path).is_some(), "{path}");
    }
    drop(guards);
}

#[tokio::test(start_paused = true)]
async fn a_prefix_of_several_segments_covers_only_what_is_under_all_of_them() {
    let config = Config::new().with_prefix("sys//metrics/");
    let node = Node::with(config).await;
    assert!(node.external().broadcast("sys/metrics").is_empty());
    assert!(node.external().broadcast("sys/metrics/node").is_empty());
    assert!(!node.external().broadcast("sys").is_empty());
    assert!(!node.external().broadcast("sys/metrics2").is_empty());
    assert!(!node.external().broadcast(".stats/node").is_empty());
}

#[tokio::test(start_paused = true)]
async fn paths_are_case_sensitive_and_keep_their_spelling() {
    let node = Node::start().await;
    let paths = [
        "Live/One",
        "live/ one",
        "live/one.",
        "живой/эфир",
        "live/🎥",
    ];
    let guards = paths.map(|path| node.external().broadcast(path).publisher());
    node.tick().await;
    assert_eq!(node.object("publisher.json").len(), guards.len());
    for path in paths {
        assert!(node.egress(path).is_some(), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn frames_are_sorted_by_path() {
    let node = Node::start().await;
    let paths = ["b", "a/b", "a", "ab", "", "a/b/c", "B", "é", "a.b"];
    let guards = paths.map(|path| node.external().broadcast(path).publisher());
    node.tick().await;
    let text = node.text("publisher.json");
    let mut sorted = paths;
    sorted.sort_unstable();
    let places = sorted.map(|path| text.find(&format!("\"{path}\":{{")).expect(path));
    assert!(places.is_sorted(), "{text}");
    drop(guards);
}
