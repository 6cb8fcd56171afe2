//! Families that are not traffic, beside the seed that they are named after: held handles, histograms, and
//! handles by name.

use std::{hint::black_box, sync::Arc, time::Duration};

use net_mesh_seed::adapter::net::{
    mesh_rpc_metrics::ServiceMetricsAtomic,
    redex::{ChannelMetricsAtomic, ReplicationMetricsRegistry},
};
use streamgauge_core::{Buckets, ChannelStats, Duration as Span};
use streamgauge_tokio::{FamilyMeter, Replication, Rpc};

use crate::harness::{Report, sample_threads};

/// The name of that seed.
const SEED: &str = "net-mesh 0.23.0";

const OPS: usize = 2_000_000;

/// Those of ours that take a nanosecond: of fewer the threads' start would be a part to see.
const QUICK_OPS: usize = 10 * OPS;

/// Channels to find one in: all that the seed has room for but one.
const CHANNELS: usize = 1_000;

/// Spans of time to record: a power of two, so that going round them costs next to nothing.
const SPANS: usize = 64;

/// A counter of one channel, all threads on the same.
pub(crate) fn bump(report: &mut Report, threads: usize) {
    let seed = ReplicationMetricsRegistry::new();
    let meter = FamilyMeter::<Replication>::new(CHANNELS);
    let mut theirs: Vec<_> = (0..threads).map(|_| seed.for_channel("orders")).collect();
    let mut ours: Vec<_> = (0..threads)
        .map(|_| ChannelStats::open(meter.by_ref(), "orders"))
        .collect();
    let n = black_box(1_200);
    report.compare(
        SEED,
        || {
            sample_threads(
                &mut theirs,
                OPS,
                |channel: &mut Arc<ChannelMetricsAtomic>, _| {
                    channel.incr_sync_bytes(n as u64);
                },
            )
        },
        || sample_threads(&mut ours, QUICK_OPS, |channel, _| channel.sync_bytes(n)),
    );
}

/// How long something took, in the histogram of one service, all threads on the same.
pub(crate) fn record(report: &mut Report, threads: usize) {
    const RAN: Buckets<Rpc, Span> = Buckets::named("handler_duration_us");
    let seed = service();
    let meter = FamilyMeter::<Rpc>::new(CHANNELS);
    let mut theirs: Vec<_> = (0..threads).map(|_| seed.clone()).collect();
    let mut ours: Vec<_> = (0..threads)
        .map(|_| meter.by_ref().track("users"))
        .collect();
    // From 0.1 to 200 ms, in no order: what calls take.
    let spans: [_; SPANS] = std::array::from_fn(|n| {
        let place = n as u64 * 37 % SPANS as u64;
        Duration::from_micros(100 + place.pow(2) * 50)
    });
    let spans = black_box(spans);
    let span = |i: usize| spans[i % SPANS];
    report.compare(
        SEED,
        || {
            sample_threads(&mut theirs, OPS, |service, i| {
                service.record_handler_duration(span(i));
            })
        },
        || {
            sample_threads(&mut ours, QUICK_OPS, |track, i| {
                track.record(RAN, span(i).into());
            })
        },
    );
}

/// From a channel's name to a handle and its drop, each thread through all channels.
pub(crate) fn find(report: &mut Report, threads: usize) {
    let seed = ReplicationMetricsRegistry::new();
    let meter = FamilyMeter::<Replication>::new(CHANNELS);
    let names: Vec<_> = (0..CHANNELS).map(crate::ours::path).collect();
    for name in &names {
        seed.for_channel(name);
        meter.by_ref().handle(name);
    }
    let name = |i: usize| names[i * 7 % CHANNELS].as_str();
    let mut contexts = vec![(); threads];
    let mut again = contexts.clone();
    report.compare(
        SEED,
        || {
            sample_threads(&mut contexts, OPS / 4, |(), i| {
                black_box(seed.for_channel(name(i)));
            })
        },
        || {
            sample_threads(&mut again, OPS / 4, |(), i| {
                black_box(meter.by_ref().handle(name(i)));
            })
        },
    );
}

/// A service of the seed's, whose registry hands none out.
fn service() -> Arc<ServiceMetricsAtomic> {
    Arc::new(ServiceMetricsAtomic {
        calls_total: 0.into(),
        errors_no_route: 0.into(),
        errors_timeout: 0.into(),
        errors_server: 0.into(),
        errors_transport: 0.into(),
        in_flight: 0.into(),
        latency_sum_ns: 0.into(),
        latency_count: 0.into(),
        latency_buckets: Default::default(),
        handler_invocations_total: 0.into(),
        handler_panics_total: 0.into(),
        handler_in_flight: 0.into(),
        handler_duration_sum_ns: 0.into(),
        handler_duration_count: 0.into(),
        handler_duration_buckets: Default::default(),
        streaming_chunks_emitted_total: 0.into(),
        streaming_chunks_dropped_total: 0.into(),
        capability_denied_total: 0.into(),
    })
}
