//! All metrics as plain data.

use std::{
    sync::{Arc, Mutex, OnceLock},
    thread,
    time::Duration,
};

use streamgauge_tests::text::{Decimal, Kind, Point, parse};
use streamgauge_tokio::{Config, Format, Frame, MetricKind, Sample, Stats, Tier};
use tokio::runtime;

use crate::node::{Node, raw};

const BYTES: &str = "streamgauge_traffic_bytes";
const OURS: (&str, &str) = ("broadcast", "demo/bbb");

fn kind(kind: MetricKind) -> Kind {
    match kind {
        MetricKind::Counter => Kind::Counter,
        MetricKind::Gauge => Kind::Gauge,
        MetricKind::Histogram => Kind::Histogram,
    }
}

fn assert_shows(sample: Sample<'_>, point: &Point) {
    match point {
        Point::Number { n, .. } => assert_eq!(sample.float().to_bits(), n.float().to_bits()),
        Point::Histogram {
            buckets,
            sum,
            count,
            ..
        } => {
            let mut below = 0;
            let upto = sample.buckets().iter().map(|n| {
                below += n;
                below
            });
            assert!(upto.eq(buckets.iter().map(|(_, n)| *n)));
            assert_eq!(sample.float().to_bits(), sum.float().to_bits());
            assert_eq!(sample.count(), *count);
        }
    }
    if let Point::Number {
        since: Some(since), ..
    }
    | Point::Histogram {
        since: Some(since), ..
    } = point
    {
        assert_eq!(Decimal::scaled(sample.since_ms(), 3), *since);
    }
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_shows_what_text_shows() {
    let node = Node::new();
    drop(node.stats.tier(Tier::Internal).session("customer"));
    node.stats.flush().await;
    let text = node.stats.scrape(Format::OpenMetrics1).await;
    let text = parse(std::str::from_utf8(&text).unwrap(), Format::OpenMetrics1).unwrap();
    let snapshot = node.read();
    assert_eq!(snapshot.metrics().len(), text.len());
    for (metric, text) in snapshot.metrics().zip(&text) {
        assert_eq!(metric.name(), text.name);
        assert_eq!(metric.unit(), text.unit);
        assert_eq!(metric.help(), text.help);
        assert_eq!(kind(metric.kind()), text.kind);
        if metric.name().starts_with("streamgauge_scrape") {
            continue; // One more since then.
        }
        assert_eq!(metric.samples().len(), text.points.len(), "{}", text.name);
        for sample in metric.samples() {
            let labels = sample.labels();
            let labels = labels.map(|(name, value)| (name.into(), value.into()));
            assert_shows(sample, &text.points[&labels.collect()]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_holds_what_was_counted_before_it_though_no_tick_came() {
    let mut node = Node::new();
    for n in 1..=3 {
        assert_eq!(raw(&node.read(), BYTES, OURS), n * 1_200);
        node.track.whole_frame(1_200);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_snapshot_took_in_is_in_the_next_frames_too() {
    let mut node = Node::new();
    node.stats.flush().await;
    node.track.whole_frame(34);
    let _ = node.read();
    node.stats.flush().await;
    let frame = node
        .stats
        .latest("publisher.json")
        .unwrap()
        .frame()
        .unwrap();
    assert_eq!(crate::harness::json(&frame)["demo/bbb"]["bytes"], 1_234);
}

#[test]
fn a_snapshot_needs_no_runtime_and_ends_with_the_node() {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.unwrap();
    let node = runtime.block_on(async { Node::new() });
    assert_eq!(raw(&node.read(), BYTES, OURS), 1_200);
    let elsewhere = thread::scope(|scope| scope.spawn(|| node.read()).join().unwrap());
    assert_eq!(raw(&elsewhere, BYTES, OURS), 1_200);
    drop(runtime);
    assert!(node.stats.snapshot().is_none());
    assert!(Stats::disabled().snapshot().is_none());
    runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async { Stats::spawn(Config::new().with_family(&node.rpc)) })
        .expect("the family is free again");
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_reads_its_own_node_gets_nothing_and_waits_for_nobody() {
    let own: Arc<OnceLock<Stats>> = Arc::default();
    let seen: Arc<Mutex<Vec<bool>>> = Arc::default();
    let (node, read) = (own.clone(), seen.clone());
    let sink = move |_: &Frame| {
        read.lock()
            .unwrap()
            .extend(node.get().map(|stats| stats.snapshot().is_none()));
        Ok(())
    };
    let node = Node::with(Config::new().with_sink(sink));
    own.set(node.stats.clone()).unwrap();
    node.stats.flush().await;
    let seen = seen.lock().unwrap().clone();
    assert!(!seen.is_empty() && seen.iter().all(|none| *none));
    assert_eq!(raw(&node.read(), BYTES, OURS), 1_200, "outside it is there");
}

#[test]
fn snapshots_that_race_with_ticks_and_writers_lose_and_double_nothing() {
    const FRAMES: u64 = 20_000;
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let config = Config::new().with_interval(Duration::from_micros(200));
    let stats = runtime.block_on(async { Stats::spawn(config) }).unwrap();
    let handle = stats.tier(Tier::External);
    thread::scope(|scope| {
        let writers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..FRAMES {
                        handle.broadcast("demo/bbb").publisher_track("v").frame();
                    }
                })
            })
            .collect();
        let mut last = 0;
        while !writers.iter().all(thread::ScopedJoinHandle::is_finished) {
            let snapshot = stats.snapshot().unwrap();
            let all = total(&snapshot, "streamgauge_node_traffic_frames");
            let opened = total(&snapshot, "streamgauge_node_traffic_subscriptions");
            let closed = total(&snapshot, "streamgauge_node_traffic_subscriptions_closed");
            assert!(all >= last && opened >= closed);
            last = all;
        }
    });
    let all = total(
        &stats.snapshot().unwrap(),
        "streamgauge_node_traffic_frames",
    );
    assert_eq!(all, 2 * FRAMES);
}

fn total(snapshot: &streamgauge_tokio::Snapshot, name: &str) -> u64 {
    raw(snapshot, name, ("role", "publisher"))
}
