//! One node: which sources have it, and what is known of it beside its counters.

use std::collections::BTreeSet;

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

    /// Reads a frame, if there is room for the node.
    pub(super) fn read(
        &self,
        (track, deflated): (&Track, bool),
        at: FrameAt,
        payload: &[u8],
    ) -> Result<(), CollectError> {
        let Some(here) = &self.here else {
            return Ok(());
        };
        here.read(&track.to_string(), at.on_sibling(deflated), payload)
    }
}
