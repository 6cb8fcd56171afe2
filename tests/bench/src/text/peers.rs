//! Other libraries, each with the metrics of the same family, and with the labels `node` and `broadcast`.

use fastmetrics::{
    encoder::LabelSetEncoder,
    format::text::{TextProfile, encode as encode_fast},
    metrics::{
        counter::Counter as FastCounter, family::Family as FastFamily,
        histogram::Histogram as FastHistogram,
    },
};
use measured::{
    CounterVec, HistogramVec, LabelGroup, MetricGroup, metric::histogram::Thresholds,
    text::BufferedTextEncoder,
};
use metrics::{Key, KeyName, Label, Level, Metadata, Recorder, Unit};
use metrics_exporter_prometheus::PrometheusBuilder;
use prometheus::{HistogramOpts, HistogramVec as TikvHistogram, IntCounterVec, Opts, TextEncoder};
use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

use super::{Render, count, latencies, name};

/// Makes a peer that has counted so many series.
type Make = fn(usize) -> Render;

pub(super) const ALL: [(&str, Make); 5] = [
    ("prometheus-client", prometheus_client),
    ("prometheus 0.14", prometheus),
    ("metrics-exporter", metrics_exporter),
    ("fastmetrics 0.7", fastmetrics),
    ("measured 0.0.25", measured),
];

const NODE: &str = "sjc/1";

const COUNTERS: [&str; 6] = [
    "load_requests",
    "load_replies",
    "load_received_bytes",
    "load_sent_bytes",
    "load_retries",
    "load_failures",
];

const HISTOGRAM: &str = "load_wait_seconds";

const HELP: &str = "what is compared";

/// The bounds of the histogram's buckets, in seconds.
const BOUNDS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// What a series has recorded, in seconds.
fn seconds(i: usize) -> impl Iterator<Item = f64> {
    latencies(i).map(|ms| f64::from(ms) / 1e3)
}

fn labels(i: usize) -> Vec<(&'static str, String)> {
    vec![("node", NODE.to_owned()), ("broadcast", name(i))]
}

fn prometheus_client(series: usize) -> Render {
    type Labels = Vec<(&'static str, String)>;
    let mut registry = Registry::default();
    for (place, metric) in COUNTERS.into_iter().enumerate() {
        let family = Family::<Labels, Counter>::default();
        for i in 0..series {
            family
                .get_or_create(&labels(i))
                .inc_by(count(i, place) as u64);
        }
        registry.register(metric, HELP, family);
    }
    let family = Family::<Labels, Histogram>::new_with_constructor(|| Histogram::new(BOUNDS));
    for i in 0..series {
        seconds(i).for_each(|seconds| family.get_or_create(&labels(i)).observe(seconds));
    }
    registry.register(HISTOGRAM, HELP, family);
    let mut text = String::new();
    Box::new(move |show| {
        text.clear();
        encode(&mut text, &registry).expect("text");
        show(text.as_bytes());
    })
}

fn prometheus(series: usize) -> Render {
    let registry = prometheus::Registry::new();
    let names = ["node", "broadcast"];
    for (place, metric) in COUNTERS.into_iter().enumerate() {
        let opts = Opts::new(format!("{metric}_total"), HELP);
        let counters = IntCounterVec::new(opts, &names).expect("counters");
        for i in 0..series {
            let counter = counters.with_label_values(&[NODE, &name(i)]);
            counter.inc_by(count(i, place) as u64);
        }
        registry.register(Box::new(counters)).expect("a name");
    }
    let opts = HistogramOpts::new(HISTOGRAM, HELP).buckets(BOUNDS.into());
    let histograms = TikvHistogram::new(opts, &names).expect("histograms");
    for i in 0..series {
        let histogram = histograms.with_label_values(&[NODE, &name(i)]);
        seconds(i).for_each(|seconds| histogram.observe(seconds));
    }
    registry.register(Box::new(histograms)).expect("a name");
    let mut text = String::new();
    Box::new(move |show| {
        text.clear();
        let encoder = TextEncoder::new();
        let written = encoder.encode_utf8(&registry.gather(), &mut text);
        written.expect("text");
        show(text.as_bytes());
    })
}

fn metrics_exporter(series: usize) -> Render {
    const METADATA: Metadata<'static> = Metadata::new("bench", Level::INFO, None);
    let builder = PrometheusBuilder::new()
        .set_buckets(&BOUNDS)
        .expect("buckets");
    let recorder = builder.build_recorder();
    let key = |name: &'static str, i: usize| {
        let labels = labels(i)
            .into_iter()
            .map(|(name, value)| Label::new(name, value));
        Key::from_parts(name, labels.collect::<Vec<_>>())
    };
    for (place, metric) in COUNTERS.into_iter().enumerate() {
        recorder.describe_counter(KeyName::from_const_str(metric), None, HELP.into());
        for i in 0..series {
            let counter = recorder.register_counter(&key(metric, i), &METADATA);
            counter.increment(count(i, place) as u64);
        }
    }
    let unit = Some(Unit::Seconds);
    recorder.describe_histogram(KeyName::from_const_str(HISTOGRAM), unit, HELP.into());
    for i in 0..series {
        let histogram = recorder.register_histogram(&key(HISTOGRAM, i), &METADATA);
        seconds(i).for_each(|seconds| histogram.record(seconds));
    }
    let handle = recorder.handle();
    Box::new(move |show| show(handle.render().as_bytes()))
}

