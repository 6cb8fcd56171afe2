//! A node's frames on tracks in the same process.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::{Value, json};
use streamgauge_tokio::{
    AnnounceError, Config, ConfigError, OriginProducer, Stats, Tier, TrackSink,
};
use tokio::time::{sleep, timeout};

use crate::harness::{next_group, now};

const TICK: Duration = Duration::from_secs(1);
const PATH: &str = ".stats/node/sjc/1";

fn spawn(origin: &OriginProducer) -> Stats {
    Stats::spawn(Config::new().with_node("sjc/1").with_origin(origin)).unwrap()
}

fn parsed(frame: &Bytes) -> Value {
    serde_json::from_slice(frame).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_node_is_found_on_its_origin_with_all_its_tracks() {
    let origin = OriginProducer::new();
    let mut reader = origin.consume();
    let stats = spawn(&origin);
    let (path, broadcast) = reader.announced().await.unwrap();
    assert_eq!((&*path, stats.path()), (PATH, PATH));
    let broadcast = broadcast.unwrap();
    for name in stats.tracks() {
        let mut track = broadcast.open_track(name).unwrap();
        assert_eq!(now(track.read_frame()).unwrap().unwrap(), "{}", "{name}");
    }
    assert!(broadcast.open_track("other.json").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_late_reader_gets_the_newest_frame_first() {
    let origin = OriginProducer::new();
    let stats = spawn(&origin);
    let mut track = stats
        .tier(Tier::External)
        .broadcast("live/one")
        .publisher_track("v");
    let broadcast = origin.consume().announced_broadcast(PATH).await.unwrap();
    for _ in 0..5 {
        track.bytes(10);
        stats.flush().await;
    }
    let mut late = broadcast.track("publisher.json").await.unwrap();
    let frame = late.read_frame().await.unwrap().unwrap();
    assert_eq!(parsed(&frame)["live/one"]["bytes"], 50);
    assert!(
        timeout(TICK * 3, late.read_frame()).await.is_err(),
        "nothing moves"
    );
    track.bytes(1);
    let frame = timeout(TICK * 2, late.read_frame())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(parsed(&frame)["live/one"]["bytes"], 51);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_skips_to_the_newest_frame() {
    let origin = OriginProducer::new();
    let stats = spawn(&origin);
    let broadcast = origin.consume().announced_broadcast(PATH).await.unwrap();
    let mut slow = broadcast.track("publisher.json").await.unwrap();
    let mut track = stats
        .tier(Tier::External)
        .broadcast("live/one")
        .publisher_track("v");
    for _ in 0..5 {
        track.bytes(1);
        stats.flush().await;
    }
    let frame = slow.read_frame().await.unwrap().unwrap();
    assert_eq!(parsed(&frame)["live/one"]["bytes"], 5);
}

#[tokio::test(start_paused = true)]
async fn readers_get_the_last_frame_and_then_the_end() {
    let origin = OriginProducer::new();
    let mut reader = origin.consume();
    let stats = spawn(&origin);
    let (_, broadcast) = reader.announced().await.unwrap();
    let mut track = broadcast.unwrap().open_track("publisher.json").unwrap();
    // No tick is due any more but the last.
    stats.flush().await;
    let guard = stats.tier(Tier::External).broadcast("live/one").publisher();
    drop(guard);
    stats.close().await;
    let last = track.read_frame().await.unwrap().unwrap();
    assert_eq!(parsed(&last)["live/one"]["announced_closed"], 1);
    assert_eq!(track.read_frame().await, Ok(None));
    let (path, gone) = reader.announced().await.unwrap();
    assert_eq!((&*path, gone.is_none()), (PATH, true));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_comes_again_is_told_of_with_higher_sequences() {
    let origin = OriginProducer::new();
    let reader = origin.consume();
    let mut newest = 0;
    for _ in 0..3 {
        let stats = spawn(&origin);
        let broadcast = reader.announced_broadcast(PATH).await.unwrap();
        let mut track = broadcast.open_track("sessions.json").unwrap();
        let first = next_group(&mut track).sequence();
        assert!(first > newest, "{first} after {newest}");
        stats.flush().await;
        newest = track.latest().unwrap();
        stats.close().await;
    }
}

#[tokio::test]
async fn two_nodes_of_one_name_are_not_told_apart() {
    let origin = OriginProducer::new();
    let config = || Config::new().with_node("sjc/1").with_origin(&origin);
    let _stats = Stats::spawn(config()).unwrap();
    let taken = AnnounceError::Taken { path: PATH.into() };
    assert_eq!(
        Stats::spawn(config()).err(),
        Some(ConfigError::Announce(taken))
    );
    assert!(Stats::spawn(config().with_node("sjc/2")).is_ok());
}

#[test]
fn sequences_start_at_the_wall_clock() {
    let micros = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_micros()
    };
    let origin = OriginProducer::new();
    let before = micros();
    let sink = TrackSink::announce(&origin, "a", ["one", "two"]).unwrap();
    let after = micros();
    let broadcast = origin.consume().broadcast("a").unwrap();
    let first = next_group(&mut broadcast.open_track("one").unwrap()).sequence();
    assert!((before..=after).contains(&u128::from(first)));
    sink.write_frame(0, "{1}").unwrap();
    let mut track = broadcast.open_track("one").unwrap();
    assert_eq!(next_group(&mut track).sequence(), first + 1);
}

#[test]
fn names_are_given_once_and_frames_to_tracks_that_there_are() {
    let origin = OriginProducer::new();
    assert!(TrackSink::announce(&origin, "a", ["one", "one"]).is_err());
    let sink = TrackSink::announce(&origin, "a", ["one"]).unwrap();
    assert!(sink.write_frame(1, "{}").is_err());
    assert!(sink.write_frame(0, "{}").is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_ends_a_track_ends_the_sink_and_not_the_node() {
    let origin = OriginProducer::new();
    let stats = spawn(&origin);
    let reader = origin.consume();
    let broadcast = reader.announced_broadcast(PATH).await.unwrap();
    let track = broadcast.open_track("node.json").unwrap();
    track.produce().unwrap().finish().unwrap();
    sleep(TICK * 2).await;
    assert!(reader.broadcast(PATH).is_none());
    let guard = stats.tier(Tier::External).broadcast("live/one").publisher();
    stats.flush().await;
    let frame = stats.latest("publisher.json").unwrap().frame().unwrap();
    assert_eq!(parsed(&frame.payload)["live/one"]["announced"], json!(1));
    drop(guard);
}
