//! Where a track's groups and frames lie: in arrays, in memory that the caller brings, or in memory
//! that grows up to a limit.

use super::{
    gone::GoneSpan,
    slot::{FrameSlot, GroupSlot, Link},
};

/// The room of one track, to look at.
#[derive(Debug)]
pub struct Slots<'a, P> {
    /// Slots for groups.
    pub groups: &'a [GroupSlot],
    /// Slots for frames.
    pub frames: &'a [FrameSlot<P>],
    /// The buckets of the index: about one for each group, and at least one if there is any.
    pub buckets: &'a [Link],
    /// Stretches of evicted sequences: at least one, or no group is created.
    pub gone: &'a [GoneSpan],
}

/// The room of one track, to change.
#[derive(Debug)]
pub struct SlotsMut<'a, P> {
    /// Slots for groups.
    pub groups: &'a mut [GroupSlot],
    /// Slots for frames.
    pub frames: &'a mut [FrameSlot<P>],
    /// The buckets of the index.
    pub buckets: &'a mut [Link],
    /// Stretches of evicted sequences.
    pub gone: &'a mut [GoneSpan],
}

/// The room of one track, all of it free at first.
pub trait TrackRoom<P> {
    /// The room, to look at.
    fn slots(&self) -> Slots<'_, P>;

    /// The room, to change.
    fn slots_mut(&mut self) -> SlotsMut<'_, P>;

    /// Adds free slots for groups, behind those there are, and buckets as it likes; whether it did.
    fn more_groups(&mut self) -> bool {
        false
    }

    /// Adds free slots for frames, behind those there are; whether it did.
    fn more_frames(&mut self) -> bool {
        false
    }

    /// How many slots for frames there can be.
    fn most_frames(&self) -> usize {
        self.slots().frames.len()
    }
}

/// A room in any memory that is a slice: arrays ([`InlineRoom`]), boxes, or `&mut [T]` of the caller.
#[derive(Debug)]
pub struct Room<Groups, Frames, Buckets, Gone> {
    groups: Groups,
    frames: Frames,
    buckets: Buckets,
    gone: Gone,
}

/// A room in arrays, for a `static`.
///
/// It takes 64 bytes for each group (48 where pointers have 32 bits) and a bucket of 4 (2), for each
/// frame the payload and a link of 4 (2) bytes, padded, and 16 for each stretch. Where pointers have 32
/// bits no more than 65,275 groups and as many frames are cached, in any room.
pub type InlineRoom<P, const GROUPS: usize, const FRAMES: usize, const GONE: usize> =
    Room<[GroupSlot; GROUPS], [FrameSlot<P>; FRAMES], [Link; GROUPS], [GoneSpan; GONE]>;

impl<P, const GROUPS: usize, const FRAMES: usize, const GONE: usize>
    InlineRoom<P, GROUPS, FRAMES, GONE>
{
    /// Free room.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            groups: [const { GroupSlot::FREE }; GROUPS],
            frames: [const { FrameSlot::FREE }; FRAMES],
            buckets: [Link::NONE; GROUPS],
            gone: [GoneSpan::EMPTY; GONE],
        }
    }
}

impl<P, const GROUPS: usize, const FRAMES: usize, const GONE: usize> Default
    for InlineRoom<P, GROUPS, FRAMES, GONE>
{
    fn default() -> Self {
        Self::new()
    }
}

impl<Groups, Frames, Buckets, Gone> Room<Groups, Frames, Buckets, Gone> {
    /// A room in memory that the caller brings, all of it free.
    pub const fn from_parts(groups: Groups, frames: Frames, buckets: Buckets, gone: Gone) -> Self {
        Self {
            groups,
            frames,
            buckets,
            gone,
        }
    }
}

impl<P, Groups, Frames, Buckets, Gone> TrackRoom<P> for Room<Groups, Frames, Buckets, Gone>
where
    Groups: AsRef<[GroupSlot]> + AsMut<[GroupSlot]>,
    Frames: AsRef<[FrameSlot<P>]> + AsMut<[FrameSlot<P>]>,
    Buckets: AsRef<[Link]> + AsMut<[Link]>,
    Gone: AsRef<[GoneSpan]> + AsMut<[GoneSpan]>,
{
    #[inline]
    fn slots(&self) -> Slots<'_, P> {
        Slots {
            groups: self.groups.as_ref(),
            frames: self.frames.as_ref(),
            buckets: self.buckets.as_ref(),
            gone: self.gone.as_ref(),
        }
    }

    #[inline]
    fn slots_mut(&mut self) -> SlotsMut<'_, P> {
        SlotsMut {
            groups: self.groups.as_mut(),
            frames: self.frames.as_mut(),
            buckets: self.buckets.as_mut(),
            gone: self.gone.as_mut(),
        }
    }
}
