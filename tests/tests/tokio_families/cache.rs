//! The family `cache`, on tracks.

use std::time::Duration;

use serde_json::Value;
use streamgauge_tokio::{Cache, Config, FamilyMeter, Stats, TrackConfig, TrackProducer};
use tokio::time::sleep;

use crate::sensor::newest;

const REASONS: [&str; 5] = ["age", "groups", "frames", "bytes", "end"];

fn track(meter: &FamilyMeter<Cache>, config: TrackConfig) -> TrackProducer {
    TrackProducer::new(config.with_cache_stats(meter.cache("live/one")))
}

fn node(meter: &FamilyMeter<Cache>) -> Stats {
    Stats::spawn(Config::new().with_family(meter)).expect("a node")
}

async fn shown(stats: &Stats) -> Value {
    stats.flush().await;
    newest(stats, "cache.json")["live/one"].clone()
}

fn word(series: &Value, name: &str) -> u64 {
    series[name].as_u64().expect(name)
}

/// What is cached, by what was written and what is cached no more.
fn cached(series: &Value, what: &str) -> u64 {
    let evicted = REASONS.map(|reason| word(series, &format!("evicted_{what}_by_{reason}")));
    word(series, &format!("written_{what}")) - evicted.iter().sum::<u64>()
}

#[tokio::test(start_paused = true)]
async fn what_a_track_evicts_shows_in_the_frame_of_its_broadcast() {
    let meter = FamilyMeter::default();
    let stats = node(&meter);
    let track = track(&meter, TrackConfig::new().with_max_groups(3));
    for n in 0..10_u8 {
        track.write_frame(vec![n; 100]).expect("room");
    }
    let series = shown(&stats).await;
    assert_eq!(word(&series, "written_groups"), 10);
    assert_eq!(word(&series, "evicted_groups_by_groups"), 7);
    assert_eq!(word(&series, "evicted_bytes_by_groups"), 700);
    for what in ["groups", "frames", "bytes"] {
        assert_eq!(cached(&series, what), word(&series, what), "{what}");
    }
    assert_eq!(word(&series, "bytes"), 300);
}

#[tokio::test(start_paused = true)]
async fn an_idle_track_that_empties_shows_it() {
    let meter = FamilyMeter::default();
    let stats = node(&meter);
    let age = Duration::from_secs(4);
    let track = track(&meter, TrackConfig::new().with_max_age(age));
    for n in 0..3_u8 {
        track.write_frame(vec![n; 10]).expect("room");
    }
    assert_eq!(cached(&shown(&stats).await, "groups"), 3);
    sleep(age * 2).await;
    let series = shown(&stats).await;
    assert_eq!(
        word(&series, "evicted_groups_by_age"),
        2,
        "the newest stays"
    );
    assert_eq!(cached(&series, "bytes"), 10);
}

#[tokio::test(start_paused = true)]
async fn tracks_of_one_broadcast_add_up_and_nothing_stays_when_they_end() {
    let meter = FamilyMeter::default();
    let stats = node(&meter);
    let tracks = [(); 3].map(|()| track(&meter, TrackConfig::new()));
    for track in &tracks {
        track.write_frame(vec![7; 50]).expect("room");
    }
    let series = shown(&stats).await;
    assert_eq!(word(&series, "tracks"), 3);
    assert_eq!(cached(&series, "bytes"), 150);
    drop(tracks);
    let series = shown(&stats).await;
    assert_eq!(word(&series, "tracks_closed"), 3);
    assert_eq!(word(&series, "evicted_bytes_by_end"), 150);
    assert_eq!(cached(&series, "bytes"), 0);
}

#[tokio::test(start_paused = true)]
async fn what_readers_find_is_counted() {
    let meter = FamilyMeter::default();
    let stats = node(&meter);
    let track = track(&meter, TrackConfig::new().with_max_groups(2));
    for n in 0..4_u8 {
        track.write_frame(vec![n]).expect("room");
    }
    let mut reader = track.consume();
    reader.get_group(3).await.expect("cached");
    reader.get_group(0).await.expect_err("evicted");
    let series = shown(&stats).await;
    assert_eq!((word(&series, "hits"), word(&series, "misses")), (1, 1));
}
