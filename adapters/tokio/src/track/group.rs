//! Who writes and who reads one group of a track.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use streamgauge_core::track::{GroupCursor, GroupId, TrackError};

use super::{
    reader::Reader,
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
        let mut whole = None;
        self.shared.lock().peek(self.group, &mut whole);
        GroupConsumer::of(&self.shared, self.group, whole)
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
pub struct GroupConsumer(Source);

#[derive(Clone, Debug)]
enum Source {
    /// The only frame of a finished group, until it is read, and the group's sequence.
    Whole(Option<Bytes>, u64),
    Track(Reader, GroupCursor),
}

impl GroupConsumer {
    /// A reader of a group, and its only frame if it is finished. To be made after the lock is let go,
    /// when what was written under it can be moved without a stall.
    #[inline]
    pub(super) fn of(shared: &Arc<Shared>, group: GroupId, whole: Option<Bytes>) -> Self {
        Self(match whole {
            Some(frame) => Source::Whole(Some(frame), group.sequence()),
            None => Source::Track(Reader::new(shared.clone()), GroupCursor::new(group)),
        })
    }

    /// Waits for the next frame; `None` at the end of a finished group. The payload is shared, not
    /// copied.
    ///
    /// # Errors
    /// [`Evicted`](TrackError::Evicted) if the group is, unless its last frame was read; after the frames
    /// there are, what the group or the track was aborted with.
    #[inline]
    pub fn read_frame(&mut self) -> impl Future<Output = Result<Option<Bytes>, TrackError>> + Send {
        poll_fn(|cx| self.poll_read_frame(cx))
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
        match &mut self.0 {
            Source::Whole(frame, _) => Poll::Ready(Ok(frame.take())),
            Source::Track(reader, cursor) => {
                // A place of its own, so that what is taken above stays in registers: written to memory and
                // read back in other pieces it would have to wait for the cache.
                let mut frame = None;
                let polled = poll_frame(reader, cursor, cx, &mut frame);
                polled.map_ok(|()| frame)
            }
        }
    }

    /// Waits until the group is finished, for the number of its frames.
    ///
    /// # Errors
    /// [`Evicted`](TrackError::Evicted) if the group is, and what it or the track was aborted with.
    #[inline]
    pub fn finished(&mut self) -> impl Future<Output = Result<u64, TrackError>> + Send {
        poll_fn(|cx| self.poll_finished(cx))
    }

    /// As [`finished`](Self::finished).
    ///
    /// # Errors
    /// As [`finished`](Self::finished).
    pub fn poll_finished(&mut self, cx: &mut Context<'_>) -> Poll<Result<u64, TrackError>> {
        match &mut self.0 {
            Source::Whole(..) => Poll::Ready(Ok(1)),
            Source::Track(reader, cursor) => {
                let group = cursor.group();
                reader.poll(cx, Ring::Group(group), |state, _| {
                    state.cache.poll_group_finished(group)
                })
            }
        }
    }

    /// The group's sequence.
    pub fn sequence(&self) -> u64 {
        match &self.0 {
            Source::Whole(_, sequence) => *sequence,
            Source::Track(_, cursor) => cursor.group().sequence(),
        }
    }
}

/// The next frame of a group that is read under the track's lock.
fn poll_frame(
    reader: &mut Reader,
    cursor: &mut GroupCursor,
    cx: &mut Context<'_>,
    frame: &mut Option<Bytes>,
) -> Poll<Result<(), TrackError>> {
    let ring = Ring::Group(cursor.group());
    reader.poll(cx, ring, |state, _| {
        let found = ready!(state.cache.poll_frame(cursor));
        Poll::Ready(found.map(|found| *frame = found.cloned()))
    })
}
