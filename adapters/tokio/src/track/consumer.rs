//! Who reads a track.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use streamgauge_core::track::{Fetch, GroupCursor, GroupId, TrackCursor, TrackError};

use super::{
    GroupConsumer, TrackProducer,
    reader::Reader,
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
    #[inline]
    pub fn next_group(
        &mut self,
    ) -> impl Future<Output = Result<Option<GroupConsumer>, TrackError>> + Send {
        poll_fn(|cx| self.poll_next_group(cx))
    }

    /// As [`next_group`](Self::next_group).
    ///
    /// # Errors
    /// As [`next_group`](Self::next_group).
    #[inline]
    pub fn poll_next_group(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<GroupConsumer>, TrackError>> {
        let cursor = &mut self.cursor;
        let look = |state: &mut State| state.cache.poll_next_group(cursor);
        poll_group(&mut self.reader, cx, look)
    }

    /// Waits for the first frame of the next group in the order of arrival, and passes over the others:
    /// for tracks with groups of one frame. A group without any is passed over. One lock where
    /// [`next_group`](Self::next_group) and its frame may take two.
    ///
    /// # Errors
    /// As [`next_group`](Self::next_group).
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
        let mut frame = None;
        let cursor = &mut self.cursor;
        let polled = self.reader.poll(cx, Ring::Track, |state, ring| {
            poll_first_frame(state, cursor, ring, &mut frame)
        });
        polled.map_ok(|()| frame)
    }

    /// Waits for the group with this sequence; `None` if there will never be one, because it lies past
    /// the end of a finished track, nobody is left to create it, or there is room for the newest group
    /// alone. O(1).
    ///
    /// # Errors
    /// [`Evicted`](TrackError::Evicted) if it was evicted, or is too old to come; what the track was
    /// aborted with; and [`Dropped`](TrackError::Dropped) if its last producer went before it was
    /// finished.
    #[inline]
    pub fn get_group(
        &mut self,
        sequence: u64,
    ) -> impl Future<Output = Result<Option<GroupConsumer>, TrackError>> + Send {
        let mut fetch = Fetch::new(sequence);
        poll_fn(move |cx| self.poll_get_group(cx, &mut fetch))
    }

    /// As [`get_group`](Self::get_group). To be called with the same `fetch` until it is ready: its first
    /// look counts as a hit or a miss.
    ///
    /// # Errors
    /// As [`get_group`](Self::get_group).
    #[inline]
    pub fn poll_get_group(
        &mut self,
        cx: &mut Context<'_>,
        fetch: &mut Fetch,
    ) -> Poll<Result<Option<GroupConsumer>, TrackError>> {
        poll_group(&mut self.reader, cx, |state| {
            let found = state.cache.poll_get_group(fetch);
            state.observe();
            found
        })
    }

    /// Waits for the end of the track.
    ///
    /// # Errors
    /// What it was aborted with, and [`Dropped`](TrackError::Dropped) if its last producer went before it
    /// was finished.
    #[inline]
    pub fn closed(&mut self) -> impl Future<Output = Result<(), TrackError>> + Send {
        poll_fn(|cx| self.poll_closed(cx))
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
    #[inline]
    pub fn finished(&mut self) -> impl Future<Output = Result<u64, TrackError>> + Send {
        poll_fn(|cx| self.poll_finished(cx))
    }

    /// As [`finished`](Self::finished).
    ///
    /// # Errors
    /// As [`closed`](Self::closed).
    pub fn poll_finished(&mut self, cx: &mut Context<'_>) -> Poll<Result<u64, TrackError>> {
        self.reader
            .poll(cx, Ring::Ends, |state, _| state.cache.poll_finished())
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

/// Waits for the group that `look` finds.
#[inline]
fn poll_group(
    reader: &mut Reader,
    cx: &Context<'_>,
    look: impl FnOnce(&mut State) -> Poll<Result<Option<GroupId>, TrackError>>,
) -> Poll<Result<Option<GroupConsumer>, TrackError>> {
    let mut whole = None;
    let found = reader.poll(cx, Ring::Track, |state, _| {
        let found = look(state);
        if let Poll::Ready(Ok(Some(group))) = found {
            state.peek(group, &mut whole);
        }
        found
    });
    let group = match ready!(found) {
        Ok(Some(group)) => GroupConsumer::of(reader.shared(), group, whole),
        Ok(None) => return Poll::Ready(Ok(None)),
        Err(error) => return Poll::Ready(Err(error)),
    };
    Poll::Ready(Ok(Some(group)))
}

/// The first frame of the next group that has one, or where to wait for it. The reader goes on only when
/// it is there.
#[inline]
fn poll_first_frame(
    state: &State,
    cursor: &mut TrackCursor,
    ring: &mut Ring,
    first: &mut Option<Bytes>,
) -> Poll<Result<(), TrackError>> {
    loop {
        let mut next = *cursor;
        let group = match ready!(state.cache.poll_next_group(&mut next)) {
            Ok(Some(group)) => group,
            end => return Poll::Ready(end.map(drop)),
        };
        *ring = Ring::Group(group);
        let frame = ready!(state.cache.poll_frame(&mut GroupCursor::new(group)));
        *ring = Ring::Track;
        *cursor = next;
        if let Ok(Some(frame)) = frame {
            *first = Some(frame.clone());
            return Poll::Ready(Ok(()));
        }
    }
}
