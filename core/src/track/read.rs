//! What readers do.

use core::task::Poll;

use super::{
    TrackCache, TrackError, TrackRoom,
    slot::{GroupId, GroupState, Link},
};

/// A reader's place among the groups of a track, in the order of arrival.
#[derive(Clone, Copy, Debug, Default)]
pub struct TrackCursor {
    /// The next arrival to read.
    next: u64,
    /// The slot of the one before.
    last: Link,
    /// Groups with lower sequences are passed over.
    start: u64,
}

impl TrackCursor {
    /// At the oldest group that is cached.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            next: 0,
            last: Link::NONE,
            start: 0,
        }
    }

    /// Passes over groups with sequences below this one, from now on.
    pub const fn start_at(&mut self, sequence: u64) {
        self.start = sequence;
    }
}

/// Asks for one group by its sequence.
#[derive(Clone, Copy, Debug)]
pub struct Fetch {
    sequence: u64,
    /// Whether it was counted as a hit or a miss.
    counted: bool,
}

impl Fetch {
    /// Asks for the group with this sequence.
    #[must_use]
    pub const fn new(sequence: u64) -> Self {
        Self {
            sequence,
            counted: false,
        }
    }
}

/// A reader's place among the frames of a group.
#[derive(Clone, Copy, Debug)]
pub struct GroupCursor {
    group: GroupId,
    /// The frame that was read last.
    last: Link,
    read: u64,
    /// Whether it is known that no more come.
    ended: bool,
}

impl GroupCursor {
    /// Before the first frame of a group.
    #[must_use]
    pub const fn new(group: GroupId) -> Self {
        Self {
            group,
            last: Link::NONE,
            read: 0,
            ended: false,
        }
    }

    /// The group.
    #[must_use]
    pub const fn group(&self) -> GroupId {
        self.group
    }

    /// How many frames were read.
    #[must_use]
    pub const fn frames_read(&self) -> u64 {
        self.read
    }
}

impl<P, R: TrackRoom<P>> TrackCache<P, R> {
    /// The next group in the order of arrival; `None` at the end of a finished track, without waiting
    /// for sequences that are missing, though one that comes late after all is still delivered.
    ///
    /// A reader that falls behind passes over what was evicted. `Pending` until [`Wake::Track`].
    ///
    /// # Errors
    /// What the track was aborted with, and [`Dropped`](TrackError::Dropped) if it was closed
    /// unfinished; after all groups that are cached.
    ///
    /// [`Wake::Track`]: super::Wake::Track
    pub fn poll_next_group(
        &self,
        cursor: &mut TrackCursor,
    ) -> Poll<Result<Option<GroupId>, TrackError>> {
        while let Some((link, group)) = self.shelf.next_from(cursor.next, cursor.last) {
            cursor.next = group.arrival + 1;
            cursor.last = link;
            if group.sequence >= cursor.start {
                return Poll::Ready(Ok(GroupId::of(link, group)));
            }
        }
        self.poll_finished().map_ok(|_| None)
    }

    /// The group with this sequence; `None` if there will never be one, because it lies past the end of
    /// a finished track, nobody is left to create it, or there is room for the newest group alone.
    ///
    /// `Pending` until [`Wake::Track`](super::Wake::Track), as long as it may come.
    ///
    /// # Errors
    /// [`Evicted`](TrackError::Evicted) if it was evicted, or is too old to come; what the track was
    /// aborted with; and [`Dropped`](TrackError::Dropped) if it was closed unfinished.
    pub fn poll_get_group(
        &mut self,
        fetch: &mut Fetch,
    ) -> Poll<Result<Option<GroupId>, TrackError>> {
        let found = self.shelf.find(fetch.sequence);
        if !core::mem::replace(&mut fetch.counted, true) {
            self.news.asked(found.is_some());
        }
        if found.is_some() {
            return Poll::Ready(Ok(found));
        }
        if self.gone.contains(self.shelf.gone(), fetch.sequence) {
            return Poll::Ready(Err(TrackError::Evicted));
        }
        match (self.end, self.aborted()) {
            (Some(end), _) if fetch.sequence >= end => Poll::Ready(Ok(None)),
            (_, Some(error)) => Poll::Ready(Err(error)),
            (Some(_), None) if self.closed => Poll::Ready(Ok(None)),
            (None, None) if self.closed => Poll::Ready(Err(TrackError::Dropped)),
            _ if self.is_too_late(fetch.sequence) => Poll::Ready(Ok(None)),
            _ => Poll::Pending,
        }
    }

