//! When a node ticks.

use std::time::Duration;

use crate::harness::{Node, TICK};
use streamgauge_tokio::Config;
use tokio::time::{advance, sleep};

fn ticks(node: &Node) -> u64 {
    node.object("node.json")["ticks"].as_u64().unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_first_tick_is_at_once_and_the_others_an_interval_apart() {
    let node = Node::start().await;
    assert_eq!(ticks(&node), 1);
    node.tick().await;
    assert_eq!(ticks(&node), 2);
    sleep(TICK * 10).await;
    assert_eq!(ticks(&node), 12);
}

#[tokio::test(start_paused = true)]
async fn the_interval_is_the_one_asked_for() {
    let config = Config::new().with_interval(Duration::from_millis(50));
    let node = Node::with(config).await;
    sleep(Duration::from_millis(20)).await;
    assert_eq!(ticks(&node), 11);
    assert_eq!(node.object("node.json")["interval_ms"], 50);
}

#[tokio::test(start_paused = true)]
async fn an_interval_beyond_all_time_never_comes() {
    let config = Config::new().with_interval(Duration::MAX);
    let node = Node::with(config).await;
    sleep(Duration::from_hours(1)).await;
    assert_eq!(ticks(&node), 1);
    node.stats.flush().await;
    assert_eq!(ticks(&node), 2);
}

#[tokio::test(start_paused = true)]
async fn a_late_tick_is_one_tick_and_the_next_is_an_interval_away() {
    let node = Node::start().await;
    advance(TICK * 5).await; // 5.5
    sleep(TICK / 10).await;
    assert_eq!(ticks(&node), 2);
    assert_eq!(node.object("node.json")["late_ticks"], 1);
    assert_eq!(node.object("node.json")["skipped_ticks"], 4);
    sleep(TICK * 8 / 10).await; // 6.4
    assert_eq!(ticks(&node), 2);
    sleep(TICK / 5).await; // 6.6
    assert_eq!(ticks(&node), 3);
    assert_eq!(node.object("node.json")["late_ticks"], 1);
}

#[tokio::test(start_paused = true)]
async fn flushes_do_not_put_off_the_next_tick() {
    let node = Node::start().await;
    for _ in 0..20 {
        node.stats.flush().await;
    }
    assert_eq!(ticks(&node), 21);
    node.tick().await;
    assert_eq!(ticks(&node), 22);
    node.tick().await;
    assert_eq!(ticks(&node), 23);
}

#[tokio::test(start_paused = true)]
async fn a_flush_shows_all_that_was_counted_before_it() {
    let node = Node::start().await;
    let mut track = node.external().broadcast("live/one").publisher_track("v");
    track.bytes(3);
    node.stats.flush().await;
    assert_eq!(node.egress("live/one").unwrap().bytes, 3);
    track.bytes(4);
    node.stats.flush().await;
    assert_eq!(node.egress("live/one").unwrap().bytes, 7);
}

#[tokio::test(start_paused = true)]
async fn flushes_at_the_same_time_all_return() {
    let node = Node::start().await;
    let flushes: Vec<_> = (0..50)
        .map(|_| {
            let stats = node.stats.clone();
            tokio::spawn(async move { stats.flush().await })
        })
        .collect();
    for flush in flushes {
        flush.await.unwrap();
    }
}
