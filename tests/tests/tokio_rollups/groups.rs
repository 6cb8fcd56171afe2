//! The node's frames in parts, by the first segments of paths.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use streamgauge_tokio::{Config, OriginProducer, Stats, Tier};
use tokio::time::sleep;

use crate::{
    harness::{Mood, Record, TICK},
    told::{newest, news, now, set, spawn},
};

const PUBLISHER: &str = "publisher.json";

/// The same of a group, as sinks know it.
const PART: &str = ".stats/a/node/sjc/1/publisher.json";

fn config(origin: &OriginProducer, depth: usize, linger: Duration) -> Config {
    let config = Config::new().with_origin(origin).with_depth(depth);
    config.with_group_linger(linger)
}

/// The rows of a group's track, which are as in the node's own.
fn rows(
    origin: &OriginProducer,
    stats: &Stats,
    group: &str,
    track: &str,
) -> BTreeMap<String, Value> {
    let path = format!(".stats/{group}/node/sjc/1");
    let broadcast = origin.consume().broadcast(&path).expect("announced");
    let part = newest(&broadcast, track);
    let whole = stats.latest(track).and_then(|track| track.frame());
    let whole: Value = serde_json::from_slice(&whole.expect("a frame").payload).expect("JSON");
    let part = part.as_object().expect("an object").clone();
    for (key, row) in &part {
        assert_eq!(row, &whole[key], "{key}");
    }
    part.into_iter().collect()
}

fn keys(rows: &BTreeMap<String, Value>) -> Vec<&str> {
    rows.keys().map(String::as_str).collect()
}

