//! What the frames of levels tell.

use serde_json::{Value, json};
use streamgauge_tokio::{Config, OriginProducer, Tier};

use crate::{
    harness::TICK,
    told::{newest, now, spawn},
};

const TRACKS: [&str; 4] = [
    "publisher.json",
    "subscriber.json",
    "internal/publisher.json",
    "internal/subscriber.json",
];

/// A frame without its times.
fn without_times(mut frame: Value) -> Value {
    let fields = frame.as_object_mut().expect("an object");
    let (ts_ms, since) = (fields.remove("ts_ms"), fields.remove("since"));
    assert!(ts_ms.and_then(|ms| ms.as_u64()) >= since.and_then(|ms| ms.as_u64()));
    frame
}

#[tokio::test(start_paused = true)]
async fn each_level_has_a_track_for_each_tier_and_role() {
    let origin = OriginProducer::new();
    let config = Config::new().with_origin(&origin).with_levels(2);
    let stats = spawn(config.with_tiers(["edge"]));
    let viewer = stats.tier(Tier::External).broadcast("demo/bbb").publisher();
    let mut track = viewer.track("video");
    track.group();
    track.whole_frame(1200);
    let mut fetched = stats
        .tier(Tier::Internal)
        .broadcast("demo/other")
        .subscriber_track("video");
    fetched.bytes(7);
    stats.flush().await;
    let demo = origin.consume().broadcast(".stats/prefix/demo/sjc/1");
    let demo = demo.expect("announced");
    let zero = json!({
        "v": 1, "level": "demo", "tier": "external", "role": "publisher", "node": "sjc/1",
        "broadcasts": 0, "broadcasts_closed": 0, "subscriptions": 0, "subscriptions_closed": 0,
        "bytes": 0, "frames": 0, "groups": 0,
    });
    let expected = |changes: Value| {
        let mut expected = zero.clone();
        let fields = expected.as_object_mut().expect("an object");
        fields.extend(changes.as_object().expect("an object").clone());
        expected
    };
    let expected = [
        expected(
            json!({"broadcasts": 1, "subscriptions": 1, "bytes": 1200, "frames": 1, "groups": 1}),
        ),
        expected(json!({"role": "subscriber"})),
        expected(json!({"tier": "internal"})),
        expected(json!({"tier": "internal", "role": "subscriber", "subscriptions": 1, "bytes": 7})),
        expected(json!({"tier": "edge"})),
    ];
    for (track, expected) in TRACKS
        .into_iter()
        .chain(["edge/publisher.json"])
        .zip(expected)
    {
        assert_eq!(without_times(newest(&demo, track)), expected, "{track}");
    }
}

