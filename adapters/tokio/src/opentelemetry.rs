//! A node's metrics as observable instruments of OpenTelemetry.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), streamgauge_tokio::ConfigError> {
//! use streamgauge_tokio::{Config, Stats, opentelemetry};
//!
//! let stats = Stats::spawn(Config::new())?;
//! opentelemetry::observe(&stats, &::opentelemetry::global::meter("streamgauge"));
//! # Ok(())
//! # }
//! ```

use std::{
    sync::{Arc, Mutex},
    thread::{self, ThreadId},
};

use ::opentelemetry::{
    KeyValue,
    metrics::{AsyncInstrument, Meter},
};

use crate::{
    Metric, MetricKind, Sample, Snapshot, Stats,
    desk::{Desk, lock},
    snapshot::steady::Steady,
};

/// Makes an instrument of this meter for each metric of the node, under the names that its text has.
///
/// All instruments of one collection show one snapshot, of what was counted until then; where a provider has
/// several readers, its SDK gives all of them what any of them asked for. Counters become
/// observable counters, which begin again for no reader when a series ends and begins anew; gauges become
/// observable gauges. There are no observable histograms: one becomes three counters, `<name>_bucket` by the
/// upper bound `le`, which counts what is below, `<name>_count` and `<name>_sum`. Bytes are `By`, and seconds
/// `s`.
///
/// It does not keep the node alive: the instruments show nothing once that has ended, and to a sink of the
/// same node. Calling it for a node that has ended makes none. A provider shows 2,000 series of an
/// instrument unless a view of it says otherwise.
pub fn observe(stats: &Stats, meter: &Meter) {
    let Some((desk, heads)) = stats.desk().and_then(|desk| Some((desk, desk.read()?))) else {
        return;
    };
    let shown = heads.metrics().enumerate().flat_map(|(metric, head)| {
        let parts = Part::of(head.kind()).iter();
        parts.map(move |part| (metric, head, *part))
    });
    let shown: Vec<_> = shown.collect();
    let source = Arc::new(Source {
        desk: desk.clone(),
        instruments: shown.len(),
        rounds: Mutex::default(),
    });
    for (place, (metric, head, part)) in shown.into_iter().enumerate() {
        let instrument = Instrument {
            source: source.clone(),
            place,
            metric,
            part,
        };
        instrument.build(meter, head);
    }
}

/// What an instrument shows of a metric.
#[derive(Clone, Copy)]
enum Part {
    Value,
    Bucket,
    Count,
    Sum,
}

impl Part {
    const fn of(kind: MetricKind) -> &'static [Self] {
        match kind {
            MetricKind::Counter | MetricKind::Gauge => &[Self::Value],
            MetricKind::Histogram => &[Self::Bucket, Self::Count, Self::Sum],
        }
    }

    const fn suffix(self) -> &'static str {
        match self {
            Self::Value => "",
            Self::Bucket => "_bucket",
            Self::Count => "_count",
            Self::Sum => "_sum",
        }
    }

    /// Whether it is in the metric's unit.
    const fn has_unit(self) -> bool {
        matches!(self, Self::Value | Self::Sum)
    }
}

/// One instrument, as its callback knows it.
struct Instrument {
    source: Arc<Source>,
    /// Its place among all.
    place: usize,
    metric: usize,
    part: Part,
}

impl Instrument {
    fn build(self, meter: &Meter, head: Metric<'_>) {
        let name = format!("{}{}", head.name(), self.part.suffix());
        let help = head.help().to_owned();
        let unit = unit(head, self.part);
        let whole = head.is_whole() || !self.part.has_unit();
        // An instrument is observed as long as its meter's provider lives.
        macro_rules! build {
            ($builder:ident, $observe:ident) => {
                drop(
                    meter
                        .$builder(name)
                        .with_description(help)
                        .with_unit(unit)
                        .with_callback(move |to| self.$observe(to))
                        .build(),
                )
            };
        }
        match (head.kind(), whole) {
            (MetricKind::Gauge, true) => build!(u64_observable_gauge, observe_whole),
            (MetricKind::Gauge, false) => build!(f64_observable_gauge, observe_float),
            (_, true) => build!(u64_observable_counter, observe_whole),
            (_, false) => build!(f64_observable_counter, observe_float),
        }
    }

