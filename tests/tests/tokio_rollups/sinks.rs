//! Sinks for the frames of levels.

use std::{fs, time::Duration};

use streamgauge_tokio::{Config, FileSink, OriginProducer, Tier};
use tokio::time::sleep;

use crate::{
    harness::{Mood, Record, TICK},
    told::{news, spawn},
};

const ROOT: &str = ".stats/prefix/sjc/1/publisher.json";
const DEMO: &str = ".stats/prefix/demo/sjc/1/publisher.json";

fn config(record: &Record) -> Config {
    Config::new().with_levels(1).with_side_sink(record.sink())
}

#[tokio::test(start_paused = true)]
async fn a_side_sink_is_given_each_frame_that_changed() {
    let record = Record::default();
    let stats = spawn(config(&record));
    let handle = stats.tier(Tier::External);
    let mut track = handle.broadcast("demo/bbb").publisher_track("video");
    for n in 1..4 {
        track.bytes(1);
        stats.flush().await;
        stats.flush().await;
        for name in [ROOT, DEMO] {
            let frames = record.accepted(name);
            assert_eq!((frames.len(), &frames[n - 1]["bytes"]), (n, &n.into()));
        }
    }
    assert!(
        record.offered("publisher.json").is_empty(),
        "those are for other sinks"
    );
}

#[tokio::test(start_paused = true)]
async fn other_sinks_are_given_no_frames_of_levels() {
    let record = Record::default();
    let stats = spawn(Config::new().with_levels(1).with_sink(record.sink()));
    let handle = stats.tier(Tier::External);
    let _track = handle.broadcast("demo/bbb").publisher_track("video");
    stats.flush().await;
    assert_eq!(record.accepted("publisher.json").len(), 1);
    assert!(record.offered(ROOT).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_refused_frame_comes_again_with_newer_numbers() {
    let record = Record::default();
    let stats = spawn(config(&record));
    let handle = stats.tier(Tier::External);
    let mut track = handle.broadcast("demo").publisher_track("video");
    record.mood(Mood::Busy);
    track.bytes(1);
    stats.flush().await;
    track.bytes(1);
    stats.flush().await;
    assert!(record.accepted(DEMO).is_empty());
    record.mood(Mood::Accept);
    stats.flush().await;
    assert_eq!(record.accepted(DEMO).len(), 1);
    assert_eq!(record.accepted(DEMO)[0]["bytes"], 2);
    stats.flush().await;
    assert_eq!(record.accepted(DEMO).len(), 1, "nothing is owed any more");
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_has_a_frame_is_not_given_it_again_for_one_that_refused() {
    let (taker, refuser) = (Record::default(), Record::default());
    let stats = spawn(config(&taker).with_side_sink(refuser.sink()));
    let handle = stats.tier(Tier::External);
    let _track = handle.broadcast("demo").publisher_track("video");
    refuser.mood(Mood::Fail);
    for _ in 0..3 {
        stats.flush().await;
    }
    assert_eq!(taker.accepted(DEMO).len(), 1);
    assert_eq!(refuser.offered(DEMO).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_level_stays_announced_until_its_last_frames_were_accepted() {
    let (record, origin) = (Record::default(), OriginProducer::new());
    let mut reader = origin.consume();
    let config = config(&record).with_origin(&origin);
    let stats = spawn(config.with_level_linger(Duration::ZERO));
    let handle = stats.tier(Tier::External);
    record.mood(Mood::Busy);
    let mut track = handle.broadcast("demo").publisher_track("video");
    track.bytes(3);
    drop(track);
    sleep(TICK * 5).await;
    assert_eq!(news(&mut reader)[1].len(), 0);
    record.mood(Mood::Accept);
    sleep(TICK * 3).await;
    assert_eq!(news(&mut reader)[1].len(), 2);
    let last = record.accepted(DEMO).pop().expect("the last frame");
    assert_eq!(
        (&last["bytes"], &last["subscriptions_closed"]),
        (&3.into(), &1.into())
    );
}

#[tokio::test(start_paused = true)]
async fn a_closed_side_sink_holds_nothing_up() {
    let (record, origin) = (Record::default(), OriginProducer::new());
    let mut reader = origin.consume();
    let config = config(&record).with_origin(&origin);
    let stats = spawn(config.with_level_linger(Duration::ZERO));
    record.mood(Mood::Close);
    let handle = stats.tier(Tier::External);
    drop(handle.broadcast("demo").publisher_track("video"));
    stats.flush().await;
    assert!(record.is_dropped());
    assert_eq!(news(&mut reader)[0].len(), 2);
    stats.flush().await;
    assert_eq!(news(&mut reader)[1].len(), 2);
}

/// Threads open, count and drop, while ticks come at any moment.
#[tokio::test]
async fn every_bump_of_every_thread_is_added_up_once() {
    const THREADS: u64 = 4;
    const ROUNDS: u64 = 2_000;
    let record = Record::default();
    let config = Config::new().with_levels(2).with_level_linger(TICK * 300);
    let stats = spawn(
        config
            .with_series(24)
            .with_cells(8)
            .with_side_sink(record.sink()),
    );
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let handle = stats.tier(Tier::External);
            std::thread::spawn(move || {
                for round in 0..ROUNDS {
                    let path = format!("{}/{}", round % 3, (thread + round) % 16);
                    let mut track = handle.broadcast(&path).publisher_track("video");
                    track.bytes(3);
                }
            })
        })
        .collect();
    while threads.iter().any(|thread| !thread.is_finished()) {
        stats.flush().await;
    }
    stats.close().await;
    let frames = record.accepted(ROOT);
    let of = |name: &str| {
        frames
            .iter()
            .map(|frame| frame[name].as_u64())
            .collect::<Vec<_>>()
    };
    let [bytes, opened, closed] = ["bytes", "subscriptions", "subscriptions_closed"].map(of);
    assert!(bytes.is_sorted() && opened.is_sorted() && closed.is_sorted());
    assert!(
        opened
            .iter()
            .zip(&closed)
            .all(|(opened, closed)| opened >= closed)
    );
    let all = THREADS * ROUNDS;
    let last = [bytes, opened, closed].map(|all| all.last().copied().flatten());
    assert_eq!(last, [Some(3 * all), Some(all), Some(all)]);
    let parts = ["0", "1", "2", "__overflow__"].map(|level| {
        let name = format!(".stats/prefix/{level}/sjc/1/publisher.json");
        let last = record.accepted(&name).pop();
        last.and_then(|frame| frame["bytes"].as_u64()).unwrap_or(0)
    });
    assert_eq!(
        parts.iter().sum::<u64>(),
        3 * all,
        "first segments, and what lacks its path"
    );
}

#[tokio::test]
async fn a_file_takes_the_frames_of_levels_a_line_each() {
    let name = format!("streamgauge-levels-{}.jsonl", std::process::id());
    let path = std::env::temp_dir().join(name);
    let _ = fs::remove_file(&path);
    let sink = FileSink::append(&path).expect("a file");
    let stats = spawn(Config::new().with_levels(1).with_side_sink(sink));
    let handle = stats.tier(Tier::External);
    let mut track = handle.broadcast("demo").publisher_track("video");
    track.bytes(9);
    stats.close().await;
    let text = fs::read_to_string(&path).expect("the file");
    fs::remove_file(&path).expect("removed");
    let lines = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    let lines: Vec<serde_json::Value> = lines.collect();
    let line = lines
        .iter()
        .find(|line| line["track"] == DEMO)
        .expect("a line");
    assert_eq!(
        (&line["frame"]["bytes"], &line["frame"]["level"]),
        (&9.into(), &"demo".into())
    );
}
