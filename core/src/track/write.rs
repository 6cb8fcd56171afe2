//! What a producer does.

use super::{
    Reason, Refused, TrackCache, TrackError, TrackRoom,
    slot::{GroupId, GroupState},
};
use crate::{sync::widen, time::Instant};

impl<P, R: TrackRoom<P>> TrackCache<P, R> {
    /// Creates the group with this sequence. Groups may arrive in any order.
    ///
    /// # Errors
    /// [`Duplicate`](TrackError::Duplicate) if there is one with it; [`Evicted`](TrackError::Evicted) if
    /// there was, or it is too old to tell; [`Closed`](TrackError::Closed) at or past the end of a
    /// finished track; [`Full`](TrackError::Full) if there is room for the newest group only; what the
    /// track was aborted with; and [`Dropped`](TrackError::Dropped) once it was closed.
    pub fn create_group(&mut self, now: Instant, sequence: u64) -> Result<GroupId, TrackError> {
        let now = self.begin(now);
        self.check_open()?;
        self.check_end(sequence)?;
        if self.shelf.find(sequence).is_some() {
            self.news.duplicate();
            return Err(TrackError::Duplicate);
        }
        if self.gone.contains(self.shelf.gone(), sequence) {
            return Err(TrackError::Evicted);
        }
        self.insert(now, sequence)
    }

    /// Creates the group after the one with the highest sequence, and the first one as number zero.
    ///
    /// # Errors
    /// [`BoundsExceeded`](TrackError::BoundsExceeded) after the last sequence there is, and otherwise as
    /// [`create_group`](Self::create_group).
    pub fn append_group(&mut self, now: Instant) -> Result<GroupId, TrackError> {
        let now = self.begin(now);
        let sequence = self.next_sequence()?;
        self.insert(now, sequence)
    }

    /// Appends a finished group of one frame, with `bytes` bytes of payload.
    ///
    /// # Errors
    /// As [`append_group`](Self::append_group), and [`Full`](TrackError::Full) if the frame alone is more
    /// than the policy allows. Nothing has changed then, and the payload is given back.
    pub fn write_frame(
        &mut self,
        now: Instant,
        payload: P,
        bytes: usize,
    ) -> Result<GroupId, Refused<P>> {
        let now = self.begin(now);
        let group = self
            .next_sequence()
            .and_then(|sequence| self.insert_for(now, sequence, bytes));
        match group {
            Ok(group) => {
                self.push(group, payload, bytes);
                if let Some(group) = self.shelf.group_mut(group) {
                    group.state = GroupState::Finished;
                }
                Ok(group)
            }
            Err(error) => Err(Refused { error, payload }),
        }
    }

    /// Appends a frame, with `bytes` bytes of payload, to a group.
    ///
    /// What is in the way is evicted, the oldest first; a frame that could not fit even so evicts
    /// nothing.
    ///
    /// # Errors
    /// [`Closed`](TrackError::Closed) if the group is finished; [`Evicted`](TrackError::Evicted) if it was
    /// evicted, which may be for this very frame if it is the oldest; [`Full`](TrackError::Full) if it
    /// does not fit beside the newest group; and what the group or the track was aborted with. The
    /// payload is given back.
    pub fn write_group_frame(
        &mut self,
        now: Instant,
        group: GroupId,
        payload: P,
        bytes: usize,
    ) -> Result<(), Refused<P>> {
        self.begin(now);
        let writable = self
            .check_writable(group)
            .and_then(|()| self.make_room_for_frame(group, bytes));
        if let Err(error) = writable {
            return Err(Refused { error, payload });
        }
        self.push(group, payload, bytes);
        self.shelf.note_changed(group.slot());
        Ok(())
    }

