//! streamgauge under tokio: tables on the heap, a driver task, and sinks for its frames.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), streamgauge_tokio::ConfigError> {
//! use streamgauge_tokio::{Config, Stats, Tier};
//!
//! let stats = Stats::spawn(Config::new().with_node("sjc/1"))?;
//! let handle = stats.tier(Tier::External);
//!
//! let viewer = handle.broadcast("demo/bbb").publisher(); // announced to a peer
//! let mut track = viewer.track("video"); // it subscribed
//! track.group();
//! track.whole_frame(1200);
//!
//! stats.flush().await;
//! let latest = stats.latest("publisher.json").and_then(|track| track.frame());
//! assert!(latest.is_some_and(|frame| frame.payload.starts_with(br#"{"demo/bbb":{"announced":1"#)));
//! # Ok(())
//! # }
//! ```
//!
//! Other families, among them those of the core for calls, replication and caches, count in a
//! [`FamilyMeter`] that the node publishes too. [`Stats::scrape`] writes all of them as text.
//!
//! # Features
//!
//! None is on unless it is asked for.
//!
//! - `http`: serves text for scrapers, the newest frames and a health check: see the module `http`.
//! - `metrics`: to and from the facade of that name: see the module `metrics`.
//! - `opentelemetry`: observable instruments of a meter: see the module `opentelemetry`.
//! - `prometheus-client`: a collector for a registry of that crate: see the module `prometheus_client`.
//! - `tower`: a layer that counts the calls of HTTP services and clients: see the module `tower`.
#![forbid(unsafe_code)]

mod board;
mod broadcast;
mod clock;
pub mod collect;
mod config;
mod deflate;
mod deltas;
mod desk;
mod difference;
mod driver;
mod families;
mod family;
mod family_config;
mod file;
mod forms;
mod frame;
mod groups;
mod host;
#[cfg(feature = "http")]
pub mod http;
mod levels;
mod members;
#[cfg(feature = "metrics")]
pub mod metrics;
mod names;
mod news;
#[cfg(feature = "opentelemetry")]
pub mod opentelemetry;
mod origin;
mod page;
#[cfg(feature = "prometheus-client")]
pub mod prometheus_client;
mod published;
mod rest;
mod runner;
mod scrape;
mod sibling;
mod side;
mod sink;
mod snapshot;
mod stats;
#[cfg(feature = "tower")]
pub mod tower;
mod track;
mod track_sink;

pub use board::Latest;
pub use broadcast::{BroadcastConsumer, BroadcastError, BroadcastProducer};
pub use config::{Config, ConfigError};
pub use deflate::{Deflate, Inflate, InflateError};
pub use deltas::Deltas;
pub use family::{FamilyMeter, FamilyRef};
pub use family_config::FamilyConfig;
pub use file::FileSink;
pub use frame::{Form, Frame};
pub use host::{Host, HostRef, KEY_BYTES};
pub use origin::{AnnounceError, Announcement, OriginConsumer, OriginProducer};
pub use sink::{Sink, SinkError};
pub use snapshot::{Metric, Sample, Snapshot};
pub use stats::Stats;
pub use track::{
    GroupConsumer, GroupProducer, TrackConfig, TrackConsumer, TrackProducer, TrackWeak,
};
pub use track_sink::TrackSink;

pub use streamgauge_core::track::{Amount, Fetch, Reason, TrackError, TrackEvent};
pub use streamgauge_core::{
    Cache, CallOutcome, Counter, Event, Family, Format, Health, Lease, MetricKind, Presence,
    Replication, Role, Rpc, Tier, Traffic, Usage, family, negotiate,
};

/// Counts for one tier; see [`streamgauge_core::StatsHandle`].
pub type StatsHandle = streamgauge_core::StatsHandle<Host>;
/// One broadcast for one tier; see [`streamgauge_core::BroadcastStats`].
pub type BroadcastStats = streamgauge_core::BroadcastStats<Host>;
/// Announce guard of the egress role; see [`streamgauge_core::Announce`].
pub type PublisherStats = streamgauge_core::PublisherStats<Host>;
/// Announce guard of the ingress role; see [`streamgauge_core::Announce`].
pub type SubscriberStats = streamgauge_core::SubscriberStats<Host>;
/// Subscription guard of the egress role; see [`streamgauge_core::Track`].
pub type PublisherTrack = streamgauge_core::PublisherTrack<Host>;
/// Subscription guard of the ingress role; see [`streamgauge_core::Track`].
pub type SubscriberTrack = streamgauge_core::SubscriberTrack<Host>;
/// Guard of one connected session; see [`streamgauge_core::Announce`].
pub type SessionStats = streamgauge_core::SessionStats<Host>;
/// Counts for one service; see [`streamgauge_core::ServiceStats`].
pub type ServiceStats = streamgauge_core::ServiceStats<FamilyMeter<Rpc>>;
/// Counts for one channel; see [`streamgauge_core::ChannelStats`].
pub type ChannelStats = streamgauge_core::ChannelStats<FamilyMeter<Replication>>;
/// Counts for one track's cache; see [`streamgauge_core::CacheStats`].
pub type CacheStats = streamgauge_core::CacheStats<FamilyMeter<Cache>>;
