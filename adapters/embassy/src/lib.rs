//! streamgauge under embassy: everything in one `static`, a handle for tasks and interrupt handlers,
//! and a runner to spawn.
//!
//! The time comes from `embassy-time`; which executor, time driver, tick rate and timer queue there
//! are is for the firmware to say, and so is the implementation of `critical-section`.
#![no_std]
#![forbid(unsafe_code)]

mod books;
mod config;
mod handle;
mod latest;
mod lock;
mod log;
pub mod retained;
mod room;
mod runner;
mod serial;
mod sink;
mod stats;
mod time;
#[cfg(feature = "net")]
mod udp;
pub mod wire;

pub use config::{Config, SplitError};
pub use handle::Handle;
pub use latest::{Latest, LatestError, LatestReader, LatestSink, TooShort};
pub use lock::CriticalSectionLock;
pub use room::{TIERS, key, lanes, roots, roots_of, rows, rows_of, tracks};
pub use runner::{NodeMeters, NodeReporter, Runner};
pub use serial::Serial;
pub use sink::{Frame, Sink, SinkError};
pub use stats::{Node, NodeRef, Stats};
#[cfg(feature = "net")]
pub use udp::{ETHERNET_DATAGRAM, Udp};

pub use streamgauge_core::{Chunk, Health, Presence, Role, Tier, TrackId, Traffic, Usage};

/// Counts for one tier; see [`streamgauge_core::StatsHandle`].
pub type StatsHandle<N> = streamgauge_core::StatsHandle<NodeRef<N>>;
/// One broadcast for one tier; see [`streamgauge_core::BroadcastStats`].
pub type BroadcastStats<N> = streamgauge_core::BroadcastStats<NodeRef<N>>;
/// Announce guard of the egress role; see [`streamgauge_core::Announce`].
pub type PublisherStats<N> = streamgauge_core::PublisherStats<NodeRef<N>>;
/// Announce guard of the ingress role; see [`streamgauge_core::Announce`].
pub type SubscriberStats<N> = streamgauge_core::SubscriberStats<NodeRef<N>>;
/// Subscription guard of the egress role; see [`streamgauge_core::Track`].
pub type PublisherTrack<N> = streamgauge_core::PublisherTrack<NodeRef<N>>;
/// Subscription guard of the ingress role; see [`streamgauge_core::Track`].
pub type SubscriberTrack<N> = streamgauge_core::SubscriberTrack<NodeRef<N>>;
/// Guard of one connected session; see [`streamgauge_core::Announce`].
pub type SessionStats<N> = streamgauge_core::SessionStats<NodeRef<N>>;
