//! When the broadcasts of levels come and go.

use std::time::Duration;

use streamgauge_tokio::{Config, OriginProducer, Stats, Tier};
use tokio::time::sleep;

use crate::{
    harness::TICK,
    told::{newest, news, now, set, spawn},
};

fn levels(origin: &OriginProducer, levels: usize, linger: Duration) -> Stats {
    let config = Config::new().with_origin(origin).with_levels(levels);
    spawn(config.with_level_linger(linger))
}

#[tokio::test(start_paused = true)]
async fn a_node_has_no_levels_unless_it_is_asked_for_them() {
    let origin = OriginProducer::new();
    let mut reader = origin.consume();
    let stats = spawn(Config::new().with_origin(&origin));
    let handle = stats.tier(Tier::External);
    let _track = handle.broadcast("demo/bbb").publisher_track("video");
    stats.flush().await;
    assert_eq!(news(&mut reader), [set([]), set([])]);
}

#[tokio::test(start_paused = true)]
async fn levels_are_announced_with_their_first_subscription() {
    let origin = OriginProducer::new();
    let mut reader = origin.consume();
    let stats = levels(&origin, 2, TICK);
    let viewer = stats.tier(Tier::External).broadcast("a/b/c/d").publisher();
    stats.flush().await;
    let nothing = [set([]), set([])];
    assert_eq!(news(&mut reader), nothing, "nobody subscribed yet");
    let _track = viewer.track("video");
    stats.flush().await;
    let came = set([
        ".stats/prefix/sjc/1",
        ".stats/prefix/a/sjc/1",
        ".stats/prefix/a/b/sjc/1",
    ]);
    assert_eq!(news(&mut reader), [came, set([])]);
}

#[tokio::test(start_paused = true)]
async fn a_node_without_a_name_adds_none_to_the_path() {
    let origin = OriginProducer::new();
    let mut reader = origin.consume();
    let config = Config::new().with_origin(&origin).with_levels(1);
    let stats = Stats::spawn(config).expect("a node");
    let handle = stats.tier(Tier::External);
    let _track = handle.broadcast("demo").publisher_track("video");
    stats.flush().await;
    let came = set([".stats/prefix", ".stats/prefix/demo"]);
    assert_eq!(news(&mut reader), [came, set([])]);
}

#[tokio::test(start_paused = true)]
async fn a_level_is_unannounced_when_nothing_under_it_was_subscribed_for_the_linger() {
    let origin = OriginProducer::new();
    let mut reader = origin.consume();
    let stats = levels(&origin, 1, TICK * 10);
    let handle = stats.tier(Tier::External);
    let held = handle.broadcast("a/x").publisher_track("video");
    let goes = handle.broadcast("b/x").publisher_track("video");
    sleep(TICK).await;
    assert_eq!(news(&mut reader)[0].len(), 3);
    drop(goes);
    sleep(TICK * 9).await;
    assert_eq!(news(&mut reader), [set([]), set([])], "it lingers");
    sleep(TICK * 3).await;
    assert_eq!(news(&mut reader), [set([]), set([".stats/prefix/b/sjc/1"])]);
    drop(held);
    sleep(TICK * 13).await;
    let went = set([".stats/prefix/sjc/1", ".stats/prefix/a/sjc/1"]);
    assert_eq!(news(&mut reader), [set([]), went]);
}

#[tokio::test(start_paused = true)]
async fn a_level_lingers_for_five_minutes_unless_told_otherwise() {
    let origin = OriginProducer::new();
    let mut reader = origin.consume();
    let stats = spawn(Config::new().with_origin(&origin).with_levels(1));
    let handle = stats.tier(Tier::External);
    drop(handle.broadcast("a").publisher_track("video"));
    stats.flush().await;
    assert_eq!(news(&mut reader)[0].len(), 2);
    sleep(TICK * 298).await;
    assert_eq!(news(&mut reader), [set([]), set([])]);
    sleep(TICK * 4).await;
    assert_eq!(news(&mut reader)[1].len(), 2);
}

#[tokio::test(start_paused = true)]
async fn viewers_that_come_and_go_within_the_linger_do_not_make_a_level_flap() {
    let origin = OriginProducer::new();
    let mut reader = origin.consume();
    let stats = levels(&origin, 1, TICK * 5);
    let handle = stats.tier(Tier::External);
    for _ in 0..20 {
        drop(handle.broadcast("a").publisher_track("video"));
        sleep(TICK * 4).await;
    }
    assert_eq!(news(&mut reader)[0].len(), 2);
    let broadcast = reader
        .broadcast(".stats/prefix/a/sjc/1")
        .expect("announced");
    sleep(TICK).await;
    assert!(!broadcast.is_closed(), "it is the one that there was first");
}