    /// Says that a group has all its frames. Once more does nothing.
    ///
    /// # Errors
    /// [`Evicted`](TrackError::Evicted) if it was evicted, and what it or the track was aborted with.
    pub fn finish_group(&mut self, group: GroupId) -> Result<(), TrackError> {
        match self.check_writable(group) {
            Ok(()) => {
                self.set_state(group, GroupState::Finished);
                Ok(())
            }
            Err(TrackError::Closed) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Gives a group up: its readers get the frames there are, and then the error.
    ///
    /// # Errors
    /// [`Closed`](TrackError::Closed) if it is finished, [`Evicted`](TrackError::Evicted) if it was
    /// evicted, and what it or the track was aborted with before.
    pub fn abort_group(&mut self, group: GroupId, error: TrackError) -> Result<(), TrackError> {
        self.check_writable(group)?;
        self.set_state(group, GroupState::Aborted(error));
        Ok(())
    }

    /// Ends the track after the group with the highest sequence. Groups with lower ones may still come.
    ///
    /// # Errors
    /// [`Closed`](TrackError::Closed) if it was finished, [`BoundsExceeded`](TrackError::BoundsExceeded)
    /// after the last sequence there is, what the track was aborted with, and
    /// [`Dropped`](TrackError::Dropped) once it was closed.
    pub fn finish(&mut self) -> Result<(), TrackError> {
        self.check_open()?;
        if self.end.is_some() {
            return Err(TrackError::Closed);
        }
        let end = match self.latest {
            Some(latest) => latest.checked_add(1).ok_or(TrackError::BoundsExceeded)?,
            None => 0,
        };
        self.end = Some(end);
        self.news.track_changed();
        Ok(())
    }

    /// Ends the track after the group with this sequence, which must be the highest there is.
    ///
    /// # Errors
    /// [`Closed`](TrackError::Closed) if it is not, and otherwise as [`finish`](Self::finish).
    pub fn finish_at(&mut self, sequence: u64) -> Result<(), TrackError> {
        self.check_open()?;
        if self.latest != Some(sequence) {
            return Err(TrackError::Closed);
        }
        self.finish()
    }

    /// Gives the track up, and every group that is not finished with it. Readers get what is cached,
    /// and then the error. O(groups).
    ///
    /// # Errors
    /// What it was aborted with before, and [`Dropped`](TrackError::Dropped) once it was closed.
    pub fn abort(&mut self, error: TrackError) -> Result<(), TrackError> {
        self.check_open()?;
        self.state = GroupState::Aborted(error);
        self.shelf.note_open_changed();
        self.news.track_changed();
        Ok(())
    }

    /// Notes that nobody is left who could create a group: readers who wait for one get
    /// [`Dropped`](TrackError::Dropped), or the end if the track was finished. Groups may still grow.
    pub fn close(&mut self) {
        if !self.closed {
            self.closed = true;
            self.news.track_changed();
        }
    }

    /// Whether the track was aborted or closed.
    pub const fn is_closed(&self) -> bool {
        self.closed || self.aborted().is_some()
    }

    /// What the track was aborted with.
    pub const fn aborted(&self) -> Option<TrackError> {
        self.state.error()
    }

    fn check_open(&self) -> Result<(), TrackError> {
        match self.aborted() {
            Some(error) => Err(error),
            None if self.closed => Err(TrackError::Dropped),
            None => Ok(()),
        }
    }

    fn check_end(&self, sequence: u64) -> Result<(), TrackError> {
        match self.end {
            Some(end) if sequence >= end => Err(TrackError::Closed),
            _ => Ok(()),
        }
    }

    fn next_sequence(&self) -> Result<u64, TrackError> {
        self.check_open()?;
        let next = match self.latest {
            Some(latest) => latest.checked_add(1).ok_or(TrackError::BoundsExceeded)?,
            None => 0,
        };
        self.check_end(next)?;
        Ok(next)
    }

    fn check_writable(&self, group: GroupId) -> Result<(), TrackError> {
        if let Some(error) = self.aborted() {
            return Err(error);
        }
        match self.shelf.group(group).map(|group| group.state) {
            Some(GroupState::Open) => Ok(()),
            Some(GroupState::Finished) => Err(TrackError::Closed),
            Some(GroupState::Aborted(error)) => Err(error),
            None => Err(TrackError::Evicted),
        }
    }

    fn set_state(&mut self, group: GroupId, state: GroupState) {
        if let Some(slot) = self.shelf.group_mut(group) {
            slot.state = state;
            self.shelf.note_changed(group.slot());
        }
    }

    /// Adds a group with a sequence that is new.
    fn insert(&mut self, now: Instant, sequence: u64) -> Result<GroupId, TrackError> {
        let newest = self.latest.is_none_or(|latest| sequence > latest);
        self.make_room_for_group(newest)?;
        let group = self.shelf.insert(sequence, now, newest);
        let group = group.ok_or(TrackError::Full)?;
        self.latest = self.latest.max(Some(sequence));
        self.news.group_created(!newest);
        self.news.track_changed();
        if newest {
            // The one before may have stayed beyond its time.
            self.evict_aged(now);
        }
        Ok(group)
    }

    /// The same for a group of one frame, with room for that.
    fn insert_for(
        &mut self,
        now: Instant,
        sequence: u64,
        bytes: usize,
    ) -> Result<GroupId, TrackError> {
        // Slots that are taken are given back before the group goes without its frame.
        let slot = self.shelf.frames() > 0 || self.shelf.has_room_for_frame();
        if bytes > self.policy.max_bytes() || !slot {
            return Err(TrackError::Full);
        }
        let group = self.insert(now, sequence)?;
        self.make_room_for_frame(group, bytes)?;
        Ok(group)
    }

    /// Evicts what is in the way of one more group, which may take the newest one's place.
    fn make_room_for_group(&mut self, newest: bool) -> Result<(), TrackError> {
        while self.shelf.groups() >= self.policy.max_groups() || !self.shelf.has_room_for_group() {
            let victim = if newest {
                self.shelf.oldest()
            } else {
                self.shelf.oldest_but_newest().map(|(slot, _)| slot)
            };
            self.evict(victim.ok_or(TrackError::Full)?, Reason::Groups);
        }
        Ok(())
    }

    /// Evicts what is in the way of one more frame.
    #[inline]
    fn make_room_for_frame(&mut self, group: GroupId, bytes: usize) -> Result<(), TrackError> {
        match self.lack(bytes) {
            None => Ok(()),
            Some(_) => self.evict_for_frame(group, bytes),
        }
    }

    fn evict_for_frame(&mut self, group: GroupId, bytes: usize) -> Result<(), TrackError> {
        if !self.could_fit(group, bytes) {
            return Err(TrackError::Full);
        }
        while let Some(reason) = self.lack(bytes) {
            let victim = self.shelf.oldest_but_newest().map(|(slot, _)| slot);
            let victim = victim.ok_or(TrackError::Full)?;
            self.evict(victim, reason);
            if victim == group.slot() {
                return Err(TrackError::Evicted);
            }
        }
        Ok(())
    }

    /// What there is too little of for one more frame.
    fn lack(&mut self, bytes: usize) -> Option<Reason> {
        if !self.allows(self.bytes.checked_add(bytes)) {
            return Some(Reason::Bytes);
        }
        (!self.shelf.has_room_for_frame()).then_some(Reason::Frames)
    }

    /// Whether a frame fits beside the newest group and its own.
    fn could_fit(&self, group: GroupId, bytes: usize) -> bool {
        let newest = self
            .shelf
            .newest()
            .filter(|(slot, _)| *slot != group.slot());
        let kept = newest.map(|(_, slot)| slot).into_iter();
        let (mut frames, mut sum) = (0, Some(bytes));
        for kept in kept.chain(self.shelf.group(group)) {
            frames += widen(kept.frames) as usize;
            sum = sum.and_then(|sum| sum.checked_add(kept.bytes));
        }
        self.allows(sum) && frames < self.shelf.most_frames()
    }

    /// Whether the policy allows so many bytes, which are too many for any if they cannot be counted.
    #[inline]
    fn allows(&self, bytes: Option<usize>) -> bool {
        bytes.is_some_and(|bytes| bytes <= self.policy.max_bytes())
    }

    fn push(&mut self, group: GroupId, payload: P, bytes: usize) {
        if self.shelf.push(group.slot(), payload, bytes).is_some() {
            self.bytes += bytes;
            self.news.frame_written(bytes);
        }
    }
}
