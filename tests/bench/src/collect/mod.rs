//! The reading side: a tick of one node, and the sum over many.

mod merge;
mod tick;

pub(crate) use merge::merge;
pub(crate) use tick::tick;

/// The peer that reads what we publish.
const PEER: &str = "moq-stats 0.2.20";
