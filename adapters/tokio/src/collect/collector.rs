//! The handle of a collector, and those of the nodes that it reads.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use streamgauge_core::collect::{FleetFull, FrameAt, ReadError, Refused};

use super::{Collected, CollectorConfig, books::Ids};
use crate::clock::Clock;

/// Adds up what nodes publish. Cheap to clone: every clone is of the same collector.
#[derive(Clone, Debug)]
pub struct Collector(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    collected: Mutex<Collected>,
    clock: Clock,
    prefix: String,
    patches: Option<usize>,
}

impl Collector {
    /// A collector that knows no node. Takes all of its memory.
    #[must_use]
    pub fn new(config: &CollectorConfig) -> Self {
        Self(Arc::new(Shared {
            collected: Mutex::new(Collected::new(config)),
            clock: Clock::start(std::time::Duration::ZERO),
            prefix: config.prefix.clone(),
            patches: config.patches,
        }))
    }

    /// A node is there: it was announced, or its session opened. One of this name that was there before is
    /// replaced, as by a node that began anew.
    ///
    /// # Errors
    /// When there is no room for another node, or its name is longer than a key.
    pub fn arrive(&self, name: &str) -> Result<CollectedNode, FleetFull> {
        let ids = self.lock().arrive(name)?;
        Ok(CollectedNode {
            collector: self.clone(),
            name: name.to_owned(),
            group: None,
            ids,
        })
    }

    /// Looks at what is known. Frames wait as long as `look` runs: it is to copy what it wants, and nothing
    /// else; it must not call the collector.
    pub fn look<T>(&self, look: impl FnOnce(&Collected) -> T) -> T {
        look(&self.lock())
    }

    /// Changes what is known: to restore what was kept, or to say that it is.
    pub fn change<T>(&self, change: impl FnOnce(&mut Collected) -> T) -> T {
        change(&mut self.lock())
    }

    pub(super) fn prefix(&self) -> &str {
        &self.0.prefix
    }

    pub(super) fn patches(&self) -> Option<usize> {
        self.0.patches
    }

    fn lock(&self) -> MutexGuard<'_, Collected> {
        let collected = self.0.collected.lock();
        // Nothing in there panics; what a caller's look left behind was only looked at.
        let mut collected = collected.unwrap_or_else(PoisonError::into_inner);
        collected.pass(self.0.clock.now());
        collected
    }
}

/// A node that is there, or a part of one, until this is dropped: then it has departed.
#[derive(Debug)]
pub struct CollectedNode {
    collector: Collector,
    name: String,
    /// Of which group of paths the part is.
    group: Option<String>,
    ids: Ids,
}

impl CollectedNode {
    /// The node's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The group of paths whose series this has, if it is a part of the node.
    pub fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }

    /// A part of the node's stats is there, as `Config::with_depth` publishes them: what its frames tell counts
    /// for the node, each series once, whichever of the node's broadcasts has it. One of this group that was
    /// there before is replaced. A part has no `node.json`, which is the node's own. It takes the room of a
    /// node, and has departed when the node has, or arrives again.
    ///
    /// # Errors
    /// When there is no room, this is a part itself, or the node has departed.
    pub fn arrive_part(&self, group: &str) -> Result<Self, FleetFull> {
        let ids = self.collector.lock().arrive_part(self.ids, group)?;
        Ok(Self {
            collector: self.collector.clone(),
            name: self.name.clone(),
            group: Some(group.to_owned()),
            ids,
        })
    }

    pub(super) const fn collector(&self) -> &Collector {
        &self.collector
    }

    /// Reads a frame of one of the node's tracks: plain JSON, inflated if need be. A track and its `.z`
    /// sibling tell the same, in groups of their own, so read one of them, under its name.
    ///
    /// # Errors
    /// When the frame is not to be read, or is none; see [`CollectError`]. Frames that are refused as old are
    /// to be expected.
    pub fn read(&self, track: &str, at: FrameAt, bytes: &[u8]) -> Result<(), CollectError> {
        let node = (self.name.as_str(), self.ids);
        self.collector.lock().read(node, track, at, bytes)
    }
}

impl Drop for CollectedNode {
    fn drop(&mut self) {
        self.collector.lock().depart(&self.name, self.ids);
    }
}

/// Why a frame was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CollectError {
    /// No track that is collected is called so.
    NoTrack,
    /// The track is of a tier that the collector was not told of.
    NoTier,
    /// The frame was refused, or is none.
    Read(ReadError),
}

impl CollectError {
    /// Whether the frame was refused because nothing is new in it.
    pub const fn is_old(&self) -> bool {
        matches!(self, Self::Read(ReadError::Refused(Refused::Old)))
    }
}

impl fmt::Display for CollectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTrack => f.write_str("no track of stats is called so"),
            Self::NoTier => f.write_str("the collector does not know the track's tier"),
            Self::Read(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CollectError {}

impl From<ReadError> for CollectError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}
