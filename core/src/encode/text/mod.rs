//! Text that scrapers read: Prometheus 0.0.4, `OpenMetrics` 1.0 and 2.0, from one snapshot.
//!
//! An [`Exposition`] writes sections one after the other, each with metric families of its own, into
//! whatever buffers there are. It borrows the ledgers, so that nothing is collected in the midst of it.

mod decimal;
mod escape;
mod exposition;
mod format;
mod histogram;
mod labels;
mod line;
mod lone;
mod metric;
mod negotiate;
mod own;
mod plain;
mod section;
mod visit;

pub use exposition::{Exposition, Section};
pub use format::Format;
pub use labels::{ByTier, ByTierAndRole, LabelError, Labels, LaneLabels};
pub use negotiate::negotiate;
pub use own::{Scrapes, SelfSection};
pub use section::FamilySection;
pub use visit::{MetricHead, MetricKind, Point, PointLabels, PointValue, Visitor, visit};
