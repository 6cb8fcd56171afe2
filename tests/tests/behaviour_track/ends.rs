//! How a track ends, and what may still come then.

use std::task::Poll;

use streamgauge_core::track::{GroupId, TrackCursor, TrackError};

use crate::harness::{END, Track, error, group};

#[test]
fn an_empty_track_can_be_finished_and_stays_so() {
    let mut track = Track::new();
    assert_eq!(track.cache.finish(), Ok(()));
    assert_eq!(track.cache.finish(), Err(TrackError::Closed));
    assert_eq!(track.append(), Err(TrackError::Closed));
    assert_eq!(track.write_frame("x"), Err(TrackError::Closed));
    assert_eq!(track.create(0), Err(TrackError::Closed));
    assert_eq!(track.cache.poll_finished(), Poll::Ready(Ok(0)));
}

#[test]
fn a_track_is_finished_after_its_highest_group() {
    let mut track = Track::of(&[6, 2]);
    assert_eq!(track.cache.finish(), Ok(()));
    assert_eq!(track.cache.finish(), Err(TrackError::Closed));
    assert_eq!(track.append(), Err(TrackError::Closed));
    assert_eq!(track.cache.poll_finished(), Poll::Ready(Ok(7)));
    assert_eq!(track.cache.poll_closed(), Poll::Ready(Ok(())));
}

#[test]
fn a_track_is_finished_at_its_highest_group_and_at_no_other() {
    let mut track = Track::of(&[5]);
    assert_eq!(track.cache.finish_at(4), Err(TrackError::Closed));
    assert_eq!(track.cache.finish_at(10), Err(TrackError::Closed));
    assert!(track.cache.poll_finished().is_pending());
    assert_eq!(track.cache.finish_at(5), Ok(()));
    assert_eq!(track.cache.finish_at(5), Err(TrackError::Closed));
    assert_eq!(track.cache.poll_finished(), Poll::Ready(Ok(6)));
}

#[test]
fn an_empty_track_has_no_group_to_be_finished_at() {
    let mut track = Track::new();
    assert_eq!(track.cache.finish_at(0), Err(TrackError::Closed));
    assert!(track.cache.poll_finished().is_pending());
}

#[test]
fn lower_groups_come_after_the_finish_and_none_past_it() {
    let mut track = Track::of(&[5]);
    track.cache.finish().unwrap();
    assert!(track.create(4).is_ok());
    assert_eq!(track.create(5), Err(TrackError::Duplicate));
    assert_eq!(track.create(6), Err(TrackError::Closed));
    assert_eq!(track.create(u64::MAX), Err(TrackError::Closed));
}

#[test]
fn a_group_grows_after_the_track_was_finished() {
    let mut track = Track::new();
    let group = track.append().unwrap();
    track.cache.finish().unwrap();
    assert_eq!(track.write(group, "more"), Ok(()));
    assert_eq!(track.cache.finish_group(group), Ok(()));
}

#[test]
fn readers_reach_the_end_without_waiting_for_gaps() {
    let mut track = Track::of(&[1]);
    track.cache.finish_at(1).unwrap();
    let mut cursor = TrackCursor::new();
    assert_eq!(track.next(&mut cursor), group(1));
    assert_eq!(track.next(&mut cursor), END);
    assert_eq!(track.next(&mut cursor), END);
}

#[test]
fn a_group_that_comes_after_the_end_was_told_is_delivered() {
    let mut track = Track::of(&[1]);
    track.cache.finish().unwrap();
    let mut cursor = TrackCursor::new();
    assert_eq!(track.next(&mut cursor), group(1));
    assert_eq!(track.next(&mut cursor), END);
    track.create(0).unwrap();
    assert_eq!(track.next(&mut cursor), group(0));
    assert_eq!(track.next(&mut cursor), END);
}

#[test]
fn a_missing_group_is_waited_for_below_the_end_only() {
    let mut track = Track::of(&[1]);
    track.cache.finish_at(1).unwrap();
    assert!(track.get(0).is_pending());
    assert_eq!(track.get(2), END);
    assert_eq!(track.get(u64::MAX), END);
}

