//! Nodes on runtimes of every kind, in real time.

use std::{thread, time::Duration};

use serde_json::Value;
use streamgauge_tokio::{Config, Stats, Tier};

use crate::harness::{Record, json};

fn totals(frames: &[Value]) -> &Value {
    &frames.last().unwrap()["totals"]["publisher"]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_on_many_threads_are_counted_exactly() {
    let record = Record::default();
    let config = Config::new()
        .with_interval(Duration::from_millis(1))
        .with_series(64);
    let stats = Stats::spawn(config.with_cells(64).with_sink(record.sink())).unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let handle = stats.tier(Tier::External);
            tokio::spawn(async move {
                for n in 0..500 {
                    let path = format!("live/{}", (task * 7 + n) % 100);
                    let mut track = handle.broadcast(&path).publisher().track("v");
                    track.whole_frame(3);
                    tokio::task::yield_now().await;
                    track.whole_frame(4);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    stats.close().await;
    let frames = record.accepted("node.json");
    let totals = totals(&frames);
    for (word, total) in [
        ("announced", 4000),
        ("announced_closed", 4000),
        ("subscriptions", 4000),
        ("subscriptions_closed", 4000),
        ("viewers_closed", 4000),
        ("frames", 8000),
        ("bytes", 28_000),
    ] {
        assert_eq!(totals[word], total, "{word}");
    }
    assert_eq!(totals["broadcasts"], totals["broadcasts_closed"]);
}

#[test]
fn threads_outside_the_runtime_may_count() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .unwrap();
    let stats = runtime.block_on(async { Stats::spawn(Config::new()).unwrap() });
    let mut reader = stats.latest("node.json").unwrap();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let handle = stats.tier(Tier::External);
            thread::spawn(move || {
                let mut track = handle.broadcast("live/one").publisher_track("v");
                for _ in 0..10_000 {
                    track.bytes(1);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let last = runtime.block_on(async {
        stats.close().await;
        let mut last = None;
        while let Some(frame) = reader.next().await {
            last = Some(frame);
        }
        json(&last.unwrap())
    });
    assert_eq!(last["totals"]["publisher"]["bytes"], 40_000);
}

#[test]
fn guards_may_be_dropped_after_their_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let stats = runtime.block_on(async { Stats::spawn(Config::new()).unwrap() });
    let mut track = stats
        .tier(Tier::External)
        .broadcast("live/one")
        .publisher_track("v");
    drop(runtime);
    track.bytes(1);
    drop(track);
    // Nobody is left to flush: both return.
    let other = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    other.block_on(async {
        stats.flush().await;
        stats.close().await;
    });
}

#[tokio::test(start_paused = true)]
async fn bumps_between_awaits_keep_a_future_send() {
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    let stats = Stats::spawn(Config::new()).unwrap();
    let mut track = stats
        .tier(Tier::External)
        .broadcast("live/one")
        .publisher_track("v");
    let counting = is_send(async move {
        track.frame();
        tokio::task::yield_now().await;
        track.frame();
    });
    tokio::spawn(counting).await.unwrap();
    stats.flush().await;
    let frame = stats.latest("publisher.json").unwrap().frame().unwrap();
    assert_eq!(json(&frame)["live/one"]["frames"], 2);
}
