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

/// Whose stats a broadcast holds, by its path `<prefix>[/<group>]/node[/<node>]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BroadcastName<'a> {
    /// The node's name; empty for one that has none.
    pub node: &'a str,
    /// The group of paths whose series a part of the node's stats has; empty for the node's own broadcast.
    pub group: &'a str,
}

impl<'a> BroadcastName<'a> {
    /// Reads a path; nothing if no node has its stats there. The sums by level, `<prefix>/prefix/..`, are of the
    /// same traffic once more, and are of no node.
    ///
    /// ```
    /// use streamgauge_core::collect::BroadcastName;
    ///
    /// let name = BroadcastName::parse(".stats/node/sjc/1", ".stats");
    /// assert_eq!(name, Some(BroadcastName { node: "sjc/1", group: "" }));
    /// let name = BroadcastName::parse(".stats/demo/node/sjc/1", ".stats");
    /// assert_eq!(name, Some(BroadcastName { node: "sjc/1", group: "demo" }));
    /// assert_eq!(BroadcastName::parse(".stats/prefix/demo/sjc/1", ".stats"), None);
    /// ```
    #[must_use]
    pub fn parse(path: &'a str, prefix: &str) -> Option<Self> {
        let rest = path.strip_prefix(prefix)?;
        if rest.starts_with("/prefix/") {
            return None;
        }
        let at = rest.match_indices("/node").map(|(at, _)| at).find(|at| {
            let behind = rest.get(at + "/node".len()..);
            behind.is_some_and(|behind| behind.is_empty() || behind.starts_with('/'))
        })?;
        let (group, node) = rest.split_at_checked(at)?;
        let node = node.strip_prefix("/node")?;
        Some(Self {
            node: if node.is_empty() {
                node
            } else {
                node.strip_prefix('/').filter(|name| !name.is_empty())?
            },
            group: if group.is_empty() {
                group
            } else {
                group.strip_prefix('/').filter(|name| !name.is_empty())?
            },
        })
    }
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
