//! What the room of a track is made of.

use crate::{
    sync::{Id, narrow, widen},
    time::Instant,
    track::TrackError,
};

/// Leads to a slot, or nowhere: zero is nowhere, so that an all-zero room is an empty one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link(Id);

impl Link {
    /// Leads nowhere.
    pub const NONE: Self = Self(0);

    #[allow(
        clippy::cast_possible_truncation,
        reason = "no slot is above `MAX_IDS`"
    )]
    #[inline]
    pub(crate) const fn to(slot: usize) -> Self {
        Self(narrow(slot as u32 + 1))
    }

    #[inline]
    pub(crate) const fn slot(self) -> Option<usize> {
        (widen(self.0) as usize).checked_sub(1)
    }
}

/// How a group or a track stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GroupState {
    Open,
    Finished,
    Aborted(TrackError),
}

impl GroupState {
    #[inline]
    pub(super) const fn error(self) -> Option<TrackError> {
        match self {
            Self::Aborted(error) => Some(error),
            Self::Open | Self::Finished => None,
        }
    }
}

/// The room for one group.
#[derive(Debug)]
pub struct GroupSlot {
    pub(super) sequence: u64,
    /// Its place in the order of arrival, from one on; zero if the slot is free.
    pub(super) arrival: u64,
    pub(super) created: Instant,
    pub(super) bytes: usize,
    pub(super) state: GroupState,
    pub(super) frames: Id,
    pub(super) first: Link,
    pub(super) last: Link,
    /// The group that arrived next, or the next free slot.
    pub(super) next: Link,
    /// The next group in the same bucket of the index.
    pub(super) chain: Link,
    /// The next changed group; the last of them leads to itself.
    pub(super) changed: Link,
}

impl GroupSlot {
    /// Room for a group.
    pub const FREE: Self = Self {
        sequence: 0,
        arrival: 0,
        created: Instant::from_micros(0),
        bytes: 0,
        state: GroupState::Open,
        frames: 0,
        first: Link::NONE,
        last: Link::NONE,
        next: Link::NONE,
        chain: Link::NONE,
        changed: Link::NONE,
    };
}

/// The room for one frame.
#[derive(Debug)]
pub struct FrameSlot<P> {
    pub(super) payload: Option<P>,
    /// The next frame of the group, or the next free slot.
    pub(super) next: Link,
}

impl<P> FrameSlot<P> {
    /// Room for a frame.
    pub const FREE: Self = Self {
        payload: None,
        next: Link::NONE,
    };
}

/// Tells one group of a track from all others, also from those that have its slot before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GroupId {
    pub(super) sequence: u64,
    pub(super) arrival: u64,
    pub(super) slot: Id,
}

impl GroupId {
    #[inline]
    pub(super) const fn of(link: Link, group: &GroupSlot) -> Option<Self> {
        match link.0.checked_sub(1) {
            Some(slot) => Some(Self {
                sequence: group.sequence,
                arrival: group.arrival,
                slot,
            }),
            None => None,
        }
    }

    /// The group's sequence.
    #[must_use]
    pub const fn sequence(self) -> u64 {
        self.sequence
    }

    /// The group's slot, as [`Wake::Group`](super::Wake::Group) names it.
    #[must_use]
    pub const fn slot(self) -> usize {
        widen(self.slot) as usize
    }
}
