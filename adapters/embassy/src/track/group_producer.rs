//! Who writes a group.

use streamgauge_core::track::{GroupId, Refused, TrackError};

use super::{AnyTrack, Payload};
use crate::time;

/// Writes the frames of one group, and aborts it with [`Dropped`](TrackError::Dropped) if it drops before
/// it has finished. It outlives the track's producer.
pub struct GroupProducer<T: AnyTrack> {
    track: &'static T,
    group: GroupId,
}

impl<T: AnyTrack> GroupProducer<T> {
    pub(super) fn new(track: &'static T, group: GroupId) -> Self {
        Self { track, group }
    }

    /// Appends a frame. What is in the way is evicted, the oldest first; a frame that could not fit even
    /// so evicts nothing.
    ///
    /// # Errors
    /// [`Evicted`](TrackError::Evicted) if the group was evicted, which may be for this very frame if it
    /// is the oldest; [`Full`](TrackError::Full) if it does not fit beside the newest group; and what the
    /// track was aborted with. The payload is given back.
    pub fn write_frame(&mut self, payload: T::Payload) -> Result<(), Refused<T::Payload>> {
        let (now, len) = (time::now(), payload.payload_len());
        self.track
            .change(|view| view.cache.write_group_frame(now, self.group, payload, len))
    }

    /// Says that the group has all its frames.
    ///
    /// # Errors
    /// [`Evicted`](TrackError::Evicted) if it was evicted, and what the track was aborted with.
    pub fn finish(self) -> Result<(), TrackError> {
        self.track
            .change(|view| view.cache.finish_group(self.group))
    }

    /// Gives the group up: its readers get the frames there are, and then the error.
    ///
    /// # Errors
    /// [`Evicted`](TrackError::Evicted) if it was evicted, and what the track was aborted with.
    pub fn abort(self, error: TrackError) -> Result<(), TrackError> {
        self.track
            .change(|view| view.cache.abort_group(self.group, error))
    }

    /// Its sequence.
    pub fn sequence(&self) -> u64 {
        self.group.sequence()
    }

    /// How many frames it has now.
    ///
    /// # Errors
    /// [`Evicted`](TrackError::Evicted) if it was evicted.
    pub fn frame_count(&self) -> Result<u64, TrackError> {
        let count = self.track.with(|view| view.cache.frame_count(self.group));
        count.ok_or(TrackError::Evicted)
    }
}

impl<T: AnyTrack> Drop for GroupProducer<T> {
    fn drop(&mut self) {
        // One that has ended stays as it is.
        let _ = self
            .track
            .change(|view| view.cache.abort_group(self.group, TrackError::Dropped));
    }
}
