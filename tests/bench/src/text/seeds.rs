//! The seed's own renderers, of as many series with the same numbers.

use net_mesh_seed::adapter::net::{
    mesh_rpc_metrics::{RpcMetricsSnapshot, ServiceMetrics},
    redex::{ChannelMetrics, ReplicationMetricsSnapshot},
};

use super::{Render, count, latencies, name};

/// The bounds of the latency buckets, in milliseconds.
const BOUNDS: [u16; 11] = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

pub(super) fn rpc(series: usize) -> Render {
    let services = (0..series).map(service).collect();
    let snapshot = RpcMetricsSnapshot { services };
    Box::new(move |show| show(snapshot.prometheus_text().as_bytes()))
}

pub(super) fn replication(series: usize) -> Render {
    let channels = (0..series).map(channel).collect();
    let snapshot = ReplicationMetricsSnapshot { channels };
    Box::new(move |show| show(snapshot.prometheus_text().as_bytes()))
}

fn service(i: usize) -> ServiceMetrics {
    let count = |place| count(i, place) as u64;
    let upto = |bound: &u16| latencies(i).filter(|ms| ms <= bound).count() as u64;
    let all = latencies(i).count() as u64;
    let buckets: Vec<_> = BOUNDS.iter().map(upto).chain([all]).collect();
    let sum = latencies(i).map(|ms| u64::from(ms) * 1_000_000).sum();
    ServiceMetrics {
        service: name(i),
        calls_total: count(0),
        errors_no_route: count(1),
        errors_timeout: count(2),
        errors_server: count(3),
        errors_transport: count(4),
        in_flight: 0,
        latency_sum_ns: sum,
        latency_count: all,
        latency_buckets: buckets.clone(),
        handler_invocations_total: all,
        handler_panics_total: count(5),
        handler_in_flight: 0,
        handler_duration_sum_ns: sum,
        handler_duration_count: all,
        handler_duration_buckets: buckets,
        streaming_chunks_emitted_total: count(6),
        streaming_chunks_dropped_total: count(7),
        capability_denied_total: count(8),
    }
}

#[allow(clippy::cast_precision_loss, reason = "numbers far below 2^52")]
fn channel(i: usize) -> ChannelMetrics {
    let seconds = |place| Some(count(i, place) as f64 / 1e6);
    let some = (i % 90) as u64;
    ChannelMetrics {
        channel: name(i),
        leader_lag_seconds: seconds(1),
        replica_lag_seconds: seconds(2),
        sync_bytes_total: count(i, 0) as u64,
        leader_changes_total: some,
        under_capacity_total: 0,
        skip_ahead_total: some,
        election_thrash_total: 0,
        witness_withdrawals_total: 0,
        announce_divergence_total: 0,
    }
}
