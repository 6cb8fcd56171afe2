//! The handles from which guards are opened: by tier, by broadcast, by role.

use crate::{
    cell::{Cell, CellId},
    families::{Presence, Traffic},
    guard::{Announce, KeyOf, MeterRef, Track},
    key::{self, Key},
    label::{Role, Tier, traffic_lane},
    meter::Meter,
    storage::Storage,
};

/// Leads to the meters of one node.
pub trait Handle: MeterRef<Traffic> + MeterRef<Presence> {
    /// The path under which the node's own stats are published: what lies at or under it is not
    /// counted. Nothing lies under an empty one.
    fn prefix(&self) -> &str;
}

/// The meters of one node, for a `static` or an `Arc`.
#[derive(Debug)]
pub struct Meters<T, P> {
    traffic: Meter<Traffic, T>,
    presence: Meter<Presence, P>,
    prefix: Option<&'static str>,
}

impl<T, P> Meters<T, P> {
    /// The two meters as one. Nothing is taken for the node's own stats: see
    /// [`under`](Self::under).
    pub const fn new(traffic: Meter<Traffic, T>, presence: Meter<Presence, P>) -> Self {
        Self {
            traffic,
            presence,
            prefix: None,
        }
    }

    /// The two meters of a node that publishes its own stats under `prefix`, as handles that refer to
    /// these meters directly know it.
    pub const fn under(
        prefix: &'static str,
        traffic: Meter<Traffic, T>,
        presence: Meter<Presence, P>,
    ) -> Self {
        Self {
            traffic,
            presence,
            prefix: Some(prefix),
        }
    }

    /// The meter of traffic by broadcast: a lane for each tier and role.
    #[inline]
    pub const fn traffic(&self) -> &Meter<Traffic, T> {
        &self.traffic
    }

    /// The meter of sessions by root: a lane for each tier.
    #[inline]
    pub const fn presence(&self) -> &Meter<Presence, P> {
        &self.presence
    }
}

/// Leads to a family's meter by a reference to both.
macro_rules! leads_by_reference {
    ($family:ty, $storage:ident, $meter:ident) => {
        impl<'a, T: Storage<Traffic>, P: Storage<Presence>> MeterRef<$family> for &'a Meters<T, P> {
            type Storage = $storage;
            type Hold = &'a Cell<$family>;

            #[inline]
            fn meter(&self) -> &Meter<$family, $storage> {
                &self.$meter
            }

            #[inline]
            fn hold(&self, cell: CellId) -> Option<Self::Hold> {
                let node: &'a Meters<T, P> = self;
                node.$meter.cell(cell)
            }
        }
    };
}

leads_by_reference!(Traffic, T, traffic);
leads_by_reference!(Presence, P, presence);

impl<T: Storage<Traffic>, P: Storage<Presence>> Handle for &Meters<T, P> {
    fn prefix(&self) -> &str {
        self.prefix.unwrap_or_default()
    }
}

/// Announce guard of the egress role.
pub type PublisherStats<H> = Announce<Traffic, H>;
/// Announce guard of the ingress role.
pub type SubscriberStats<H> = Announce<Traffic, H>;
/// Subscription guard of the egress role.
pub type PublisherTrack<H> = Track<Traffic, H>;
/// Subscription guard of the ingress role.
pub type SubscriberTrack<H> = Track<Traffic, H>;
/// Guard of one connected session.
pub type SessionStats<H> = Announce<Presence, H>;

/// Counts for one tier. Cheap to clone.
#[derive(Clone, Debug)]
pub struct StatsHandle<H> {
    node: Option<H>,
    tier: Tier,
}

impl<H> StatsHandle<H> {
    /// Counts into the meters that `node` leads to.
    pub const fn new(node: H, tier: Tier) -> Self {
        Self {
            node: Some(node),
            tier,
        }
    }

    /// Counts nothing: for callers that would otherwise hold an `Option`.
    pub const fn disabled() -> Self {
        Self {
            node: None,
            tier: Tier::External,
        }
    }

    /// Whether the handle counts nothing.
    pub const fn is_disabled(&self) -> bool {
        self.node.is_none()
    }

    /// The tier that guards from this handle count for.
    pub const fn tier(&self) -> Tier {
        self.tier
    }
}

