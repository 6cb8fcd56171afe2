//! A node's metrics as observable instruments.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{
        Aggregation, Instrument, InstrumentKind, ManualReader, Pipeline, SdkMeterProvider, Stream,
        Temporality,
        data::{AggregatedMetrics, MetricData, ResourceMetrics, ScopeMetrics},
        reader::MetricReader,
    },
};
use streamgauge_tokio::{Config, Stats, Tier, opentelemetry::observe};
use tokio::{runtime, time::sleep};

use crate::{harness::TICK, node::Node};

/// A reader that is asked by hand.
#[derive(Clone, Debug)]
struct Reader(Arc<ManualReader>);

impl MetricReader for Reader {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.0.register_pipeline(pipeline);
    }

    fn collect(&self, metrics: &mut ResourceMetrics) -> OTelSdkResult {
        self.0.collect(metrics)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        self.0.temporality(kind)
    }
}

/// What was read: by name and sorted attributes.
type Values = BTreeMap<String, f64>;

impl Reader {
    fn new(temporality: Temporality) -> Self {
        let reader = ManualReader::builder()
            .with_temporality(temporality)
            .build();
        Self(Arc::new(reader))
    }

    fn metrics(&self) -> ResourceMetrics {
        let mut metrics = ResourceMetrics::default();
        self.collect(&mut metrics).expect("a collection");
        metrics
    }

    fn read(&self) -> Values {
        let mut values = Values::new();
        for metric in self
            .metrics()
            .scope_metrics()
            .flat_map(ScopeMetrics::metrics)
        {
            match metric.data() {
                #[allow(clippy::cast_precision_loss, reason = "small numbers")]
                AggregatedMetrics::U64(data) => {
                    points(&mut values, metric.name(), data, |n| n as f64);
                }
                AggregatedMetrics::F64(data) => points(&mut values, metric.name(), data, |n| n),
                AggregatedMetrics::I64(_) => panic!("nothing is negative"),
            }
        }
        values
    }
}

fn points<T: Copy>(to: &mut Values, name: &str, data: &MetricData<T>, float: impl Fn(T) -> f64) {
    let mut put = |attributes: Vec<String>, n: T| {
        let mut attributes = attributes;
        attributes.sort();
        let before = to.insert(format!("{name}{{{}}}", attributes.join(",")), float(n));
        assert!(before.is_none(), "{name} twice");
    };
    let text = |pair: &opentelemetry::KeyValue| format!("{}={}", pair.key, pair.value);
    match data {
        MetricData::Gauge(gauge) => gauge
            .data_points()
            .for_each(|point| put(point.attributes().map(text).collect(), point.value())),
        MetricData::Sum(sum) => {
            assert!(sum.is_monotonic());
            sum.data_points()
                .for_each(|point| put(point.attributes().map(text).collect(), point.value()));
        }
        _ => panic!("{name} is neither"),
    }
}

fn provide(stats: &Stats, reader: &Reader) -> SdkMeterProvider {
    let provider = SdkMeterProvider::builder()
        .with_reader(reader.clone())
        .build();
    observe(stats, &provider.meter("streamgauge"));
    provider
}

fn is(values: &Values, name: &str, n: f64) {
    let value = values
        .get(name)
        .unwrap_or_else(|| panic!("{name} in {values:#?}"));
    assert!((value - n).abs() < 1e-9, "{name} {value}");
}

#[tokio::test(start_paused = true)]
async fn instruments_show_all_families_and_the_node_itself() {
    let mut node = Node::new();
    let reader = Reader::new(Temporality::Cumulative);
    let _provider = provide(&node.stats, &reader);
    let bytes =
        "streamgauge_traffic_bytes{broadcast=demo/bbb,node=sjc/1,role=publisher,tier=external}";
    let values = reader.read();
    is(&values, bytes, 1_200.0);
    is(&values, "nrpc_calls{node=sjc/1,service=a\"b\\c\nd}", 1.0);
    let latency =
        |part, le| format!("nrpc_call_latency_seconds_{part}{{{le}node=sjc/1,service=a\"b\\c\nd}}");
    is(&values, &latency("sum", ""), 0.03);
    is(&values, &latency("count", ""), 1.0);
    is(&values, &latency("bucket", "le=0.025,"), 0.0);
    is(&values, &latency("bucket", "le=0.05,"), 1.0);
    is(&values, &latency("bucket", "le=+Inf,"), 1.0);
    is(
        &values,
        "dataforts_replication_lag_seconds{channel=orders,node=sjc/1,role=leader}",
        1.5,
    );
    is(
        &values,
        "streamgauge_table_series{family=rpc,node=sjc/1}",
        1.0,
    );
    node.track.whole_frame(34);
    is(&reader.read(), bytes, 1_234.0);
}

