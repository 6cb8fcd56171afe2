//! The metrics of a family, in the order of an exposition.

use super::line::{Head, Kind};
use crate::schema::{Family, Gauge, Histogram, Label, is_time};

/// One word, gauge or histogram of a family.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) head: Head<'static>,
    /// Whether it is the first of its metric.
    pub(crate) first: bool,
    pub(crate) label: Option<Label>,
    pub(crate) number: Number,
}

/// Where an entry's numbers come from.
#[derive(Clone, Copy)]
pub(crate) enum Number {
    Word(usize),
    Gauge(&'static Gauge),
    Histogram(&'static Histogram),
}

impl Entry {
    /// The entry at this place of a family: first those of its series, then those of the node.
    pub(crate) fn at<F: Family>(place: usize) -> Option<Self> {
        let of_series = F::WORDS.len() + F::GAUGES.len() + F::HISTOGRAMS.len();
        match place.checked_sub(of_series) {
            None => Self::among(place, Self::of_series::<F>),
            Some(place) => Self::among(place, Self::of_node::<F>),
        }
    }

    fn among(place: usize, entries: impl Fn(usize) -> Option<Self>) -> Option<Self> {
        let name = |other: &Self| other.head.metric;
        let mut entry = entries(place)?;
        let last = place.checked_sub(1).and_then(entries);
        entry.first = last.as_ref().map(name) != Some(entry.head.metric);
        Some(entry)
    }

    fn of_series<F: Family>(place: usize) -> Option<Self> {
        if let Some(word) = F::WORDS.get(place) {
            let head = Head::new(word.metric, Kind::Counter, word.unit, word.help);
            return Some(Self::new(head, word.label, Number::Word(place)));
        }
        let place = place - F::WORDS.len();
        if let Some(gauge) = F::GAUGES.get(place) {
            let head = Head::new(gauge.metric, Kind::Gauge, gauge.unit, gauge.help);
            return Some(Self::new(head, gauge.label, Number::Gauge(gauge)));
        }
        let histogram = F::HISTOGRAMS.get(place - F::GAUGES.len())?;
        let (unit, help) = (histogram.unit, histogram.help);
        let head = Head::new(histogram.metric, Kind::Histogram, unit, help);
        Some(Self::new(head, None, Number::Histogram(histogram)))
    }

    /// Gauges are of what is there: the node has none of them.
    fn of_node<F: Family>(place: usize) -> Option<Self> {
        let is_word = place < F::WORDS.len();
        let place = place + if is_word { 0 } else { F::GAUGES.len() };
        let mut entry = Self::of_series::<F>(place)?;
        entry.head = entry.head.of_node();
        Some(entry)
    }

    const fn new(head: Head<'static>, label: Option<Label>, number: Number) -> Self {
        Self {
            head,
            first: true,
            label,
            number,
        }
    }

    /// Decimals of its numbers: what is measured in seconds is kept in microseconds.
    pub(crate) const fn places(&self) -> u8 {
        if is_time(self.head.unit) { 6 } else { 0 }
    }
}