#[tokio::test(start_paused = true)]
async fn without_a_linger_a_level_goes_with_the_tick_after() {
    let origin = OriginProducer::new();
    let mut reader = origin.consume();
    let stats = levels(&origin, 1, Duration::ZERO);
    let handle = stats.tier(Tier::External);
    drop(handle.broadcast("a").publisher_track("video"));
    stats.flush().await;
    let paths = set([".stats/prefix/sjc/1", ".stats/prefix/a/sjc/1"]);
    assert_eq!(news(&mut reader), [paths.clone(), set([])]);
    stats.flush().await;
    assert_eq!(news(&mut reader), [set([]), paths]);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_comes_as_a_level_is_to_go_keeps_it() {
    let origin = OriginProducer::new();
    let mut reader = origin.consume();
    let config = Config::new().with_origin(&origin).with_levels(1);
    // No tick comes but those that are asked for.
    let config = config.with_interval(TICK * 3_600);
    let stats = spawn(config.with_level_linger(TICK * 2));
    sleep(TICK).await;
    let handle = stats.tier(Tier::External);
    drop(handle.broadcast("a").publisher_track("video"));
    stats.flush().await;
    assert_eq!(news(&mut reader)[0].len(), 2);
    let broadcast = reader
        .broadcast(".stats/prefix/a/sjc/1")
        .expect("announced");
    for late in 0..2 {
        // The linger is over; the tick that would unannounce the level finds a subscription.
        sleep(TICK * 5).await;
        let track = handle.broadcast("a").publisher_track("video");
        stats.flush().await;
        assert_eq!(news(&mut reader), [set([]), set([])], "round {late}");
        assert!(!broadcast.is_closed());
        drop(track);
        stats.flush().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscription_after_the_unannounce_announces_the_level_again() {
    let origin = OriginProducer::new();
    let mut reader = origin.consume();
    let stats = levels(&origin, 1, Duration::ZERO);
    let handle = stats.tier(Tier::External);
    // Its series lives on, so that its counters do too.
    let _announced = handle.broadcast("a").publisher();
    for round in 1..4 {
        drop(handle.broadcast("a").publisher_track("video"));
        stats.flush().await;
        assert_eq!(news(&mut reader)[0].len(), 2);
        let level = reader.broadcast(".stats/prefix/a/sjc/1");
        let level = level.expect("announced");
        assert_eq!(newest(&level, "publisher.json")["subscriptions"], round);
        assert_eq!(newest(&level, "subscriber.json")["subscriptions"], 0);
        stats.flush().await;
        assert_eq!(news(&mut reader)[1].len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn levels_end_with_their_node_and_their_last_frames_are_there() {
    let origin = OriginProducer::new();
    let mut reader = origin.consume();
    let stats = levels(&origin, 1, TICK);
    let mut track = stats
        .tier(Tier::External)
        .broadcast("a")
        .publisher_track("video");
    stats.flush().await;
    assert_eq!(news(&mut reader)[0].len(), 2);
    let level = reader
        .broadcast(".stats/prefix/a/sjc/1")
        .expect("announced");
    let mut frames = level.open_track("publisher.json").expect("the track");
    track.bytes(7);
    stats.close().await;
    let last = now(frames.read_frame()).expect("a frame");
    let last = last.expect("whole").expect("one");
    let last: serde_json::Value = serde_json::from_slice(&last).expect("JSON");
    assert_eq!(last["bytes"], 7);
    assert_eq!(now(frames.read_frame()), Some(Ok(None)), "and the end");
    assert_eq!(news(&mut reader)[1].len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_path_that_is_taken_costs_that_level_alone() {
    let origin = OriginProducer::new();
    let other = streamgauge_tokio::BroadcastProducer::new();
    let taken = origin.announce(".stats/prefix/a/sjc/1", &other.consume());
    let _taken = taken.expect("free");
    let mut reader = origin.consume();
    let stats = levels(&origin, 1, TICK);
    let handle = stats.tier(Tier::External);
    let _tracks = ["a", "b"].map(|name| handle.broadcast(name).publisher_track("video"));
    stats.flush().await;
    let came = set([
        ".stats/prefix/sjc/1",
        ".stats/prefix/a/sjc/1",
        ".stats/prefix/b/sjc/1",
    ]);
    assert_eq!(news(&mut reader), [came, set([])]);
    let found = reader
        .broadcast(".stats/prefix/a/sjc/1")
        .expect("a broadcast");
    assert!(found.is_clone(&other.consume()));
}
