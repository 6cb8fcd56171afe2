//! To and from the `metrics` facade.

use std::{
    collections::BTreeMap,
    sync::{Arc, Barrier, Mutex},
    thread,
};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, Key, KeyName, Label, Level, Metadata,
    Recorder as _, SharedString, Unit, with_local_recorder,
};
use streamgauge_tokio::{
    Config, Stats, Tier,
    metrics::{Exporter, Recorder},
};
use tokio::time::sleep;

use crate::{
    harness::TICK,
    node::{Node, raw},
};

/// A recorder that remembers what it was told last, and how often it was told anything.
#[derive(Clone, Default)]
struct Notebook(Arc<Mutex<Notes>>);

#[derive(Default)]
struct Notes {
    values: BTreeMap<String, f64>,
    /// Of metrics, by name.
    units: BTreeMap<String, (Option<Unit>, String)>,
    told: usize,
}

struct Line(Notebook, String);

impl Notebook {
    fn value(&self, key: &str) -> Option<f64> {
        self.0.lock().unwrap().values.get(key).copied()
    }

    /// How often it was told anything since the last call.
    fn told(&self) -> usize {
        std::mem::take(&mut self.0.lock().unwrap().told)
    }

    fn line(&self, key: &Key) -> Arc<Line> {
        let labels = key
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()));
        let labels: Vec<_> = labels.collect();
        Arc::new(Line(
            self.clone(),
            format!("{}{{{}}}", key.name(), labels.join(",")),
        ))
    }

    fn describe(&self, key: &KeyName, unit: Option<Unit>, help: &SharedString) {
        let described = (unit, help.to_string());
        let before = self
            .0
            .lock()
            .unwrap()
            .units
            .insert(key.as_str().into(), described);
        assert!(before.is_none(), "{} twice", key.as_str());
    }

    fn is(&self, key: &str, n: f64) {
        let value = self.value(key);
        assert!(
            value.is_some_and(|value| (value - n).abs() < 1e-9),
            "{key} {value:?}"
        );
    }
}

impl Line {
    fn note(&self, f: impl FnOnce(f64) -> f64) {
        let mut notes = self.0.0.lock().unwrap();
        notes.told += 1;
        let value = notes.values.entry(self.1.clone()).or_default();
        *value = f(*value);
    }
}

impl CounterFn for Line {
    fn increment(&self, _: u64) {
        panic!("values are absolute");
    }

    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    fn absolute(&self, n: u64) {
        self.note(|before| {
            assert!(n as f64 >= before, "{} fell", self.1);
            n as f64
        });
    }
}

impl GaugeFn for Line {
    fn increment(&self, _: f64) {
        panic!("values are absolute");
    }

    fn decrement(&self, _: f64) {
        panic!("values are absolute");
    }

    fn set(&self, value: f64) {
        self.note(|_| value);
    }
}

impl metrics::Recorder for Notebook {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, help: SharedString) {
        self.describe(&key, unit, &help);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, help: SharedString) {
        self.describe(&key, unit, &help);
    }

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
        panic!("no histogram can be set");
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.line(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.line(key))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        panic!("no histogram can be set");
    }
}

/// A configuration that exports into a notebook.
fn exporting(config: Config) -> (Notebook, Config) {
    let notebook = Notebook::default();
    let mut exporter = Exporter::new(notebook.clone());
    let config = config.with_snapshots(move |snapshot| exporter.export(snapshot));
    (notebook, config)
}

const BYTES: &str = "streamgauge_traffic_bytes{tier=external,role=publisher,broadcast=demo/bbb}";

#[tokio::test(start_paused = true)]
async fn each_tick_exports_all_families_with_units_and_help() {
    let (notebook, config) = exporting(Config::new());
    let node = Node::with(config);
    node.stats.flush().await;
    notebook.is(BYTES, 1_200.0);
    notebook.is(
        "nrpc_call_latency_seconds_bucket{service=a\"b\\c\nd,le=0.025}",
        0.0,
    );
    notebook.is(
        "nrpc_call_latency_seconds_bucket{service=a\"b\\c\nd,le=0.05}",
        1.0,
    );
    notebook.is(
        "nrpc_call_latency_seconds_bucket{service=a\"b\\c\nd,le=+Inf}",
        1.0,
    );
    notebook.is("nrpc_call_latency_seconds_count{service=a\"b\\c\nd}", 1.0);
    notebook.is("nrpc_call_latency_seconds_sum{service=a\"b\\c\nd}", 0.03);
    notebook.is(
        "dataforts_replication_lag_seconds{role=leader,channel=orders}",
        1.5,
    );
    let replica = "dataforts_replication_lag_seconds{role=replica,channel=orders}";
    assert_eq!(notebook.value(replica), None, "never set");
    let units = notebook.0.lock().unwrap().units.clone();
    let bytes = (Some(Unit::Bytes), "payload bytes".into());
    assert_eq!(units["streamgauge_traffic_bytes"], bytes);
    assert_eq!(
        units["nrpc_call_latency_seconds_sum"].0,
        Some(Unit::Seconds)
    );
}

