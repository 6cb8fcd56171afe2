//! The core of streamgauge: live pub/sub traffic counted exactly, in fixed memory.
//!
//! ```text
//! guard ──> cell ──> ledger ──> diff ──> encode ──> frame
//! ```
//!
//! Guards bump cells from any task; one reporter collects them into a ledger, sees what moved, and
//! writes frames into buffers that its caller owns. Nothing here allocates, reads a clock, wakes a
//! task or spawns one: adapters do.
#![no_std]
#![forbid(unsafe_code)]

#[doc(hidden)]
pub use serde;

mod activity;
mod cell;
pub mod collect;
mod encode;
mod families;
mod feed;
mod guard;
mod handle;
mod key;
mod label;
mod ledger;
mod meter;
mod name;
mod node;
mod pool;
mod reporter;
mod retained;
mod rollup;
mod row;
#[doc(hidden)]
pub mod schema;
#[doc(hidden)]
pub mod snapshot;
mod storage;
pub mod sync;
mod time;
pub mod track;

pub use activity::{Activity, Lease, Tally};
pub use cell::{Cell, CellId};
pub use encode::text::{
    ByTier, ByTierAndRole, Exposition, FamilySection, Format, LabelError, Labels, LaneLabels,
    MetricHead, MetricKind, Point, PointLabels, PointValue, Scrapes, Section, SelfSection, Visitor,
    negotiate, visit,
};
pub use families::{
    Cache, CacheStats, Call, CallOutcome, ChannelStats, Handler, Presence, Replication, Rpc,
    ServiceStats, StreamStats, Traffic,
};
pub use feed::{Chunk, Feed};
pub use guard::{Announce, FLUSH_EVERY, Hold, MeterRef, Track};
pub use handle::{
    BroadcastStats, Handle, Meters, PublisherStats, PublisherTrack, SessionStats, StatsHandle,
    SubscriberStats, SubscriberTrack,
};
pub use key::{Key, KeyTooLong, KeyWords, OVERFLOW};
pub use label::{MAX_TIERS, Role, Tier};
pub use ledger::{
    Account, Books, InlineBooks, Lane, Ledger, MAX_LANES, Mark, Pages, Series, Span, Split,
};
pub use meter::{Linger, Meter};
pub use node::{Health, Names, Told};
pub use pool::{Pool, Usage};
pub use reporter::{Reporter, Schedule, TrackId};
pub use retained::{NoRoom, RestoreError, Restored, Saved};
pub use rollup::{
    InlineRollups, LevelEvent, LevelId, LevelRow, LevelSeries, LevelSum, LevelTrack, Rollup,
    RollupBooks, RollupPages, RollupSplit, Rollups,
};
pub use row::Row;
pub use schema::{
    Bounds, Buckets, Counter, Distribution, Event, Family, Gauge, Histogram, Label, Level, Pair,
    Quantity, Reading, Samples, Scale, Source, Totals, Word,
};
pub use snapshot::Snapshot;
pub use storage::{Bucket, Inline, Shard, Storage, Tables};
pub use sync::{AtomicWords, Id, Lock, PlainWords};
pub use time::{Duration, Instant};
