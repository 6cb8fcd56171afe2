//! Writes expositions of random scenes, and beside each what is meant by it, for parsers that are not ours.
//!
//! `expositions DIR COUNT` writes `DIR/<seed>.prom`, `.om1`, `.om2` and, for those of `OpenMetrics` 1.0,
//! `.json`: a list of `[family, kind, unit, help, samples]`, a sample being `[name, labels, value]` with
//! the value as text.

use std::{env, fs, io, path::Path};

use serde_json::{Value, json};
use streamgauge_core::Format;
use streamgauge_tests::text::{LabelSet, Metric, Point, Random, Scene};

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let usage = || io::Error::other("usage: expositions DIR COUNT");
    let dir = arguments.next().ok_or_else(usage)?;
    let count = arguments.next().and_then(|count| count.parse().ok());
    for seed in 0..count.ok_or_else(usage)? {
        write(Path::new(&dir), seed)?;
    }
    Ok(())
}

/// Writes the expositions of one scene; the first has no series.
fn write(dir: &Path, seed: u64) -> io::Result<()> {
    let mut random = Random(seed);
    let zone = random.text();
    let mut scene = Scene::new(3, &[("node", "sjc/1"), ("zone", &zone)]);
    for _ in 0..random.below(14) * usize::from(seed > 0) {
        scene.play(&random.step());
    }
    scene.tick(false);
    for (format, end) in Format::ALL.into_iter().zip(["prom", "om1", "om2"]) {
        let room = 64 + random.below(8_000);
        fs::write(dir.join(format!("{seed}.{end}")), scene.write(format, room))?;
    }
    let meant: Vec<_> = scene
        .meant(Format::OpenMetrics1)
        .iter()
        .map(family)
        .collect();
    fs::write(dir.join(format!("{seed}.json")), json!(meant).to_string())
}

fn family(metric: &Metric) -> Value {
    let samples: Vec<_> = metric
        .points
        .iter()
        .flat_map(|point| samples(metric, point))
        .collect();
    let kind = format!("{:?}", metric.kind).to_lowercase();
    json!([metric.name, kind, metric.unit, metric.help, samples])
}

/// The samples of one set of labels.
fn samples(metric: &Metric, (labels, point): (&LabelSet, &Point)) -> Vec<Value> {
    let sample =
        |suffix: &str, value: String| json!([format!("{}{suffix}", metric.name), labels, value]);
    let (mut samples, since) = match point {
        Point::Number { n, since: None } => (vec![sample("", n.to_string())], None),
        Point::Number { n, since } => (vec![sample("_total", n.to_string())], since.as_ref()),
        Point::Histogram {
            buckets,
            sum,
            count,
            since,
        } => {
            let bucket = |(le, n): &(String, u64)| {
                let mut labels = labels.clone();
                labels.insert("le".into(), le.clone());
                json!([format!("{}_bucket", metric.name), labels, n.to_string()])
            };
            let mut samples: Vec<_> = buckets.iter().map(bucket).collect();
            samples.push(sample("_sum", sum.to_string()));
            samples.push(sample("_count", count.to_string()));
            (samples, since.as_ref())
        }
    };
    samples.extend(since.map(|since| sample("_created", since.to_string())));
    samples
}