#[tokio::test(start_paused = true)]
async fn only_what_moved_is_exported_and_the_last_tick_too() {
    let (notebook, config) = exporting(Config::new());
    let mut node = Node::with(config);
    node.stats.flush().await;
    assert!(notebook.told() > 60);
    node.stats.flush().await;
    // The node tells of its own ticks and frames.
    let own = notebook.told();
    assert!(own < 10, "{own}");
    node.track.bytes(34);
    node.stats.flush().await;
    assert!((1..=own + 2).contains(&notebook.told()));
    notebook.is(BYTES, 1_234.0);
    node.track.bytes(1);
    node.stats.close().await;
    notebook.is(BYTES, 1_235.0);
}

#[tokio::test(start_paused = true)]
async fn a_series_that_begins_again_goes_on_in_the_recorder() {
    let (notebook, config) = exporting(Config::new());
    let stats = Stats::spawn(config).unwrap();
    for n in 1..=3 {
        let handle = stats.tier(Tier::External);
        handle.broadcast("demo/bbb").publisher_track("v").bytes(100);
        // However briefly it was there.
        stats.flush().await;
        notebook.is(BYTES, 100.0 * f64::from(n));
        sleep(TICK * 2).await;
    }
}

const METADATA: Metadata<'static> = Metadata::new("tests", Level::INFO, None);

fn recording(room: usize) -> (Recorder, Stats) {
    let recorder = Recorder::new(room);
    let stats = Stats::spawn(recorder.families(Config::new())).expect("a node");
    (recorder, stats)
}

/// What is shown of one recorded metric.
fn shown(stats: &Stats, metric: &str, name: &str) -> u64 {
    raw(&stats.snapshot().unwrap(), metric, ("metric", name))
}