    /// Whether a group would come after the newest one, where there is room for that one alone.
    fn is_too_late(&mut self, sequence: u64) -> bool {
        self.latest > Some(sequence)
            && (self.policy.max_groups() <= 1
                || self.shelf.groups() == 1 && !self.shelf.has_room_for_group())
    }

    /// The next frame of a group; `None` at the end of a finished one.
    ///
    /// `Pending` until [`Wake::Group`](super::Wake::Group) names the group's slot.
    ///
    /// # Errors
    /// [`Evicted`](TrackError::Evicted) as soon as the group is, unless it was finished and read to its
    /// end: a slow reader keeps no memory. After the frames there are, what the group or the track was
    /// aborted with.
    #[inline]
    pub fn poll_frame(&self, cursor: &mut GroupCursor) -> Poll<Result<Option<&P>, TrackError>> {
        if cursor.ended {
            return Poll::Ready(Ok(None));
        }
        let Some(group) = self.shelf.group(cursor.group) else {
            return Poll::Ready(Err(TrackError::Evicted));
        };
        let next = match self.shelf.frame(cursor.last) {
            Some(last) => last.next,
            None => group.first,
        };
        let frame = self
            .shelf
            .frame(next)
            .and_then(|frame| frame.payload.as_ref());
        if frame.is_some() {
            cursor.last = next;
            cursor.read += 1;
            cursor.ended = group.state == GroupState::Finished && group.last == next;
            return Poll::Ready(Ok(frame));
        }
        let end = self.poll_end(group.state).map_ok(|()| None);
        cursor.ended = matches!(end, Poll::Ready(Ok(_)));
        end
    }

    /// The frame of a group that has one and is finished: its readers need no cursor.
    #[inline]
    pub fn only_frame(&self, group: GroupId) -> Option<&P> {
        let group = self.shelf.group(group)?;
        if group.state != GroupState::Finished || group.frames != 1 {
            return None;
        }
        self.shelf.frame(group.first)?.payload.as_ref()
    }

    /// How many frames a group has, once it is finished. `Pending` as [`poll_frame`](Self::poll_frame).
    ///
    /// # Errors
    /// As [`poll_frame`](Self::poll_frame).
    pub fn poll_group_finished(&self, group: GroupId) -> Poll<Result<u64, TrackError>> {
        match self.shelf.group(group) {
            Some(group) => self
                .poll_end(group.state)
                .map_ok(|()| u64::from(group.frames)),
            None => Poll::Ready(Err(TrackError::Evicted)),
        }
    }

    /// How many frames a group has now.
    pub fn frame_count(&self, group: GroupId) -> Option<u64> {
        self.shelf.group(group).map(|group| u64::from(group.frames))
    }

    /// Whether the track came to its end. `Pending` until [`Wake::Track`](super::Wake::Track).
    ///
    /// # Errors
    /// What it was aborted with, and [`Dropped`](TrackError::Dropped) if it was closed unfinished.
    pub fn poll_closed(&self) -> Poll<Result<(), TrackError>> {
        self.poll_finished().map_ok(|_| ())
    }

    /// The sequence past the last group, once the track is finished. `Pending` as
    /// [`poll_closed`](Self::poll_closed).
    ///
    /// # Errors
    /// As [`poll_closed`](Self::poll_closed).
    pub fn poll_finished(&self) -> Poll<Result<u64, TrackError>> {
        match (self.end, self.aborted()) {
            (Some(end), _) => Poll::Ready(Ok(end)),
            (None, Some(error)) => Poll::Ready(Err(error)),
            (None, None) if self.closed => Poll::Ready(Err(TrackError::Dropped)),
            (None, None) => Poll::Pending,
        }
    }

    fn poll_end(&self, state: GroupState) -> Poll<Result<(), TrackError>> {
        match (state, self.aborted()) {
            (GroupState::Finished, _) => Poll::Ready(Ok(())),
            (GroupState::Aborted(error), _) | (GroupState::Open, Some(error)) => {
                Poll::Ready(Err(error))
            }
            (GroupState::Open, None) => Poll::Pending,
        }
    }
}
