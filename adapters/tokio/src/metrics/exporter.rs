//! What a node counts, in a recorder of the facade.

use std::fmt;

use ::metrics::{Key, Label, Level, Metadata, Recorder, SharedString, Unit, with_recorder};

use crate::{Metric, MetricKind, Sample, Snapshot, snapshot::steady::Steady};

/// Hands what moved from one snapshot to the next to a recorder, under the names that text has.
///
/// Counters are set to their absolute value, and go on where they were when a series ends and begins anew.
/// A histogram becomes the counters `<name>_bucket`, by the upper bound `le` and counting what is below, and
/// `<name>_count`, and the gauge `<name>_sum`; what is counted in seconds is a gauge too, since the facade's
/// counters are whole. The facade cannot take a gauge back: one of a series that ended stays as it was.
///
/// ```
/// use streamgauge_tokio::{Config, metrics::Exporter};
///
/// let mut exporter = Exporter::global();
/// let config = Config::new().with_snapshots(move |snapshot| exporter.export(snapshot));
/// # let _ = config;
/// ```
pub struct Exporter {
    /// The global recorder if there is none.
    recorder: Option<Box<dyn Recorder + Send>>,
    steady: Steady,
    /// How many metrics were described.
    described: usize,
}

const METADATA: Metadata<'static> = Metadata::new("streamgauge", Level::INFO, None);

impl Exporter {
    /// Exports into this recorder.
    pub fn new(recorder: impl Recorder + Send + 'static) -> Self {
        Self::to(Some(Box::new(recorder)))
    }

    /// Exports into the recorder that is installed at the first export.
    pub fn global() -> Self {
        Self::to(None)
    }

    fn to(recorder: Option<Box<dyn Recorder + Send>>) -> Self {
        Self {
            recorder,
            steady: Steady::default(),
            described: 0,
        }
    }

    /// Hands over what is another than in the snapshot before, all of the first one. All snapshots are to be
    /// of one node.
    pub fn export(&mut self, mut snapshot: Snapshot) {
        let moved = self.steady.apply(&mut snapshot);
        let described = std::mem::replace(&mut self.described, snapshot.metrics().len());
        let export = |recorder: &dyn Recorder| {
            let new = snapshot.metrics().skip(described);
            new.for_each(|metric| describe(recorder, metric));
            let samples = snapshot.metrics().flat_map(Metric::samples);
            for (sample, _) in samples.zip(moved).filter(|(_, moved)| *moved) {
                hand_over(recorder, sample);
            }
        };
        match &self.recorder {
            Some(recorder) => export(recorder),
            None => with_recorder(export),
        }
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").finish_non_exhaustive()
    }
}

fn describe(recorder: &dyn Recorder, metric: Metric<'_>) {
    let name = |suffix: &str| format!("{}{suffix}", metric.name()).into();
    let help = || SharedString::from(metric.help().to_owned());
    let unit = match metric.unit() {
        "bytes" => Some(Unit::Bytes),
        "seconds" => Some(Unit::Seconds),
        _ => None,
    };
    match metric.kind() {
        MetricKind::Counter if metric.is_whole() => {
            recorder.describe_counter(name(""), unit, help());
        }
        MetricKind::Counter | MetricKind::Gauge => recorder.describe_gauge(name(""), unit, help()),
        MetricKind::Histogram => {
            recorder.describe_counter(name("_bucket"), None, help());
            recorder.describe_counter(name("_count"), None, help());
            recorder.describe_gauge(name("_sum"), unit, help());
        }
    }
}

fn hand_over(recorder: &dyn Recorder, sample: Sample<'_>) {
    let metric = sample.metric();
    let key = |suffix: &str, le: Option<f64>| key(sample, suffix, le);
    let counter = |key: &Key, n| recorder.register_counter(key, &METADATA).absolute(n);
    let gauge = |key: &Key, n| recorder.register_gauge(key, &METADATA).set(n);
    match metric.kind() {
        MetricKind::Counter if metric.is_whole() => counter(&key("", None), sample.raw()),
        MetricKind::Counter | MetricKind::Gauge => gauge(&key("", None), sample.float()),
        MetricKind::Histogram => {
            let mut below = 0_u64;
            for (bound, n) in metric.bounds().zip(sample.buckets()) {
                below = below.wrapping_add(*n);
                counter(&key("_bucket", Some(bound)), below);
            }
            counter(&key("_count", None), below);
            gauge(&key("_sum", None), sample.float());
        }
    }
}

fn key(sample: Sample<'_>, suffix: &str, le: Option<f64>) -> Key {
    let label = |(name, value): (&str, &str)| Label::new(name.to_owned(), value.to_owned());
    let mut labels: Vec<_> = sample.labels().map(label).collect();
    if let Some(bound) = le {
        let le = if bound.is_finite() {
            bound.to_string()
        } else {
            "+Inf".into()
        };
        labels.push(Label::new("le", le));
    }
    Key::from_parts(format!("{}{suffix}", sample.metric().name()), labels)
}
