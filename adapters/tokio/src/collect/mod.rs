//! The reading side: the stats of many nodes in one account.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use streamgauge_tokio::collect::{Collector, CollectorConfig, FrameAt};
//!
//! let collector = Collector::new(&CollectorConfig::new());
//! let node = collector.arrive("sjc/1")?;
//! node.read("publisher.json", FrameAt::first(1), br#"{"demo/bbb":{"bytes":1200,"frames":1}}"#)?;
//!
//! let bytes = collector.look(|fleet| {
//!     let lane = fleet.traffic_lane("", streamgauge_tokio::Role::Publisher)?;
//!     Some(fleet.traffic().row(lane, "demo/bbb")?.totals().bytes)
//! });
//! assert_eq!(bytes, Some(1200));
//! # Ok(())
//! # }
//! ```

mod books;
mod collector;
mod config;
mod follow;
mod room;

pub use books::{Collected, NodeState};
pub use collector::{CollectError, CollectedNode, Collector};
pub use config::CollectorConfig;
pub use room::FleetTables;

pub use streamgauge_core::collect::{
    BroadcastName, Counts, Fleet, FleetFull, FleetPolicy, FrameAt, Growth, Kept, KeptAt,
    KeptChange, LaneView, ParseError, ReadError, Refused, RowView, SourceId, SourceView, TrackKind,
    TrackName,
};
