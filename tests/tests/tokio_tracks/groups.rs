//! Groups by arrival and by sequence.

use streamgauge_tokio::{TrackConfig, TrackError, TrackProducer};

use crate::harness::{error, next, now, poll_once, track};

#[test]
fn groups_come_in_the_order_of_arrival() {
    let track = track();
    for sequence in [5, 3, 9] {
        track.create_group(sequence).unwrap();
    }
    assert_eq!(track.append_group().unwrap().sequence(), 10);
    let mut reader = track.consume();
    let read: Vec<_> = (0..4).map(|_| next(&mut reader)).collect();
    assert_eq!(read, [5, 3, 9, 10]);
    assert!(poll_once(reader.next_group()).is_pending());
    assert_eq!(reader.latest(), Some(10));
}

#[test]
fn a_sequence_is_created_once() {
    let track = track();
    track.create_group(7).unwrap();
    assert_eq!(track.create_group(7).err(), Some(TrackError::Duplicate));
}

#[test]
fn a_finished_track_ends_without_waiting_for_gaps() {
    let track = track();
    track.create_group(1).unwrap();
    track.finish_at(1).unwrap();
    let mut reader = track.consume();
    assert_eq!(next(&mut reader), 1);
    assert!(now(reader.next_group()).unwrap().is_none());
    assert!(
        poll_once(reader.get_group(0)).is_pending(),
        "it may come late"
    );
    assert!(now(reader.get_group(2)).unwrap().is_none());
    assert_eq!(now(reader.finished()), Ok(2));
    assert_eq!(now(reader.closed()), Ok(()));
}

#[test]
fn an_end_is_set_once_and_at_the_highest_sequence() {
    let track = track();
    track.create_group(5).unwrap();
    assert_eq!(track.finish_at(4), Err(TrackError::Closed));
    assert_eq!(track.finish_at(10), Err(TrackError::Closed));
    assert_eq!(track.finish_at(5), Ok(()));
    assert_eq!(track.finish_at(5), Err(TrackError::Closed));
    assert_eq!(track.finish(), Err(TrackError::Closed));
    assert!(track.create_group(4).is_ok(), "a late one");
    assert_eq!(track.create_group(6).err(), Some(TrackError::Closed));
    assert_eq!(track.append_group().err(), Some(TrackError::Closed));
}

#[test]
fn an_empty_track_can_be_finished() {
    let track = track();
    assert_eq!(track.finish(), Ok(()));
    assert_eq!(track.write_frame("late"), Err(TrackError::Closed));
    assert_eq!(now(track.consume().finished()), Ok(0));
}

#[test]
fn nothing_follows_the_last_sequence() {
    let track = track();
    track.create_group(u64::MAX).unwrap();
    assert_eq!(track.append_group().err(), Some(TrackError::BoundsExceeded));
    assert_eq!(track.finish(), Err(TrackError::BoundsExceeded));
}

#[test]
fn a_reader_starts_where_it_is_told() {
    let track = track();
    for sequence in [4, 8, 6] {
        track.create_group(sequence).unwrap();
    }
    let mut reader = track.consume();
    reader.start_at(6);
    assert_eq!((next(&mut reader), next(&mut reader)), (8, 6));
}

#[test]
fn a_clone_goes_on_from_the_same_place() {
    let track = track();
    track.write_frame("0").unwrap();
    track.write_frame("1").unwrap();
    let mut reader = track.consume();
    assert_eq!(next(&mut reader), 0);
    let mut clone = reader.clone();
    assert_eq!((next(&mut reader), next(&mut clone)), (1, 1));
    assert!(reader.is_clone(&clone) && !reader.is_clone(&self::track().consume()));
}

#[test]
fn what_was_evicted_is_passed_over_and_never_comes_again() {
    let track = TrackProducer::new(TrackConfig::new().with_max_groups(2));
    let mut reader = track.consume();
    for frame in ["0", "1", "2"] {
        track.write_frame(frame).unwrap();
    }
    assert_eq!(error(poll_once(reader.get_group(0))), TrackError::Evicted);
    assert_eq!(track.create_group(0).err(), Some(TrackError::Evicted));
    assert_eq!(next(&mut reader), 1);
}

#[test]
fn a_track_without_room_refuses_every_group() {
    let track = TrackProducer::new(TrackConfig::new().with_max_groups(0));
    assert_eq!(track.append_group().err(), Some(TrackError::Full));
    let track = TrackProducer::new(TrackConfig::new().with_max_frames(0));
    assert_eq!(track.write_frame("x"), Err(TrackError::Full));
    let track = TrackProducer::new(TrackConfig::new().with_max_bytes(2));
    assert_eq!(track.write_frame("xyz"), Err(TrackError::Full));
    assert_eq!(track.write_frame("xy"), Ok(()));
}
