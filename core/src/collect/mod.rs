//! The reading side: frames of any publisher, back into counters, and the counters of many nodes into one
//! account.
//!
//! ```text
//! bytes ──> FrameReader ──> Entry ──> Fleet ──> rows, prefixes, lanes, nodes, top k
//! ```

mod error;
mod fleet;
mod frame;
mod name;
mod node;
mod row;
mod scan;
mod utf8;

pub use error::{Expected, ParseError};
pub use fleet::{
    Bookmarks, Counts, Fleet, FleetFull, FleetParts, FleetPolicy, FleetRoom, FleetTables,
    FleetTablesMut, FrameAt, Growth, InlineFleet, Intake, Kept, KeptAt, KeptChange, KeptEpoch,
    LaneSlot, LaneView, ReadError, Refused, RowSlot, RowView, SeriesSlot, SourceId, SourceSlot,
    SourceView, TrackSlot,
};
pub use frame::{Entry, FrameReader};
pub use name::{BroadcastName, TrackKind, TrackName};
pub use node::NodeReader;
pub use row::ReadRow;
