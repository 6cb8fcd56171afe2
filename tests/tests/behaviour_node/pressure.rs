//! A node whose tables run low ticks early.

use std::time::Duration;

use crate::harness::{Node, TICK};
use streamgauge_tokio::Config;
use tokio::time::sleep;

fn early_ticks(node: &Node) -> u64 {
    node.object("node.json")["early_ticks"].as_u64().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_node_that_runs_low_on_series_ticks_early() {
    let node = Node::with(Config::new().with_series(8)).await;
    for n in 0..8 {
        node.external()
            .broadcast(&format!("live/{n}"))
            .publisher_track("v")
            .bytes(1);
    }
    sleep(TICK / 100).await;
    assert_eq!(early_ticks(&node), 1);
    assert_eq!(node.object("publisher.json").len(), 8);
    assert_eq!(node.stats.usage().series, 0, "room again");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_runs_low_on_cells_ticks_early() {
    let node = Node::with(Config::new().with_cells(8)).await;
    let broadcast = node.external().broadcast("live/one");
    let tracks = [(); 7].map(|()| broadcast.publisher_track("v"));
    sleep(TICK / 100).await;
    assert_eq!(early_ticks(&node), 1);
    drop(tracks);
}

#[tokio::test(start_paused = true)]
async fn a_node_with_room_to_spare_does_not_tick_early() {
    let node = Node::with(Config::new().with_series(8).with_cells(8)).await;
    let tracks = [(); 4].map(|()| node.external().broadcast("live/one").publisher_track("v"));
    sleep(TICK * 2).await;
    assert_eq!(early_ticks(&node), 0);
    drop(tracks);
}

#[tokio::test(start_paused = true)]
async fn early_ticks_are_a_tenth_of_the_interval_apart_and_put_nothing_off() {
    let node = Node::with(Config::new().with_series(1)).await;
    let ticks = || node.object("node.json")["ticks"].as_u64().unwrap();
    for _ in 0..45 {
        drop(node.external().broadcast("live/one").publisher());
        sleep(TICK / 100).await;
    }
    assert!(
        (4..=6).contains(&early_ticks(&node)),
        "{}",
        early_ticks(&node)
    );
    let before = ticks();
    sleep(TICK * 3).await;
    assert!(
        (3..=4).contains(&(ticks() - before)),
        "{}",
        ticks() - before
    );
}

#[tokio::test(start_paused = true)]
async fn more_broadcasts_than_fit_in_an_interval_find_room_all_the_same() {
    let node = Node::with(Config::new().with_series(32)).await;
    for n in 0..200 {
        node.external()
            .broadcast(&format!("live/{n}"))
            .publisher_track("v")
            .bytes(1);
        sleep(Duration::from_millis(20)).await;
    }
    node.tick().await;
    assert_eq!(node.object("node.json")["traffic"]["folded_keys"], 0);
    assert_eq!(node.total("publisher").bytes, 200);
}
