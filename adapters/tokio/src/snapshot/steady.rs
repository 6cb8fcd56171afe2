//! Counters that go on where they were when a series ends and another of its name begins.
//!
//! What a series counted after the last snapshot that it was in is in no snapshot of it: only in what the
//! node says of all series.

use std::{collections::HashMap, fmt::Write, sync::Arc};

use streamgauge_core::MetricKind;

use super::{Entry, Snapshot};

/// Remembers what the snapshots of one node showed, for sinks that know no counter which begins again: they
/// take the same labels for the same counter for ever.
#[derive(Debug, Default)]
pub(crate) struct Steady {
    samples: HashMap<Arc<str>, Life>,
    /// Snapshots so far.
    seen: u64,
    key: String,
}

/// So many samples that are gone are remembered, besides as many as there are.
const GONE: usize = 1_024;

/// What one sample has been.
#[derive(Debug, Default)]
struct Life {
    since: u64,
    /// The number and the buckets as they were shown last.
    shown: Vec<u64>,
    /// What lives of the series before this one have added to that.
    base: Vec<u64>,
    /// The last snapshot that it was in.
    seen: u64,
}

impl Steady {
    /// Changes the counters and histograms of a snapshot so that none is less than in one before, and says
    /// of each sample, in their order, whether it is new or another than it was.
    pub(crate) fn apply(&mut self, snapshot: &mut Snapshot) -> Vec<bool> {
        self.seen += 1;
        let mut moved = Vec::with_capacity(snapshot.entries.len());
        let mut entries = std::mem::take(&mut snapshot.entries);
        let mut buckets = std::mem::take(&mut snapshot.buckets);
        for (place, metric) in snapshot.metrics.iter().enumerate() {
            let adds = metric.kind != MetricKind::Gauge;
            let entries = entries.get_mut(metric.entries.clone());
            for entry in entries.unwrap_or_default() {
                self.name(place, entry, snapshot);
                let buckets = buckets.get_mut(entry.buckets.clone()).unwrap_or_default();
                moved.push(self.life().live(entry, buckets, adds));
            }
        }
        (snapshot.entries, snapshot.buckets) = (entries, buckets);
        self.forget(moved.len());
        moved
    }

    /// Says which sample is next: its metric and the values of its labels, each with its length.
    fn name(&mut self, metric: usize, entry: &Entry, snapshot: &Snapshot) {
        self.key.clear();
        let labels = entry.labels.clone();
        let labels = labels.filter_map(|place| snapshot.label(place));
        // A string takes whatever is written.
        let _ = write!(self.key, "{metric}");
        for (name, value) in labels {
            let _ = write!(self.key, "/{name}={}:{value}", value.len());
        }
    }

    fn life(&mut self) -> &mut Life {
        let key = match self.samples.get_key_value(self.key.as_str()) {
            Some((key, _)) => key.clone(),
            None => Arc::from(self.key.as_str()),
        };
        let life = self.samples.entry(key).or_default();
        life.seen = self.seen;
        life
    }

    /// Forgets samples that are gone when there are too many.
    fn forget(&mut self, live: usize) {
        if self.samples.len() > 2 * live + GONE {
            let seen = self.seen;
            self.samples.retain(|_, life| life.seen == seen);
        }
    }
}

impl Life {
    /// Shows the next numbers of the sample, which begin anew with a new life, and says whether they moved.
    fn live(&mut self, entry: &mut Entry, buckets: &mut [u64], adds: bool) -> bool {
        let new = self.shown.is_empty();
        if adds && !new && self.since != entry.since {
            self.base.clone_from(&self.shown);
        }
        self.since = entry.since;
        self.shown.resize(1 + buckets.len(), 0);
        let numbers = std::iter::once(&mut entry.n).chain(buckets);
        let mut moved = new;
        for (place, (n, shown)) in numbers.zip(&mut self.shown).enumerate() {
            let base = self.base.get(place).copied().unwrap_or(0);
            *n = n.wrapping_add(base);
            moved |= *n != *shown;
            *shown = *n;
        }
        moved
    }
}
