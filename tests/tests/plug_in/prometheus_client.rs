//! A node in a registry of `prometheus-client`.

use prometheus_client::{encoding::text, registry::Registry};
use streamgauge_tokio::{Config, Stats, Tier, prometheus_client::Collector};
use tokio::runtime;

use crate::node::Node;

fn registry(stats: &Stats) -> Registry {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Collector::new(stats)));
    registry
}

fn encode(registry: &Registry) -> String {
    let mut exposition = String::new();
    text::encode(&mut exposition, registry).expect("an exposition");
    exposition
}

fn assert_lines(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|other| other == *line), "{line}\n{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_registry_shows_all_families_and_the_node_itself() {
    let node = Node::new();
    let text = encode(&registry(&node.stats));
    assert_lines(
        &text,
        &[
            "# HELP streamgauge_traffic_bytes payload bytes",
            "# TYPE streamgauge_traffic_bytes counter",
            "# UNIT streamgauge_traffic_bytes bytes",
            r#"streamgauge_traffic_bytes_total{node="sjc/1",tier="external",role="publisher",broadcast="demo/bbb"} 1200"#,
            r#"nrpc_calls_total{node="sjc/1",service="a\"b\\c\nd"} 1"#,
            "# TYPE nrpc_call_latency_seconds histogram",
            r#"nrpc_call_latency_seconds_sum{node="sjc/1",service="a\"b\\c\nd"} 0.03"#,
            r#"nrpc_call_latency_seconds_count{node="sjc/1",service="a\"b\\c\nd"} 1"#,
            r#"nrpc_call_latency_seconds_bucket{le="0.025",node="sjc/1",service="a\"b\\c\nd"} 0"#,
            r#"nrpc_call_latency_seconds_bucket{le="0.05",node="sjc/1",service="a\"b\\c\nd"} 1"#,
            r#"nrpc_call_latency_seconds_bucket{le="10.0",node="sjc/1",service="a\"b\\c\nd"} 1"#,
            r#"nrpc_call_latency_seconds_bucket{le="+Inf",node="sjc/1",service="a\"b\\c\nd"} 1"#,
            r#"dataforts_replication_lag_seconds{node="sjc/1",role="leader",channel="orders"} 1.5"#,
            r#"streamgauge_table_series{node="sjc/1",family="rpc"} 1"#,
            "# EOF",
        ],
    );
    assert!(
        !text.contains(r#"role="replica",channel="orders""#),
        "never set"
    );
}

#[tokio::test(start_paused = true)]
async fn a_node_without_a_name_has_no_empty_labels() {
    let stats = Stats::spawn(Config::new()).unwrap();
    let text = encode(&registry(&stats));
    assert_lines(&text, &["streamgauge_reporter_ticks_total 0"]);
    assert!(!text.contains("{}"));
}

#[tokio::test(start_paused = true)]
async fn counters_rise_from_one_encoding_to_the_next() {
    let mut node = Node::new();
    let registry = registry(&node.stats);
    let _ = encode(&registry);
    node.track.whole_frame(34);
    node.channel.sync_bytes(1);
    assert_lines(
        &encode(&registry),
        &[
            r#"streamgauge_traffic_bytes_total{node="sjc/1",tier="external",role="publisher",broadcast="demo/bbb"} 1234"#,
            r#"dataforts_replication_sync_bytes_total{node="sjc/1",channel="orders"} 513"#,
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn a_series_that_ended_is_shown_no_more_and_one_too_many_in_the_overflow_series() {
    let stats = Stats::spawn(Config::new().with_series(1)).unwrap();
    let handle = stats.tier(Tier::External);
    let mut tracks = ["a", "b"].map(|name| handle.broadcast(name).publisher_track("v"));
    for track in &mut tracks {
        track.frame();
    }
    let registry = registry(&stats);
    let frames = |name: &str, n: u64| {
        format!(
            r#"streamgauge_traffic_frames_total{{tier="external",role="publisher",broadcast="{name}"}} {n}"#
        )
    };
    let text = encode(&registry);
    // A guard without a cell hands its words over when it drops.
    assert_lines(&text, &[&frames("a", 1), &frames("__overflow__", 0)]);
    drop(tracks);
    stats.flush().await;
    let text = encode(&registry);
    assert!(!text.contains(r#"broadcast="a""#), "{text}");
    assert_lines(&text, &[&frames("__overflow__", 1)]);
}

#[test]
fn a_registry_outlives_its_node_and_then_shows_nothing() {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.unwrap();
    let node = runtime.block_on(async { Node::new() });
    let registry = registry(&node.stats);
    assert!(encode(&registry).contains("demo/bbb"));
    let stats = node.stats;
    runtime.block_on(async { stats.close().await });
    assert_eq!(
        encode(&registry),
        "# EOF\n",
        "it did not keep the node alive"
    );
}