#[tokio::test(start_paused = true)]
async fn each_group_has_the_rows_of_its_paths_and_no_others() {
    let origin = OriginProducer::new();
    let stats = spawn(config(&origin, 1, TICK).with_tiers(["edge"]));
    let handle = stats.tier(Tier::External);
    let mut reader = origin.consume();
    let paths = ["a", "a/x", "a-b", "a/x/y", "b/x", "b\"/x"];
    let mut tracks = paths.map(|path| handle.broadcast(path).publisher_track("video"));
    tracks[1].bytes(7);
    let _edge = stats
        .tier(Tier::Named(0))
        .broadcast("b/z")
        .subscriber_track("video");
    let _session = handle.session("a/customer");
    stats.flush().await;
    let came = set([
        ".stats/a/node/sjc/1",
        ".stats/a-b/node/sjc/1",
        ".stats/b/node/sjc/1",
        ".stats/b\"/node/sjc/1",
    ]);
    assert_eq!(news(&mut reader), [came, set([])]);
    let part = |group: &str, track: &str| rows(&origin, &stats, group, track);
    assert_eq!(keys(&part("a", PUBLISHER)), ["a", "a/x", "a/x/y"]);
    assert_eq!(part("a", PUBLISHER)["a/x"]["bytes"], 7);
    assert_eq!(keys(&part("a-b", PUBLISHER)), ["a-b"]);
    assert_eq!(keys(&part("b", PUBLISHER)), ["b/x"]);
    assert_eq!(keys(&part("b\"", PUBLISHER)), ["b\"/x"]);
    assert_eq!(keys(&part("b", "edge/subscriber.json")), ["b/z"]);
    assert_eq!(keys(&part("a", "sessions.json")), ["a/customer"]);
    assert!(part("b", "sessions.json").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_deeper_group_is_of_more_segments_or_of_all_there_are() {
    let origin = OriginProducer::new();
    let stats = spawn(config(&origin, 2, TICK));
    let handle = stats.tier(Tier::External);
    let paths = ["a/b/c", "a/b/d", "a/e", "f"];
    let _tracks = paths.map(|path| handle.broadcast(path).publisher_track("video"));
    stats.flush().await;
    let part = |group: &str| rows(&origin, &stats, group, PUBLISHER);
    assert_eq!(keys(&part("a/b")), ["a/b/c", "a/b/d"]);
    assert_eq!(keys(&part("a/e")), ["a/e"]);
    assert_eq!(keys(&part("f")), ["f"]);
}

#[tokio::test(start_paused = true)]
async fn the_nodes_own_broadcast_has_what_is_in_no_part() {
    let origin = OriginProducer::new();
    let stats = Stats::spawn(config(&origin, 1, TICK)).expect("a node");
    let handle = stats.tier(Tier::External);
    let mut tracks = ["", "a"].map(|path| handle.broadcast(path).publisher_track("video"));
    let mut reader = origin.consume();
    for bytes in 1..3 {
        for track in &mut tracks {
            track.bytes(1);
        }
        stats.flush().await;
        let own = reader.broadcast(".stats/node").expect("announced");
        let rest = newest(&own, PUBLISHER);
        assert_eq!((&rest[""]["bytes"], rest.get("a")), (&json!(bytes), None));
        assert!(newest(&own, "node.json")["epoch"].is_u64());
    }
    assert_eq!(news(&mut reader), [set([".stats/a/node"]), set([])]);
    let whole = stats.latest(PUBLISHER).and_then(|track| track.frame());
    let whole: Value = serde_json::from_slice(&whole.expect("a frame").payload).expect("JSON");
    assert_eq!(whole["a"]["bytes"], 2, "other readers have all of it");
}

#[tokio::test(start_paused = true)]
async fn a_group_is_announced_while_it_has_rows_and_for_the_linger_after_that() {
    let origin = OriginProducer::new();
    let mut reader = origin.consume();
    let stats = spawn(config(&origin, 1, TICK * 10));
    let handle = stats.tier(Tier::External);
    let viewer = handle.broadcast("a/x").publisher();
    sleep(TICK * 30).await;
    assert_eq!(news(&mut reader), [set([".stats/a/node/sjc/1"]), set([])]);
    drop(viewer);
    sleep(TICK * 9).await;
    assert_eq!(news(&mut reader), [set([]), set([])], "it lingers");
    assert!(rows(&origin, &stats, "a", PUBLISHER).is_empty());
    sleep(TICK * 4).await;
    assert_eq!(news(&mut reader), [set([]), set([".stats/a/node/sjc/1"])]);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_has_a_row_again_within_the_linger_does_not_flap() {
    let origin = OriginProducer::new();
    let mut reader = origin.consume();
    let stats = spawn(config(&origin, 1, TICK * 10));
    let handle = stats.tier(Tier::External);
    for _ in 0..10 {
        drop(handle.broadcast("a/x").publisher_track("video"));
        sleep(TICK * 8).await;
    }
    assert_eq!(news(&mut reader), [set([".stats/a/node/sjc/1"]), set([])]);
}

#[tokio::test(start_paused = true)]
async fn without_a_linger_a_group_goes_with_the_tick_in_which_it_is_empty() {
    let origin = OriginProducer::new();
    let mut reader = origin.consume();
    let stats = spawn(config(&origin, 1, Duration::ZERO));
    let handle = stats.tier(Tier::External);
    for _ in 0..3 {
        drop(handle.broadcast("a/x").publisher_track("video"));
        stats.flush().await;
        assert_eq!(
            rows(&origin, &stats, "a", PUBLISHER)["a/x"]["subscriptions_closed"],
            1
        );
        assert_eq!(news(&mut reader)[0].len(), 1);
        stats.flush().await;
        assert_eq!(news(&mut reader)[1].len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_is_written_when_it_changed_and_only_then() {
    let origin = OriginProducer::new();
    let stats = spawn(config(&origin, 1, TICK));
    let handle = stats.tier(Tier::External);
    let mut tracks = ["a/x", "b/x"].map(|path| handle.broadcast(path).publisher_track("video"));
    stats.flush().await;
    let mut parts = ["a", "b"].map(|group| {
        let path = format!(".stats/{group}/node/sjc/1");
        let group = origin.consume().broadcast(&path).expect("announced");
        group.open_track(PUBLISHER).expect("the track")
    });
    let mut told = || {
        parts
            .each_mut()
            .map(|part| now(part.read_frame()).is_some())
    };
    assert_eq!(told(), [true; 2]);
    tracks[1].bytes(1);
    stats.flush().await;
    assert_eq!(told(), [false, true]);
}

#[tokio::test(start_paused = true)]
async fn what_finds_no_group_is_in_the_overflow_group() {
    let origin = OriginProducer::new();
    let mut reader = origin.consume();
    let stats = spawn(config(&origin, 1, TICK * 100).with_group_room(2));
    let handle = stats.tier(Tier::External);
    drop(handle.broadcast("a/x").publisher_track("video"));
    stats.flush().await;
    assert_eq!(news(&mut reader)[0].len(), 1);
    let [b, c, d] =
        ["b/x", "c/x", "d/x"].map(|path| handle.broadcast(path).publisher_track("video"));
    stats.flush().await;
    let part = |group: &str| rows(&origin, &stats, group, PUBLISHER);
    assert_eq!(keys(&part("b")), ["b/x"]);
    assert_eq!(keys(&part("__overflow__")), ["c/x", "d/x"]);
    assert!(
        news(&mut reader)[1].contains(".stats/a/node/sjc/1"),
        "it lingers no more"
    );
    let (mut c, mut d) = (c, d);
    c.bytes(1);
    d.bytes(1);
    stats.flush().await;
    assert_eq!(keys(&part("c")), ["c/x"], "there is room for it now");
    assert_eq!(keys(&part("__overflow__")), ["d/x"]);
    drop(b);
}

#[tokio::test(start_paused = true)]
async fn no_row_is_lost_to_a_side_sink_that_refuses() {
    let record = Record::default();
    let config = Config::new().with_depth(1).with_side_sink(record.sink());
    let stats = spawn(config.with_group_linger(Duration::ZERO).with_series(2));
    let handle = stats.tier(Tier::External);
    for round in 0..30_u64 {
        record.mood(if round % 3 == 0 {
            Mood::Accept
        } else {
            Mood::Busy
        });
        let mut track = handle.broadcast("a/x").publisher_track("video");
        track.bytes(10);
        drop(track);
        stats.flush().await;
    }
    record.mood(Mood::Accept);
    for _ in 0..3 {
        stats.flush().await;
    }
    let mut lives = BTreeMap::new();
    for frame in record.accepted(PART) {
        for row in frame.as_object().expect("an object").values() {
            lives.insert(
                row["since"].as_u64(),
                row["bytes"].as_u64().expect("a number"),
            );
        }
    }
    assert_eq!(lives.values().sum::<u64>(), 300);
    assert_eq!(record.accepted(PART).pop(), Some(json!({})));
}

#[tokio::test(start_paused = true)]
async fn a_group_is_not_unannounced_before_every_side_sink_knows_that_it_is_empty() {
    let (origin, record) = (OriginProducer::new(), Record::default());
    let mut reader = origin.consume();
    let config = config(&origin, 1, Duration::ZERO);
    let stats = spawn(config.with_side_sink(record.sink()));
    let handle = stats.tier(Tier::External);
    drop(handle.broadcast("a/x").publisher_track("video"));
    stats.flush().await;
    record.mood(Mood::Busy);
    for _ in 0..3 {
        stats.flush().await;
    }
    assert_eq!(news(&mut reader), [set([".stats/a/node/sjc/1"]), set([])]);
    record.mood(Mood::Accept);
    stats.flush().await;
    assert_eq!(record.accepted(PART).pop(), Some(json!({})));
    assert_eq!(news(&mut reader), [set([]), set([".stats/a/node/sjc/1"])]);
}

#[tokio::test(start_paused = true)]
async fn groups_and_levels_are_published_side_by_side() {
    let (origin, record) = (OriginProducer::new(), Record::default());
    let config = config(&origin, 1, TICK).with_levels(1);
    let stats = spawn(config.with_side_sink(record.sink()));
    let handle = stats.tier(Tier::External);
    let mut track = handle.broadcast("a/x").publisher_track("video");
    track.bytes(9);
    let mut reader = origin.consume();
    stats.flush().await;
    let came = set([
        ".stats/a/node/sjc/1",
        ".stats/prefix/sjc/1",
        ".stats/prefix/a/sjc/1",
    ]);
    assert_eq!(news(&mut reader), [came, set([])]);
    let level = record.accepted(".stats/prefix/a/sjc/1/publisher.json");
    let group = record.accepted(PART);
    assert_eq!(
        (&level[0]["bytes"], &group[0]["a/x"]["bytes"]),
        (&json!(9), &json!(9))
    );
}
