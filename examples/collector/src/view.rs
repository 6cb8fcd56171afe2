//! The fleet as it is shown: a snapshot of each tick, the same for all who show it.

use std::sync::Arc;

use streamgauge_core::{Presence, Role, Traffic};

/// The fleet at a moment.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// When, in milliseconds since the Unix epoch.
    pub ts_ms: u64,
    /// Tells these sums from others, of which nothing was kept.
    pub epoch: u64,
    /// All broadcasts, by name, tier and role.
    pub broadcasts: Vec<Broadcast>,
    /// All that ever flowed, by tier and role, whatever was forgotten since included.
    pub traffic: Vec<Sum<Traffic>>,
    /// All roots of sessions, by name and tier.
    pub roots: Vec<Sessions>,
    /// All sessions that there ever were, by tier.
    pub sessions: Vec<Sum<Presence>>,
    /// All nodes, by name.
    pub nodes: Vec<Node>,
    /// The sources, in the order of the command line.
    pub sources: Vec<Source>,
    /// How reading goes.
    pub tally: Tally,
}

/// A tier, by its name; the external one has none.
pub type Tier = Arc<str>;

/// One broadcast in one tier and role, on all nodes.
#[derive(Clone, Debug)]
pub struct Broadcast {
    /// The broadcast.
    pub name: Arc<str>,
    /// The tier.
    pub tier: Tier,
    /// The role.
    pub role: Role,
    /// All that was counted.
    pub total: Traffic,
    /// The same as it is told to readers who know what is open by what was opened and closed alone.
    pub told: Traffic,
    /// Who watch it now.
    pub watching: u64,
    /// Something of it has begun and not ended.
    pub open: bool,
    /// Bytes per second.
    pub rate: f64,
    /// Since when it is counted, in milliseconds since the Unix epoch.
    pub since: u64,
    /// When it grew last, likewise.
    pub moved_ms: u64,
}

/// The sessions of one root in one tier, on all nodes.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// The root.
    pub root: Arc<str>,
    /// The tier.
    pub tier: Tier,
    /// All that were counted.
    pub total: Presence,
    /// The same as it is told to readers who know what is open by what was opened and closed alone.
    pub told: Presence,
    /// How many there are now.
    pub live: u64,
    /// Some have begun and not ended.
    pub open: bool,
    /// Since when they are counted, in milliseconds since the Unix epoch.
    pub since: u64,
    /// When they grew last, likewise.
    pub moved_ms: u64,
}

/// The sum over all broadcasts, or all roots of sessions, of a tier.
#[derive(Clone, Debug)]
pub struct Sum<F> {
    /// The tier.
    pub tier: Tier,
    /// The role; nothing for sessions.
    pub role: Option<Role>,
    /// All that was counted.
    pub total: F,
}

/// One node.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its name.
    pub name: Arc<str>,
    /// Whether it is there.
    pub present: bool,
    /// When its life began, in milliseconds since the Unix epoch, if it says so.
    pub since: Option<u64>,
    /// Milliseconds since its last frame.
    pub silent_ms: u64,
    /// All that ever flowed in, as it is counted for the subscribing role.
    pub ingress: Traffic,
    /// All that ever flowed out, as it is counted for the publishing role.
    pub egress: Traffic,
    /// Bytes per second that flow in, and out.
    pub rates: [f64; 2],
    /// Sessions now.
    pub sessions: u64,
}

/// One source.
#[derive(Clone, Debug)]
pub struct Source {
    /// What it is called on the command line.
    pub name: String,
    /// What is wrong with it; nothing if it is there.
    pub error: Option<String>,
}

/// How reading goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Frames read.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Frames that could not be read.
    pub bad_frames: u64,
    /// News of nodes that found no room.
    pub refused: u64,
}

impl Node {
    /// How many nodes of these are there.
    pub fn present(nodes: &[Self]) -> usize {
        nodes.iter().filter(|node| node.present).count()
    }
}
