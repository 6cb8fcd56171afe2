//! What a track is called, and what that says.

use crate::label::Role;

/// What a track holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrackKind<'a> {
    /// Traffic by broadcast, seen from one side.
    Traffic(Role),
    /// Presence by root of sessions.
    Sessions,
    /// The reporter's own state.
    Node,
    /// A family of this name.
    Family(&'a str),
}

/// The name of a stats track in its parts: `[<tier>/]<kind>.json[.z]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackName<'a> {
    /// The tier; empty for the external one.
    pub tier: &'a str,
    /// What the track holds.
    pub kind: TrackKind<'a>,
    /// Whether its groups are deflated.
    pub deflated: bool,
}

impl<'a> TrackName<'a> {
    /// Reads a name; nothing if no track of stats is called so.
    ///
    /// ```
    /// use streamgauge_core::{Role, collect::{TrackKind, TrackName}};
    ///
    /// let name = TrackName::parse("internal/publisher.json.z");
    /// let parts = TrackName { tier: "internal", kind: TrackKind::Traffic(Role::Publisher), deflated: true };
    /// assert_eq!(name, Some(parts));
    /// assert_eq!(TrackName::parse("video"), None);
    /// ```
    #[must_use]
    pub fn parse(name: &'a str) -> Option<Self> {
        let plain = name.strip_suffix(".z");
        let stem = plain.unwrap_or(name).strip_suffix(".json")?;
        let parts = Self::of_total(stem)?;
        Some(Self {
            deflated: plain.is_some(),
            ..parts
        })
    }

    /// Reads the name of a total in `node.json`, which is that of its track without `.json`.
    #[must_use]
    pub fn of_total(stem: &'a str) -> Option<Self> {
        let (tier, last) = stem.rsplit_once('/').unwrap_or(("", stem));
        let kind = match last {
            "" => return None,
            "publisher" => TrackKind::Traffic(Role::Publisher),
            "subscriber" => TrackKind::Traffic(Role::Subscriber),
            "sessions" => TrackKind::Sessions,
            "node" => TrackKind::Node,
            family => TrackKind::Family(family),
        };
        Some(Self {
            tier,
            kind,
            deflated: false,
        })
    }
}
