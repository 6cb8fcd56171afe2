//! streamgauge on `MoQ`: the reporter's frames as a broadcast, a meter for what a relay
//! forwards, and a bridge between tracks.
//!
//! [`Publisher`] announces one broadcast on a [`moq_net`] origin and writes one group per
//! frame. [`Meter`] stands between a relay's shared origin and each of its sessions, and
//! counts announcements, subscriptions, groups, frames and bytes as they pass, in both
//! directions. [`Export`] and [`Import`] join a track of [`streamgauge_tokio`], whose tracks
//! and moq-net's run on the same runtime, with one of moq-net, [`export_broadcast`] a whole broadcast, and
//! [`export_origin`] all that are announced. None of them opens a socket or spawns a task.

mod bridge;
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

pub use bridge::{
    BridgeError, Export, Import, export_broadcast, export_on_demand, export_origin,
    import_on_demand,
};
pub use meter::{Meter, Session};
pub use publisher::{AnnounceError, PublishError, Publisher};
