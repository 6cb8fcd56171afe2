//! The families that come with the core, declared as a user declares one.

mod cache;
mod replication;
mod rpc;

pub use cache::{Cache, CacheStats};
pub use replication::{ChannelStats, Replication};
pub use rpc::{Call, CallOutcome, Handler, Rpc, ServiceStats, StreamStats};

crate::family! {
    /// What flows through one broadcast, for one tier and role.
    pub struct Traffic: "traffic" by broadcast as "streamgauge_traffic" {
        pair announced / announced_closed on Announce:
            "announce guards opened" / "announce guards dropped";
        pair broadcasts / broadcasts_closed on Active:
            "times the series went from no subscription to some" /
            "times the series went back to no subscription";
        pair subscriptions / subscriptions_closed on Subscribe:
            "subscriptions opened" / "subscriptions ended";
        counter bytes [bytes]: "payload bytes";
        counter frames: "frames";
        counter groups: "groups";
        pair viewers / viewers_closed on View:
            "first subscriptions under an announce guard" /
            "last subscriptions under an announce guard that ended";
    }
}

crate::family! {
    /// Sessions that came and went under one root.
    pub struct Presence: "presence" by root as "streamgauge_presence" {
        pair sessions / sessions_closed on Announce: "sessions connected" / "sessions disconnected";
    }
}
