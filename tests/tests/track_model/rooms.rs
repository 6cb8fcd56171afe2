//! Rooms of every kind and of tiny and odd sizes.

use proptest::prelude::*;
use streamgauge_core::track::{
    FrameSlot, GoneSpan, GroupSlot, InlineRoom, Link, Room, Slots, SlotsMut, TrackRoom,
};

use crate::answer::Payload;

/// How much a room holds in the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) groups: usize,
    pub(crate) frames: usize,
    pub(crate) stretches: usize,
}

/// Where a track lies.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// In arrays, of sizes known when this was compiled.
    Inline(usize),
    /// In slices of the caller's.
    Lent(Sizes),
    /// In vectors that grow by so many slots at a time.
    Growing(Sizes, usize),
}

/// How many of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    groups: usize,
    frames: usize,
    buckets: usize,
    stretches: usize,
}

impl Sizes {
    fn limits(self) -> Limits {
        let usable = self.buckets > 0 && self.stretches > 0;
        Limits {
            groups: if usable { self.groups } else { 0 },
            frames: self.frames,
            stretches: self.stretches,
        }
    }
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![4 => 1..4usize, 4 => 4..12usize, 1 => Just(0), 1 => Just(40)]
}

fn sizes() -> impl Strategy<Value = Sizes> {
    let stretches = prop_oneof![8 => 1..5usize, 1 => Just(0), 1 => Just(40)];
    (size(), size(), size(), stretches).prop_map(|(groups, frames, buckets, stretches)| Sizes {
        groups,
        frames,
        buckets,
        stretches,
    })
}

pub(crate) fn any_place() -> impl Strategy<Value = Place> {
    prop_oneof![
        (0..INLINE).prop_map(Place::Inline),
        sizes().prop_map(Place::Lent),
        (sizes(), 1..4usize).prop_map(|(sizes, step)| Place::Growing(sizes, step)),
    ]
}

/// A few slots for groups and frames, and fewer stretches than holes.
pub(crate) fn small_place() -> impl Strategy<Value = Place> {
    let sizes = (2..6usize, 2..9usize, 1..4usize, 1..4usize);
    sizes.prop_map(|(groups, frames, buckets, stretches)| {
        Place::Lent(Sizes {
            groups,
            frames,
            buckets,
            stretches,
        })
    })
}

/// How many sizes of arrays there are.
const INLINE: usize = 6;

/// Runs a test in a room of this kind.
pub(crate) fn in_room<T>(place: Place, test: impl FnOnce(AnyRoom<'_>, Limits) -> T) -> T {
    match place {
        Place::Inline(0) => inline::<0, 0, 0, T>(test),
        Place::Inline(1) => inline::<1, 1, 1, T>(test),
        Place::Inline(2) => inline::<2, 1, 1, T>(test),
        Place::Inline(3) => inline::<3, 7, 2, T>(test),
        Place::Inline(4) => inline::<5, 0, 3, T>(test),
        Place::Inline(_) => inline::<8, 16, 4, T>(test),
        Place::Lent(sizes) => lent(sizes, test),
        Place::Growing(sizes, step) => test(
            AnyRoom(Box::new(Growing::new(sizes, step))),
            Limits {
                groups: if sizes.stretches > 0 { sizes.groups } else { 0 },
                ..sizes.limits()
            },
        ),
    }
}

fn inline<const GROUPS: usize, const FRAMES: usize, const GONE: usize, T>(
    test: impl FnOnce(AnyRoom<'_>, Limits) -> T,
) -> T {
    let sizes = Sizes {
        groups: GROUPS,
        frames: FRAMES,
        buckets: GROUPS,
        stretches: GONE,
    };
    let room = InlineRoom::<Payload, GROUPS, FRAMES, GONE>::new();
    test(AnyRoom(Box::new(room)), sizes.limits())
}

fn lent<T>(sizes: Sizes, test: impl FnOnce(AnyRoom<'_>, Limits) -> T) -> T {
    let mut groups = many(sizes.groups, || GroupSlot::FREE);
    let mut frames = many(sizes.frames, || FrameSlot::FREE);
    let mut buckets = many(sizes.buckets, Link::default);
    let mut gone = many(sizes.stretches, GoneSpan::default);
    let room = Room::from_parts(
        &mut groups[..],
        &mut frames[..],
        &mut buckets[..],
        &mut gone[..],
    );
    test(AnyRoom(Box::new(room)), sizes.limits())
}

fn many<T>(n: usize, element: impl Fn() -> T) -> Vec<T> {
    (0..n).map(|_| element()).collect()
}

/// A room, whatever kind it is.
pub(crate) struct AnyRoom<'a>(Box<dyn TrackRoom<Payload> + 'a>);

impl TrackRoom<Payload> for AnyRoom<'_> {
    fn slots(&self) -> Slots<'_, Payload> {
        self.0.slots()
    }

    fn slots_mut(&mut self) -> SlotsMut<'_, Payload> {
        self.0.slots_mut()
    }

    fn more_groups(&mut self) -> bool {
        self.0.more_groups()
    }

    fn more_frames(&mut self) -> bool {
        self.0.more_frames()
    }

    fn most_frames(&self) -> usize {
        self.0.most_frames()
    }
}

/// A room in vectors, empty at first, that grows up to a limit.
struct Growing {
    groups: Vec<GroupSlot>,
    frames: Vec<FrameSlot<Payload>>,
    buckets: Vec<Link>,
    gone: Vec<GoneSpan>,
    most_groups: usize,
    most_frames: usize,
    step: usize,
}

impl Growing {
    fn new(sizes: Sizes, step: usize) -> Self {
        Self {
            groups: Vec::new(),
            frames: Vec::new(),
            buckets: Vec::new(),
            gone: many(sizes.stretches, GoneSpan::default),
            most_groups: sizes.groups,
            most_frames: sizes.frames,
            step,
        }
    }
}

impl TrackRoom<Payload> for Growing {
    fn slots(&self) -> Slots<'_, Payload> {
        Slots {
            groups: &self.groups,
            frames: &self.frames,
            buckets: &self.buckets,
            gone: &self.gone,
        }
    }

    fn slots_mut(&mut self) -> SlotsMut<'_, Payload> {
        SlotsMut {
            groups: &mut self.groups,
            frames: &mut self.frames,
            buckets: &mut self.buckets,
            gone: &mut self.gone,
        }
    }

    fn more_groups(&mut self) -> bool {
        let slots = (self.groups.len() + self.step).min(self.most_groups);
        let grows = slots > self.groups.len();
        self.groups.resize_with(slots, || GroupSlot::FREE);
        self.buckets.resize(slots, Link::NONE);
        grows
    }

    fn more_frames(&mut self) -> bool {
        let slots = (self.frames.len() + self.step).min(self.most_frames);
        let grows = slots > self.frames.len();
        self.frames.resize_with(slots, || FrameSlot::FREE);
        grows
    }

    fn most_frames(&self) -> usize {
        self.most_frames
    }
}