    fn observe_whole(&self, to: &dyn AsyncInstrument<u64>) {
        self.each(|metric, sample| match self.part {
            Part::Value | Part::Sum => to.observe(sample.raw(), &attributes(sample)),
            Part::Count => to.observe(sample.count(), &attributes(sample)),
            Part::Bucket => observe_buckets(metric, sample, to),
        });
    }

    fn observe_float(&self, to: &dyn AsyncInstrument<f64>) {
        self.each(|_, sample| to.observe(sample.float(), &attributes(sample)));
    }

    fn each(&self, f: impl Fn(Metric<'_>, Sample<'_>)) {
        let Some(snapshot) = self.source.snapshot(self.place) else {
            return;
        };
        if let Some(metric) = snapshot.metrics().nth(self.metric) {
            metric.samples().for_each(|sample| f(metric, sample));
        }
    }
}

fn observe_buckets(metric: Metric<'_>, sample: Sample<'_>, to: &dyn AsyncInstrument<u64>) {
    let mut below = 0_u64;
    let mut attributes = attributes(sample);
    for (bound, n) in metric.bounds().zip(sample.buckets()) {
        below = below.wrapping_add(*n);
        let le = if bound.is_finite() {
            bound.to_string()
        } else {
            "+Inf".into()
        };
        attributes.push(KeyValue::new("le", le));
        to.observe(below, &attributes);
        attributes.pop();
    }
}

fn attributes(sample: Sample<'_>) -> Vec<KeyValue> {
    let labels = sample.labels();
    let attribute = |(name, value): (&str, &str)| KeyValue::new(name.to_owned(), value.to_owned());
    labels.map(attribute).collect()
}

/// The unit by its code.
fn unit(head: Metric<'_>, part: Part) -> String {
    match head.unit() {
        _ if !part.has_unit() => String::new(),
        "bytes" => "By".into(),
        "seconds" => "s".into(),
        other => other.into(),
    }
}

/// Where the instruments of one node get their numbers.
struct Source {
    desk: Arc<Desk>,
    instruments: usize,
    rounds: Mutex<Rounds>,
}

/// The collections under way.
#[derive(Default)]
struct Rounds {
    steady: Steady,
    open: Vec<Round>,
}

/// A collection: it asks the instruments one after the other, on one thread.
struct Round {
    thread: ThreadId,
    snapshot: Arc<Snapshot>,
    /// By instrument, whether it was asked.
    asked: Vec<bool>,
}

/// The most collections that are remembered at a time; some end without all instruments, where views leave
/// some out.
const ROUNDS: usize = 8;

impl Source {
    /// The snapshot that an instrument is to show: that of the collection which this thread is in, or the
    /// first of the next if this instrument was asked before.
    fn snapshot(&self, instrument: usize) -> Option<Arc<Snapshot>> {
        // A sink must not wait for who waits for its tick.
        if self.desk.is_ours() {
            return None;
        }
        let mut rounds = lock(&self.rounds);
        let mut round = rounds.take().filter(|round| !round.asked(instrument));
        if round.is_none() {
            round = rounds.begin(&self.desk, self.instruments);
        }
        let mut round = round?;
        let snapshot = round.snapshot.clone();
        if !round.ask(instrument) {
            rounds.keep(round);
        }
        Some(snapshot)
    }
}

impl Rounds {
    /// This thread's collection.
    fn take(&mut self) -> Option<Round> {
        let me = thread::current().id();
        let place = self.open.iter().position(|round| round.thread == me)?;
        Some(self.open.swap_remove(place))
    }

    fn keep(&mut self, round: Round) {
        if self.open.len() >= ROUNDS {
            self.open.remove(0);
        }
        self.open.push(round);
    }

    fn begin(&mut self, desk: &Desk, instruments: usize) -> Option<Round> {
        let mut snapshot = desk.read()?;
        self.steady.apply(&mut snapshot);
        Some(Round {
            thread: thread::current().id(),
            snapshot: Arc::new(snapshot),
            asked: vec![false; instruments],
        })
    }
}

impl Round {
    fn asked(&self, instrument: usize) -> bool {
        self.asked.get(instrument).copied().unwrap_or(true)
    }

    /// Notes that an instrument was asked, and says whether all have been.
    fn ask(&mut self, instrument: usize) -> bool {
        if let Some(asked) = self.asked.get_mut(instrument) {
            *asked = true;
        }
        self.asked.iter().all(|asked| *asked)
    }
}
