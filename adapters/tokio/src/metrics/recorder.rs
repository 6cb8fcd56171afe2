//! A recorder of the facade that counts in families.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use ::metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};

use super::{
    families::{RecordedCounter, RecordedGauge, RecordedHistogram},
    handles::{CounterHandle, GaugeHandle, HistogramHandle},
};
use crate::{Config, Family, FamilyMeter};

/// Counts what is recorded through the facade, in memory that is taken at once: each metric as a series of
/// one of three families, whose name is that of the metric and its labels, as in `logins{via="token"}`.
/// Clones are the same recorder.
///
/// Once there is no room, and for names longer than [`KEY_BYTES`](crate::KEY_BYTES), what is recorded counts
/// in the overflow series of its kind; there an absolute value or a gauge, of which many would share one,
/// means nothing and is left out. A metric that was recorded once stays: its handles always count for it.
///
/// Counting takes one short lock, and so may any number of threads through one handle. Finding a metric that
/// is known, as the facade's macros do each time, costs a look-up; hold the handle where that counts.
///
/// Gauges are kept in millionths. Values of histograms are taken for seconds, in the buckets of
/// [`Scale::LATENCY`](streamgauge_core::Scale::LATENCY), a negative one for zero. What is no number is left
/// out. Descriptions and units are not kept.
#[derive(Clone)]
pub struct Recorder(Arc<Kinds>);

struct Kinds {
    counters: Known<RecordedCounter, CounterHandle>,
    gauges: Known<RecordedGauge, GaugeHandle>,
    histograms: Known<RecordedHistogram, HistogramHandle>,
}

/// The metrics of one kind, each with its handle: no more than there are series.
struct Known<F: Family, H> {
    meter: FamilyMeter<F>,
    handles: RwLock<HashMap<Key, Arc<H>>>,
}

impl Recorder {
    /// Room for so many counters, as many gauges and as many histograms.
    pub fn new(metrics: usize) -> Self {
        Self(Arc::new(Kinds {
            counters: Known::new(metrics),
            gauges: Known::new(metrics),
            histograms: Known::new(metrics),
        }))
    }

    /// Adds the three families to a node: see [`Config::with_family`].
    pub fn families(&self, config: Config) -> Config {
        let Kinds {
            counters,
            gauges,
            histograms,
        } = &*self.0;
        config
            .with_family(&counters.meter)
            .with_family(&gauges.meter)
            .with_family(&histograms.meter)
    }
}

impl<F: Family, H> Known<F, H> {
    fn new(metrics: usize) -> Self {
        Self {
            meter: FamilyMeter::new(metrics),
            handles: RwLock::default(),
        }
    }

    /// The handle of a metric; `open` makes a new one, and says whether that counts in the overflow series.
    fn find(&self, key: &Key, open: impl FnOnce(&FamilyMeter<F>, &str) -> (H, bool)) -> Arc<H> {
        let known = self.handles.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = known.get(key) {
            return handle.clone();
        }
        drop(known);
        let mut handles = self.handles.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = handles.get(key) {
            return handle.clone();
        }
        let (handle, folded) = open(&self.meter, &name(key));
        let handle = Arc::new(handle);
        if !folded {
            handles.insert(key.clone(), handle.clone());
        }
        handle
    }
}

impl ::metrics::Recorder for Recorder {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.0.counters.find(key, CounterHandle::open))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.0.gauges.find(key, GaugeHandle::open))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.0.histograms.find(key, HistogramHandle::open))
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("counters", &self.0.counters.meter)
            .field("gauges", &self.0.gauges.meter)
            .field("histograms", &self.0.histograms.meter)
            .finish()
    }
}

/// The name of a metric's series, in which no two metrics are alike.
fn name(key: &Key) -> String {
    let mut name = String::new();
    push(&mut name, key.name(), "\\{");
    for (place, label) in key.labels().enumerate() {
        name.push(if place == 0 { '{' } else { ',' });
        push(&mut name, label.key(), "\\=");
        name.push_str("=\"");
        push(&mut name, label.value(), "\\\"");
        name.push('"');
    }
    if key.labels().len() > 0 {
        name.push('}');
    }
    name
}

/// Appends text with a backslash before each of these characters.
fn push(to: &mut String, text: &str, escaped: &str) {
    for character in text.chars() {
        if escaped.contains(character) {
            to.push('\\');
        }
        to.push(character);
    }
}
