//! All metrics of a node at one moment, as plain data.

#[cfg(any(feature = "metrics", feature = "opentelemetry"))]
pub(crate) mod steady;

use std::{
    fmt::{self, Display, Write},
    ops::Range,
};

use streamgauge_core::{MetricHead, MetricKind, Point, PointLabels, PointValue, Visitor};

/// The label of a node's name.
pub(crate) const NODE: &str = "node";

/// All that a node had counted when it was [read](crate::Stats::snapshot): the same metrics as its text for
/// scrapers, in the same order and under the same names, for sinks that are no text.
///
/// Each sample takes some 150 bytes while this lives.
#[derive(Default)]
pub struct Snapshot {
    node: String,
    metrics: Vec<Head>,
    entries: Vec<Entry>,
    /// All buckets of histograms.
    buckets: Vec<u64>,
    /// The names and values of all labels.
    text: String,
    /// Where each name and value ends in the text; the next begins there.
    ends: Vec<[usize; 2]>,
}

struct Head {
    name: String,
    kind: MetricKind,
    unit: String,
    help: String,
    /// Decimals of its numbers.
    places: u8,
    /// Those of a histogram that has samples.
    bounds: Vec<u64>,
    entries: Range<usize>,
}

struct Entry {
    labels: Range<usize>,
    /// The value, or a histogram's sum.
    n: u64,
    buckets: Range<usize>,
    since: u64,
}

impl Snapshot {
    /// An empty one of a node of this name.
    pub(crate) fn of(node: &str) -> Self {
        Self {
            node: node.into(),
            ..Self::default()
        }
    }

    /// All metrics, those without samples as well.
    pub fn metrics(&self) -> impl ExactSizeIterator<Item = Metric<'_>> {
        let metric = |head| Metric {
            snapshot: self,
            head,
        };
        self.metrics.iter().map(metric)
    }

    /// The label at this place among all.
    fn label(&self, place: usize) -> Option<(&str, &str)> {
        let before = place.checked_sub(1).and_then(|last| self.ends.get(last));
        let start = before.map_or(0, |[_, end]| *end);
        let [name, value] = *self.ends.get(place)?;
        Some((self.text.get(start..name)?, self.text.get(name..value)?))
    }

    fn push_label(&mut self, name: &str, value: &dyn Display) {
        self.text.push_str(name);
        let end = self.text.len();
        // A string takes whatever is written.
        let _ = write!(self.text, "{value}");
        self.ends.push([end, self.text.len()]);
    }

    /// Takes in a sample's labels, after that of the node unless the sample has one of that name.
    fn push_labels(&mut self, labels: &dyn PointLabels) -> Range<usize> {
        let start = self.ends.len();
        let mut own = self.node.is_empty();
        labels.each(&mut |name, _| own |= name == NODE);
        if !own {
            let node = std::mem::take(&mut self.node);
            self.push_label(NODE, &node);
            self.node = node;
        }
        labels.each(&mut |name, value| self.push_label(name, value));
        start..self.ends.len()
    }
}

impl Visitor for Snapshot {
    fn metric(&mut self, head: MetricHead<'_>) {
        self.metrics.push(Head {
            name: head.name.concat(),
            kind: head.kind,
            unit: head.unit.into(),
            help: head.help.concat(),
            places: head.places,
            bounds: Vec::new(),
            entries: self.entries.len()..self.entries.len(),
        });
    }

    fn point(&mut self, labels: &dyn PointLabels, point: Point<'_>) {
        let labels = self.push_labels(labels);
        let Some(metric) = self.metrics.last_mut() else {
            return;
        };
        let start = self.buckets.len();
        let n = match point.value {
            PointValue::Number(n) => n,
            PointValue::Histogram(values) => {
                if metric.bounds.is_empty() {
                    metric.bounds.extend(values.bounds);
                }
                self.buckets.extend(values.buckets);
                values.sum
            }
        };
        metric.entries.end += 1;
        self.entries.push(Entry {
            labels,
            n,
            buckets: start..self.buckets.len(),
            since: point.since,
        });
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.metrics()).finish()
    }
}

