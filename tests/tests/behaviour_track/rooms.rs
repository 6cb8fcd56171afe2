//! Rooms of every kind, tiny and odd ones too.

use std::task::Poll;

use streamgauge_core::{
    Instant,
    track::{
        Fetch, FrameSlot, GoneSpan, GroupCursor, GroupId, GroupSlot, InlineRoom, Link, Policy,
        Room, Slots, SlotsMut, TrackCache, TrackCursor, TrackError, TrackRoom,
    },
};

use crate::harness::{Track, many, room};

const NOW: Instant = Instant::from_micros(7);

#[test]
fn without_any_room_every_group_is_refused() {
    for (groups, stretches) in [(0, 0), (0, 4), (4, 0)] {
        let mut track = Track::in_room(room(groups, 4, stretches), Policy::new());
        assert_eq!(track.append(), Err(TrackError::Full));
        assert_eq!(track.create(7), Err(TrackError::Full));
        assert_eq!(track.write_frame("x"), Err(TrackError::Full));
        assert_eq!(track.cache.groups(), 0);
        assert_eq!(track.cache.poll_timeout(), None);
        assert!(track.get(0).is_pending());
        assert!(track.next(&mut TrackCursor::new()).is_pending());
        assert_eq!(track.cache.finish(), Ok(()));
    }
}

#[test]
fn without_a_slot_for_frames_groups_are_empty() {
    let mut track = Track::in_room(room(2, 0, 1), Policy::new());
    let group = track.append().unwrap();
    assert_eq!(track.write(group, "x"), Err(TrackError::Full));
    assert_eq!(track.write_frame("x"), Err(TrackError::Full));
    assert_eq!(track.cached(), [0], "and none is lost for a frame");
    assert_eq!(track.cache.finish_group(group), Ok(()));
}

#[test]
fn one_slot_of_each_keeps_the_newest() {
    let mut track = Track::in_room(room(1, 1, 1), Policy::new());
    for sequence in 0..10 {
        let group = track.write_frame("x").unwrap();
        assert_eq!(group.sequence(), sequence);
        assert_eq!(track.cached(), [sequence]);
        assert_eq!((track.cache.frames(), track.cache.bytes()), (1, 1));
    }
    assert_eq!(track.create(3), Err(TrackError::Evicted));
    assert_eq!(track.create(11).map(GroupId::sequence), Ok(11));
    assert_eq!(track.create(10), Err(TrackError::Full));
}

#[test]
fn a_track_lies_in_memory_of_the_callers() {
    let mut groups = [const { GroupSlot::FREE }; 2];
    let mut frames = [const { FrameSlot::FREE }; 3];
    let mut buckets = [Link::NONE; 1];
    let mut gone = [GoneSpan::default(); 1];
    let room = Room::from_parts(
        &mut groups[..],
        &mut frames[..],
        &mut buckets[..],
        &mut gone[..],
    );
    let mut track = TrackCache::new(room, Policy::new());
    for n in 0..9u8 {
        track.write_frame(NOW, n, 1).unwrap();
    }
    assert_eq!(
        (track.groups(), track.frames(), track.latest()),
        (2, 2, Some(8))
    );
}

#[test]
fn a_track_lies_in_a_constant() {
    const EMPTY: TrackCache<u8, InlineRoom<u8, 2, 2, 1>> =
        TrackCache::new(InlineRoom::new(), Policy::new());
    let mut track = EMPTY;
    assert_eq!(track.append_group(NOW).unwrap().sequence(), 0);
    assert_eq!(track.policy(), &Policy::default());
}

#[test]
fn more_or_fewer_buckets_than_groups_find_all_the_same() {
    for buckets in [1, 2, 3, 63, 64, 1_000] {
        let room = Room::from_parts(
            many(64, || GroupSlot::FREE),
            many(64, || FrameSlot::FREE),
            vec![Link::NONE; buckets],
            vec![GoneSpan::default(); 4],
        );
        let mut track = Track::in_room(room, Policy::new());
        for sequence in 0..100 {
            track.create(sequence * 1_000).unwrap();
        }
        let found = |sequence: &u64| track.get(sequence * 1_000).is_ready();
        assert_eq!((0..100).filter(found).count(), 100, "64 and 36 evicted");
        assert_eq!(track.cache.groups(), 64);
    }
}

#[test]
fn a_seed_changes_nothing_that_can_be_seen() {
    for seed in [0, 1, 2, 0x1234_5678_9ABC_DEF0, u64::MAX] {
        let mut track = Track::new();
        track.cache.seed(seed);
        for sequence in 0..200 {
            track.append().unwrap();
            assert_eq!(track.create(sequence), Err(TrackError::Duplicate));
        }
        assert_eq!(track.cached(), (136..200).collect::<Vec<_>>());
    }
}

