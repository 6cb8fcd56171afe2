//! The metrics of a snapshot value by value, for sinks that are no text.

use core::fmt;

use super::{
    LaneLabels, Section,
    line::{self, Head},
    metric::{Entry, Number},
    section::FamilySection,
};
use crate::{
    key::{Key, KeyWords},
    ledger::Books,
    schema::{Distribution, Family, Label},
    storage::Storage,
    sync::widen,
};

/// Takes in what a snapshot shows: each metric, and after it its points.
pub trait Visitor {
    /// The points that follow are of this metric.
    fn metric(&mut self, metric: MetricHead<'_>);

    /// The metric's value under these labels.
    fn point(&mut self, labels: &dyn PointLabels, point: Point<'_>);
}

/// Shows all metrics of these sections to a visitor: the same as an [`Exposition`](super::Exposition) of
/// them writes, without labels of its own.
///
/// Cost: as an exposition's, without its text.
pub fn visit(sections: &[&dyn Section], visitor: &mut dyn Visitor) {
    for section in sections {
        section.visit(visitor);
    }
}

/// What all points of a metric have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricHead<'a> {
    /// Its name in text formats, without the `_total` of counters; in two pieces that follow each other.
    pub name: [&'a str; 2],
    /// What it counts.
    pub kind: MetricKind,
    /// The base unit, such as `bytes`, which is the suffix of the name; empty for a plain number.
    pub unit: &'a str,
    /// One line for a human, in two pieces.
    pub help: [&'a str; 2],
    /// Decimals of its numbers: an amount of 1,500 with three is 1.5 of the unit.
    pub places: u8,
}

/// What kind of a metric it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MetricKind {
    /// Only rises.
    Counter,
    /// Rises and falls.
    Gauge,
    /// How often values fell between bounds.
    Histogram,
}

/// The labels of one point.
pub trait PointLabels {
    /// Hands over name and value of each, the series' own name last if it is of one series.
    fn each(&self, label: &mut dyn FnMut(&str, &dyn fmt::Display));
}

/// What one series shows of a metric.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    /// The value.
    pub value: PointValue<'a>,
    /// When it was zero for the first time, in milliseconds since the Unix epoch.
    pub since: u64,
}

/// A value, in as many decimals as [`MetricHead::places`] says.
#[derive(Clone, Copy, Debug)]
pub enum PointValue<'a> {
    /// That of a counter or gauge.
    Number(u64),
    /// That of a histogram.
    Histogram(Distribution<'a>),
}

impl<'a> Head<'a> {
    pub(super) const fn shown(&self, places: u8) -> MetricHead<'a> {
        let kind = match self.kind {
            line::Kind::Counter => MetricKind::Counter,
            line::Kind::Gauge => MetricKind::Gauge,
            line::Kind::Histogram => MetricKind::Histogram,
        };
        MetricHead {
            name: self.name(),
            kind,
            unit: self.unit,
            help: self.help(),
            places,
        }
    }
}

impl<F: Family, B: Books<F>, S: Storage<F>, L: LaneLabels> FamilySection<'_, F, B, S, L> {
    pub(super) fn visit_all(&self, visitor: &mut dyn Visitor) {
        for entry in (0..).map_while(Entry::at::<F>) {
            if entry.first {
                visitor.metric(entry.head.shown(entry.places()));
            }
            for lane in 0..self.ledger.lanes() {
                if entry.head.is_of_node {
                    self.visit_total(&entry, lane, visitor);
                } else {
                    self.visit_series(&entry, lane, visitor);
                }
            }
        }
    }

    fn visit_series(&self, entry: &Entry, lane: usize, visitor: &mut dyn Visitor) {
        for id in self.ledger.lane_rows(lane) {
            let account = self.ledger.account(widen(*id));
            let Some((row, account)) = self.meter.row(widen(*id)).zip(account) else {
                continue;
            };
            if let Some(value) = value(entry, account.words()) {
                let since = account.since();
                let labels = self.labels(entry, lane, Some(row.key()));
                visitor.point(&labels, Point { value, since });
            }
        }
    }

    /// What a lane has counted in all; nothing of a lane that has no name, and never counts.
    fn visit_total(&self, entry: &Entry, lane: usize, visitor: &mut dyn Visitor) {
        let mut labels = (0..).map_while(|place| self.lanes.label(lane, place));
        if labels.any(|(_, value)| value == ["", ""]) {
            return;
        }
        let since = self.ledger.began();
        if let Some(value) = value(entry, self.ledger.lane_words(lane)) {
            let labels = self.labels(entry, lane, None);
            visitor.point(&labels, Point { value, since });
        }
    }

    fn labels(
        &self,
        entry: &Entry,
        lane: usize,
        key: Option<Key<S::Key>>,
    ) -> SeriesLabels<'_, S::Key> {
        SeriesLabels {
            lanes: &self.lanes,
            lane,
            fixed: entry.label,
            key: key.map(|key| (F::KEY, key)),
        }
    }
}

/// An entry's value in a series with these words; nothing for a gauge that was never set.
fn value<'a>(entry: &Entry, words: &'a [u64]) -> Option<PointValue<'a>> {
    match entry.number {
        Number::Word(word) => words.get(word).copied().map(PointValue::Number),
        Number::Gauge(gauge) => gauge.read(words).map(PointValue::Number),
        Number::Histogram(histogram) => Some(PointValue::Histogram(histogram.read(words))),
    }
}

/// The labels of a point of a family.
struct SeriesLabels<'a, K> {
    lanes: &'a dyn LaneLabels,
    lane: usize,
    fixed: Option<Label>,
    /// The series' name; none for all together.
    key: Option<(&'static str, Key<K>)>,
}

impl<K: KeyWords> PointLabels for SeriesLabels<'_, K> {
    fn each(&self, label: &mut dyn FnMut(&str, &dyn fmt::Display)) {
        let lanes = (0..).map_while(|place| self.lanes.label(self.lane, place));
        lanes.for_each(|(name, value)| label(name, &Pieces(value)));
        if let Some(fixed) = self.fixed {
            label(fixed.name, &fixed.value);
        }
        if let Some((name, key)) = &self.key {
            label(name, key);
        }
    }
}

/// Text in two pieces.
struct Pieces<'a>([&'a str; 2]);

impl fmt::Display for Pieces<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| f.write_str(piece))
    }
}
