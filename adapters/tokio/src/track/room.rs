//! Room for a track that grows as the track does, up to a limit.

use streamgauge_core::track::{FrameSlot, GoneSpan, GroupSlot, Link, Slots, SlotsMut, TrackRoom};

use super::TrackConfig;

/// The first room for groups, and for frames.
const FIRST: usize = 4;

/// Room on the heap. It doubles when it is full, and keeps what it has.
#[derive(Debug)]
pub(super) struct GrowingRoom<P> {
    groups: Vec<GroupSlot>,
    frames: Vec<FrameSlot<P>>,
    buckets: Vec<Link>,
    gone: Box<[GoneSpan]>,
    most_groups: usize,
    most_frames: usize,
}

impl<P> GrowingRoom<P> {
    pub(super) fn new(config: &TrackConfig) -> Self {
        Self {
            groups: Vec::new(),
            frames: Vec::new(),
            buckets: Vec::new(),
            gone: vec![GoneSpan::default(); config.stretches].into(),
            most_groups: config.groups,
            most_frames: config.frames,
        }
    }
}

impl<P> TrackRoom<P> for GrowingRoom<P> {
    #[inline]
    fn slots(&self) -> Slots<'_, P> {
        Slots {
            groups: &self.groups,
            frames: &self.frames,
            buckets: &self.buckets,
            gone: &self.gone,
        }
    }

    #[inline]
    fn slots_mut(&mut self) -> SlotsMut<'_, P> {
        SlotsMut {
            groups: &mut self.groups,
            frames: &mut self.frames,
            buckets: &mut self.buckets,
            gone: &mut self.gone,
        }
    }

    fn more_groups(&mut self) -> bool {
        let grown = grow(&mut self.groups, self.most_groups, || GroupSlot::FREE);
        self.buckets.resize(self.groups.len(), Link::NONE);
        grown
    }

    fn more_frames(&mut self) -> bool {
        grow(&mut self.frames, self.most_frames, || FrameSlot::FREE)
    }

    #[inline]
    fn most_frames(&self) -> usize {
        self.most_frames
    }
}

/// Doubles what there is, up to the limit; whether there was anything to add.
fn grow<T>(slots: &mut Vec<T>, most: usize, free: impl FnMut() -> T) -> bool {
    let len = slots
        .len()
        .saturating_mul(2)
        .clamp(FIRST, most.max(FIRST))
        .min(most);
    let more = len.saturating_sub(slots.len());
    slots.reserve_exact(more);
    slots.resize_with(len.max(slots.len()), free);
    more > 0
}
