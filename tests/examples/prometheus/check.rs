//! What queries must say.

use std::{fmt::Display, time::Duration};

use crate::{
    node::{Counted, TIERS},
    relay::{Sent, Volume},
    server::{Server, wall_clock},
};

/// The length of the window of rates.
const WINDOW: Duration = Duration::from_secs(10);

/// How long before the end of the traffic that window ends.
const MARGIN: Duration = Duration::from_secs(1);

/// How much a rate over that window may be off: what a node collects and when it is scraped do not fall
/// together.
const ERROR: f64 = 0.05;

/// Waits until the server has scraped everything; the moment when it had, on the wall clock.
pub(crate) async fn settle(server: &Server, counted: &Counted, sent: &Sent) -> Duration {
    let [bytes, ..] = sent.published.0;
    let frames = counted.frames.iter().sum::<u64>();
    let node = r#"sum(streamgauge_node_traffic_frames_total{job="node"})"#;
    let relay = r#"sum(streamgauge_node_traffic_bytes_total{job="relay",role="subscriber"})"#;
    server
        .until("the node's frames are scraped", node, frames as f64)
        .await;
    server
        .until("the relay's bytes are scraped", relay, bytes as f64)
        .await;
    wall_clock()
}

/// Compares everything, and says whether it agrees.
pub(crate) async fn all(server: &Server, end: Duration, counted: &Counted, sent: &Sent) -> bool {
    let checks = Checks { server, end };
    let mut agree = checks.totals(counted).await;
    agree &= checks.rates(counted).await;
    agree &= checks.calls(counted).await;
    agree &= checks.relay(sent).await;
    agree & checks.scrapes().await
}

struct Checks<'a> {
    server: &'a Server,
    end: Duration,
}

