//! The fleet as it is kept: all of it, or what changed, as records; and what they come to.

use std::collections::BTreeMap;
use std::fmt;

use streamgauge_core::{Presence, Traffic};
use streamgauge_tokio::collect::{Collected, FleetFull, Kept, KeptAt};

use super::Fleet;
use super::node::Node;
use super::record::{Record, Records, SavedSide, SideAt, records};

/// All that a fleet keeps.
#[derive(Debug, Default, PartialEq)]
pub struct State {
    epoch: u64,
    tiers: Vec<String>,
    traffic: BTreeMap<KeptAt, Kept<Traffic, String>>,
    presence: BTreeMap<KeptAt, Kept<Presence, String>>,
    broadcasts: BTreeMap<SideAt, SavedSide<Traffic>>,
    roots: BTreeMap<SideAt, SavedSide<Presence>>,
}

/// Why a file is not what was kept, or not all of it can be taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// It is another program's, or of another version.
    Foreign,
    /// It is damaged.
    Damaged,
    /// Its tiers are others than those that are asked for.
    OtherTiers,
    /// There is more in it than there is room for.
    Full,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => "it is no state of a collector of this version",
            Self::Damaged => "it is damaged",
            Self::OtherTiers => {
                "it was kept with other tiers; name the same with --tier, in that order"
            }
            Self::Full => {
                "there is more in it than room; raise --max-nodes, --max-broadcasts or --max-series"
            }
        })
    }
}

impl std::error::Error for RestoreError {}

impl State {
    /// Puts records in the place of those before.
    ///
    /// # Errors
    ///
    /// When there is anything else among them.
    pub fn apply(&mut self, bytes: &[u8]) -> Result<(), RestoreError> {
        for record in records(bytes) {
            match record.map_err(|_| RestoreError::Damaged)? {
                Record::Fleet(epoch, tiers) => (self.epoch, self.tiers) = (epoch, tiers),
                Record::Traffic(at, kept) => put(&mut self.traffic, at, kept),
                Record::Presence(at, kept) => put(&mut self.presence, at, kept),
                Record::Broadcast(at, side) => put(&mut self.broadcasts, at, side),
                Record::Root(at, side) => put(&mut self.roots, at, side),
            }
        }
        Ok(())
    }
}

fn put<K: Ord, V>(kept: &mut BTreeMap<K, V>, at: K, value: Option<V>) {
    match value {
        Some(value) => drop(kept.insert(at, value)),
        None => drop(kept.remove(&at)),
    }
}

impl Fleet {
    /// All that is to be kept, as records, which counts as kept from then on. O(series).
    pub fn keep_all(&mut self) -> Vec<u8> {
        let mut to = Records::default();
        self.collector.change(|collected| {
            to.fleet(self.epoch, collected.tiers());
            let all = collected.traffic().kept_places();
            to.traffic(all.map(|(at, kept)| (at, Some(kept))));
            let all = collected.presence().kept_places();
            to.presence(all.map(|(at, kept)| (at, Some(kept))));
            collected.mark_kept();
        });
        to.broadcasts(self.broadcasts.iter());
        to.roots(self.roots.iter());
        self.mark_sides();
        to.into_bytes()
    }

    /// What of it has changed since it was kept, which counts as kept from then on; no bytes if nothing has.
    /// O(what changed).
    pub fn keep_changes(&mut self) -> Vec<u8> {
        let mut to = Records::default();
        self.collector.change(|collected| {
            to.traffic(collected.traffic().changed());
            to.presence(collected.presence().changed());
            collected.mark_kept();
        });
        to.broadcasts(self.broadcasts.changed());
        to.roots(self.roots.changed());
        self.mark_sides();
        to.into_bytes()
    }

    /// Nobody keeps what has changed until now. O(what changed).
    pub fn keep_nothing(&mut self) {
        self.collector.change(Collected::mark_kept);
        self.mark_sides();
    }

    fn mark_sides(&mut self) {
        self.broadcasts.mark_kept();
        self.roots.mark_kept();
    }

    /// Counts on from what was kept. No node is there until a source says so.
    ///
    /// # Errors
    ///
    /// When it was kept for other tiers, or there is no room for all of it.
    pub fn restore(&mut self, state: State, now_ms: u64) -> Result<(), RestoreError> {
        self.epoch = state.epoch;
        self.collector
            .change(|collected| restore(collected, &state))?;
        for saved in state.traffic.values() {
            if let Kept::Source { name, .. } = saved {
                self.nodes.insert(name.as_str().into(), Node::gone(now_ms));
            }
        }
        for ((lane, name), side) in state.broadcasts {
            self.broadcasts.restore(lane, name, side.restored());
        }
        for ((lane, name), side) in state.roots {
            self.roots.restore(lane, name, side.restored());
        }
        Ok(())
    }
}

fn restore(collected: &mut Collected, state: &State) -> Result<(), RestoreError> {
    if !collected.tiers().starts_with(&state.tiers) {
        return Err(RestoreError::OtherTiers);
    }
    let full = |_: FleetFull| RestoreError::Full;
    for saved in state.traffic.values() {
        collected.restore_traffic(&saved.as_str()).map_err(full)?;
    }
    for saved in state.presence.values() {
        collected.restore_presence(&saved.as_str()).map_err(full)?;
    }
    Ok(())
}
