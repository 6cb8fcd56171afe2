//! Readers of a track's newest frame.

use serde_json::json;
use streamgauge_tokio::{Config, Stats, Tier};
use tokio::time::{sleep, timeout};

use crate::harness::{TICK, json};

#[tokio::test(start_paused = true)]
async fn a_reader_that_comes_before_the_first_frame_waits_for_it() {
    let stats = Stats::spawn(Config::new()).unwrap();
    let mut reader = stats.latest("publisher.json").unwrap();
    assert_eq!(reader.frame(), None);
    let first = reader.next().await.unwrap();
    assert_eq!(json(&first), json!({}));
    assert_eq!(&*first.name, "publisher.json");
}

#[tokio::test(start_paused = true)]
async fn a_late_reader_gets_the_newest_frame_at_once() {
    let stats = Stats::spawn(Config::new()).unwrap();
    let broadcast = stats.tier(Tier::External).broadcast("live/one");
    let track = broadcast.publisher_track("v");
    sleep(TICK * 100).await;
    let mut reader = stats.latest("publisher.json").unwrap();
    let frame = reader.next().await.unwrap();
    assert_eq!(Some(&frame), reader.frame().as_ref());
    assert_eq!(json(&frame)["live/one"]["subscriptions"], 1);
    drop(track);
}

#[tokio::test(start_paused = true)]
async fn a_reader_awaits_the_next_change() {
    let stats = Stats::spawn(Config::new()).unwrap();
    let mut track = stats
        .tier(Tier::External)
        .broadcast("live/one")
        .publisher_track("v");
    sleep(TICK / 2).await;
    let mut reader = stats.latest("publisher.json").unwrap();
    reader.next().await.unwrap();
    assert!(
        timeout(TICK * 10, reader.next()).await.is_err(),
        "nothing moves"
    );
    for n in 1..5 {
        track.bytes(10);
        let frame = timeout(TICK * 2, reader.next()).await.unwrap().unwrap();
        assert_eq!(json(&frame)["live/one"]["bytes"], n * 10);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_skips_to_the_newest_frame() {
    let stats = Stats::spawn(Config::new()).unwrap();
    let mut track = stats
        .tier(Tier::External)
        .broadcast("live/one")
        .publisher_track("v");
    let mut reader = stats.latest("publisher.json").unwrap();
    reader.next().await.unwrap();
    for _ in 0..5 {
        track.bytes(1);
        sleep(TICK).await;
    }
    let frame = reader.next().await.unwrap();
    assert_eq!(json(&frame)["live/one"]["bytes"], 5);
    assert!(
        timeout(TICK * 3, reader.next()).await.is_err(),
        "given once"
    );
}

#[tokio::test(start_paused = true)]
async fn every_reader_is_given_every_newest_frame() {
    let stats = Stats::spawn(Config::new()).unwrap();
    let mut one = stats.latest("publisher.json").unwrap();
    one.next().await.unwrap();
    let mut two = stats.latest("publisher.json").unwrap();
    let mut clone = one.clone();
    two.next().await.unwrap();
    let guard = stats.tier(Tier::External).broadcast("live/one").publisher();
    let frame = one.next().await.unwrap();
    assert_eq!(two.next().await.as_ref(), Some(&frame));
    assert_eq!(clone.next().await.as_ref(), Some(&frame));
    drop(guard);
}

#[tokio::test(start_paused = true)]
async fn a_reader_is_given_the_last_frame_and_then_the_end() {
    let stats = Stats::spawn(Config::new()).unwrap();
    let mut reader = stats.latest("publisher.json").unwrap();
    reader.next().await.unwrap();
    stats
        .tier(Tier::External)
        .broadcast("live/one")
        .publisher_track("v")
        .bytes(7);
    stats.close().await;
    let last = reader.next().await.unwrap();
    assert_eq!(json(&last)["live/one"]["bytes"], 7);
    assert_eq!(reader.next().await, None);
    assert_eq!(reader.next().await, None);
    assert_eq!(reader.frame(), Some(last), "still to be looked at");
}

#[tokio::test(start_paused = true)]
async fn a_waiting_reader_is_woken_by_the_end() {
    let stats = Stats::spawn(Config::new()).unwrap();
    let mut reader = stats.latest("publisher.json").unwrap();
    reader.next().await.unwrap();
    let waiting = tokio::spawn(async move { reader.next().await });
    sleep(TICK * 3).await;
    drop(stats);
    assert_eq!(timeout(TICK, waiting).await.unwrap().unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_gave_up_waiting_misses_nothing() {
    let stats = Stats::spawn(Config::new()).unwrap();
    let mut reader = stats.latest("publisher.json").unwrap();
    reader.next().await.unwrap();
    let mut track = stats
        .tier(Tier::External)
        .broadcast("live/one")
        .publisher_track("v");
    track.bytes(3);
    assert!(timeout(TICK / 4, reader.next()).await.is_err());
    let frame = reader.next().await.unwrap();
    assert_eq!(json(&frame)["live/one"]["bytes"], 3);
}

#[tokio::test(start_paused = true)]
async fn every_track_has_readers_and_no_other_name() {
    let stats = Stats::spawn(Config::new().with_tiers(["edge"])).unwrap();
    for name in stats.tracks() {
        let frame = stats.latest(name).unwrap().next().await.unwrap();
        assert_eq!(frame.name, *name);
        assert_eq!(stats.tracks()[frame.track], *name);
    }
    for name in ["", "publisher", "publisher.json/", "other/publisher.json"] {
        assert!(stats.latest(name).is_none(), "{name}");
    }
}
