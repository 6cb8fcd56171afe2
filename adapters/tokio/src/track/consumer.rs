//! Who reads a track.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use streamgauge_core::track::{Fetch, GroupCursor, TrackCursor, TrackError};

use super::{
    GroupConsumer, TrackProducer,
    reader::{Reader, or_wait},
    shared::Shared,
    state::{Ring, State},
};

/// Reads a track: its groups in the order of arrival, or by their sequences.
///
/// A clone goes on from the same place, on its own. A reader that falls behind passes over what was
/// evicted. Each waits for one thing at a time, and its futures are cancel-safe: one that is dropped has
/// taken nothing. The first wait takes a seat of 32 bytes; nothing else allocates.
#[derive(Debug)]
pub struct TrackConsumer {
    reader: Reader,
    cursor: TrackCursor,
}

impl TrackConsumer {
    pub(super) fn of(shared: &Arc<Shared>) -> Self {
        Self::at(shared, TrackCursor::new())
    }

    fn at(shared: &Arc<Shared>, cursor: TrackCursor) -> Self {
        shared.change(State::enter);
        Self {
            reader: Reader::new(shared.clone()),
            cursor,
        }
    }

    /// Waits for the next group in the order of arrival; `None` at the end of a finished track, without
    /// waiting for sequences that are missing.
    ///
    /// # Errors
    /// After all groups that are cached: what the track was aborted with, and
    /// [`Dropped`](TrackError::Dropped) if its last producer went before it was finished.
    pub async fn next_group(&mut self) -> Result<Option<GroupConsumer>, TrackError> {
        poll_fn(|cx| self.poll_next_group(cx)).await
    }

    /// As [`next_group`](Self::next_group).
    ///
    /// # Errors
    /// As [`next_group`](Self::next_group).
    pub fn poll_next_group(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<GroupConsumer>, TrackError>> {
        self.reader.poll(cx, |shared, state| {
            let next = or_wait(state.cache.poll_next_group(&mut self.cursor), Ring::Track)?;
            Ok(next.map(|group| group.map(|group| GroupConsumer::of(shared, state, group))))
        })
    }

    /// Waits for the first frame of the next group in the order of arrival, and passes over the others:
    /// for tracks with groups of one frame. A group without any is passed over. One lock where
    /// [`next_group`](Self::next_group) and its frame may take two.
    ///
    /// # Errors
    /// As [`next_group`](Self::next_group).
    pub async fn read_frame(&mut self) -> Result<Option<Bytes>, TrackError> {
        poll_fn(|cx| self.poll_read_frame(cx)).await
    }

    /// As [`read_frame`](Self::read_frame).
    ///
    /// # Errors
    /// As [`read_frame`](Self::read_frame).
    pub fn poll_read_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, TrackError>> {
        self.reader
            .poll(cx, |_, state| first_frame(state, &mut self.cursor))
    }

    /// Waits for the group with this sequence; `None` if there will never be one, because it lies past
    /// the end of a finished track or nobody is left to create it. O(1).
    ///
    /// # Errors
    /// [`Evicted`](TrackError::Evicted) if it was evicted, or is too old to come; what the track was
    /// aborted with; and [`Dropped`](TrackError::Dropped) if its last producer went before it was
    /// finished.
    pub async fn get_group(&mut self, sequence: u64) -> Result<Option<GroupConsumer>, TrackError> {
        let mut fetch = Fetch::new(sequence);
        poll_fn(|cx| self.poll_get_group(cx, &mut fetch)).await
    }

    /// As [`get_group`](Self::get_group). To be called with the same `fetch` until it is ready: its first
    /// look counts as a hit or a miss.
    ///
    /// # Errors
    /// As [`get_group`](Self::get_group).
    pub fn poll_get_group(
        &mut self,
        cx: &mut Context<'_>,
        fetch: &mut Fetch,
    ) -> Poll<Result<Option<GroupConsumer>, TrackError>> {
        self.reader.poll(cx, |shared, state| {
            let found = state.cache.poll_get_group(fetch);
            state.observe();
            let found = or_wait(found, Ring::Track)?;
            Ok(found.map(|group| group.map(|group| GroupConsumer::of(shared, state, group))))
        })
    }

    /// Waits for the end of the track.
    ///
    /// # Errors
    /// What it was aborted with, and [`Dropped`](TrackError::Dropped) if its last producer went before it
    /// was finished.
    pub async fn closed(&mut self) -> Result<(), TrackError> {
        poll_fn(|cx| self.poll_closed(cx)).await
    }

    /// As [`closed`](Self::closed).
    ///
    /// # Errors
    /// As [`closed`](Self::closed).
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TrackError>> {
        self.poll_finished(cx).map_ok(drop)
    }

    /// Waits until the track is finished, for the sequence past its last group.
    ///
    /// # Errors
    /// As [`closed`](Self::closed).
    pub async fn finished(&mut self) -> Result<u64, TrackError> {
        poll_fn(|cx| self.poll_finished(cx)).await
    }

    /// As [`finished`](Self::finished).
    ///
    /// # Errors
    /// As [`closed`](Self::closed).
    pub fn poll_finished(&mut self, cx: &mut Context<'_>) -> Poll<Result<u64, TrackError>> {
        self.reader.poll(cx, |_, state| {
            or_wait(state.cache.poll_finished(), Ring::Ends)
        })
    }

    /// Passes over groups with sequences below this one, from now on.
    pub fn start_at(&mut self, sequence: u64) {
        self.cursor.start_at(sequence);
    }

    /// A producer of the track that is read: it can be published in another broadcast as well.
    ///
    /// # Errors
    /// What the track was aborted with, and [`Dropped`](TrackError::Dropped) if its last producer is gone.
    pub fn produce(&self) -> Result<TrackProducer, TrackError> {
        TrackProducer::of(self.reader.shared())
    }

    /// The highest sequence that was ever created.
    pub fn latest(&self) -> Option<u64> {
        self.reader.shared().lock().cache.latest()
    }

    /// Whether both read the same track.
    pub fn is_clone(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.reader.shared(), other.reader.shared())
    }
}

impl Clone for TrackConsumer {
    fn clone(&self) -> Self {
        Self::at(self.reader.shared(), self.cursor)
    }
}

impl Drop for TrackConsumer {
    fn drop(&mut self) {
        self.reader.shared().change(State::exit);
    }
}

/// The first frame of the next group that has one. The reader goes on only when it is there.
fn first_frame(
    state: &State,
    cursor: &mut TrackCursor,
) -> Result<Result<Option<Bytes>, TrackError>, Ring> {
    loop {
        let mut next = *cursor;
        let group = match or_wait(state.cache.poll_next_group(&mut next), Ring::Track)? {
            Ok(Some(group)) => group,
            end => return Ok(end.map(|_| None)),
        };
        let frame = state.cache.poll_frame(&mut GroupCursor::new(group));
        let frame = or_wait(frame, Ring::Group(group))?;
        *cursor = next;
        if let Ok(Some(frame)) = frame {
            return Ok(Ok(Some(frame.clone())));
        }
    }
}
