//! Who reads a track.

use core::{fmt, future::poll_fn, task::Poll};

use streamgauge_core::track::{Fetch, GroupCursor, GroupId, TrackCache, TrackCursor, TrackError};

use super::{AnyTrack, GroupConsumer, TRACK, seats};

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
            .wait(TRACK, |cache, cursor| cache.poll_next_group(cursor))
            .await?;
        Ok(self.open(group))
    }

    /// Waits for the group with this sequence; `None` if there will never be one, because it lies past the
    /// end of a finished track or nobody is left to create it.
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
            .wait(TRACK, |cache, _| cache.poll_get_group(&mut fetch))
            .await?;
        Ok(self.open(group))
    }

    /// Waits until the track has come to its end.
    ///
    /// # Errors
    /// What it was aborted with, and [`Dropped`](TrackError::Dropped) if its producer was dropped before
    /// it finished.
    pub async fn closed(&mut self) -> Result<(), TrackError> {
        self.wait(TRACK, |cache, _| cache.poll_closed()).await
    }

    /// Waits until the track is finished; the sequence past its last group.
    ///
    /// # Errors
    /// As [`closed`](Self::closed).
    pub async fn finished(&mut self) -> Result<u64, TrackError> {
        self.wait(TRACK, |cache, _| cache.poll_finished()).await
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

    /// Looks at the cache until there is what to wait for; again whenever there is news of the topic.
    pub(super) async fn wait<R>(
        &mut self,
        topic: usize,
        mut look: impl FnMut(&mut TrackCache<T::Payload, T::Room>, &mut TrackCursor) -> Poll<R>,
    ) -> R {
        poll_fn(|context| {
            self.track.with(|view| {
                let found = look(view.cache, &mut self.cursor);
                if found.is_pending() {
                    view.wait(self.seat, topic, context.waker());
                }
                found
            })
        })
        .await
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
