//! streamgauge on `MoQ`: the reporter's frames as a broadcast, and a meter for what a relay
//! forwards.
//!
//! [`Publisher`] announces one broadcast on a [`moq_net`] origin and writes one group per
//! frame. [`Meter`] stands between a relay's shared origin and each of its sessions, and
//! counts announcements, subscriptions, groups, frames and bytes as they pass, in both
//! directions. Neither opens a socket nor spawns a task.

mod direction;
mod group;
mod guard;
mod horizon;
mod meter;
mod publisher;
mod route;
mod tally;
mod tasks;
mod track;

pub use meter::{Meter, Session};
pub use publisher::{AnnounceError, PublishError, Publisher};
