//! Which groups a producer may create.

use streamgauge_core::track::{GroupId, TrackError};

use crate::harness::{Track, group};

#[test]
fn groups_are_numbered_from_zero() {
    let mut track = Track::new();
    assert_eq!(track.cache.latest(), None);
    for sequence in 0..5 {
        assert_eq!(track.append().unwrap().sequence(), sequence);
        assert_eq!(track.cache.latest(), Some(sequence));
    }
}

#[test]
fn groups_arrive_in_any_order() {
    let track = Track::of(&[5, 3, 4, 0, 9]);
    assert_eq!(track.cached(), [5, 3, 4, 0, 9]);
    assert_eq!(track.cache.latest(), Some(9));
}

#[test]
fn a_group_is_appended_after_the_highest_and_not_after_the_last() {
    let mut track = Track::of(&[7, 2]);
    assert_eq!(track.append().unwrap().sequence(), 8);
}

#[test]
fn a_sequence_is_created_once() {
    let mut track = Track::of(&[4]);
    assert_eq!(track.create(4), Err(TrackError::Duplicate));
    assert_eq!(track.append().map(GroupId::sequence), Ok(5));
    assert_eq!(track.create(5), Err(TrackError::Duplicate));
    assert_eq!(track.cached(), [4, 5]);
}

#[test]
fn a_written_frame_is_a_finished_group_of_its_own() {
    let mut track = Track::new();
    let first = track.write_frame("one").unwrap();
    let second = track.write_frame("two").unwrap();
    assert_eq!((first.sequence(), second.sequence()), (0, 1));
    assert_eq!(track.write(first, "more"), Err(TrackError::Closed));
    assert_eq!(track.cache.frame_count(second), Some(1));
    assert_eq!((track.cache.frames(), track.cache.bytes()), (2, 6));
}

#[test]
fn groups_of_one_slot_are_told_apart() {
    let mut track = Track::new();
    let first = track.append().unwrap();
    let mut ids = vec![first];
    for _ in 0..200 {
        let group = track.append().unwrap();
        assert!(!ids.contains(&group));
        ids.push(group);
    }
    assert!(ids.iter().filter(|id| id.slot() == first.slot()).count() > 1);
    assert_eq!(track.write(first, "late"), Err(TrackError::Evicted));
    assert_eq!(track.cache.frame_count(first), None);
}

#[test]
fn what_a_gap_misses_may_still_come() {
    let mut track = Track::of(&[0, 1, 5]);
    assert_eq!(track.create(3).map(GroupId::sequence), Ok(3));
    assert_eq!(track.get(3), group(3));
    assert_eq!(track.cache.latest(), Some(5));
}

#[test]
fn errors_say_what_is_wrong() {
    for (error, word) in [
        (TrackError::Duplicate, "already"),
        (TrackError::Closed, "finished"),
        (TrackError::BoundsExceeded, "2^64 - 1"),
        (TrackError::Evicted, "evicted"),
        (TrackError::Full, "allow it more"),
        (TrackError::Dropped, "dropped"),
        (TrackError::Aborted(404), "404"),
    ] {
        assert!(error.to_string().contains(word), "{error}");
    }
}
