//! A node's levels and groups, from an origin in this process onto one of moq-net.

mod support;

use std::collections::BTreeSet;

use moq_net::announce::{Consumer, Kind};
use moq_net::origin;
use moq_net::track::{Info, Subscriber};
use serde_json::Value;
use streamgauge_moq::export_origin;
use streamgauge_tokio::{BroadcastProducer, Config, OriginProducer, Stats, Tier};
use support::{read_group, spawn_origin, within};

/// A node that ticks only when it is flushed, and whose broadcasts are on a `MoQ` origin.
async fn node(linger: std::time::Duration) -> (Stats, origin::Producer) {
    let (local, moq) = (OriginProducer::new(), spawn_origin(1));
    let config = Config::new().with_node("sjc/1").with_origin(&local);
    let config = config.with_interval(std::time::Duration::from_hours(1));
    let config = config.with_levels(1).with_level_linger(linger);
    let config = config.with_depth(1).with_group_linger(linger);
    let stats = Stats::spawn(config).unwrap();
    stats.flush().await;
    tokio::spawn(export_origin(local.consume(), moq.clone(), Info::default()));
    (stats, moq)
}

/// The next so many paths that come, or go.
async fn told(announced: &mut Consumer, kind: Kind, count: usize) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for _ in 0..count {
        let update = within(announced.next()).await.unwrap();
        assert_eq!(update.kind, kind, "{}", update.prefix);
        paths.insert(update.prefix.as_str().to_owned());
    }
    paths
}

async fn subscribe(moq: &origin::Producer, path: &str, track: &str) -> Subscriber {
    let broadcast = within(moq.consume().routed_broadcast(path)).await.unwrap();
    let track = broadcast.track(track).unwrap();
    within(track.subscribe(None)).await.unwrap()
}

/// Reads frames until one is as it should be.
async fn read(track: &mut Subscriber, is_right: impl Fn(&Value) -> bool) -> Value {
    loop {
        let mut group = within(track.recv_group()).await.unwrap().unwrap();
        for frame in read_group(&mut group).await {
            let frame = serde_json::from_slice(&frame).unwrap();
            if is_right(&frame) {
                return frame;
            }
        }
    }
}

const PATHS: [&str; 3] = [
    ".stats/demo/node/sjc/1",
    ".stats/prefix/demo/sjc/1",
    ".stats/prefix/sjc/1",
];

#[tokio::test]
async fn levels_and_groups_come_and_go_on_the_other_origin_too() {
    let (stats, moq) = node(std::time::Duration::ZERO).await;
    let mut announced = moq.consume().with_hidden(true).announced();
    let own = told(&mut announced, Kind::Announced, 1).await;
    assert_eq!(own, BTreeSet::from([stats.path().to_owned()]));
    for _ in 0..3 {
        let handle = stats.tier(Tier::External);
        drop(handle.broadcast("demo/bbb").publisher_track("video"));
        stats.flush().await;
        let came = told(&mut announced, Kind::Announced, 3).await;
        assert_eq!(came, PATHS.map(String::from).into());
        stats.flush().await;
        let went = told(&mut announced, Kind::Retracted, 3).await;
        assert_eq!(went, PATHS.map(String::from).into());
    }
}

#[tokio::test]
async fn their_frames_are_read_as_they_were_written() {
    let (stats, moq) = node(std::time::Duration::from_hours(1)).await;
    let handle = stats.tier(Tier::External);
    let mut track = handle.broadcast("demo/bbb").publisher_track("video");
    track.bytes(7);
    stats.flush().await;
    let name = "publisher.json";
    let mut level = subscribe(&moq, ".stats/prefix/demo/sjc/1", name).await;
    let mut group = subscribe(&moq, ".stats/demo/node/sjc/1", name).await;
    for bytes in [7, 8, 9] {
        let told = read(&mut level, |frame| frame["bytes"] == bytes).await;
        assert_eq!(told["level"], "demo");
        read(&mut group, |frame| frame["demo/bbb"]["bytes"] == bytes).await;
        track.bytes(1);
        stats.flush().await;
    }
}

#[tokio::test]
async fn a_path_that_cannot_be_costs_that_broadcast_alone() {
    let (local, moq) = (OriginProducer::new(), spawn_origin(1));
    let broadcast = BroadcastProducer::new();
    let announced = ["a/*", "b"].map(|path| local.announce(path, &broadcast.consume()).unwrap());
    let exporting = tokio::spawn(export_origin(local.consume(), moq.clone(), Info::default()));
    let mut told = moq.consume().with_hidden(true).announced();
    let update = within(told.next()).await.unwrap();
    assert_eq!(
        (update.prefix.as_str(), update.kind),
        ("b", Kind::Announced)
    );
    drop((announced, local, broadcast));
    let update = within(told.next()).await.unwrap();
    assert_eq!(
        (update.prefix.as_str(), update.kind),
        ("b", Kind::Retracted)
    );
    within(exporting).await.unwrap();
}
