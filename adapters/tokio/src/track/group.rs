//! Who writes and who reads one group of a track.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use streamgauge_core::track::{GroupCursor, GroupId, TrackError};

use super::{
    reader::{Reader, or_wait},
    shared::Shared,
    state::{Ring, State},
};

/// Writes the frames of one group. Cheap to clone: every clone writes the same group.
///
/// When the last one is dropped before the group is finished, its readers get
/// [`Dropped`](TrackError::Dropped) after the frames there are. The group goes on when the track's
/// producers are gone.
#[derive(Debug)]
pub struct GroupProducer {
    shared: Arc<Shared>,
    group: GroupId,
}

impl GroupProducer {
    /// The first producer of a group.
    pub(super) fn of(shared: &Arc<Shared>, state: &mut State, group: GroupId) -> Self {
        state.own(group);
        Self {
            shared: shared.clone(),
            group,
        }
    }

    /// Appends a frame, and wakes who waits for one of this group. What is in the way is evicted, the
    /// oldest group first.
    ///
    /// # Errors
    /// [`Closed`](TrackError::Closed) if the group is finished; [`Evicted`](TrackError::Evicted) if it was
    /// evicted; [`Full`](TrackError::Full) if the frame does not fit beside the newest group; and what the
    /// group or the track was aborted with.
    pub fn write_frame(&self, payload: impl Into<Bytes>) -> Result<(), TrackError> {
        let payload = payload.into();
        let bytes = payload.len();
        let written = self.shared.write(|state, now| {
            let cache = &mut state.cache;
            cache.write_group_frame(now, self.group, payload, bytes)
        });
        written.map_err(|refused| refused.error)
    }

    /// Says that the group has all its frames. Once more does nothing.
    ///
    /// # Errors
    /// [`Evicted`](TrackError::Evicted) if it was evicted, and what it or the track was aborted with.
    pub fn finish(&self) -> Result<(), TrackError> {
        self.shared
            .change(|state| state.cache.finish_group(self.group))
    }

    /// Gives the group up: its readers get the frames there are, and then the error.
    ///
    /// # Errors
    /// [`Closed`](TrackError::Closed) if it is finished, [`Evicted`](TrackError::Evicted) if it was
    /// evicted, and what it or the track was aborted with before.
    pub fn abort(&self, error: TrackError) -> Result<(), TrackError> {
        self.shared
            .change(|state| state.cache.abort_group(self.group, error))
    }

    /// A reader of the group, from its first frame.
    pub fn consume(&self) -> GroupConsumer {
        GroupConsumer::of(&self.shared, &self.shared.lock(), self.group)
    }

    /// The group's sequence.
    pub fn sequence(&self) -> u64 {
        self.group.sequence()
    }

    /// How many frames the group has now.
    ///
    /// # Errors
    /// [`Evicted`](TrackError::Evicted) if it was evicted.
    pub fn frame_count(&self) -> Result<u64, TrackError> {
        let count = self.shared.lock().cache.frame_count(self.group);
        count.ok_or(TrackError::Evicted)
    }
}

impl Clone for GroupProducer {
    fn clone(&self) -> Self {
        self.shared.lock().join_group(self.group);
        Self {
            shared: self.shared.clone(),
            group: self.group,
        }
    }
}

impl Drop for GroupProducer {
    fn drop(&mut self) {
        self.shared.change(|state| state.part_group(self.group));
    }
}

/// Reads the frames of one group in order, also as it grows.
///
/// A clone goes on from the same frame, on its own. Futures are cancel-safe: one that is dropped has
/// taken nothing. A group of one frame that was finished when the reader got it is read from the reader
/// itself, without a lock, also when it is evicted meanwhile.
#[derive(Clone, Debug)]
pub struct GroupConsumer {
    sequence: u64,
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    /// The only frame of a finished group, until it is read.
    Whole(Option<Bytes>),
    Track(Reader, GroupCursor),
}

impl GroupConsumer {
    /// A reader of a group that is there.
    #[inline]
    pub(super) fn of(shared: &Arc<Shared>, state: &State, group: GroupId) -> Self {
        let mut cursor = GroupCursor::new(group);
        let source = if state.cache.poll_group_finished(group) == Poll::Ready(Ok(1))
            && let Poll::Ready(Ok(Some(frame))) = state.cache.poll_frame(&mut cursor)
        {
            Source::Whole(Some(frame.clone()))
        } else {
            Source::Track(Reader::new(shared.clone()), cursor)
        };
        Self {
            sequence: group.sequence(),
            source,
        }
    }

    /// Waits for the next frame; `None` at the end of a finished group. The payload is shared, not
    /// copied.
    ///
    /// # Errors
    /// [`Evicted`](TrackError::Evicted) if the group is, unless its last frame was read; after the frames
    /// there are, what the group or the track was aborted with.
    pub async fn read_frame(&mut self) -> Result<Option<Bytes>, TrackError> {
        poll_fn(|cx| self.poll_read_frame(cx)).await
    }

    /// As [`read_frame`](Self::read_frame).
    ///
    /// # Errors
    /// As [`read_frame`](Self::read_frame).
    #[inline]
    pub fn poll_read_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, TrackError>> {
        match &mut self.source {
            Source::Whole(frame) => Poll::Ready(Ok(frame.take())),
            Source::Track(reader, cursor) => reader.poll(cx, |_, state| {
                let ring = Ring::Group(cursor.group());
                let frame = or_wait(state.cache.poll_frame(cursor), ring)?;
                Ok(frame.map(Option::<&Bytes>::cloned))
            }),
        }
    }

    /// Waits until the group is finished, for the number of its frames.
    ///
    /// # Errors
    /// [`Evicted`](TrackError::Evicted) if the group is, and what it or the track was aborted with.
    pub async fn finished(&mut self) -> Result<u64, TrackError> {
        poll_fn(|cx| self.poll_finished(cx)).await
    }

    /// As [`finished`](Self::finished).
    ///
    /// # Errors
    /// As [`finished`](Self::finished).
    pub fn poll_finished(&mut self, cx: &mut Context<'_>) -> Poll<Result<u64, TrackError>> {
        match &mut self.source {
            Source::Whole(_) => Poll::Ready(Ok(1)),
            Source::Track(reader, cursor) => {
                let group = cursor.group();
                reader.poll(cx, |_, state| {
                    or_wait(state.cache.poll_group_finished(group), Ring::Group(group))
                })
            }
        }
    }

    /// The group's sequence.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }
}
