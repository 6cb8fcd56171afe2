//! The end of a node, and flushes on the way there.

use std::time::Duration;

use serde_json::json;
use streamgauge_tokio::{Config, Stats, Tier};
use tokio::time::{Instant, sleep, timeout};

use crate::harness::{Record, TICK};

fn spawn() -> (Stats, Record) {
    let record = Record::default();
    let stats = Stats::spawn(Config::new().with_sink(record.sink())).unwrap();
    (stats, record)
}

#[tokio::test(start_paused = true)]
async fn the_last_drop_flushes_and_ends_the_driver() {
    let (stats, record) = spawn();
    sleep(TICK / 2).await;
    let clone = stats.clone();
    stats
        .tier(Tier::External)
        .broadcast("live/one")
        .publisher_track("v")
        .bytes(9);
    drop(stats);
    sleep(TICK / 10).await;
    assert!(!record.is_dropped(), "a clone keeps it");
    drop(clone);
    sleep(TICK / 10).await;
    assert!(record.is_dropped());
    let frames = record.accepted("publisher.json");
    assert_eq!(frames.last().unwrap()["live/one"]["bytes"], 9);
    assert_eq!(
        frames.last().unwrap()["live/one"]["subscriptions_closed"],
        1
    );
}

#[tokio::test(start_paused = true)]
async fn handles_and_guards_do_not_keep_a_node_alive_and_outlive_it() {
    let (stats, record) = spawn();
    let handle = stats.tier(Tier::External);
    let announced = handle.broadcast("live/one").publisher();
    let mut track = announced.track("v");
    track.bytes(1);
    stats.close().await;
    assert!(record.is_dropped());
    assert_eq!(
        record.accepted("publisher.json").last().unwrap()["live/one"]["bytes"],
        1
    );

    track.bytes(1);
    drop(handle.broadcast("live/two").subscriber().track("v"));
    drop(handle.session("acme"));
    drop((announced, track.writer(), track));
}

#[tokio::test(start_paused = true)]
async fn close_returns_when_the_last_frames_were_offered() {
    let (stats, record) = spawn();
    let session = stats.tier(Tier::Internal).session("acme");
    stats.close().await;
    assert!(record.is_dropped());
    let sessions = record.accepted("internal/sessions.json");
    assert_eq!(sessions.last().unwrap()["acme"]["sessions"], 1);
    drop(session);
}

#[tokio::test(start_paused = true)]
async fn close_of_a_clone_returns_at_once_and_ends_nothing() {
    let (stats, record) = spawn();
    stats.clone().close().await;
    sleep(TICK * 3).await;
    assert!(!record.is_dropped());
    assert!(record.accepted("node.json").len() >= 3);
    stats.close().await;
}

#[tokio::test(start_paused = true)]
async fn of_many_closes_at_once_the_last_ends_the_node() {
    let (stats, record) = spawn();
    let closes: Vec<_> = (0..20)
        .map(|_| tokio::spawn(stats.clone().close()))
        .collect();
    stats.close().await;
    for close in closes {
        close.await.unwrap();
    }
    assert!(record.is_dropped());
}

#[tokio::test(start_paused = true)]
async fn a_flush_takes_no_time_and_offers_what_changed() {
    let (stats, record) = spawn();
    sleep(TICK / 2).await;
    let before = Instant::now();
    let guard = stats.tier(Tier::External).broadcast("live/one").publisher();
    stats.flush().await;
    assert_eq!(Instant::now(), before);
    assert_eq!(
        record.accepted("publisher.json").last().unwrap()["live/one"]["announced"],
        1
    );
    drop(guard);
    stats.flush().await;
    stats.flush().await;
    assert_eq!(record.accepted("publisher.json").last(), Some(&json!({})));
}

#[tokio::test(start_paused = true)]
async fn a_flush_that_nobody_waits_for_does_no_harm() {
    let (stats, record) = spawn();
    for _ in 0..50 {
        let flush = std::pin::pin!(stats.flush());
        let _ = timeout(Duration::ZERO, flush).await;
    }
    let guard = stats.tier(Tier::External).broadcast("live/one").publisher();
    stats.flush().await;
    assert_eq!(
        record.accepted("publisher.json").last().unwrap()["live/one"]["announced"],
        1
    );
    drop(guard);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_dropped_at_once_still_publishes_once() {
    let (stats, record) = spawn();
    stats
        .tier(Tier::External)
        .broadcast("live/one")
        .publisher_track("v")
        .bytes(2);
    drop(stats);
    sleep(TICK / 10).await;
    let frames = record.accepted("publisher.json");
    assert_eq!(
        frames
            .iter()
            .map(|frame| &frame["live/one"]["bytes"])
            .max_by_key(|n| n.as_u64()),
        Some(&json!(2))
    );
    assert!(record.is_dropped());
}