#[test]
fn a_seed_that_comes_late_loses_no_group() {
    let mut track = Track::in_room(room(8, 8, 4), Policy::new());
    for round in 0..20u64 {
        for _ in 0..5 {
            track.append().unwrap();
        }
        track.cache.seed(round.wrapping_mul(0x1357_9BDF_0246_8ACE));
        for sequence in track.cached() {
            assert_eq!(track.create(sequence), Err(TrackError::Duplicate));
        }
    }
}

/// A room that grows a few slots at a time, or only says so.
struct Growing {
    groups: Vec<GroupSlot>,
    frames: Vec<FrameSlot<u64>>,
    buckets: Vec<Link>,
    gone: [GoneSpan; 2],
    most: usize,
    most_frames: usize,
    honest: bool,
}

impl Growing {
    fn up_to(most: usize, honest: bool) -> Self {
        Self {
            groups: Vec::new(),
            frames: Vec::new(),
            buckets: Vec::new(),
            gone: [GoneSpan::default(); 2],
            most,
            most_frames: most,
            honest,
        }
    }
}

impl TrackRoom<u64> for Growing {
    fn slots(&self) -> Slots<'_, u64> {
        Slots {
            groups: &self.groups,
            frames: &self.frames,
            buckets: &self.buckets,
            gone: &self.gone,
        }
    }

    fn slots_mut(&mut self) -> SlotsMut<'_, u64> {
        SlotsMut {
            groups: &mut self.groups,
            frames: &mut self.frames,
            buckets: &mut self.buckets,
            gone: &mut self.gone,
        }
    }

    fn more_groups(&mut self) -> bool {
        let room = self.groups.len() < self.most;
        if room {
            self.groups.extend([GroupSlot::FREE, GroupSlot::FREE]);
            self.buckets.resize(self.groups.len() / 2, Link::NONE);
        }
        room || !self.honest
    }

    fn more_frames(&mut self) -> bool {
        let room = self.frames.len() < self.most_frames;
        if room {
            self.frames.extend([FrameSlot::FREE, FrameSlot::FREE]);
        }
        room || !self.honest
    }

    fn most_frames(&self) -> usize {
        if self.honest {
            self.most_frames
        } else {
            usize::MAX
        }
    }
}

#[test]
fn a_room_grows_before_anything_is_evicted() {
    let mut track = TrackCache::new(Growing::up_to(40, true), Policy::new());
    for n in 0..40 {
        track.write_frame(NOW, n, 1).unwrap();
    }
    assert_eq!((track.groups(), track.frames()), (40, 40));
    let (mut cursor, mut read) = (TrackCursor::new(), 0);
    while let Poll::Ready(Ok(Some(group))) = track.poll_next_group(&mut cursor) {
        let frame = track.poll_frame(&mut GroupCursor::new(group));
        assert_eq!(frame, Poll::Ready(Ok(Some(&read))));
        read += 1;
    }
    assert_eq!(read, 40);
    for sequence in 0..40 {
        let found = track.poll_get_group(&mut Fetch::new(sequence));
        assert!(found.is_ready(), "{sequence} was there before it grew");
    }
    for n in 40..50 {
        track.write_frame(NOW, n, 1).unwrap();
    }
    assert_eq!((track.groups(), track.frames()), (40, 40));
}

#[test]
fn no_group_is_left_without_its_frame_where_a_room_does_not_grow_as_promised() {
    let mut room = Growing::up_to(4, false);
    room.most_frames = 0;
    let mut track = TrackCache::new(room, Policy::new());
    let refused = track.write_frame(NOW, 7, 1).unwrap_err();
    assert_eq!((refused.error, refused.payload), (TrackError::Full, 7));
    assert_eq!((track.groups(), track.latest()), (0, None));
}

#[test]
fn a_room_that_promises_more_than_it_has_loses_no_frame() {
    let mut track = TrackCache::new(Growing::up_to(4, false), Policy::new());
    let group = track.append_group(NOW).unwrap();
    for n in 0..4 {
        track.write_group_frame(NOW, group, n, 1).unwrap();
    }
    for n in 4..9 {
        let refused = track.write_group_frame(NOW, group, n, 1).unwrap_err();
        assert_eq!((refused.error, refused.payload), (TrackError::Full, n));
    }
    assert_eq!((track.frames(), track.bytes()), (4, 4));
    for _ in 0..9 {
        track.append_group(NOW).unwrap();
    }
    assert_eq!(track.groups(), 4);
}
