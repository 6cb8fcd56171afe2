//! A node's metrics in a registry of `prometheus-client`.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use prometheus_client::{encoding::text, registry::Registry};
//! use streamgauge_tokio::{Config, Stats, prometheus_client::Collector};
//!
//! let stats = Stats::spawn(Config::new())?;
//! let mut registry = Registry::default();
//! registry.register_collector(Box::new(Collector::new(&stats)));
//!
//! let mut exposition = String::new();
//! text::encode(&mut exposition, &registry)?;
//! assert!(exposition.contains("streamgauge_table_series{family=\"traffic\"} 0\n"));
//! # Ok(())
//! # }
//! ```

use std::{fmt, sync::Arc};

use ::prometheus_client::{
    collector,
    encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet},
    metrics::MetricType,
    registry::Unit,
};

use crate::{Metric, MetricKind, Sample, Stats, desk::Desk};

/// Shows all that a node counts, under the names that its text has: traffic, presence, all families, and
/// what the node tells of itself.
///
/// Each encoding is one snapshot of what was counted until then. It needs no runtime, and takes no lock
/// while it writes. It does not keep the node alive: it shows nothing once that has ended, and to a sink of
/// the same node. Moments of creation are not shown; `prometheus-client` has none for collectors.
#[derive(Debug)]
pub struct Collector(Option<Arc<Desk>>);

impl Collector {
    /// Shows these stats.
    pub fn new(stats: &Stats) -> Self {
        Self(stats.desk().cloned())
    }
}

impl collector::Collector for Collector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(snapshot) = self.0.as_ref().and_then(|desk| desk.read()) else {
            return Ok(());
        };
        let mut metrics = snapshot.metrics();
        metrics.try_for_each(|metric| encode(&mut encoder, metric))
    }
}

fn encode(encoder: &mut DescriptorEncoder<'_>, metric: Metric<'_>) -> fmt::Result {
    // The encoder adds the unit to the name by itself.
    let stem = metric.name().strip_suffix(metric.unit());
    let stem = stem.and_then(|stem| stem.strip_suffix('_'));
    let (name, unit) = match stem.filter(|_| !metric.unit().is_empty()) {
        Some(stem) => (stem, Some(Unit::Other(metric.unit().into()))),
        None => (metric.name(), None),
    };
    let kind = match metric.kind() {
        MetricKind::Counter => MetricType::Counter,
        MetricKind::Gauge => MetricType::Gauge,
        MetricKind::Histogram => MetricType::Histogram,
    };
    let mut encoder = encoder.encode_descriptor(name, &help(metric), unit.as_ref(), kind)?;
    metric.samples().try_for_each(|sample| {
        let labels: Vec<_> = sample.labels().collect();
        if labels.is_empty() {
            return value(&mut encoder, metric, sample);
        }
        value(&mut encoder.encode_family(&labels)?, metric, sample)
    })
}

fn value(encoder: &mut MetricEncoder<'_>, metric: Metric<'_>, sample: Sample<'_>) -> fmt::Result {
    match (metric.kind(), metric.is_whole()) {
        (MetricKind::Counter, true) => {
            encoder.encode_counter::<NoLabelSet, _, f64>(&sample.raw(), None)
        }
        (MetricKind::Counter, false) => {
            encoder.encode_counter::<NoLabelSet, _, f64>(&sample.float(), None)
        }
        (MetricKind::Gauge, true) => encoder.encode_gauge(&sample.raw()),
        (MetricKind::Gauge, false) => encoder.encode_gauge(&sample.float()),
        (MetricKind::Histogram, _) => {
            let buckets = metric.bounds().zip(sample.buckets().iter().copied());
            let buckets: Vec<_> = buckets.collect();
            encoder.encode_histogram::<NoLabelSet>(sample.float(), sample.count(), &buckets, None)
        }
    }
}

/// The help as text has it, which the encoder writes as it is.
fn help(metric: Metric<'_>) -> String {
    let help = metric.help().replace('\\', "\\\\");
    help.replace('"', "\\\"").replace('\n', "\\n")
}
