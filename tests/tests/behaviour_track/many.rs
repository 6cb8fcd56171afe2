//! Thousands of groups in the orders that are worst for a cache that searches or shifts: quadratic work
//! would keep these tests busy for minutes.

use std::task::Poll;

use streamgauge_core::{
    Duration, Instant,
    track::{Fetch, GroupCursor, GroupId, Policy, TrackCache, TrackCursor, TrackError},
};

use crate::harness::{VecRoom, room};

/// Links of 16 bits lead to 65,275 slots.
const MANY: u64 = if cfg!(target_pointer_width = "64") {
    100_000
} else {
    65_000
};

fn track(policy: Policy) -> TrackCache<u64, VecRoom<u64>> {
    let slots = usize::try_from(MANY).unwrap() + 1;
    TrackCache::new(room(slots, slots, 8), policy)
}

fn at(micros: u64) -> Instant {
    Instant::from_micros(micros)
}

fn next(
    track: &TrackCache<u64, VecRoom<u64>>,
    cursor: &mut TrackCursor,
) -> Poll<Result<Option<u64>, TrackError>> {
    let next = track.poll_next_group(cursor);
    next.map_ok(|group| group.map(GroupId::sequence))
}

#[test]
fn late_groups_behind_a_newest_at_the_front() {
    let mut track = track(Policy::new());
    track.create_group(at(0), u64::MAX).unwrap();
    let mut cursor = TrackCursor::new();
    assert!(next(&track, &mut cursor).is_ready());
    for late in 0..MANY {
        track.create_group(at(late), late).unwrap();
        assert_eq!(next(&track, &mut cursor), Poll::Ready(Ok(Some(late))));
    }
    assert_eq!(track.groups() as u64, MANY + 1);
    let mut evicted = 0;
    while let Some(due) = track.poll_timeout() {
        assert_eq!(due, at(evicted).saturating_add(Duration::from_secs(30)));
        track.handle_timeout(due);
        evicted += 1;
    }
    assert_eq!((evicted, track.groups()), (MANY, 1));
}

#[test]
fn late_groups_that_come_and_go_behind_a_newest_at_the_front() {
    let policy = Policy::new().with_max_groups(1_000);
    let mut track = track(policy);
    track.create_group(at(0), u64::MAX).unwrap();
    let (mut fast, mut slow) = (TrackCursor::new(), TrackCursor::new());
    assert!(next(&track, &mut fast).is_ready());
    for late in 0..MANY {
        track.create_group(at(0), late).unwrap();
        assert_eq!(next(&track, &mut fast), Poll::Ready(Ok(Some(late))));
        assert!(next(&track, &mut slow).is_ready());
    }
    assert_eq!(track.groups(), 1_000);
}

#[test]
fn groups_in_falling_order() {
    let mut track = track(Policy::new().with_max_groups(1_000));
    for sequence in (0..MANY).rev() {
        track.create_group(at(0), sequence).unwrap();
    }
    assert_eq!(track.latest(), Some(MANY - 1));
    for sequence in 999..MANY - 1 {
        let found = track.poll_get_group(&mut Fetch::new(sequence));
        assert_eq!(found, Poll::Ready(Err(TrackError::Evicted)));
    }
}

#[test]
fn every_other_group_missing() {
    let mut track = track(Policy::new().with_max_groups(1_000));
    for sequence in 0..MANY {
        track.create_group(at(0), sequence * 2).unwrap();
    }
    let mut found = 0;
    for sequence in 0..MANY {
        let asked = track.poll_get_group(&mut Fetch::new(sequence * 2));
        found += u32::from(matches!(asked, Poll::Ready(Ok(Some(_)))));
    }
    assert_eq!(found, 1_000);
}

#[test]
fn groups_of_tracks_with_plain_seeds() {
    for seed in [0, 1, 1 << 20] {
        let mut track = track(Policy::new());
        track.seed(seed);
        for sequence in 0..MANY {
            track.append_group(at(0)).unwrap();
            let found = track.poll_get_group(&mut Fetch::new(sequence / 2));
            assert!(found.is_ready());
        }
    }
}

#[test]
fn frames_of_one_long_group() {
    let mut track = track(Policy::new());
    let group = track.append_group(at(0)).unwrap();
    let mut cursor = GroupCursor::new(group);
    for frame in 0..MANY {
        track.write_group_frame(at(0), group, frame, 1).unwrap();
        assert_eq!(track.poll_frame(&mut cursor), Poll::Ready(Ok(Some(&frame))));
    }
    track.append_group(at(0)).unwrap();
    track.handle_timeout(at(30_000_000));
    assert_eq!((track.groups(), track.frames(), track.bytes()), (1, 0, 0));
}

#[test]
fn evictions_in_one_step() {
    let mut track = track(Policy::new());
    for sequence in 0..MANY {
        track.write_frame(at(0), sequence, 1).unwrap();
    }
    track.handle_timeout(at(30_000_000));
    assert_eq!((track.groups(), track.latest()), (1, Some(MANY - 1)));
    let wakes = std::iter::from_fn(|| track.poll_wake()).count();
    assert_eq!(wakes as u64, MANY);
}
