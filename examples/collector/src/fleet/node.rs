//! One node: which sources have it, and what is known of it beside its counters.

use std::collections::{BTreeMap, BTreeSet};

use streamgauge_tokio::collect::{CollectError, CollectedNode, FleetFull, FrameAt};

use super::rate::Rate;
use crate::source::SourceId;
use crate::track::Track;

/// Numbers of groups from here on come from a clock that counts microseconds, and rise in all lives of a
/// node.
const CLOCKED: u64 = 1_000_000_000_000;

/// So many groups at most come again to a reader that connects anew: relays keep some.
const REPEATED: u64 = 1_000;

/// A node that is known.
#[derive(Debug, Default)]
pub(super) struct Node {
    holders: BTreeSet<SourceId>,
    /// As long as any source has it, and there is room for it.
    here: Option<CollectedNode>,
    /// When it left, or was heard last, in milliseconds since the Unix epoch.
    pub(super) heard_ms: u64,
    /// By track, and whether it is the one of patches, the newest group that was read, whenever that was.
    pub(super) newest: BTreeMap<(Track, bool), u64>,
    /// How fast what flows in and out of it grows.
    pub(super) rates: [Rate; 2],
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
        }
        self.here.is_some()
    }

    /// A source has it no more: if it was the last, the node departs.
    pub(super) fn left(&mut self, source: SourceId, now_ms: u64) {
        if self.holders.remove(&source) && !self.is_present() {
            self.heard_ms = now_ms;
            self.here = None;
        }
    }

    /// Reads a frame, if there is room for the node, and it is not one from before those that were read: what
    /// it tells may be of lives that are over, and were counted.
    pub(super) fn read(
        &mut self,
        (track, deflated): (&Track, bool),
        at: FrameAt,
        payload: &[u8],
    ) -> Result<(), CollectError> {
        let track = (track.clone(), deflated);
        let is_repeated = self.is_repeated(&track, at);
        let Some(here) = self.here.as_ref().filter(|_| !is_repeated) else {
            return Ok(());
        };
        let read = here.read(&track.0.to_string(), at, payload);
        self.newest.insert(track, at.group);
        read
    }

    fn is_repeated(&self, track: &(Track, bool), at: FrameAt) -> bool {
        let newest = self.newest.get(track).filter(|newest| **newest >= CLOCKED);
        newest.is_some_and(|newest| at.group < *newest && newest - at.group < REPEATED)
    }
}
