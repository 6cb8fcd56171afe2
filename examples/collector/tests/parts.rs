//! Nodes whose stats are published in parts, over QUIC.

mod support;

use std::time::Duration;

use moq_net::origin;
use moq_net::track::Info;
use streamgauge_moq::export_origin;
use streamgauge_relay::client::{self, Client, Target};
use streamgauge_tokio::{Config, Deltas, OriginProducer, Stats, Tier};
use support::{Collector, bytes, free_udp, relay, relay_in_parts, traffic};
use tokio::time::sleep;

/// Bytes of one broadcast.
fn broadcast(path: &str) -> String {
    format!(
        "streamgauge_fleet_bytes_total{{broadcast=\"{path}\",role=\"publisher\",tier=\"external\"}}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_in_parts_is_counted_once_through_kills_of_it_and_of_the_collector() {
    let at = free_udp();
    let file = std::env::temp_dir().join(format!("parts-{}.state", std::process::id()));
    let _ = std::fs::remove_file(&file);
    let url = format!("https://{at}");
    let arguments = [&url, "--state", file.to_str().expect("a path")];
    let mut collector = Collector::start(arguments);
    let paths = ["a/x", "a/y", "b/x/y", "c", "node/x", "prefix/x"];
    let (mut sums, mut total) = ([0; 6], 0);
    for life in 1..4 {
        let relay = relay_in_parts(at, "sjc/1", 1).await;
        for round in 0..2 {
            for (n, path) in paths.iter().enumerate().skip(round) {
                let sent = traffic(at, path, life + n as u64).await;
                sums[n] += sent;
                total += sent;
            }
            collector.until(&bytes("publisher"), total).await;
            collector.until(&bytes("subscriber"), total).await;
            for (path, sum) in paths.iter().zip(sums) {
                collector.until(&broadcast(path), sum).await;
            }
            collector.kill();
            collector = Collector::start(arguments);
        }
        // Nothing more comes of what it is told again.
        collector
            .until("streamgauge_fleet_node_up{node=\"sjc/1\"}", 1)
            .await;
        sleep(Duration::from_millis(500)).await;
        collector.until(&bytes("publisher"), total).await;
        drop(relay);
    }
    std::fs::remove_file(&file).expect("a file");
}

/// A node in this process whose parts do not linger.
fn node(origin: &origin::Producer) -> (Stats, OriginProducer) {
    let local = OriginProducer::new();
    let config = Config::new()
        .with_node("edge/1")
        .with_interval(Duration::from_millis(50))
        .with_origin(&local)
        .with_depth(1)
        .with_levels(1)
        .with_group_linger(Duration::ZERO)
        .with_deltas(Deltas::Beside);
    let stats = Stats::spawn(config).expect("a node");
    let (from, to) = (local.consume(), origin.clone());
    tokio::spawn(export_origin(from, to, Info::default()));
    (stats, local)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_goes_and_returns_and_a_session_that_does_are_counted_on() {
    let at = free_udp();
    let relay = relay(at, "sjc/1").await;
    let collector = Collector::start([format!("https://{at}")]);
    let origin = client::origin();
    let (stats, local) = node(&origin);
    let handle = stats.tier(Tier::External);
    let mut still = handle.broadcast("b/x").publisher_track("v");
    let (mut total, mut named) = (0, 0);
    for session in 1..3 {
        let client = Client::publisher(&Target::of(&relay), &origin).await;
        let client = client.expect("a session");
        for life in 1..4 {
            let mut track = handle.broadcast("a/x").publisher_track("v");
            for _ in 0..3 {
                track.whole_frame(1_000 * life);
                still.whole_frame(10 * session);
                total += (1_000 * life + 10 * session) as u64;
                named += 1_000 * life as u64;
                collector.until(&bytes("publisher"), total).await;
                // The node's own totals may tell it first, and what goes unread has no name.
                collector.until(&broadcast("a/x"), named).await;
            }
            drop(track);
            while local.consume().broadcast(".stats/a/node/edge/1").is_some() {
                sleep(Duration::from_millis(20)).await;
            }
        }
        client.close().await;
        // What nobody reads is told later.
        still.whole_frame(7);
        total += 7;
        sleep(Duration::from_millis(200)).await;
    }
    let _client = Client::publisher(&Target::of(&relay), &origin).await;
    collector.until(&bytes("publisher"), total).await;
    collector.until(&broadcast("b/x"), 90 + 180 + 2 * 7).await;
    collector.until(&broadcast("a/x"), named).await;
    stats.close().await;
}
