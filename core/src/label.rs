//! The labels of traffic: whose it is, and which way it flows.

/// The side of a broadcast, seen from the node that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Egress: what the node publishes to its peers.
    Publisher,
    /// Ingress: what the node consumes from its peers.
    Subscriber,
}

impl Role {
    /// Both roles, in the order of tracks.
    pub const ALL: [Self; 2] = [Self::Publisher, Self::Subscriber];

    /// The role's name in track names.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Publisher => "publisher",
            Self::Subscriber => "subscriber",
        }
    }
}

/// A class of traffic that is counted apart, such as customers and cluster peers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Traffic of customers: the tier whose tracks carry no prefix.
    #[default]
    External,
    /// Traffic between the nodes of a cluster: tracks under `internal/`.
    Internal,
    /// The tier that the configuration names at this place, counted from zero; tracks under its
    /// name. A place that names nothing is counted in the external tier's overflow series.
    Named(u8),
}

/// How many tiers are named by the core.
pub(crate) const BUILT_IN_TIERS: usize = 2;

/// The most tiers that one node can count apart, [`Tier::External`] and [`Tier::Internal`] included.
pub const MAX_TIERS: usize = 8;

impl Tier {
    /// The tier's place among all tiers of a node.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::External => 0,
            Self::Internal => 1,
            Self::Named(place) => BUILT_IN_TIERS + place as usize,
        }
    }

    /// The tier at this place among all tiers of a node.
    #[must_use]
    pub fn from_index(index: usize) -> Option<Self> {
        match index {
            0 => Some(Self::External),
            1 => Some(Self::Internal),
            _ if index < MAX_TIERS => u8::try_from(index - BUILT_IN_TIERS).ok().map(Self::Named),
            _ => None,
        }
    }
}

/// The lane of a traffic series: its track's place among the node's traffic tracks.
pub(crate) fn traffic_lane(tier: Tier, role: Role) -> usize {
    tier.index() * Role::ALL.len() + role as usize
}
