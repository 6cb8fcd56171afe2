//! Who writes a track.

use std::{future::poll_fn, sync::Arc, task::Poll};

use bytes::Bytes;
use streamgauge_core::track::TrackError;

use super::{
    GroupProducer, TrackConfig, TrackConsumer, TrackWeak,
    reader::Reader,
    shared::Shared,
    state::{Ring, State},
};

/// Writes a track. Cheap to clone: every clone writes the same track.
///
/// When the last one is dropped the track closes: readers who wait for a group get
/// [`Dropped`](TrackError::Dropped), or the end if the track was finished. Groups that are still produced
/// go on.
///
/// Every write takes one short lock, and wakes who waited for it. Payloads are dropped under that lock
/// when they are evicted: a payload with an owner of its own must not use the track as it drops.
#[derive(Debug)]
pub struct TrackProducer(Arc<Shared>);

impl TrackProducer {
    /// An empty track. About 2 kB.
    ///
    /// Inside of a tokio runtime (with time enabled) the track empties also while nothing is written: one
    /// task for each runtime visits the tracks that have something to evict, each up to 16 times in the
    /// time that a group stays. Outside of one only writes evict.
    pub fn new(config: TrackConfig) -> Self {
        Self(Shared::new(config))
    }

    /// One more producer of a track, which must be open.
    pub(super) fn of(shared: &Arc<Shared>) -> Result<Self, TrackError> {
        shared.lock().join()?;
        Ok(Self(shared.clone()))
    }

    /// Creates the group with this sequence. Groups may arrive in any order. O(1), amortised over the
    /// frames written.
    ///
    /// # Errors
    /// [`Duplicate`](TrackError::Duplicate) if there is one with it; [`Evicted`](TrackError::Evicted) if
    /// there was, or it is too old to tell; [`Closed`](TrackError::Closed) at or past the end of a
    /// finished track; [`Full`](TrackError::Full) if there is room for the newest group only; and what
    /// the track was aborted with.
    pub fn create_group(&self, sequence: u64) -> Result<GroupProducer, TrackError> {
        self.0.write(|state, now| {
            let group = state.cache.create_group(now, sequence)?;
            Ok(GroupProducer::of(&self.0, state, group))
        })
    }

    /// Creates the group after the one with the highest sequence, and the first one as number zero.
    ///
    /// # Errors
    /// [`BoundsExceeded`](TrackError::BoundsExceeded) after the last sequence there is, and otherwise as
    /// [`create_group`](Self::create_group).
    pub fn append_group(&self) -> Result<GroupProducer, TrackError> {
        self.0.write(|state, now| {
            let group = state.cache.append_group(now)?;
            Ok(GroupProducer::of(&self.0, state, group))
        })
    }

    /// Appends a finished group of one frame.
    ///
    /// # Errors
    /// As [`append_group`](Self::append_group), and [`Full`](TrackError::Full) if the frame alone is more
    /// than the track may hold. Nothing has changed then.
    pub fn write_frame(&self, payload: impl Into<Bytes>) -> Result<(), TrackError> {
        let payload = payload.into();
        let bytes = payload.len();
        let written = self
            .0
            .write(|state, now| state.cache.write_frame(now, payload, bytes));
        written.map(drop).map_err(|refused| refused.error)
    }

    /// Ends the track after the group with the highest sequence. Groups with lower ones may still come.
    ///
    /// # Errors
    /// [`Closed`](TrackError::Closed) if it was finished, [`BoundsExceeded`](TrackError::BoundsExceeded)
    /// after the last sequence there is, and what the track was aborted with.
    pub fn finish(&self) -> Result<(), TrackError> {
        self.0.change(State::finish)
    }

    /// Ends the track after the group with this sequence, which must be the highest there is.
    ///
    /// # Errors
    /// [`Closed`](TrackError::Closed) if it is not, and otherwise as [`finish`](Self::finish).
    pub fn finish_at(&self, sequence: u64) -> Result<(), TrackError> {
        self.0.change(|state| state.finish_at(sequence))
    }

    /// Gives the track up, and every group that is not finished with it. Readers get what is cached, and
    /// then the error. O(groups).
    ///
    /// # Errors
    /// What it was aborted with before.
    pub fn abort(&self, error: TrackError) -> Result<(), TrackError> {
        self.0.change(|state| state.abort(error))
    }

    /// A reader of the track, from the oldest group that is cached.
    pub fn consume(&self) -> TrackConsumer {
        TrackConsumer::of(&self.0)
    }

    /// A handle that does not keep the track open.
    pub fn weak(&self) -> TrackWeak {
        TrackWeak::of(&self.0)
    }

    /// Waits until anybody reads the track. Cancel-safe.
    ///
    /// # Errors
    /// What the track was aborted with.
    pub async fn used(&self) -> Result<(), TrackError> {
        wait_for_use(&self.0, true).await
    }

    /// Waits until nobody reads the track. Cancel-safe.
    ///
    /// # Errors
    /// What the track was aborted with.
    pub async fn unused(&self) -> Result<(), TrackError> {
        wait_for_use(&self.0, false).await
    }

    /// Whether the track was aborted. A finished one is open until its producers are dropped.
    pub fn is_closed(&self) -> bool {
        self.0.lock().open().is_err()
    }

    /// Whether both write the same track.
    pub fn is_clone(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Default for TrackProducer {
    /// A track with the default configuration.
    fn default() -> Self {
        Self::new(TrackConfig::new())
    }
}

impl Clone for TrackProducer {
    fn clone(&self) -> Self {
        self.0.lock().join_another();
        Self(self.0.clone())
    }
}

impl Drop for TrackProducer {
    fn drop(&mut self) {
        self.0.change(State::part);
    }
}

/// Waits until somebody, or nobody, reads a track.
pub(super) async fn wait_for_use(shared: &Arc<Shared>, used: bool) -> Result<(), TrackError> {
    let mut reader = Reader::new(shared.clone());
    let look = |state: &State| match state.open() {
        Ok(()) if state.is_used() != used => Poll::Pending,
        open => Poll::Ready(open),
    };
    poll_fn(|cx| reader.poll(cx, Ring::Ends, |state, _| look(state))).await
}
