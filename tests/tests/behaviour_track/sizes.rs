//! What a cached group and frame cost beside the payload.
#![cfg(target_pointer_width = "64")]

use streamgauge_core::track::{
    FrameSlot, GoneSpan, GroupCursor, GroupId, GroupSlot, InlineRoom, Link, TrackCursor,
};

/// A payload as reference-counted buffers are: four words, one of which is never zero.
struct Buffer {
    _vtable: &'static str,
    _rest: [usize; 2],
}

#[test]
fn a_group_costs_a_cache_line_and_a_link() {
    assert_eq!(size_of::<GroupSlot>(), 64);
    assert_eq!(size_of::<Link>(), 4);
}

#[test]
fn a_frame_costs_its_payload_and_a_padded_link() {
    assert_eq!(size_of::<Buffer>(), 32);
    assert_eq!(size_of::<FrameSlot<Buffer>>(), 40);
    assert_eq!(size_of::<FrameSlot<&[u8]>>(), 24);
    assert_eq!(size_of::<FrameSlot<core::num::NonZeroU32>>(), 8);
}

#[test]
fn a_stretch_of_evicted_sequences_costs_its_two_ends() {
    assert_eq!(size_of::<GoneSpan>(), 16);
}

#[test]
fn a_room_is_the_sum_of_its_parts() {
    let sum = 100 * (64 + 4) + 1_000 * 40 + 8 * 16;
    assert_eq!(size_of::<InlineRoom<Buffer, 100, 1_000, 8>>(), sum);
}

#[test]
fn readers_are_small() {
    assert_eq!(size_of::<TrackCursor>(), 24);
    assert_eq!(size_of::<GroupId>(), 24);
    assert!(size_of::<GroupCursor>() <= 48);
}
