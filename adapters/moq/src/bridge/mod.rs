//! A bridge between streamgauge's tracks and moq-net's, in both directions.
//!
//! ```text
//! TrackConsumer ── Export ──> moq_net track ──> subscribers, fetches
//! moq_net subscription ── Import ──> TrackProducer ──> readers
//! ```
//!
//! Each bridge is one future that spawns nothing: dropping it stops it, and its open groups end on
//! the other side as dropped. Groups pass in the order of arrival, frames as soon as they are whole,
//! payloads by reference.

mod broadcast;
mod demand;
mod error;
mod export;
mod group_in;
mod group_out;
mod import;
mod origin;

pub use broadcast::export_broadcast;
pub use demand::{export_on_demand, import_on_demand};
pub use error::BridgeError;
pub use export::Export;
pub use import::Import;
pub use origin::export_origin;