#[tokio::test(start_paused = true)]
async fn instruments_say_what_they_are_and_in_which_unit() {
    let node = Node::new();
    let reader = Reader::new(Temporality::Cumulative);
    let _provider = provide(&node.stats, &reader);
    let metrics = reader.metrics();
    let metrics = metrics.scope_metrics().flat_map(ScopeMetrics::metrics);
    let said: BTreeMap<_, _> = metrics
        .map(|metric| (metric.name(), (metric.unit(), metric.description())))
        .collect();
    assert_eq!(said["streamgauge_traffic_bytes"], ("By", "payload bytes"));
    assert_eq!(said["streamgauge_traffic_frames"], ("", "frames"));
    let lag = "how far the replica is behind the leader";
    assert_eq!(said["dataforts_replication_lag_seconds"], ("s", lag));
    assert_eq!(said["nrpc_call_latency_seconds_sum"].0, "s");
    assert_eq!(said["nrpc_call_latency_seconds_count"].0, "");
}

#[test]
fn all_instruments_of_a_collection_show_one_moment() {
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    let runtime = runtime.unwrap();
    let config = Config::new().with_interval(Duration::from_micros(300));
    let stats = runtime.block_on(async { Stats::spawn(config) }).unwrap();
    let readers = [(); 2].map(|()| Reader::new(Temporality::Cumulative));
    let _providers = [&readers[0], &readers[1]].map(|reader| provide(&stats, reader));
    let handle = stats.tier(Tier::External);
    // Held, so that the series does not end.
    let _announced = handle.broadcast("demo/bbb").publisher();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..30_000 {
                // Each opens two pairs under one lock each, and ends both.
                drop(handle.broadcast("demo/bbb").publisher_track("v"));
            }
            done.store(true, Ordering::Relaxed);
        });
        for reader in &readers {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let values = reader.read();
                    let of = |word: &str| {
                        let name = format!("streamgauge_traffic_{word}{{broadcast=demo/bbb,role=publisher,tier=external}}");
                        values.get(&name).copied().unwrap_or(0.0)
                    };
                    let open = of("subscriptions") - of("subscriptions_closed");
                    let active = of("broadcasts") - of("broadcasts_closed");
                    // One guard at a time: both pairs tell the same, at any one moment.
                    assert!((open - active).abs() < f64::EPSILON, "{values:#?}");
                    assert!((0.0..=1.0).contains(&open), "{values:#?}");
                }
            });
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_view_that_leaves_instruments_out_leaves_the_others_as_they_are() {
    let mut node = Node::new();
    let reader = Reader::new(Temporality::Cumulative);
    let provider = SdkMeterProvider::builder()
        .with_reader(reader.clone())
        .with_view(|instrument: &Instrument| {
            let ours = instrument.name() == "streamgauge_traffic_frames";
            let leave_out = Stream::builder().with_aggregation(Aggregation::Drop);
            leave_out.build().ok().filter(|_| !ours)
        })
        .build();
    observe(&node.stats, &provider.meter("streamgauge"));
    let frames =
        "streamgauge_traffic_frames{broadcast=demo/bbb,node=sjc/1,role=publisher,tier=external}";
    for n in [1.0, 2.0, 3.0] {
        let values = reader.read();
        is(&values, frames, n);
        assert_eq!(values.len(), 1);
        node.track.frame();
    }
}

#[tokio::test(start_paused = true)]
async fn a_series_that_begins_again_goes_on_for_readers_of_sums_and_of_differences() {
    let stats = Stats::spawn(Config::new()).unwrap();
    let handle = stats.tier(Tier::External);
    let [sums, differences] = [Temporality::Cumulative, Temporality::Delta].map(Reader::new);
    let _providers = [&sums, &differences].map(|reader| provide(&stats, reader));
    let bytes = "streamgauge_traffic_bytes{broadcast=a,role=publisher,tier=external}";
    let mut track = handle.broadcast("a").publisher_track("v");
    track.bytes(100);
    is(&sums.read(), bytes, 100.0);
    is(&differences.read(), bytes, 100.0);
    drop(track);
    // The series ends, and begins again before anyone looks.
    stats.flush().await;
    sleep(TICK * 2).await;
    let mut track = handle.broadcast("a").publisher_track("v");
    track.bytes(7);
    is(&sums.read(), bytes, 107.0);
    is(&differences.read(), bytes, 7.0);
    track.bytes(1);
    is(&sums.read(), bytes, 108.0);
    is(&differences.read(), bytes, 1.0);
}

#[tokio::test(start_paused = true)]
async fn a_series_that_ended_is_shown_no_more() {
    let stats = Stats::spawn(Config::new()).unwrap();
    let reader = Reader::new(Temporality::Cumulative);
    let _provider = provide(&stats, &reader);
    let bytes = "streamgauge_traffic_bytes{broadcast=a,role=publisher,tier=external}";
    let track = stats
        .tier(Tier::External)
        .broadcast("a")
        .publisher_track("v");
    assert!(reader.read().contains_key(bytes));
    drop(track);
    stats.flush().await;
    assert!(!reader.read().contains_key(bytes));
}

#[test]
fn instruments_outlive_their_node_and_then_show_nothing() {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.unwrap();
    let node = runtime.block_on(async { Node::new() });
    let reader = Reader::new(Temporality::Cumulative);
    let _provider = provide(&node.stats, &reader);
    assert!(!reader.read().is_empty(), "without a runtime too");
    runtime.block_on(node.stats.close());
    assert!(reader.read().is_empty());
    let _provider = provide(&Stats::disabled(), &Reader::new(Temporality::Delta));
}
