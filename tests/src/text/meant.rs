//! What an exposition of a ledger is to say, put together without the encoder.

use std::collections::BTreeMap;

use streamgauge_core::{Family, Format, Key, KeyWords, Label};

use super::{Book, Decimal};

/// The labels of a sample, by name.
pub type LabelSet = BTreeMap<String, String>;

/// A metric family, as it is meant or as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// The name of the family.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its unit, or nothing.
    pub unit: String,
    /// What it says of itself.
    pub help: String,
    /// Its samples.
    pub points: BTreeMap<LabelSet, Point>,
}

/// The kind of a metric family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only rises.
    Counter,
    /// Rises and falls.
    Gauge,
    /// Tells how values are spread.
    Histogram,
}

/// What a metric family says of one set of labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Point {
    /// One number.
    Number {
        /// The number.
        n: Decimal,
        /// Since when, in seconds.
        since: Option<Decimal>,
    },
    /// All of a histogram.
    Histogram {
        /// The buckets' bounds as text, and how many values were no higher.
        buckets: Vec<(String, u64)>,
        /// What all values add up to.
        sum: Decimal,
        /// How many values there were.
        count: u64,
        /// Since when, in seconds.
        since: Option<Decimal>,
    },
}

/// What the section of this book is to say: `lanes` are the labels of each lane, `labels` those of all
/// samples, and `since` is when the ledger's life began. First come the series, then what each lane has counted
/// in all.
///
/// # Panics
/// When two series are of one name.
#[must_use]
pub fn meant<F: Family>(
    book: &Book<F>,
    lanes: &[LabelSet],
    format: Format,
    labels: &LabelSet,
    since: u64,
) -> Vec<Metric> {
    let (mut metrics, mut totals) = (empty::<F>(format), empty::<F>(format));
    for (lane, own) in lanes.iter().enumerate() {
        let mut lane_set = labels.clone();
        lane_set.extend(own.clone());
        // Where a family has a label of the same name, that of all samples is left out.
        lane_set.remove(F::KEY);
        let scope = |key: &str| {
            let mut set = lane_set.clone();
            set.insert(F::KEY.into(), key.into());
            set
        };
        for series in book.ledger.all(book.meter(), lane) {
            let set = scope(&name(&series.key));
            let since = moment(format, series.since);
            words::<F>(&mut metrics, &set, series.words, since.as_ref(), format);
            for gauge in F::GAUGES {
                if let Some(n) = series.gauge(gauge) {
                    let n = Decimal::scaled(n, places(gauge.unit));
                    let point = Point::Number { n, since: None };
                    insert(&mut metrics, gauge.metric, &set, gauge.label, point);
                }
            }
        }
        let (total, since) = (book.ledger.total(lane).words(), moment(format, since));
        words::<F>(
            &mut totals,
            &lane_set,
            total.as_ref(),
            since.as_ref(),
            format,
        );
    }
    metrics.extend(of_node(totals));
    metrics
}

/// The same families as those of the node: all but the gauges, under names and helps of their own.
fn of_node(metrics: Vec<Metric>) -> impl Iterator<Item = Metric> {
    let counted = metrics
        .into_iter()
        .filter(|metric| metric.kind != Kind::Gauge);
    counted.map(|metric| {
        let name = metric
            .name
            .strip_prefix("streamgauge_")
            .unwrap_or(&metric.name);
        Metric {
            name: format!("streamgauge_node_{name}"),
            help: metric.help + " (all series, those that have ended too)",
            ..metric
        }
    })
}

fn words<F: Family>(
    metrics: &mut [Metric],
    set: &LabelSet,
    words: &[u64],
    since: Option<&Decimal>,
    format: Format,
) {
    for (word, n) in F::WORDS.iter().zip(words) {
        let n = Decimal::scaled(*n, places(word.unit));
        let since = since.cloned();
        let name = counter_name(word.metric, format);
        insert(metrics, &name, set, word.label, Point::Number { n, since });
    }
    for histogram in F::HISTOGRAMS {
        let sum = histogram.word + histogram.bounds.len() + 1;
        let ends = histogram
            .bounds
            .iter()
            .map(|bound| le(*bound, places(histogram.unit), format));
        let ends = ends.chain(["+Inf".into()]);
        let upto = words[histogram.word..sum].iter().scan(0_u64, |upto, n| {
            *upto = upto.wrapping_add(*n);
            Some(*upto)
        });
        let buckets: Vec<_> = ends.zip(upto).collect();
        let point = Point::Histogram {
            count: buckets.last().map_or(0, |(_, n)| *n),
            buckets,
            sum: Decimal::scaled(words[sum], places(histogram.unit)),
            since: since.cloned(),
        };
        insert(metrics, histogram.metric, set, None, point);
    }
}

fn insert(metrics: &mut [Metric], name: &str, set: &LabelSet, label: Option<Label>, point: Point) {
    let metric = metrics.iter_mut().find(|metric| metric.name == name);
    let mut set = set.clone();
    set.extend(label.map(|label| (label.name.into(), label.value.into())));
    let old = metric
        .expect("the metric was declared")
        .points
        .insert(set, point);
    assert!(old.is_none(), "two series of one name in {name}");
}

/// The families without samples, in order.
fn empty<F: Family>(format: Format) -> Vec<Metric> {
    let words = F::WORDS.iter().map(|word| {
        let name = counter_name(word.metric, format);
        (name, Kind::Counter, word.unit, word.help)
    });
    let gauges = F::GAUGES
        .iter()
        .map(|gauge| (gauge.metric.into(), Kind::Gauge, gauge.unit, gauge.help));
    let histograms = F::HISTOGRAMS.iter().map(|histogram| {
        (
            histogram.metric.into(),
            Kind::Histogram,
            histogram.unit,
            histogram.help,
        )
    });
    let mut metrics: Vec<Metric> = Vec::new();
    for (name, kind, unit, help) in words.chain(gauges).chain(histograms) {
        if metrics.last().is_none_or(|last| last.name != name) {
            metrics.push(Metric {
                name,
                kind,
                unit: if format == Format::Prometheus {
                    ""
                } else {
                    unit
                }
                .into(),
                help: help.into(),
                points: BTreeMap::new(),
            });
        }
    }
    metrics
}

/// `OpenMetrics` 1.0 names the family without what its samples' names end with.
fn counter_name(metric: &str, format: Format) -> String {
    match format {
        Format::OpenMetrics1 => metric.into(),
        _ => format!("{metric}_total"),
    }
}

fn moment(format: Format, ms: u64) -> Option<Decimal> {
    (format != Format::Prometheus).then(|| Decimal::scaled(ms, 3))
}

fn places(unit: &str) -> i64 {
    if unit == "seconds" { 6 } else { 0 }
}

fn name<K: KeyWords>(key: &Key<K>) -> String {
    String::from_utf8(key.bytes().collect()).expect("a name is text")
}

/// A bucket's bound as Go writes floats with `%g`, and in `OpenMetrics` never like an integer.
///
/// # Panics
/// Never: all of it is numbers.
#[must_use]
pub fn le(bound: u64, places: i64, format: Format) -> String {
    let value: f64 = format!("{bound}e-{places}").parse().expect("a float");
    let short = format!("{value:e}");
    let (digits, exponent) = short.split_once('e').expect("an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent");
    if value != 0.0 && !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let plain = format!("{value}");
    let point = format != Format::Prometheus && !plain.contains('.');
    format!("{plain}{}", if point { ".0" } else { "" })
}
