//! What tasks and interrupt handlers count with.

use streamgauge_core::{Tier, Usage};

use crate::{
    StatsHandle,
    stats::{Node, NodeRef},
};

/// Counts for a node, in any tier: a pointer to its `static`, to be copied into every task.
///
/// Guards from it are bumped with a few loads and stores, without a lock and with interrupts on, in
/// tasks of any priority and in interrupt handlers. Opening and dropping one takes a critical section
/// for tens of instructions, and is legal there too.
#[derive(Debug)]
pub struct Handle<N: 'static>(NodeRef<N>);

impl<N> Clone for Handle<N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N> Copy for Handle<N> {}

impl<N: Node> Handle<N> {
    pub(crate) const fn new(node: NodeRef<N>) -> Self {
        Self(node)
    }

    /// Counts for one tier.
    pub const fn tier(self, tier: Tier) -> StatsHandle<N> {
        StatsHandle::new(self.0, tier)
    }

    /// How full the tables of traffic are. Takes a critical section for a few instructions.
    pub fn usage(self) -> Usage {
        self.0.0.shared().meters.traffic().usage()
    }
}
