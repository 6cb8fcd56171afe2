//! The families that come with the core.

use std::time::Duration;

use serde_json::json;
use streamgauge_tokio::{
    CallOutcome, Config, FamilyConfig, FamilyMeter, Format, Replication, Rpc, Stats,
};
use tokio::time::sleep;

use crate::{
    harness::TICK,
    sensor::{READINGS, Sensor, newest},
};

#[tokio::test(start_paused = true)]
async fn calls_are_published_by_service() {
    let rpc = FamilyMeter::<Rpc>::default();
    let stats = Stats::spawn(Config::new().with_family(&rpc)).expect("a node");
    let service = rpc.service("users");
    let held = service.call();
    for outcome in [CallOutcome::Ok, CallOutcome::Timeout] {
        let latency = Duration::from_millis(30);
        service.call().record(outcome, latency.into());
    }
    drop(service.call());
    stats.flush().await;
    let users = &newest(&stats, "rpc.json")["users"];
    assert_eq!(users["calls"], 2);
    assert_eq!(users["errors_timeout"], 1);
    assert_eq!(users["in_flight_calls"], 1);
    drop(held);
    stats.flush().await;
    assert_eq!(newest(&stats, "rpc.json")["users"]["in_flight_calls"], 0);
}

#[tokio::test(start_paused = true)]
async fn channels_show_their_lag_once_it_was_set() {
    let meter = FamilyMeter::<Replication>::default();
    let stats = Stats::spawn(Config::new().with_family(&meter)).expect("a node");
    let mut channel = meter.channel("orders");
    channel.sync_bytes(512);
    stats.flush().await;
    let lag = newest(&stats, "replication.json")["orders"]
        .get("leader_lag_us")
        .cloned();
    assert_eq!(lag.unwrap_or_default(), json!(null));
    channel.set_leader_lag(Duration::from_millis(1_500).into());
    stats.flush().await;
    let orders = &newest(&stats, "replication.json")["orders"];
    assert_eq!(orders["leader_lag_us"], 1_500_000);
    assert_eq!(orders["sync_bytes"], 512);
}

#[tokio::test(start_paused = true)]
async fn a_service_stays_for_ever_unless_told_otherwise() {
    let (kept, brief) = (FamilyMeter::<Rpc>::default(), FamilyConfig::new(8));
    let brief = FamilyMeter::<Rpc>::with_config(brief.with_idle_timeout(TICK * 10));
    for (meter, forever) in [(&kept, true), (&brief, false)] {
        let stats = Stats::spawn(Config::new().with_family(meter)).expect("a node");
        drop(meter.service("users").call());
        sleep(TICK * 5).await;
        assert_eq!(meter.usage().series, 1);
        sleep(TICK * 30).await;
        let text = stats.scrape(Format::Prometheus).await;
        let text = std::str::from_utf8(&text).expect("text");
        let begun = text.contains("\nnrpc_calls_started_total{service=\"users\"} 1\n");
        assert_eq!(begun, forever, "{text}");
        assert!(text.contains("\nstreamgauge_node_nrpc_calls_started_total 1\n"));
        assert_eq!(meter.usage().series, usize::from(forever));
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_table_of_series_that_stay_calls_for_no_ticks() {
    let meter = FamilyMeter::<Rpc>::new(8);
    let stats = Stats::spawn(Config::new().with_family(&meter)).expect("a node");
    for n in 0..1_000 {
        drop(meter.service(&n.to_string()).call());
        sleep(TICK / 50).await;
    }
    stats.flush().await;
    let node = newest(&stats, "node.json");
    assert_eq!(node["families"]["rpc"]["folded_keys"], 992);
    assert_eq!(node["early_ticks"], 0, "none would make room");
}

#[tokio::test(start_paused = true)]
async fn all_families_are_in_one_exposition() {
    let (rpc, replication) = (
        FamilyMeter::<Rpc>::default(),
        FamilyMeter::<Replication>::default(),
    );
    let sensors = FamilyMeter::<Sensor>::new(8);
    let config = Config::new()
        .with_node("sjc/1")
        .with_family(&rpc)
        .with_family(&replication)
        .with_family(&sensors);
    let stats = Stats::spawn(config).expect("a node");
    let latency = Duration::from_millis(30);
    rpc.service("users")
        .call()
        .record(CallOutcome::Ok, latency.into());
    let channel = replication.channel("orders");
    channel.set_replica_lag(Duration::from_millis(250).into());
    let mut readers = ["press-4", "press-5"].map(|name| sensors.track(name));
    readers[0].add(READINGS, 5);
    readers[1].add(READINGS, 6);
    let text = stats.scrape(Format::OpenMetrics1).await;
    let text = std::str::from_utf8(&text).expect("text");
    for line in [
        r#"nrpc_calls_total{node="sjc/1",service="users"} 1"#,
        r#"nrpc_call_latency_seconds_bucket{node="sjc/1",service="users",le="0.025"} 0"#,
        r#"nrpc_call_latency_seconds_bucket{node="sjc/1",service="users",le="0.05"} 1"#,
        r#"nrpc_call_latency_seconds_bucket{node="sjc/1",service="users",le="+Inf"} 1"#,
        r#"nrpc_call_latency_seconds_count{node="sjc/1",service="users"} 1"#,
        r#"dataforts_replication_lag_seconds{node="sjc/1",role="replica",channel="orders"} 0.250000"#,
        r#"sensor_readings_total{node="sjc/1",key="press-4"} 5"#,
        r#"sensor_readings_total{node="sjc/1",key="press-5"} 6"#,
        r#"streamgauge_table_series{node="sjc/1",family="sensor"} 2"#,
        "# EOF",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}\n{text}");
    }
}

#[test]
fn there_is_room_for_a_thousand_channels_and_four_thousand_services() {
    let capacity = |usage: streamgauge_tokio::Usage| usage.series_capacity;
    assert_eq!(
        capacity(FamilyMeter::<Replication>::default().usage()),
        1_024
    );
    assert_eq!(capacity(FamilyMeter::<Rpc>::default().usage()), 4_096);
}