/// The labels as that library has them.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Labels {
    node: &'static str,
    broadcast: String,
}

impl fastmetrics::raw::LabelSetSchema for Labels {
    fn names() -> Option<&'static [&'static str]> {
        Some(&["node", "broadcast"])
    }
}

impl fastmetrics::encoder::EncodeLabelSet for Labels {
    fn encode(&self, encoder: &mut dyn LabelSetEncoder) -> fastmetrics::error::Result<()> {
        encoder.encode(&("node", self.node))?;
        encoder.encode(&("broadcast", self.broadcast.as_str()))
    }
}

fn fastmetrics(series: usize) -> Render {
    let mut registry = fastmetrics::registry::Registry::default();
    let labels = |i| Labels {
        node: NODE,
        broadcast: name(i),
    };
    for (place, metric) in COUNTERS.into_iter().enumerate() {
        let family = FastFamily::<Labels, FastCounter>::default();
        for i in 0..series {
            let n = count(i, place) as u64;
            family.with_or_new(&labels(i), |counter| counter.inc_by(n));
        }
        registry.register(metric, HELP, family).expect("a name");
    }
    let family = FastFamily::<Labels, FastHistogram>::new(|| FastHistogram::new(BOUNDS));
    for i in 0..series {
        family.with_or_new(&labels(i), |histogram| {
            seconds(i).for_each(|seconds| histogram.observe(seconds));
        });
    }
    registry.register(HISTOGRAM, HELP, family).expect("a name");
    let (mut text, profile) = (String::new(), TextProfile::default());
    Box::new(move |show| {
        text.clear();
        encode_fast(&mut text, &registry, profile).expect("text");
        show(text.as_bytes());
    })
}

/// The labels as that library has them.
#[derive(Clone, Copy, LabelGroup)]
#[label(set = BroadcastSet)]
struct Broadcast<'a> {
    #[label(dynamic_with = lasso::ThreadedRodeo, default)]
    node: &'a str,
    #[label(dynamic_with = lasso::ThreadedRodeo, default)]
    broadcast: &'a str,
}

#[derive(MetricGroup)]
#[allow(clippy::struct_field_names, reason = "they are the names of metrics")]
#[metric(new())]
struct Measured {
    /// what is compared
    load_requests: CounterVec<BroadcastSet>,
    /// what is compared
    load_replies: CounterVec<BroadcastSet>,
    /// what is compared
    load_received_bytes: CounterVec<BroadcastSet>,
    /// what is compared
    load_sent_bytes: CounterVec<BroadcastSet>,
    /// what is compared
    load_retries: CounterVec<BroadcastSet>,
    /// what is compared
    load_failures: CounterVec<BroadcastSet>,
    /// what is compared
    #[metric(metadata = Thresholds::with_buckets(BOUNDS))]
    load_wait_seconds: HistogramVec<BroadcastSet, 11>,
}

fn measured(series: usize) -> Render {
    let metrics = Measured::new();
    let counters = [
        &metrics.load_requests,
        &metrics.load_replies,
        &metrics.load_received_bytes,
        &metrics.load_sent_bytes,
        &metrics.load_retries,
        &metrics.load_failures,
    ];
    for i in 0..series {
        let name = name(i);
        let group = || Broadcast {
            node: NODE,
            broadcast: &name,
        };
        for (place, counters) in counters.iter().enumerate() {
            counters.inc_by(group(), count(i, place) as u64);
        }
        seconds(i).for_each(|seconds| metrics.load_wait_seconds.observe(group(), seconds));
    }
    let mut encoder = BufferedTextEncoder::new();
    Box::new(move |show| {
        metrics.collect_group_into(&mut encoder).expect("text");
        show(&encoder.finish());
    })
}