#[tokio::test(start_paused = true)]
async fn what_is_recorded_shows_under_its_name_and_labels() {
    let (recorder, stats) = recording(8);
    with_local_recorder(&recorder, || {
        metrics::counter!("logins", "via" => "to\"ken").increment(2);
        metrics::counter!("logins", "via" => "to\"ken").increment(3);
        metrics::counter!("logins").absolute(7);
        metrics::counter!("logins").absolute(6);
        metrics::counter!("logins").increment(1);
        metrics::counter!("logins").absolute(8);
        metrics::counter!("logins").absolute(9);
        metrics::gauge!("load").set(0.75);
        metrics::gauge!("load").decrement(2.0);
        metrics::histogram!("took").record(0.03);
        metrics::histogram!("took").record_many(0.2, 100);
        metrics::histogram!("took").record(f64::NAN);
    });
    let text = stats.scrape(streamgauge_tokio::Format::Prometheus).await;
    let text = std::str::from_utf8(&text).unwrap();
    for line in [
        r#"metrics_counter_total{metric="logins{via=\"to\\\"ken\"}"} 5"#,
        r#"metrics_counter_total{metric="logins"} 9"#,
        r#"metrics_gauge_millionths{sign="+",metric="load"} 0"#,
        r#"metrics_gauge_millionths{sign="-",metric="load"} 1250000"#,
        r#"metrics_histogram_seconds_bucket{metric="took",le="0.025"} 0"#,
        r#"metrics_histogram_seconds_bucket{metric="took",le="0.05"} 1"#,
        r#"metrics_histogram_seconds_bucket{metric="took",le="0.25"} 101"#,
        r#"metrics_histogram_seconds_sum{metric="took"} 20.030000"#,
    ] {
        assert!(text.lines().any(|other| other == line), "{line}\n{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn names_that_look_alike_are_kept_apart() {
    let (recorder, stats) = recording(8);
    let two = vec![Label::new("a", "1"), Label::new("b", "2")];
    let one = vec![Label::new("a=\"1\",b", "2")];
    for (key, n) in [
        (Key::from_parts("x", two), 1),
        (Key::from_parts("x", one), 10),
        (Key::from_name("x{a=\"1\",b=\"2\"}"), 100),
    ] {
        recorder.register_counter(&key, &METADATA).increment(n);
    }
    assert_eq!(shown(&stats, "metrics_counter", r#"x{a="1",b="2"}"#), 1);
}

#[tokio::test(start_paused = true)]
async fn names_beyond_the_room_count_together_and_never_take_more() {
    let (recorder, stats) = recording(4);
    let early = recorder.register_counter(&Key::from_name("n0"), &METADATA);
    for n in 0..1_000 {
        let key = Key::from_name(format!("n{n}"));
        recorder.register_counter(&key, &METADATA).increment(1);
        recorder.register_gauge(&key, &METADATA).set(5.0);
        recorder.register_histogram(&key, &METADATA).record(1.0);
    }
    early.increment(1);
    let long = recorder.register_counter(&Key::from_name("x".repeat(500)), &METADATA);
    long.increment(1);
    long.absolute(1_000_000);
    assert_eq!(
        shown(&stats, "metrics_counter", "n0"),
        2,
        "its handle counts for it"
    );
    assert_eq!(shown(&stats, "metrics_counter", "n3"), 1);
    assert_eq!(shown(&stats, "metrics_counter", "__overflow__"), 997);
    assert_eq!(shown(&stats, "metrics_gauge_millionths", "__overflow__"), 0);
    assert_eq!(
        shown(&stats, "metrics_histogram_seconds", "__overflow__"),
        996_000_000
    );
    let snapshot = stats.snapshot().unwrap();
    let counters = snapshot
        .metrics()
        .find(|metric| metric.name() == "metrics_counter");
    assert_eq!(counters.unwrap().samples().len(), 5);
}

#[tokio::test]
async fn threads_that_share_handles_and_names_lose_and_double_nothing() {
    const ROUNDS: u64 = 10_000;
    let (recorder, stats) = recording(8);
    let shared = recorder.register_counter(&Key::from_name("shared"), &METADATA);
    let gauge = recorder.register_gauge(&Key::from_name("gauge"), &METADATA);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for n in 0..ROUNDS {
                    shared.increment(1);
                    gauge.increment(1.0);
                    let found = recorder.register_counter(&Key::from_name("found"), &METADATA);
                    found.increment(2);
                    let most = recorder.register_counter(&Key::from_name("most"), &METADATA);
                    most.absolute(n);
                    recorder
                        .register_histogram(&Key::from_name("sizes"), &METADATA)
                        .record(0.000_001);
                }
            });
        }
        for _ in 0..200 {
            let snapshot = stats.snapshot().unwrap();
            let of = |name| raw(&snapshot, "metrics_counter", ("metric", name));
            assert!(of("most") < ROUNDS);
        }
    });
    assert_eq!(shown(&stats, "metrics_counter", "shared"), 4 * ROUNDS);
    assert_eq!(shown(&stats, "metrics_counter", "found"), 8 * ROUNDS);
    assert_eq!(shown(&stats, "metrics_counter", "most"), ROUNDS - 1);
    assert_eq!(
        shown(&stats, "metrics_gauge_millionths", "gauge"),
        4 * ROUNDS * 1_000_000
    );
    assert_eq!(
        shown(&stats, "metrics_histogram_seconds", "sizes"),
        4 * ROUNDS
    );
}

#[tokio::test]
async fn threads_that_find_a_metric_first_at_the_same_time_find_the_same() {
    const METRICS: usize = 1_000;
    let (recorder, stats) = recording(METRICS);
    let together = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for n in 0..METRICS {
                    let key = Key::from_name(format!("n{n}"));
                    together.wait();
                    recorder.register_counter(&key, &METADATA).absolute(5);
                }
            });
        }
    });
    let snapshot = stats.snapshot().unwrap();
    for n in 0..METRICS {
        let name = format!("n{n}");
        assert_eq!(
            raw(&snapshot, "metrics_counter", ("metric", &name)),
            5,
            "{name}"
        );
    }
}