impl<H> Default for StatsHandle<H> {
    fn default() -> Self {
        Self::disabled()
    }
}

impl<H: Handle> StatsHandle<H> {
    /// The broadcast at this path, empty segments left out. Nothing is counted for a path at or
    /// under the prefix of the node's own stats, so that reading them makes no traffic of its own.
    ///
    /// A path that is longer than a key is counted in the overflow series. Takes no lock and looks
    /// nothing up: that is done when a guard is opened.
    #[inline]
    pub fn broadcast(&self, path: &str) -> BroadcastStats<H> {
        // Filled in place by a call, so that a key is not moved once it is made.
        let mut broadcast = BroadcastStats::empty();
        broadcast.lead_to(self, path);
        broadcast
    }

    /// Counts a session under this root as connected until the guard drops.
    pub fn session(&self, root: &str) -> SessionStats<H> {
        let Some(node) = &self.node else {
            return SessionStats::disabled();
        };
        let key: Option<KeyOf<Presence, H>> = Key::path(root).ok();
        let lanes = MeterRef::<Presence>::meter(node).lanes();
        let (lane, key) = lane_or_overflow(lanes, self.tier.index(), 1, key.as_ref());
        Announce::open(node.clone(), lane, key)
    }
}

/// One broadcast, for one tier. Cheap to clone, and holds nothing in the tables by itself.
#[derive(Clone, Debug)]
pub struct BroadcastStats<H: Handle> {
    node: Option<H>,
    tier: Tier,
    key: KeyOf<Traffic, H>,
    /// Whether the path is no longer than a key.
    fits: bool,
}

impl<H: Handle> BroadcastStats<H> {
    const fn empty() -> Self {
        Self {
            node: None,
            tier: Tier::External,
            key: Key::EMPTY,
            fits: false,
        }
    }

    #[inline(never)]
    fn lead_to(&mut self, handle: &StatsHandle<H>, path: &str) {
        if let Some(node) = &handle.node
            && !key::is_under(path, node.prefix())
        {
            self.node = Some(node.clone());
            self.tier = handle.tier;
            self.fits = self.key.set_path(path).is_ok();
        }
    }

    /// Whether guards from this handle count nothing.
    pub const fn is_empty(&self) -> bool {
        self.node.is_none()
    }

    /// Holds the broadcast announced to peers.
    pub fn publisher(&self) -> PublisherStats<H> {
        self.announce(Role::Publisher)
    }

    /// Holds the broadcast announced by a peer.
    pub fn subscriber(&self) -> SubscriberStats<H> {
        self.announce(Role::Subscriber)
    }

    /// Opens an egress subscription that no announce guard covers: it counts no viewer.
    pub fn publisher_track(&self, name: &str) -> PublisherTrack<H> {
        self.track(Role::Publisher, name)
    }

    /// Opens an ingress subscription that no announce guard covers: it counts no viewer.
    pub fn subscriber_track(&self, name: &str) -> SubscriberTrack<H> {
        self.track(Role::Subscriber, name)
    }

    fn announce(&self, role: Role) -> Announce<Traffic, H> {
        let Some(node) = &self.node else {
            return Announce::disabled();
        };
        let (lane, key) = self.lane(node, role);
        Announce::open(node.clone(), lane, key)
    }

    fn track(&self, role: Role, _name: &str) -> Track<Traffic, H> {
        let Some(node) = &self.node else {
            return Track::disabled();
        };
        let (lane, key) = self.lane(node, role);
        Track::open(node.clone(), lane, key)
    }

    fn lane(&self, node: &H, role: Role) -> (usize, Option<&KeyOf<Traffic, H>>) {
        let lanes = MeterRef::<Traffic>::meter(node).lanes();
        let lane = traffic_lane(self.tier, role);
        lane_or_overflow(
            lanes,
            lane,
            Role::ALL.len(),
            Some(&self.key).filter(|_| self.fits),
        )
    }
}

/// The lane and key to count under; for a tier that the node does not have, the external tier's
/// overflow series.
fn lane_or_overflow<K>(
    lanes: usize,
    lane: usize,
    per_tier: usize,
    key: Option<&K>,
) -> (usize, Option<&K>) {
    if lane < lanes {
        (lane, key)
    } else {
        (lane % per_tier, None)
    }
}
