//! What is published of a family, and when.

use serde_json::{Value, json};
use streamgauge_tokio::{Config, FamilyMeter, Stats, Tier};
use tokio::time::sleep;

use crate::{
    harness::{Mood, Record, TICK},
    sensor::{READINGS, Sensor, TRACK, newest, read},
};

const OVERFLOW: &str = "__overflow__";

/// A node between its first tick and its second.
async fn spawn(room: usize) -> (FamilyMeter<Sensor>, Stats, Record) {
    let (meter, record) = (FamilyMeter::new(room), Record::default());
    let config = Config::new().with_family(&meter).with_sink(record.sink());
    let stats = Stats::spawn(config).expect("a node");
    sleep(TICK / 2).await;
    (meter, stats, record)
}

fn shown(frames: &[Value], name: &str) -> Vec<Option<u64>> {
    let series = frames.iter().map(|frame| &frame[name]["readings"]);
    series.map(Value::as_u64).collect()
}

#[tokio::test(start_paused = true)]
async fn a_family_is_one_more_track_after_those_of_the_node() {
    let (_meter, stats, record) = spawn(8).await;
    assert_eq!(stats.tracks().last().map(AsRef::as_ref), Some(TRACK));
    assert_eq!(record.accepted(TRACK), [json!({})]);
    assert_eq!(newest(&stats, TRACK), json!({}));
}

#[tokio::test(start_paused = true)]
async fn a_frame_is_written_when_it_changed_and_then_only() {
    let (meter, _stats, record) = spawn(8).await;
    let mut writer = meter.track("a");
    for n in 0..6 {
        if n % 2 == 0 {
            writer.add(READINGS, 1);
        }
        sleep(TICK).await;
    }
    let frames = record.offered(TRACK);
    assert_eq!(shown(&frames, "a"), [None, Some(1), Some(2), Some(3)]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_frame_is_offered_again_and_holds_its_series() {
    let (meter, _stats, record) = spawn(8).await;
    record.mood(Mood::Busy);
    read(&meter, "a", 5);
    sleep(TICK * 3).await;
    assert_eq!(meter.usage().series, 1, "its end is owed");
    record.mood(Mood::Accept);
    sleep(TICK * 3).await;
    assert_eq!(meter.usage().series, 0);
    assert_eq!(shown(&record.accepted(TRACK), "a"), [None, Some(5), None]);
    assert_eq!(shown(&record.offered(TRACK), "a").len(), 6);
}

#[tokio::test(start_paused = true)]
async fn what_opened_and_closed_between_two_ticks_is_seen() {
    let (meter, stats, record) = spawn(8).await;
    read(&meter, "brief", 3);
    stats.flush().await;
    let frames = record.accepted(TRACK);
    let series = &frames[1]["brief"];
    assert_eq!(series["readings"], 3);
    assert_eq!(series["readers"], 1);
    assert_eq!(series["readers_closed"], 1);
}

#[tokio::test(start_paused = true)]
async fn what_finds_no_series_is_counted_in_the_overflow() {
    let (meter, stats, record) = spawn(2).await;
    let _writers = ["a", "b"].map(|name| meter.track(name));
    read(&meter, "c", 5);
    read(&meter, &"long".repeat(100), 7);
    read(&meter, "__overflow__", 9);
    stats.flush().await;
    // The full tables call for a tick by themselves, which may come first.
    assert!(shown(&record.accepted(TRACK), OVERFLOW).contains(&Some(21)));
    let usage = &newest(&stats, "node.json")["families"]["sensor"];
    let expected = json!({
        "series": 2, "series_capacity": 2, "cells": 2, "cells_capacity": 2,
        "folded_keys": 3, "folded_guards": 3, "folded_events": 3 + 21,
    });
    assert_eq!(*usage, expected);
}

#[tokio::test(start_paused = true)]
async fn without_room_everything_is_counted_in_the_overflow() {
    let (meter, stats, record) = spawn(0).await;
    for n in 0..100 {
        read(&meter, &n.to_string(), n);
    }
    stats.flush().await;
    assert!(shown(&record.accepted(TRACK), OVERFLOW).contains(&Some(4950)));
}

#[tokio::test(start_paused = true)]
async fn the_node_counts_the_frames_of_its_families() {
    let (meter, stats, record) = spawn(8).await;
    let before = newest(&stats, "node.json");
    record.mood(Mood::Fail);
    read(&meter, "a", 1);
    stats.flush().await;
    record.mood(Mood::Accept);
    for _ in 0..3 {
        stats.flush().await;
    }
    let after = newest(&stats, "node.json");
    let grown = |name: &str| after[name].as_u64().unwrap() - before[name].as_u64().unwrap();
    // A frame tells of the frames before it: three of the node, two of the family.
    assert_eq!(grown("refused_frames"), 2, "of the family and of the node");
    assert_eq!(grown("frames"), 5);
    let family = record.accepted(TRACK);
    let bytes = family.iter().skip(1).map(|frame| frame.to_string().len());
    assert!(grown("frame_bytes") >= bytes.sum::<usize>() as u64);
}

#[tokio::test(start_paused = true)]
async fn a_node_without_families_says_nothing_of_them() {
    let stats = Stats::spawn(Config::new()).expect("a node");
    stats.flush().await;
    assert_eq!(newest(&stats, "node.json").get("families"), None);
}

#[tokio::test(start_paused = true)]
async fn a_family_that_runs_low_has_a_tick_ahead_of_its_time() {
    let (meter, stats, _) = spawn(8).await;
    for n in 0..100 {
        read(&meter, &n.to_string(), 1);
        sleep(TICK / 20).await;
    }
    stats.flush().await;
    assert_eq!(meter.usage().folded_keys, 0, "room came back in time");
    let node = newest(&stats, "node.json");
    assert!(node["early_ticks"].as_u64() > Some(0));
}

#[tokio::test(start_paused = true)]
async fn traffic_and_families_share_a_node() {
    let (meter, stats, record) = spawn(8).await;
    let mut track = stats
        .tier(Tier::External)
        .broadcast("live")
        .publisher_track("v");
    let mut writer = meter.by_ref().track("live");
    track.whole_frame(10);
    writer.add(READINGS, 2);
    stats.flush().await;
    assert_eq!(record.accepted("publisher.json")[1]["live"]["bytes"], 10);
    assert_eq!(record.accepted(TRACK)[1]["live"]["readings"], 2);
}
