//! One who may wait: a way to the track, and a seat once it waited.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use super::{
    shared::Shared,
    state::{Ring, State},
};

/// A reader of a track. It waits for one thing at a time.
#[derive(Debug)]
pub(super) struct Reader {
    shared: Arc<Shared>,
    /// Where it waits; zero until it first does, and then kept.
    seat: usize,
}

impl Reader {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, seat: 0 }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Looks at the track under its lock; waits in the ring if the look found nothing. The look may name
    /// another one.
    #[inline]
    pub(super) fn poll<T>(
        &mut self,
        cx: &Context<'_>,
        mut ring: Ring,
        look: impl FnOnce(&mut State, &mut Ring) -> Poll<T>,
    ) -> Poll<T> {
        let mut state = self.shared.lock();
        let found = look(&mut state, &mut ring);
        if found.is_pending() {
            let before = state.park(&mut self.seat, ring, cx.waker());
            drop(state);
            // Not under the lock: a task may end with its last waker.
            drop(before);
        }
        found
    }
}

impl Clone for Reader {
    /// The same track, on a seat of its own.
    fn clone(&self) -> Self {
        Self::new(self.shared.clone())
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if self.seat != 0 {
            // Dropped after the lock is let go.
            let _waker = self.shared.lock().seats.leave(self.seat);
        }
    }
}
