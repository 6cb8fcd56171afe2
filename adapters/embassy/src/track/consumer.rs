//! Who reads a track.

use core::{fmt, future::poll_fn, task::Poll};

use streamgauge_core::track::{Fetch, GroupCursor, GroupId, TrackCache, TrackCursor, TrackError};

use super::{
    AnyTrack, GroupConsumer, seats,
    state::{self, TRACK, Topic},
};

/// Reads a track: its groups in the order in which they arrive, or one by its sequence.
///
/// A reader that falls behind passes over what was evicted; it never holds a producer up.
pub struct TrackConsumer<T: AnyTrack> {
    track: &'static T,
    seat: usize,
    cursor: TrackCursor,
}

impl<T: AnyTrack> TrackConsumer<T> {
    pub(super) fn new(track: &'static T) -> Result<Self, NoSeat> {
        let seat = track.with(|view| {
            let seat = seats::take(view.seats, TRACK);
            if seat.is_some() {
                view.desk.demand.wake();
            }
            seat.ok_or(NoSeat {
                readers: view.seats.len(),
            })
        })?;
        Ok(Self {
            track,
            seat,
            cursor: TrackCursor::new(),
        })
    }

    /// Waits for the next group in the order of arrival; `None` at the end of a finished track, without
    /// waiting for sequences that are missing.
    ///
    /// # Errors
    /// What the track was aborted with, and [`Dropped`](TrackError::Dropped) if its producer was dropped
    /// before it finished; after all groups that are cached.
    pub async fn next_group(&mut self) -> Result<Option<GroupConsumer<'_, T>>, TrackError> {
        let group = self
            .wait(|cache, cursor| or_wait(cache.poll_next_group(cursor), TRACK))
            .await?;
        Ok(self.open(group))
    }

    /// Waits for the first frame of the next group, and copies it; `None` at the end of a finished track. For
    /// tracks whose groups have one frame each; one that ends without a frame is passed over.
    ///
    /// # Errors
    /// As [`next_group`](Self::next_group).
    pub async fn read_frame(&mut self) -> Result<Option<T::Payload>, TrackError>
    where
        T::Payload: Clone,
    {
        self.wait(|cache, cursor| {
            loop {
                let mut ahead = *cursor;
                let group = match or_wait(cache.poll_next_group(&mut ahead), TRACK)? {
                    Ok(Some(group)) => group,
                    end => return Ok(end.map(|_| None)),
                };
                let frame = cache.poll_frame(&mut GroupCursor::new(group));
                let frame = or_wait(frame, state::group(group))?;
                *cursor = ahead;
                if let Ok(Some(frame)) = frame {
                    return Ok(Ok(Some(frame.clone())));
                }
            }
        })
        .await
    }

    /// Waits for the group with this sequence; `None` if there will never be one, because it lies past the
    /// end of a finished track, nobody is left to create it, or there is room for the newest group alone.
    ///
    /// # Errors
    /// [`Evicted`](TrackError::Evicted) if it was evicted, or is too old to come; what the track was
    /// aborted with; and [`Dropped`](TrackError::Dropped) if its producer was dropped before it finished.
    pub async fn get_group(
        &mut self,
        sequence: u64,
    ) -> Result<Option<GroupConsumer<'_, T>>, TrackError> {
        let mut fetch = Fetch::new(sequence);
        let group = self
            .wait(|cache, _| or_wait(cache.poll_get_group(&mut fetch), TRACK))
            .await?;
        Ok(self.open(group))
    }

    /// Waits until the track has come to its end.
    ///
    /// # Errors
    /// What it was aborted with, and [`Dropped`](TrackError::Dropped) if its producer was dropped before
    /// it finished.
    pub async fn closed(&mut self) -> Result<(), TrackError> {
        self.wait(|cache, _| or_wait(cache.poll_closed(), TRACK))
            .await
    }

    /// Waits until the track is finished; the sequence past its last group.
    ///
    /// # Errors
    /// As [`closed`](Self::closed).
    pub async fn finished(&mut self) -> Result<u64, TrackError> {
        self.wait(|cache, _| or_wait(cache.poll_finished(), TRACK))
            .await
    }

    /// Passes over groups with sequences below this one, from now on.
    pub fn start_at(&mut self, sequence: u64) {
        self.cursor.start_at(sequence);
    }

    /// Reads on in a group, from where [`GroupConsumer::into_cursor`] left it.
    pub fn resume(&mut self, cursor: GroupCursor) -> GroupConsumer<'_, T> {
        GroupConsumer::new(self, cursor)
    }

    /// The highest sequence ever created.
    pub fn latest(&self) -> Option<u64> {
        self.track.with(|view| view.cache.latest())
    }

    fn open(&mut self, group: Option<GroupId>) -> Option<GroupConsumer<'_, T>> {
        group.map(|group| self.resume(GroupCursor::new(group)))
    }

    /// Looks at the cache until there is what to wait for; again whenever there is news of the topic that
    /// it has to wait for.
    pub(super) async fn wait<R>(
        &mut self,
        mut look: impl FnMut(&mut TrackCache<T::Payload, T::Room>, &mut TrackCursor) -> Result<R, Topic>,
    ) -> R {
        poll_fn(|context| {
            self.track
                .with(|view| match look(view.cache, &mut self.cursor) {
                    Ok(found) => Poll::Ready(found),
                    Err(topic) => {
                        view.wait(self.seat, topic, context.waker());
                        Poll::Pending
                    }
                })
        })
        .await
    }
}

/// What there is, or what to wait for.
pub(super) fn or_wait<R>(found: Poll<R>, topic: Topic) -> Result<R, Topic> {
    match found {
        Poll::Ready(found) => Ok(found),
        Poll::Pending => Err(topic),
    }
}

impl<T: AnyTrack> Drop for TrackConsumer<T> {
    fn drop(&mut self) {
        self.track.with(|view| {
            seats::leave(view.seats, self.seat);
            view.desk.demand.wake();
        });
    }
}

/// As many readers are there as there are seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoSeat {
    /// How many that is.
    pub readers: usize,
}

impl fmt::Display for NoSeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "all {} readers of the track are there; drop one, or give it more seats",
            self.readers
        )
    }
}

impl core::error::Error for NoSeat {}
