//! What must not be offered to a peer: its own content.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use moq_net::origin::Route;
use moq_net::{Hop, Hops, PathOwned};

/// Shared by the two directions of a session.
#[derive(Clone, Default)]
pub(crate) struct Horizon(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    peers: Vec<Hop>,
    offered: HashMap<PathOwned, Hops>,
}

impl Horizon {
    /// The peer is known by `hop`.
    pub(crate) fn exclude(&self, hop: Hop) {
        self.with(|state| state.exclude(hop));
    }

    /// The peer offers `prefix` itself, or no longer does.
    pub(crate) fn note(&self, prefix: &PathOwned, route: Option<&Route>) {
        self.with(|state| match route {
            Some(route) => state.offer(prefix, route),
            None => drop(state.offered.remove(prefix)),
        });
    }

    /// Whether the peer may be offered this route.
    pub(crate) fn admits(&self, prefix: &PathOwned, route: &Route) -> bool {
        self.with(|state| !state.came_from_peer(prefix, route))
    }

    fn with<T>(&self, action: impl FnOnce(&mut State) -> T) -> T {
        action(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn offer(&mut self, prefix: &PathOwned, route: &Route) {
        if let Some(hop) = route.hops.as_slice().last() {
            self.exclude(*hop);
        }
        self.offered.insert(prefix.clone(), route.hops.clone());
    }

    fn exclude(&mut self, hop: Hop) {
        // Hop 0 is everybody who gave no name, so it says nothing about this peer.
        if hop != Hop::UNKNOWN && !self.peers.contains(&hop) {
            self.peers.push(hop);
        }
    }

    fn came_from_peer(&self, prefix: &PathOwned, route: &Route) -> bool {
        self.peers.iter().any(|hop| route.hops.contains(hop))
            || self.offered.get(prefix) == Some(&route.hops)
    }
}
