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
    /// Where it waits; taken when it first does, and kept.
    seat: Option<usize>,
}

impl Reader {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, seat: None }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Looks at the track under its lock; waits in the ring that the look names if it found nothing.
    #[inline]
    pub(super) fn poll<T>(
        &mut self,
        cx: &Context<'_>,
        look: impl FnOnce(&Arc<Shared>, &mut State) -> Result<T, Ring>,
    ) -> Poll<T> {
        let mut state = self.shared.lock();
        match look(&self.shared, &mut state) {
            Ok(found) => Poll::Ready(found),
            Err(ring) => {
                let before = state.park(&mut self.seat, ring, cx.waker());
                drop(state);
                drop(before);
                Poll::Pending
            }
        }
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
        if let Some(seat) = self.seat {
            // Dropped after the lock is let go.
            let _waker = self.shared.lock().seats.leave(seat);
        }
    }
}

/// What was found, or where to wait for it.
#[inline]
pub(super) fn or_wait<T>(found: Poll<T>, ring: Ring) -> Result<T, Ring> {
    match found {
        Poll::Ready(found) => Ok(found),
        Poll::Pending => Err(ring),
    }
}
