//! Rules that a text can break though it reads well.

use std::collections::BTreeSet;

use streamgauge_core::Format;

use super::{Decimal, Kind, Metric, Point};

/// Checks an exposition that was read.
///
/// # Panics
/// When it breaks a rule.
pub fn check(metrics: &[Metric], format: Format) {
    let mut names = BTreeSet::new();
    for metric in metrics {
        for name in sample_names(metric, format) {
            assert!(names.insert(name.clone()), "{name} is two families'");
        }
        let base = metric.name.strip_suffix("_total").unwrap_or(&metric.name);
        assert_eq!(
            base != metric.name,
            metric.kind == Kind::Counter && format != Format::OpenMetrics1,
            "{} is of the wrong kind",
            metric.name
        );
        assert!(
            metric.unit.is_empty() || base.ends_with(&format!("_{}", metric.unit)),
            "{} does not end with its unit",
            metric.name
        );
        for point in metric.points.values() {
            if let Point::Histogram { buckets, count, .. } = point {
                check_buckets(buckets, *count, format);
            }
        }
    }
}

/// The names of all samples that the family can have, in any scraper's reading.
fn sample_names(metric: &Metric, format: Format) -> Vec<String> {
    let with = |suffix: &&str| format!("{}{suffix}", metric.name);
    match (metric.kind, format) {
        (Kind::Counter, Format::OpenMetrics1) => {
            ["", "_total", "_created"].iter().map(with).collect()
        }
        (Kind::Counter | Kind::Gauge, _) => vec![metric.name.clone()],
        (Kind::Histogram, _) => {
            let parts = ["", "_bucket", "_sum", "_count", "_created"];
            parts.iter().map(with).collect()
        }
    }
}

fn check_buckets(buckets: &[(String, u64)], count: u64, format: Format) {
    let last = buckets.last().expect("a bucket");
    assert_eq!(
        *last,
        ("+Inf".into(), count),
        "the last bucket is the count"
    );
    assert!(
        buckets.is_sorted_by(|(_, a), (_, b)| a <= b),
        "buckets are cumulative: {buckets:?}"
    );
    let bounds = &buckets[..buckets.len() - 1];
    for (bound, _) in bounds {
        let float = bound.contains(['.', 'e']);
        assert!(
            float || format == Format::Prometheus,
            "{bound} reads like an integer"
        );
        assert!(
            canonical(bound),
            "{bound} is not the shortest way to say it"
        );
    }
    let value = |bound: &String| Decimal::read(bound).float();
    assert!(
        bounds.is_sorted_by(|(a, _), (b, _)| value(a) < value(b)),
        "bounds rise: {bounds:?}"
    );
}

/// Whether there is no shorter way to write the same float.
fn canonical(bound: &str) -> bool {
    let digits = |text: &str| {
        let number = text.split('e').next().unwrap_or_default().replace('.', "");
        number.trim_matches('0').to_string()
    };
    let value = Decimal::read(bound).float();
    digits(bound) == digits(&format!("{value:e}"))
}

/// A counter, or a part of a histogram, that is lower in the later of two scrapes of the same life of its
/// series.
#[must_use]
pub fn falls(before: &[Metric], after: &[Metric]) -> Option<String> {
    for metric in before.iter().filter(|metric| metric.kind != Kind::Gauge) {
        let Some(later) = after.iter().find(|later| later.name == metric.name) else {
            return Some(metric.name.clone());
        };
        for (labels, point) in &metric.points {
            let fell = later
                .points
                .get(labels)
                .is_some_and(|later| is_lower(later, point));
            if fell {
                return Some(format!("{} {labels:?}", metric.name));
            }
        }
    }
    None
}

fn is_lower(later: &Point, point: &Point) -> bool {
    match (point, later) {
        (Point::Number { n, since }, Point::Number { n: m, since: again }) => {
            m < n && since == again
        }
        (
            Point::Histogram {
                buckets,
                sum,
                count,
                since,
            },
            Point::Histogram {
                buckets: buckets_again,
                sum: sum_again,
                count: count_again,
                since: again,
            },
        ) => {
            let mut pairs = buckets.iter().zip(buckets_again);
            let fell = pairs.any(|(a, b)| b.1 < a.1) || sum_again < sum || count_again < count;
            fell && since == again
        }
        _ => true,
    }
}
