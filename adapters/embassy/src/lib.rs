//! streamgauge under embassy: everything in one `static`, a handle for tasks and interrupt handlers,
//! and a runner to spawn.
//!
//! ```
//! use streamgauge_embassy::{Config, Handle, Runner, Serial, Stats, Tier, key, roots, rows};
//!
//! // 32 series with names of up to 32 bytes, 64 open subscriptions, no sessions.
//! type Gauge = Stats<{ rows(32) }, 64, { key(32) }, { roots(0) }>;
//! static STATS: Gauge = Gauge::new();
//!
//! // #[embassy_executor::task]
//! async fn publish(mut runner: Runner<Gauge>, uart: impl embedded_io_async::Write) {
//!     let mut sink = Serial::<_, 256>::new(uart);
//!     runner.run(&mut sink).await
//! }
//!
//! // #[embassy_executor::task]
//! async fn relay(stats: Handle<Gauge>) {
//!     let broadcast = stats.tier(Tier::External).broadcast("demo/bbb");
//!     let viewer = broadcast.publisher(); // announced to a peer
//!     let mut track = viewer.track("video"); // it subscribed
//!     track.group();
//!     track.whole_frame(1200);
//! }
//!
//! # fn main() -> Result<(), streamgauge_embassy::SplitError> {
//! let (stats, runner) = STATS.split(Config::new().with_node("gateway/1").with_epoch(7))?;
//! # drop((stats, runner));
//! # Ok(())
//! # }
//! ```
//!
//! | sink | frames go to |
//! |---|---|
//! | [`Serial`] | a UART or any other `embedded_io_async::Write`, in packets of 64 bytes or more |
//! | `Udp` (feature `net`) | a peer's UDP port, over embassy-net |
//! | [`Latest`] | readers in the firmware, which see the last frame of each track |
//! | `(A, B)` | both |
//!
//! The far end of a link reads them with [`wire::Reader`], on a host too.
//!
//! [`track`] has what flows itself: live tracks in a `static`, with frames kept for readers who come late
//! or fall behind.
//!
//! # Interrupts and priorities
//!
//! Guards are bumped with loads and stores alone: in interrupt handlers, and from executors of any
//! priority, while the runner collects. Opening and dropping a guard takes a critical section for tens
//! of instructions, and so does the runner, for a row at a time; what a [track](track#cost) does takes
//! hundreds. No lock is held over an await; a sink that is slow or dead delays frames, never a bump.
//!
//! # What the firmware chooses
//!
//! The time comes from `embassy-time`; which executor, time driver, tick rate and timer queue there
//! are is for the firmware to say, and so is the implementation of `critical-section`, the logger of
//! `defmt` (feature `defmt`), and what IP versions and media `embassy-net` has.
#![no_std]
#![forbid(unsafe_code)]

mod books;
mod config;
mod handle;
mod latest;
mod lock;
mod log;
mod patches;
pub mod retained;
mod room;
mod runner;
mod seats;
mod serial;
mod sink;
mod stats;
mod time;
pub mod track;
#[cfg(feature = "net")]
mod udp;
pub mod wire;

pub use config::{Config, SplitError};
pub use handle::Handle;
pub use latest::{Latest, LatestError, LatestReader, LatestSink, TooShort};
pub use lock::CriticalSectionLock;
pub use patches::Patches;
pub use room::{TIERS, key, lanes, marks, roots, roots_of, rows, rows_of, tracks};
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
