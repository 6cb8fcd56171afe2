//! To and from the `metrics` facade.
//!
//! An [`Exporter`] hands what a node counts to a recorder of the facade; a [`Recorder`] is one, whose metrics
//! the node shows with its own.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use streamgauge_tokio::{Config, Format, Stats, metrics::Recorder};
//!
//! let recorder = Recorder::new(1_000);
//! ::metrics::set_global_recorder(recorder.clone())?;
//! let stats = Stats::spawn(recorder.families(Config::new()))?;
//!
//! ::metrics::counter!("logins", "via" => "token").increment(2);
//! let text = stats.scrape(Format::Prometheus).await;
//! let line = r#"metrics_counter_total{metric="logins{via=\"token\"}"} 2"#;
//! assert!(String::from_utf8_lossy(&text).contains(line));
//! # Ok(())
//! # }
//! ```

mod exporter;
mod families;
mod handles;
mod recorder;

pub use exporter::Exporter;
pub use families::{RecordedCounter, RecordedGauge, RecordedHistogram};
pub use recorder::Recorder;
