//! What a collector knows.

use std::collections::BTreeMap;

use streamgauge_core::{
    Health, Instant, Presence, Role, Traffic,
    collect::{Fleet, FleetFull, FrameAt, Kept, SourceId, TrackKind, TrackName},
};

use super::{
    CollectError, CollectorConfig,
    room::{FleetTables, fleet},
};
use crate::KEY_BYTES;

/// What all nodes count, added up.
#[derive(Debug)]
pub struct Collected {
    tiers: Vec<String>,
    traffic: Fleet<Traffic, FleetTables<Traffic>>,
    presence: Fleet<Presence, FleetTables<Presence>>,
    nodes: BTreeMap<String, NodeState>,
    now: Instant,
}

/// A node that is there.
#[derive(Clone, Copy, Debug)]
pub struct NodeState {
    pub(super) ids: Ids,
    /// What its last `node.json` told of it.
    pub health: Option<Health>,
}

/// A node, as both fleets know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ids {
    traffic: SourceId,
    presence: SourceId,
}

impl Collected {
    pub(super) fn new(config: &CollectorConfig) -> Self {
        let tiers = config.tiers.clone();
        Self {
            traffic: fleet(config, tiers.len() * Role::ALL.len()),
            presence: fleet(config, tiers.len()),
            tiers,
            nodes: BTreeMap::new(),
            now: Instant::from_micros(0),
        }
    }

    /// Traffic by broadcast: a lane for each tier and role.
    pub const fn traffic(&self) -> &Fleet<Traffic, FleetTables<Traffic>> {
        &self.traffic
    }

    /// Sessions by root: a lane for each tier.
    pub const fn presence(&self) -> &Fleet<Presence, FleetTables<Presence>> {
        &self.presence
    }

    /// The lane of traffic of this tier, by its name, and role; the external tier has the empty name.
    pub fn traffic_lane(&self, tier: &str, role: Role) -> Option<usize> {
        Some(self.presence_lane(tier)? * Role::ALL.len() + usize::from(role == Role::Subscriber))
    }

    /// The lane of presence of this tier, by its name.
    pub fn presence_lane(&self, tier: &str) -> Option<usize> {
        self.tiers.iter().position(|known| known == tier)
    }

    /// The names of the tiers, in the order of lanes.
    pub fn tiers(&self) -> &[String] {
        &self.tiers
    }

    /// The nodes that are there, by name.
    pub fn nodes(&self) -> impl Iterator<Item = (&str, &NodeState)> {
        self.nodes.iter().map(|(name, node)| (name.as_str(), node))
    }

    /// The time now, as rates want it.
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// Takes in one thing that [`Fleet::kept`] of [`traffic`](Self::traffic) told before. Best before the
    /// first node arrives.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn restore_traffic(&mut self, kept: &Kept<Traffic, &str>) -> Result<(), FleetFull> {
        self.traffic.restore(kept, self.now)
    }

    /// The same for presence.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn restore_presence(&mut self, kept: &Kept<Presence, &str>) -> Result<(), FleetFull> {
        self.presence.restore(kept, self.now)
    }

    /// Says that all is kept of both: nothing has [`changed`](Fleet::changed) since. Cost: what had.
    pub fn mark_kept(&mut self) {
        self.traffic.mark_kept();
        self.presence.mark_kept();
    }

    /// Moves the clock on, and forgets what has been idle for too long.
    pub(super) fn pass(&mut self, now: Instant) {
        self.now = now;
        self.traffic.handle_timeout(now);
        self.presence.handle_timeout(now);
    }

    pub(super) fn arrive(&mut self, name: &str) -> Result<Ids, FleetFull> {
        let traffic = self.traffic.arrive(name, self.now)?;
        let presence = self.presence.arrive(name, self.now).inspect_err(|_| {
            self.traffic.depart(traffic, self.now);
        })?;
        let ids = Ids { traffic, presence };
        let node = NodeState { ids, health: None };
        self.nodes.insert(name.to_owned(), node);
        Ok(ids)
    }

    /// A part of a node that is there.
    pub(super) fn arrive_part(&mut self, node: Ids, group: &str) -> Result<Ids, FleetFull> {
        let now = self.now;
        let traffic = self.traffic.arrive_part(node.traffic, group, now)?;
        let presence = self.presence.arrive_part(node.presence, group, now);
        let presence = presence.inspect_err(|_| self.traffic.depart(traffic, now))?;
        Ok(Ids { traffic, presence })
    }

    /// The node departs, unless it has arrived again since.
    pub(super) fn depart(&mut self, name: &str, ids: Ids) {
        self.traffic.depart(ids.traffic, self.now);
        self.presence.depart(ids.presence, self.now);
        if self.nodes.get(name).is_some_and(|node| node.ids == ids) {
            self.nodes.remove(name);
        }
    }

    pub(super) fn read(
        &mut self,
        (name, ids): (&str, Ids),
        track: &str,
        at: FrameAt,
        bytes: &[u8],
    ) -> Result<(), CollectError> {
        let track = TrackName::parse(track).ok_or(CollectError::NoTrack)?;
        let (at, now) = (at.on_sibling(at.on_sibling || track.deflated), self.now);
        match track.kind {
            TrackKind::Traffic(role) => {
                let lane = self.traffic_lane(track.tier, role);
                let lane = lane.ok_or(CollectError::NoTier)?;
                self.traffic
                    .read::<KEY_BYTES>(ids.traffic, lane, at, bytes, now)?;
            }
            TrackKind::Sessions => {
                let lane = self.presence_lane(track.tier);
                let lane = lane.ok_or(CollectError::NoTier)?;
                self.presence
                    .read::<KEY_BYTES>(ids.presence, lane, at, bytes, now)?;
            }
            TrackKind::Node => self.read_node((name, ids), at, bytes)?,
            _ => return Err(CollectError::NoTrack),
        }
        Ok(())
    }

    fn read_node(
        &mut self,
        (name, ids): (&str, Ids),
        at: FrameAt,
        bytes: &[u8],
    ) -> Result<(), CollectError> {
        const KEY: usize = KEY_BYTES;
        let (tiers, now) = (&self.tiers, self.now);
        let traffic = |track: &str| match total_of(tiers, track)? {
            (tier, TrackKind::Traffic(role)) => {
                Some(tier * Role::ALL.len() + usize::from(role == Role::Subscriber))
            }
            _ => None,
        };
        let presence = |track: &str| match total_of(tiers, track)? {
            (tier, TrackKind::Sessions) => Some(tier),
            _ => None,
        };
        let node = self.nodes.get_mut(name).filter(|node| node.ids == ids);
        let before = node.as_ref().and_then(|node| node.health);
        let (mut health, mut same) = (before.unwrap_or_default(), before.unwrap_or_default());
        let (a, b) = (ids.traffic, ids.presence);
        self.traffic
            .read_node::<KEY>(a, at, bytes, &mut health, traffic, now)?;
        self.presence
            .read_node::<KEY>(b, at, bytes, &mut same, presence, now)?;
        if let Some(node) = node {
            node.health = Some(health);
        }
        Ok(())
    }
}

/// What a total in `node.json` is of: its tier's place, and the kind of its track.
fn total_of<'a>(tiers: &[String], track: &'a str) -> Option<(usize, TrackKind<'a>)> {
    let name = TrackName::of_total(track)?;
    let tier = tiers.iter().position(|known| known == name.tier)?;
    Some((tier, name.kind))
}
