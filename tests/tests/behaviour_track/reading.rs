//! How readers find groups.

use std::task::Poll;

use streamgauge_core::track::{Fetch, Policy, TrackCursor, TrackError};

use crate::harness::{AGE, END, Track, error, group};

#[test]
fn groups_are_read_in_the_order_of_arrival() {
    let mut track = Track::of(&[5, 3]);
    let mut cursor = TrackCursor::new();
    assert_eq!(track.next(&mut cursor), group(5));
    assert_eq!(track.next(&mut cursor), group(3));
    assert!(track.next(&mut cursor).is_pending());
    track.create(4).unwrap();
    assert_eq!(track.next(&mut cursor), group(4));
    assert!(track.next(&mut cursor).is_pending());
}

#[test]
fn each_reader_has_a_place_of_its_own() {
    let track = Track::of(&[0, 1]);
    let mut first = TrackCursor::new();
    assert_eq!(track.next(&mut first), group(0));
    let mut copy = first;
    let mut second = TrackCursor::new();
    assert_eq!(track.next(&mut first), group(1));
    assert_eq!(track.next(&mut copy), group(1));
    assert_eq!(track.next(&mut second), group(0));
}

#[test]
fn a_slow_reader_passes_over_what_was_evicted() {
    let mut track = Track::of(&[0, 1]);
    let mut cursor = TrackCursor::new();
    assert_eq!(track.next(&mut cursor), group(0));
    track.sleep(AGE);
    track.append().unwrap();
    assert_eq!(track.next(&mut cursor), group(2));
}

#[test]
fn a_slow_reader_goes_on_after_a_newest_at_the_front() {
    let mut track = Track::with(Policy::new().with_max_groups(3));
    track.create(90).unwrap();
    let mut cursor = TrackCursor::new();
    assert_eq!(track.next(&mut cursor), group(90));
    for sequence in 0..3 {
        track.create(sequence).unwrap();
    }
    assert_eq!(track.cached(), [90, 1, 2]);
    assert_eq!(track.next(&mut cursor), group(1));
    for sequence in 3..9 {
        track.create(sequence).unwrap();
    }
    assert_eq!(track.next(&mut cursor), group(7));
    assert_eq!(track.next(&mut cursor), group(8));
    assert!(track.next(&mut cursor).is_pending());
}

#[test]
fn a_slow_reader_goes_on_after_its_place_was_taken_by_a_late_group() {
    let mut track = Track::with(Policy::new().with_max_groups(2));
    track.create(8).unwrap();
    let mut cursor = TrackCursor::new();
    assert_eq!(track.next(&mut cursor), group(8));
    for sequence in [9, 3, 4] {
        track.create(sequence).unwrap();
    }
    assert_eq!(track.cached(), [9, 4]);
    assert_eq!(track.next(&mut cursor), group(9));
    assert_eq!(track.next(&mut cursor), group(4));
    assert!(track.next(&mut cursor).is_pending());
}

#[test]
fn a_reader_whose_last_group_left_its_slot_free_goes_on() {
    let mut track = Track::of(&[0, 1]);
    let mut cursor = TrackCursor::new();
    assert_eq!(track.next(&mut cursor), group(0));
    track.sleep(AGE);
    track.handle_timeout();
    assert_eq!(track.cached(), [1]);
    assert_eq!(track.next(&mut cursor), group(1));
    assert!(track.next(&mut cursor).is_pending());
}

#[test]
fn a_late_reader_starts_with_the_oldest_that_is_cached() {
    let mut track = Track::with(Policy::new().with_max_groups(2));
    for _ in 0..5 {
        track.append().unwrap();
    }
    assert_eq!(track.next(&mut TrackCursor::new()), group(3));
}

#[test]
fn a_reader_starts_where_it_wants() {
    let mut track = Track::of(&[0, 1, 7, 2, 3]);
    let mut cursor = TrackCursor::new();
    cursor.start_at(3);
    assert_eq!(track.next(&mut cursor), group(7));
    assert_eq!(track.next(&mut cursor), group(3));
    assert!(track.next(&mut cursor).is_pending());
    track.create(4).unwrap();
    assert_eq!(track.next(&mut cursor), group(4));
    cursor.start_at(9);
    track.append().unwrap();
    assert!(track.next(&mut cursor).is_pending());
    track.append().unwrap();
    assert_eq!(track.next(&mut cursor), group(9));
}

#[test]
fn a_reader_that_starts_past_the_end_is_told_so() {
    let mut track = Track::of(&[0, 1]);
    track.cache.finish().unwrap();
    let mut cursor = TrackCursor::new();
    cursor.start_at(2);
    assert_eq!(track.next(&mut cursor), END);
}

#[test]
fn a_group_is_found_by_its_sequence() {
    let mut track = Track::of(&[5, 3, u64::MAX]);
    for sequence in [5, 3, u64::MAX] {
        assert_eq!(track.get(sequence), group(sequence));
    }
}

#[test]
fn a_group_is_waited_for_as_long_as_it_may_come() {
    let mut track = Track::of(&[5]);
    let (mut late, mut next) = (Fetch::new(4), Fetch::new(6));
    assert!(track.cache.poll_get_group(&mut late).is_pending());
    assert!(track.cache.poll_get_group(&mut next).is_pending());
    let created = track.create(4).unwrap();
    let found = track.cache.poll_get_group(&mut late);
    assert_eq!(found, Poll::Ready(Ok(Some(created))));
    let created = track.append().unwrap();
    let found = track.cache.poll_get_group(&mut next);
    assert_eq!(found, Poll::Ready(Ok(Some(created))));
}

#[test]
fn a_group_that_came_and_went_unseen_was_evicted() {
    let mut track = Track::new();
    let mut fetch = Fetch::new(0);
    assert!(track.cache.poll_get_group(&mut fetch).is_pending());
    track.append().unwrap();
    track.append().unwrap();
    track.sleep(AGE);
    track.handle_timeout();
    assert_eq!(track.get(0), error(TrackError::Evicted));
    let found = track.cache.poll_get_group(&mut fetch);
    assert_eq!(found, Poll::Ready(Err(TrackError::Evicted)));
}
