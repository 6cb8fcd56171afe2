//! Metrics as Prometheus text 0.0.4.

use std::fmt::Write;

use super::Metric;

/// Writes metrics that have samples, each with its head.
pub fn write(metrics: &[Metric]) -> String {
    let mut out = String::new();
    for metric in metrics.iter().filter(|metric| !metric.samples.is_empty()) {
        // Writing to a text does not fail.
        let _ = one(&mut out, metric);
    }
    out
}

fn one(out: &mut String, metric: &Metric) -> std::fmt::Result {
    let name = &metric.name;
    let kind = if metric.counter { "counter" } else { "gauge" };
    writeln!(out, "# HELP {name} {}", metric.help)?;
    writeln!(out, "# TYPE {name} {kind}")?;
    for sample in &metric.samples {
        out.push_str(name);
        for (place, (label, value)) in sample.labels.iter().enumerate() {
            out.push(if place == 0 { '{' } else { ',' });
            write!(out, "{label}=\"")?;
            escape(out, value);
            out.push('"');
        }
        if !sample.labels.is_empty() {
            out.push('}');
        }
        writeln!(out, " {}", sample.value)?;
    }
    Ok(())
}

/// A backslash, a quote and a line feed are all that may be escaped.
fn escape(out: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            _ => out.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Sample;

    #[test]
    fn text_is_what_scrapers_read() {
        let sample = |labels: &[(&'static str, &str)], value| Sample {
            labels: labels
                .iter()
                .map(|(name, of)| (*name, (*of).into()))
                .collect(),
            value,
        };
        let metrics = [
            Metric {
                name: "a_total".into(),
                help: "what a is".into(),
                counter: true,
                samples: vec![sample(&[("x", "1\\2\"3\n\r"), ("y", "")], u64::MAX)],
            },
            Metric {
                name: "b".into(),
                help: "b".into(),
                counter: false,
                samples: vec![sample(&[], 0)],
            },
            Metric {
                name: "c".into(),
                help: "nothing".into(),
                counter: false,
                samples: Vec::new(),
            },
        ];
        let expected = "# HELP a_total what a is\n# TYPE a_total counter\n\
            a_total{x=\"1\\\\2\\\"3\\n\r\",y=\"\"} 18446744073709551615\n\
            # HELP b b\n# TYPE b gauge\nb 0\n";
        assert_eq!(write(&metrics), expected);
    }
}