/// One metric of a [`Snapshot`].
#[derive(Clone, Copy)]
pub struct Metric<'a> {
    snapshot: &'a Snapshot,
    head: &'a Head,
}

impl<'a> Metric<'a> {
    /// Its name in text, without the `_total` of counters. The unit is its suffix.
    pub fn name(self) -> &'a str {
        &self.head.name
    }

    /// What kind it is.
    pub fn kind(self) -> MetricKind {
        self.head.kind
    }

    /// The base unit, such as `bytes` or `seconds`; empty for a plain number.
    pub fn unit(self) -> &'a str {
        &self.head.unit
    }

    /// One line for a human.
    pub fn help(self) -> &'a str {
        &self.head.help
    }

    /// Whether its numbers are whole, histograms' sums included; what is measured in seconds is not.
    pub fn is_whole(self) -> bool {
        self.head.places == 0
    }

    /// The upper bounds of a histogram's buckets in its unit, infinity the last. Of one without samples
    /// only that is known.
    pub fn bounds(self) -> impl Iterator<Item = f64> + use<'a> {
        let bounds = self.head.bounds.iter();
        let bounds = bounds.map(move |bound| self.float(*bound));
        bounds.chain([f64::INFINITY])
    }

    /// Its samples, by labels.
    pub fn samples(self) -> impl ExactSizeIterator<Item = Sample<'a>> + use<'a> {
        let entries = self.snapshot.entries.get(self.head.entries.clone());
        let sample = move |entry| Sample {
            metric: self,
            entry,
        };
        entries.unwrap_or_default().iter().map(sample)
    }

    /// A number of this metric, in its unit.
    #[allow(clippy::cast_precision_loss, reason = "what a float can hold of it")]
    fn float(self, n: u64) -> f64 {
        n as f64 / 10_f64.powi(i32::from(self.head.places))
    }
}

impl fmt::Debug for Metric<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metric")
            .field("name", &self.name())
            .field("samples", &self.samples().len())
            .finish_non_exhaustive()
    }
}

/// One series' value of a [`Metric`].
#[derive(Clone, Copy)]
pub struct Sample<'a> {
    metric: Metric<'a>,
    entry: &'a Entry,
}

impl<'a> Sample<'a> {
    /// The metric that it is of.
    pub fn metric(self) -> Metric<'a> {
        self.metric
    }

    /// Name and value of each label, unescaped; no name is there twice.
    pub fn labels(self) -> impl ExactSizeIterator<Item = (&'a str, &'a str)> + use<'a> {
        let snapshot = self.metric.snapshot;
        let labels = self.entry.labels.clone();
        labels.map(move |place| snapshot.label(place).unwrap_or_default())
    }

    /// The value, or a histogram's sum, in the metric's unit: exact below 2^53 of what it is kept in.
    pub fn float(self) -> f64 {
        self.metric.float(self.entry.n)
    }

    /// The same as it is kept: of what is measured in seconds, mostly microseconds.
    pub fn raw(self) -> u64 {
        self.entry.n
    }

    /// How many values fell into each of a histogram's buckets, not those before: the last is for what
    /// exceeds all bounds.
    pub fn buckets(self) -> &'a [u64] {
        let buckets = self.metric.snapshot.buckets.get(self.entry.buckets.clone());
        buckets.unwrap_or_default()
    }

    /// How many values a histogram recorded.
    pub fn count(self) -> u64 {
        self.buckets().iter().fold(0, |sum, n| sum.wrapping_add(*n))
    }

    /// When it was zero, in milliseconds since the Unix epoch.
    pub fn since_ms(self) -> u64 {
        self.entry.since
    }
}

impl fmt::Debug for Sample<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sample")
            .field("labels", &self.labels().collect::<Vec<_>>())
            .field("value", &self.float())
            .finish_non_exhaustive()
    }
}