#[test]
fn there_is_no_sequence_after_the_last() {
    let mut track = Track::of(&[u64::MAX - 1]);
    assert_eq!(track.append().map(GroupId::sequence), Ok(u64::MAX));
    assert_eq!(track.append(), Err(TrackError::BoundsExceeded));
    assert_eq!(track.write_frame("x"), Err(TrackError::BoundsExceeded));
    assert_eq!(track.cache.finish(), Err(TrackError::BoundsExceeded));
    let finished = track.cache.finish_at(u64::MAX);
    assert_eq!(finished, Err(TrackError::BoundsExceeded));
    assert_eq!(track.cache.latest(), Some(u64::MAX));
    assert!(track.create(3).is_ok(), "lower ones still come");
}

#[test]
fn an_abort_reaches_all_who_wait_for_groups() {
    let mut track = Track::of(&[3]);
    let mut cursor = TrackCursor::new();
    track.cache.abort(TrackError::Aborted(7)).unwrap();
    assert!(track.cache.is_closed());
    assert_eq!(
        track.next(&mut cursor),
        group(3),
        "what there is comes first"
    );
    assert_eq!(track.next(&mut cursor), error(TrackError::Aborted(7)));
    assert_eq!(track.get(3), group(3));
    assert_eq!(track.get(4), error(TrackError::Aborted(7)));
    let closed = Poll::Ready(Err(TrackError::Aborted(7)));
    assert_eq!(track.cache.poll_closed(), closed);
}

#[test]
fn nothing_can_be_done_with_an_aborted_track() {
    let gone = TrackError::Aborted(7);
    let mut track = Track::new();
    let group = track.append().unwrap();
    track.cache.abort(gone).unwrap();
    assert_eq!(track.cache.abort(TrackError::Aborted(8)), Err(gone));
    assert_eq!(track.append(), Err(gone));
    assert_eq!(track.create(9), Err(gone));
    assert_eq!(track.write_frame("x"), Err(gone));
    assert_eq!(track.write(group, "x"), Err(gone));
    assert_eq!(track.cache.finish_group(group), Err(gone));
    assert_eq!(track.cache.finish(), Err(gone));
    assert_eq!(track.cache.finish_at(0), Err(gone));
}

#[test]
fn a_finished_track_that_is_aborted_keeps_its_end() {
    let mut track = Track::of(&[1]);
    track.cache.finish().unwrap();
    track.cache.abort(TrackError::Aborted(7)).unwrap();
    let mut cursor = TrackCursor::new();
    assert_eq!(track.next(&mut cursor), group(1));
    assert_eq!(track.next(&mut cursor), END);
    assert_eq!(track.get(2), END);
    assert_eq!(
        track.get(0),
        error(TrackError::Aborted(7)),
        "it cannot come"
    );
    assert_eq!(track.cache.poll_finished(), Poll::Ready(Ok(2)));
}

#[test]
fn a_track_left_unfinished_was_dropped() {
    let mut track = Track::of(&[1]);
    track.cache.close();
    assert!(track.cache.is_closed());
    let mut cursor = TrackCursor::new();
    assert_eq!(track.next(&mut cursor), group(1));
    assert_eq!(track.next(&mut cursor), error(TrackError::Dropped));
    assert_eq!(track.get(0), error(TrackError::Dropped));
    let dropped = Poll::Ready(Err(TrackError::Dropped));
    assert_eq!(track.cache.poll_closed(), dropped);
    assert_eq!(track.append(), Err(TrackError::Dropped));
}

#[test]
fn a_finished_track_that_is_left_misses_what_did_not_come() {
    let mut track = Track::of(&[1]);
    track.cache.finish().unwrap();
    assert!(track.get(0).is_pending());
    track.cache.close();
    assert_eq!(track.get(0), END);
    assert_eq!(track.cache.poll_closed(), Poll::Ready(Ok(())));
}

#[test]
fn a_group_grows_after_the_track_was_left() {
    let mut track = Track::new();
    let group = track.append().unwrap();
    track.cache.close();
    assert_eq!(track.write(group, "more"), Ok(()));
    assert_eq!(track.cache.finish_group(group), Ok(()));
}
