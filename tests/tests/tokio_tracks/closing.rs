//! How tracks and groups end.

use streamgauge_tokio::TrackError;

use crate::harness::{error, frames, next, next_group, now, poll_once, track};

const CANCELLED: TrackError = TrackError::Aborted(7);

#[test]
fn a_track_closes_when_its_last_producer_drops() {
    let track = track();
    let clone = track.clone();
    assert!(track.is_clone(&clone) && !track.is_clone(&self::track()));
    let mut reader = track.consume();
    drop(track);
    assert!(poll_once(reader.closed()).is_pending());
    drop(clone);
    assert_eq!(error(poll_once(reader.closed())), TrackError::Dropped);
    assert_eq!(error(poll_once(reader.next_group())), TrackError::Dropped);
    assert_eq!(error(poll_once(reader.get_group(0))), TrackError::Dropped);
}

#[test]
fn what_is_cached_outlives_the_producers() {
    let track = track();
    track.write_frame("a").unwrap();
    let mut reader = track.consume();
    drop(track);
    assert_eq!(frames(next_group(&mut reader)), ["a"]);
    assert_eq!(error(poll_once(reader.next_group())), TrackError::Dropped);
}

#[test]
fn groups_that_are_still_produced_go_on() {
    let track = track();
    let group = track.append_group().unwrap();
    let mut reader = track.consume();
    drop(track);
    group.write_frame("a").unwrap();
    group.finish().unwrap();
    assert_eq!(frames(next_group(&mut reader)), ["a"]);
}

#[test]
fn a_finished_track_ends_cleanly_when_it_closes() {
    let track = track();
    let mut reader = track.consume();
    track.finish().unwrap();
    assert!(!track.is_closed(), "late groups may still come");
    drop(track);
    assert_eq!(now(reader.closed()), Ok(()));
    assert!(now(reader.next_group()).unwrap().is_none());
}

#[test]
fn a_group_is_given_up_when_its_last_producer_drops() {
    let track = track();
    let group = track.append_group().unwrap();
    let clone = group.clone();
    group.write_frame("a").unwrap();
    let mut reader = group.consume();
    drop(group);
    now(reader.read_frame()).unwrap();
    assert!(poll_once(reader.read_frame()).is_pending());
    drop(clone);
    assert_eq!(error(poll_once(reader.read_frame())), TrackError::Dropped);
    assert_eq!(error(poll_once(reader.finished())), TrackError::Dropped);
}

#[test]
fn a_group_that_was_given_up_ends_with_the_code() {
    let track = track();
    let group = track.append_group().unwrap();
    let mut reader = group.consume();
    group.abort(CANCELLED).unwrap();
    assert_eq!(group.abort(TrackError::Dropped), Err(CANCELLED));
    drop(group);
    assert_eq!(error(poll_once(reader.read_frame())), CANCELLED);
}

#[test]
fn an_aborted_track_ends_with_the_code_and_its_groups_with_it() {
    let track = track();
    let group = track.append_group().unwrap();
    track.write_frame("whole").unwrap();
    let mut reader = track.consume();
    track.abort(CANCELLED).unwrap();
    assert!(track.is_closed());
    assert_eq!(track.abort(CANCELLED), Err(CANCELLED));
    assert_eq!(track.write_frame("late"), Err(CANCELLED));
    assert_eq!(group.write_frame("late"), Err(CANCELLED));
    assert_eq!(
        error(poll_once(next_group(&mut reader).read_frame())),
        CANCELLED
    );
    assert_eq!(frames(next_group(&mut reader)), ["whole"]);
    assert_eq!(error(poll_once(reader.next_group())), CANCELLED);
    drop(track);
    assert_eq!(error(poll_once(reader.closed())), CANCELLED);
}

#[test]
fn a_reader_makes_a_producer_of_the_same_track() {
    let track = track();
    track.append_group().unwrap();
    let reader = track.consume();
    let another = reader.produce().unwrap();
    assert!(another.is_clone(&track));
    another.append_group().unwrap();
    let mut reader = track.consume();
    assert_eq!((next(&mut reader), next(&mut reader)), (0, 1));
}

#[test]
fn a_producer_made_by_a_reader_keeps_the_track_open() {
    let track = track();
    let mut reader = track.consume();
    let another = reader.produce().unwrap();
    drop(track);
    assert!(poll_once(reader.closed()).is_pending());
    drop(another);
    assert_eq!(error(poll_once(reader.closed())), TrackError::Dropped);
}

#[test]
fn nobody_makes_a_producer_of_a_closed_track() {
    let dropped = track().consume();
    assert_eq!(dropped.produce().err(), Some(TrackError::Dropped));
    let track = track();
    let reader = track.consume();
    track.abort(CANCELLED).unwrap();
    assert_eq!(reader.produce().err(), Some(CANCELLED));
    drop(track);
    assert_eq!(reader.produce().err(), Some(CANCELLED));
}

#[test]
fn a_weak_handle_keeps_nothing_open() {
    let track = track();
    track.write_frame("a").unwrap();
    let weak = track.weak();
    assert!(weak.clone().is_clone(&weak) && !weak.is_closed());
    assert!(weak.upgrade().is_ok_and(|strong| strong.is_clone(&track)));
    assert_eq!(next(&mut weak.consume()), 0);
    drop(track);
    assert!(weak.is_closed());
    assert_eq!(weak.upgrade().err(), Some(TrackError::Dropped));
    assert_eq!(
        error(poll_once(weak.consume().closed())),
        TrackError::Dropped
    );
}

#[test]
fn a_weak_handle_can_give_the_track_up() {
    let track = track();
    let weak = track.weak();
    weak.abort(CANCELLED).unwrap();
    assert_eq!(track.write_frame("late"), Err(CANCELLED));
    assert_eq!(weak.upgrade().err(), Some(CANCELLED));
}