#[tokio::test(start_paused = true)]
async fn levels_add_up_all_that_is_under_them() {
    let origin = OriginProducer::new();
    let stats = spawn(Config::new().with_origin(&origin).with_levels(2));
    let handle = stats.tier(Tier::External);
    let paths = ["a", "a/b", "a/b/c", "a/b/d", "a/e", "f"];
    let mut tracks = paths.map(|path| handle.broadcast(path).publisher_track("video"));
    for (n, track) in tracks.iter_mut().enumerate() {
        track.bytes(1 << n);
    }
    stats.flush().await;
    let origin = origin.consume();
    for (level, bytes) in [("", 63), ("/a", 31), ("/a/b", 14), ("/a/e", 16), ("/f", 32)] {
        let path = format!(".stats/prefix{level}/sjc/1");
        let frame = newest(&origin.broadcast(&path).expect("announced"), TRACKS[0]);
        assert_eq!(frame["bytes"], bytes, "{path}");
        assert_eq!(frame["level"], level.trim_start_matches('/'));
    }
    assert!(origin.broadcast(".stats/prefix/a/b/c/sjc/1").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_frame_is_written_when_it_changed_and_only_then() {
    let origin = OriginProducer::new();
    let stats = spawn(Config::new().with_origin(&origin).with_levels(1));
    let handle = stats.tier(Tier::External);
    let mut a = handle.broadcast("a").publisher_track("video");
    let _b = handle.broadcast("b").publisher_track("video");
    stats.flush().await;
    let origin = origin.consume();
    let mut tracks = ["", "/a", "/b"].map(|level| {
        let path = format!(".stats/prefix{level}/sjc/1");
        let level = origin.broadcast(&path).expect("announced");
        level.open_track(TRACKS[0]).expect("the track")
    });
    let mut told = || {
        tracks.each_mut().map(|track| {
            let frame = now(track.read_frame());
            frame.is_some_and(|frame| frame.expect("whole").is_some())
        })
    };
    assert_eq!(told(), [true; 3], "a baseline for whoever comes");
    stats.flush().await;
    assert_eq!(told(), [false; 3]);
    a.bytes(1);
    stats.flush().await;
    assert_eq!(told(), [true, true, false]);
}

#[tokio::test(start_paused = true)]
async fn totals_outlive_the_series_that_brought_them() {
    let origin = OriginProducer::new();
    let config = Config::new().with_origin(&origin).with_levels(1);
    let stats = spawn(config.with_series(4));
    let handle = stats.tier(Tier::External);
    for round in 1..=20_u64 {
        let name = format!("demo/{round}");
        let mut track = handle.broadcast(&name).publisher_track("video");
        track.bytes(10);
        drop(track);
        stats.flush().await;
        stats.flush().await;
        let demo = origin.consume().broadcast(".stats/prefix/demo/sjc/1");
        let frame = newest(&demo.expect("announced"), TRACKS[0]);
        assert_eq!(
            (&frame["bytes"], &frame["subscriptions"]),
            (&json!(10 * round), &json!(round))
        );
        assert_eq!(frame["subscriptions_closed"], round);
    }
}

#[tokio::test(start_paused = true)]
async fn the_nodes_own_stats_count_in_no_level() {
    let origin = OriginProducer::new();
    let stats = spawn(Config::new().with_origin(&origin).with_levels(2));
    let handle = stats.tier(Tier::External);
    let _seen = handle.broadcast("demo").publisher_track("video");
    let mut own = handle
        .broadcast(".stats/prefix/demo/sjc/1")
        .publisher_track("publisher.json");
    own.bytes(1);
    stats.flush().await;
    let root = origin.consume().broadcast(".stats/prefix/sjc/1");
    assert_eq!(newest(&root.expect("announced"), TRACKS[0])["bytes"], 0);
}

#[tokio::test(start_paused = true)]
async fn what_finds_no_level_counts_in_the_overflow_level_and_node_json_tells() {
    let origin = OriginProducer::new();
    let config = Config::new().with_origin(&origin).with_levels(1);
    let stats = spawn(config.with_level_room(3));
    let handle = stats.tier(Tier::External);
    let mut tracks = ["a", "b", "c"].map(|path| handle.broadcast(path).publisher_track("video"));
    for track in &mut tracks {
        track.bytes(5);
    }
    stats.flush().await;
    let level = |level: &str| {
        let path = format!(".stats/prefix/{level}/sjc/1");
        let level = origin.consume().broadcast(&path);
        level.map(|level| newest(&level, TRACKS[0])["bytes"].clone())
    };
    let found: Vec<_> = ["a", "b", "c"].into_iter().filter_map(level).collect();
    assert_eq!(found, [5]);
    assert_eq!(level("__overflow__"), Some(json!(10)));
    let node = stats.latest("node.json").and_then(|node| node.frame());
    let node: Value = serde_json::from_slice(&node.expect("a frame").payload).expect("JSON");
    let levels = &node["families"]["levels"];
    assert_eq!(
        (&levels["series"], &levels["series_capacity"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(levels["folded_keys"], 2);
    tokio::time::sleep(TICK).await;
}
