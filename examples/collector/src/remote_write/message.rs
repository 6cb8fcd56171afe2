//! Requests of Prometheus remote write 1.0, as its protocol buffers have them.

use std::collections::HashSet;
use std::sync::Arc;

use prost::Message;

use crate::metrics::{Metric, Sample};

/// Series in one request.
const BATCH: usize = 2_000;

/// The float that says that a series has ended: Prometheus knows it by its bits.
const STALE: u64 = 0x7ff0_0000_0000_0002;

/// `prometheus.WriteRequest`.
#[derive(Clone, PartialEq, Message)]
pub struct WriteRequest {
    /// All series.
    #[prost(message, repeated, tag = "1")]
    pub timeseries: Vec<TimeSeries>,
}

/// `prometheus.TimeSeries`.
#[derive(Clone, PartialEq, Message)]
pub struct TimeSeries {
    /// In the order of names, that of the metric first.
    #[prost(message, repeated, tag = "1")]
    pub labels: Vec<Label>,
    /// In the order of time.
    #[prost(message, repeated, tag = "2")]
    pub samples: Vec<Point>,
}

/// `prometheus.Label`.
#[derive(Clone, Eq, Hash, PartialEq, Message)]
pub struct Label {
    /// The name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The value.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// `prometheus.Sample`.
#[derive(Clone, PartialEq, Message)]
pub struct Point {
    /// The value.
    #[prost(double, tag = "1")]
    pub value: f64,
    /// Milliseconds since the Unix epoch.
    #[prost(int64, tag = "2")]
    pub timestamp: i64,
}

/// What tells a series from all others.
type Key = (Arc<str>, Vec<(&'static str, Arc<str>)>);

/// Makes requests of metrics, and says of series that are gone that they are.
#[derive(Debug, Default)]
pub struct Rounds {
    /// The series of the last round.
    last: HashSet<Key>,
}

impl Rounds {
    /// The requests of a round, each compressed: first those series that are there, then those that no
    /// longer are.
    pub fn requests(&mut self, metrics: &[Metric], ts_ms: u64) -> Vec<Vec<u8>> {
        let timestamp = i64::try_from(ts_ms).unwrap_or(i64::MAX);
        let mut gone = std::mem::take(&mut self.last);
        let mut all = Vec::new();
        for metric in metrics {
            let name: Arc<str> = metric.name.as_str().into();
            for Sample { labels, value } in &metric.samples {
                let key = (Arc::clone(&name), labels.clone());
                gone.remove(&key);
                all.push(series(&key, number(*value), timestamp));
                self.last.insert(key);
            }
        }
        let stale = |key: &Key| series(key, f64::from_bits(STALE), timestamp);
        all.extend(gone.iter().map(stale));
        all.chunks(BATCH).map(request).collect()
    }
}

/// Whole numbers are exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "the protocol has floats only")]
const fn number(value: u64) -> f64 {
    value as f64
}

fn series((name, labels): &Key, value: f64, timestamp: i64) -> TimeSeries {
    let label = |name: &str, value: &str| Label {
        name: name.into(),
        value: value.into(),
    };
    // An empty value means that there is no such label, which the protocol leaves out.
    let labels = labels.iter().filter(|(_, value)| !value.is_empty());
    let labels = labels.map(|(name, value)| label(name, value));
    TimeSeries {
        labels: std::iter::once(label("__name__", name))
            .chain(labels)
            .collect(),
        samples: vec![Point { value, timestamp }],
    }
}

fn request(series: &[TimeSeries]) -> Vec<u8> {
    let request = WriteRequest {
        timeseries: series.to_vec(),
    };
    let plain = request.encode_to_vec();
    // It errs above 4 GiB only.
    snap::raw::Encoder::new()
        .compress_vec(&plain)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(names: &[&str]) -> Metric {
        let samples = names.iter().map(|name| Sample {
            labels: vec![("broadcast", (*name).into()), ("empty", "".into())],
            value: 7,
        });
        Metric {
            name: "x_total".into(),
            help: String::new(),
            counter: true,
            samples: samples.collect(),
        }
    }

    fn read(requests: &[Vec<u8>]) -> Vec<TimeSeries> {
        let plain = requests.iter().map(|request| {
            let plain = snap::raw::Decoder::new().decompress_vec(request).unwrap();
            WriteRequest::decode(&*plain).unwrap().timeseries
        });
        plain.flatten().collect()
    }

    #[test]
    fn series_have_their_labels_and_the_time_of_the_view() {
        let series = read(&Rounds::default().requests(&[metric(&["cam"])], 1_234));
        let [series] = series.as_slice() else {
            panic!("one series")
        };
        let labels = series
            .labels
            .iter()
            .map(|label| (&*label.name, &*label.value));
        assert_eq!(
            labels.collect::<Vec<_>>(),
            [("__name__", "x_total"), ("broadcast", "cam")]
        );
        assert_eq!(
            series.samples,
            [Point {
                value: 7.0,
                timestamp: 1_234
            }]
        );
    }

    #[test]
    fn a_series_that_is_gone_ends_once() {
        let mut rounds = Rounds::default();
        rounds.requests(&[metric(&["a", "b"])], 1);
        let second = read(&rounds.requests(&[metric(&["b"])], 2));
        let ended: Vec<_> = second
            .iter()
            .filter(|series| series.samples[0].value.is_nan())
            .collect();
        assert_eq!((second.len(), ended.len()), (2, 1));
        assert_eq!(ended[0].samples[0].value.to_bits(), STALE);
        assert_eq!(ended[0].labels[1].value, "a");
        assert_eq!(read(&rounds.requests(&[metric(&["b"])], 3)).len(), 1);
    }

    #[test]
    fn a_round_of_many_series_is_cut() {
        let names: Vec<_> = (0..=BATCH).map(|n| n.to_string()).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let requests = Rounds::default().requests(&[metric(&names)], 1);
        assert_eq!(requests.len(), 2);
        assert_eq!(read(&requests).len(), BATCH + 1);
    }
}