impl Checks<'_> {
    async fn totals(&self, counted: &Counted) -> bool {
        let mut agree = true;
        for (metric, sums) in [("bytes", counted.bytes), ("frames", counted.frames)] {
            let query =
                format!(r#"sum by (tier) (streamgauge_node_traffic_{metric}_total{{job="node"}})"#);
            agree &= self.by_tier(&query, sums).await;
        }
        agree
    }

    /// Totals rise as fast as was sent, and never fall though series come and go; and of what came and went
    /// nothing counts twice among the series.
    async fn rates(&self, counted: &Counted) -> bool {
        let end = counted.ended().saturating_sub(MARGIN);
        let [external, internal, held] = counted.rates(end.saturating_sub(WINDOW), end);
        let totals = r#"streamgauge_node_traffic_bytes_total{job="node"}"#;
        let series = r#"sum(rate(streamgauge_traffic_bytes_total{job="node"}[10s]))"#;
        let of_one = r#"sum(rate(streamgauge_traffic_bytes_total{broadcast="held"}[10s]))"#;
        let mut agree = self
            .exactly(&format!("sum(resets({totals}[30s]))"), 0.0)
            .await;
        for (tier, sent) in TIERS.into_iter().zip([external, internal]) {
            let of_tier =
                format!(r#"streamgauge_node_traffic_bytes_total{{job="node",tier="{tier}"}}"#);
            let query = format!("sum by (tier) (rate({of_tier}[10s]))");
            agree &= self.about(&query, end, sent, ERROR).await;
        }
        agree &= self.about(of_one, end, held, ERROR).await;
        agree & self.between(series, end, [held, external + internal]).await
    }

    async fn calls(&self, counted: &Counted) -> bool {
        let calls = counted.calls as f64;
        let mut agree = true;
        for (query, expected) in [
            ("nrpc_calls_total", calls),
            ("nrpc_call_latency_seconds_count", calls),
            (r#"nrpc_call_latency_seconds_bucket{le="0.025"}"#, 0.0),
            (
                r#"nrpc_call_latency_seconds_bucket{le="0.05"}"#,
                calls / 2.0,
            ),
            (
                r#"nrpc_call_latency_seconds_bucket{le="0.25"}"#,
                calls / 2.0,
            ),
            (r#"nrpc_call_latency_seconds_bucket{le="0.5"}"#, calls),
            (r#"nrpc_call_latency_seconds_bucket{le="+Inf"}"#, calls),
            ("streamgauge_node_nrpc_calls_total", calls),
            ("streamgauge_node_nrpc_call_latency_seconds_count", calls),
            ("nrpc_in_flight_calls", counted.in_flight as f64),
            // Half the calls lie between 25 and 50 ms, and half between 250 and 500 ms.
            (
                "histogram_quantile(0.25, nrpc_call_latency_seconds_bucket)",
                0.0375,
            ),
            (
                "histogram_quantile(0.9, nrpc_call_latency_seconds_bucket)",
                0.45,
            ),
            (
                "nrpc_call_latency_seconds_sum / nrpc_call_latency_seconds_count",
                0.165,
            ),
        ] {
            agree &= self.exactly(query, expected).await;
        }
        let rate = "sum by (le) (rate(streamgauge_node_nrpc_call_latency_seconds_bucket[10s]))";
        let end = counted.ended().saturating_sub(MARGIN);
        agree
            & self
                .about(&format!("histogram_quantile(0.9, {rate})"), end, 0.45, 0.02)
                .await
    }

    async fn relay(&self, sent: &Sent) -> bool {
        let mut agree = self.volume("subscriber", sent.published).await;
        agree &= self.volume("publisher", sent.received).await;
        let ([into, ..], [out, ..]) = (sent.published.0, sent.received.0);
        let query = r#"sum by (tier) (streamgauge_node_traffic_bytes_total{job="relay"})"#;
        agree & self.by_tier(query, [into + out, 0]).await
    }

    async fn volume(&self, role: &str, Volume([bytes, frames, groups]): Volume) -> bool {
        let mut agree = true;
        for (metric, expected) in [("bytes", bytes), ("frames", frames), ("groups", groups)] {
            let labels = format!(r#"job="relay",role="{role}""#);
            let query = format!("sum(streamgauge_node_traffic_{metric}_total{{{labels}}})");
            agree &= self.exactly(&query, expected as f64).await;
        }
        agree
    }

    /// No scrape failed.
    async fn scrapes(&self) -> bool {
        let mut agree = self.exactly("min(min_over_time(up[1m]))", 1.0).await;
        let targets = self.server.get("/api/v1/targets").await.expect("targets");
        for target in targets["data"]["activeTargets"]
            .as_array()
            .expect("targets")
        {
            let health = target["health"].as_str().unwrap_or("unknown");
            agree &= told(health == "up", "health of a target", &"up", &health);
        }
        agree
    }

    /// Compares a query's numbers for each tier; a tier without series has none.
    async fn by_tier(&self, query: &str, expected: [u64; 2]) -> bool {
        let vector = self
            .server
            .query(query, Some(self.end))
            .await
            .expect("an answer");
        let mut agree = true;
        for (tier, expected) in TIERS.into_iter().zip(expected) {
            let mut values = vector.iter().filter(|(labels, _)| labels["tier"] == tier);
            let value = values.next().map_or(0.0, |(_, value)| *value);
            let same = (value - expected as f64).abs() < f64::EPSILON;
            agree &= told(same, &format!("{tier} of {query}"), &expected, &value);
        }
        agree & (vector.len() <= TIERS.len())
    }

    async fn exactly(&self, query: &str, expected: f64) -> bool {
        self.about(query, self.end, expected, 1e-12).await
    }

    /// Compares a query's only number with bounds, which it may pass by the error of rates.
    async fn between(&self, query: &str, at: Duration, [low, high]: [f64; 2]) -> bool {
        let vector = self.server.query(query, Some(at)).await.expect("an answer");
        let value = vector.first().map_or(f64::NAN, |(_, value)| *value);
        let agree = (low * (1.0 - ERROR)..=high * (1.0 + ERROR)).contains(&value);
        told(agree, query, &format!("{low} to {high}"), &value)
    }

    /// Compares a query's only number, with an error relative to it.
    async fn about(&self, query: &str, at: Duration, expected: f64, error: f64) -> bool {
        let vector = self.server.query(query, Some(at)).await.expect("an answer");
        let [(_, value)] = vector.as_slice() else {
            return told(false, query, &expected, &format!("{vector:?}"));
        };
        let agree = (value - expected).abs() <= expected.abs() * error;
        told(agree, query, &expected, value)
    }
}

/// Writes a line about a comparison.
fn told(agree: bool, what: &str, expected: &dyn Display, found: &dyn Display) -> bool {
    let verdict = if agree { "  " } else { "! " };
    println!("{verdict}{what}: {found}, expected {expected}");
    agree
}
