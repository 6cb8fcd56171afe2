//! Names of the tracks of a node's stats.

use std::fmt;
use std::sync::Arc;

use streamgauge_core::Role;

/// What a track tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Track {
    /// The node's own state.
    Node,
    /// Traffic of a tier in a role.
    Traffic(Arc<str>, Role),
    /// Sessions of a tier.
    Sessions(Arc<str>),
}

impl Track {
    /// The track of this name; nothing if the name is none that a node has.
    ///
    /// The external tier has no name: its tracks are `publisher.json`, `subscriber.json` and
    /// `sessions.json`; those of a tier are beneath its name.
    pub fn named(name: &str) -> Option<Self> {
        let plain = name.strip_suffix(".json")?;
        let (tier, what) = plain.rsplit_once('/').unwrap_or(("", plain));
        match what {
            "node" if tier.is_empty() => Some(Self::Node),
            "publisher" => Some(Self::Traffic(tier.into(), Role::Publisher)),
            "subscriber" => Some(Self::Traffic(tier.into(), Role::Subscriber)),
            "sessions" => Some(Self::Sessions(tier.into())),
            _ => None,
        }
    }

    /// The three tracks of a tier.
    pub fn of_tier(tier: &str) -> [Self; 3] {
        [
            Self::Traffic(tier.into(), Role::Publisher),
            Self::Traffic(tier.into(), Role::Subscriber),
            Self::Sessions(tier.into()),
        ]
    }
}

impl fmt::Display for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tier, what) = match self {
            Self::Node => ("", "node"),
            Self::Traffic(tier, role) => (&**tier, role.as_str()),
            Self::Sessions(tier) => (&**tier, "sessions"),
        };
        let slash = if tier.is_empty() { "" } else { "/" };
        write!(f, "{tier}{slash}{what}.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in [
            "node.json",
            "publisher.json",
            "internal/subscriber.json",
            "a/b/sessions.json",
        ] {
            let track = Track::named(name).expect(name);
            assert_eq!(track.to_string(), name);
        }
        for name in ["publisher", "x/node.json", "other.json", "publisher.json.z"] {
            assert_eq!(Track::named(name), None, "{name}");
        }
    }
}
