//! What a cached group and frame cost beside the payload.

use std::num::NonZeroU32;

use streamgauge_core::track::{
    FrameSlot, GoneSpan, GroupCursor, GroupId, GroupSlot, InlineRoom, Link, TrackCursor,
};

/// A payload as reference-counted buffers are: four words, one of which is never zero.
struct Buffer {
    _rest: [usize; 2],
    _name: &'static str,
}

/// On hosts of 64 bits, and where pointers have 32.
const fn bytes(wide: usize, narrow: usize) -> usize {
    if cfg!(target_pointer_width = "64") {
        wide
    } else {
        narrow
    }
}

#[test]
fn a_group_costs_a_cache_line_at_the_most_and_a_link() {
    assert_eq!(size_of::<GroupSlot>(), bytes(64, 48));
    assert_eq!(size_of::<Link>(), bytes(4, 2));
}

#[test]
fn a_frame_costs_its_payload_and_a_padded_link() {
    assert_eq!(size_of::<Buffer>(), bytes(32, 16));
    assert_eq!(size_of::<FrameSlot<Buffer>>(), bytes(40, 20));
    assert_eq!(size_of::<FrameSlot<&[u8]>>(), bytes(24, 12));
    assert_eq!(size_of::<FrameSlot<NonZeroU32>>(), 8);
}

#[test]
fn a_stretch_of_evicted_sequences_costs_its_two_ends() {
    assert_eq!(size_of::<GoneSpan>(), 16);
}

#[test]
fn a_room_is_the_sum_of_its_parts() {
    let sum = 100 * bytes(64 + 4, 48 + 2) + 1_000 * bytes(40, 20) + 8 * 16;
    assert_eq!(size_of::<InlineRoom<Buffer, 100, 1_000, 8>>(), sum);
}

#[test]
fn readers_are_small() {
    assert!(size_of::<TrackCursor>() <= 24);
    assert!(size_of::<GroupId>() <= 24);
    assert!(size_of::<GroupCursor>() <= 48);
}
