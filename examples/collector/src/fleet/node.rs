//! One node: which sources have it, and what is known of it beside its counters.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use streamgauge_tokio::collect::{CollectError, CollectedNode, FleetFull, FrameAt};

use super::rate::Rate;
use crate::source::SourceId;
use crate::track::Track;

/// A node that is known.
#[derive(Debug, Default)]
pub(super) struct Node {
    holders: BTreeSet<SourceId>,
    /// As long as any source has it, and there is room for it.
    here: Option<CollectedNode>,
    /// When it left, or was heard last, in milliseconds since the Unix epoch.
    pub(super) heard_ms: u64,
    /// By group, its parts that are there.
    parts: BTreeMap<Arc<str>, Part>,
    /// How fast what flows in and out of it grows.
    pub(super) rates: [Rate; 2],
}

/// A part of a node that is there.
#[derive(Debug, Default)]
struct Part {
    holders: BTreeSet<SourceId>,
    /// Nothing if there is no room for it.
    here: Option<CollectedNode>,
}

impl Part {
    /// A source has it no more; says whether another has.
    fn stays_without(&mut self, source: SourceId) -> bool {
        self.holders.remove(&source);
        !self.holders.is_empty()
    }
}

impl Node {
    /// One that no source has, from a moment on.
    pub(super) fn gone(now_ms: u64) -> Self {
        Self {
            heard_ms: now_ms,
            ..Self::default()
        }
    }

    /// Whether any source has it.
    pub(super) fn is_present(&self) -> bool {
        !self.holders.is_empty()
    }

    /// A source has it: if it is the first, the node arrives. Says whether there is room for it.
    pub(super) fn came(
        &mut self,
        source: SourceId,
        arrive: impl FnOnce() -> Result<CollectedNode, FleetFull>,
    ) -> bool {
        self.holders.insert(source);
        if self.here.is_none() {
            self.here = arrive().ok();
            self.parts.clear();
        }
        self.here.is_some()
    }

    /// A source has a part of it: if it is the first, the part arrives. Says whether there is room for it.
    pub(super) fn came_part(&mut self, group: &Arc<str>, source: SourceId) -> bool {
        let part = self.parts.entry(Arc::clone(group)).or_default();
        part.holders.insert(source);
        if part.here.is_none() {
            let node = self.here.as_ref();
            part.here = node.and_then(|node| node.arrive_part(group).ok());
        }
        part.here.is_some()
    }

    /// A source has it no more: if it was the last, the node departs.
    pub(super) fn left(&mut self, source: SourceId, now_ms: u64) {
        self.parts.retain(|_, part| part.stays_without(source));
        if self.holders.remove(&source) && !self.is_present() {
            self.heard_ms = now_ms;
            self.parts.clear();
            self.here = None;
        }
    }

    /// A source has a part of it no more, though it has the node: if it was the last, the part departs.
    pub(super) fn left_part(&mut self, group: &Arc<str>, source: SourceId) {
        let part = self.parts.get_mut(group);
        if part.is_some_and(|part| !part.stays_without(source)) {
            self.parts.remove(group);
        }
    }

    /// Reads a frame, if there is room for the node, and for the part that it is of.
    pub(super) fn read(
        &self,
        (group, track, deflated): (Option<&Arc<str>>, &Track, bool),
        at: FrameAt,
        payload: &[u8],
    ) -> Result<(), CollectError> {
        let here = match group {
            Some(group) => self.parts.get(group).and_then(|part| part.here.as_ref()),
            None => self.here.as_ref(),
        };
        let Some(here) = here else {
            return Ok(());
        };
        here.read(&track.to_string(), at.on_sibling(deflated), payload)
    }
}
