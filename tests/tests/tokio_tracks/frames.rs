//! Frames of a group, whole and as it grows.

use streamgauge_tokio::{TrackConfig, TrackError, TrackProducer};

use crate::harness::{error, frames, next_group, now, poll_once, track};

#[test]
fn frames_come_in_order_and_then_the_end() {
    let track = track();
    let group = track.append_group().unwrap();
    for frame in ["a", "b", "c"] {
        group.write_frame(frame).unwrap();
    }
    group.finish().unwrap();
    assert_eq!(group.frame_count(), Ok(3));
    assert_eq!(group.write_frame("d"), Err(TrackError::Closed));
    let mut reader = group.consume();
    assert_eq!(now(reader.finished()), Ok(3));
    assert_eq!(frames(reader), ["a", "b", "c"]);
}

#[test]
fn a_partial_group_is_read_as_it_grows() {
    let track = track();
    let group = track.append_group().unwrap();
    let mut reader = next_group(&mut track.consume());
    assert!(poll_once(reader.read_frame()).is_pending());
    group.write_frame("a").unwrap();
    assert_eq!(now(reader.read_frame()).unwrap().unwrap(), "a");
    assert!(poll_once(reader.read_frame()).is_pending());
    assert!(poll_once(reader.finished()).is_pending());
    group.finish().unwrap();
    assert_eq!(now(reader.read_frame()), Ok(None));
    assert_eq!(now(reader.finished()), Ok(1));
}

#[test]
fn a_clone_goes_on_from_the_same_frame() {
    let track = track();
    let group = track.append_group().unwrap();
    group.write_frame("a").unwrap();
    let mut reader = group.consume();
    now(reader.read_frame()).unwrap();
    let mut clone = reader.clone();
    group.write_frame("b").unwrap();
    assert_eq!(now(reader.read_frame()).unwrap().unwrap(), "b");
    assert_eq!(now(clone.read_frame()).unwrap().unwrap(), "b");
}

#[test]
fn a_group_evicted_under_a_reader_ends_with_an_error() {
    let track = TrackProducer::new(TrackConfig::new().with_max_groups(1));
    let group = track.append_group().unwrap();
    group.write_frame("a").unwrap();
    let mut reader = group.consume();
    now(reader.read_frame()).unwrap();
    assert!(poll_once(reader.read_frame()).is_pending());
    track.append_group().unwrap();
    assert_eq!(error(poll_once(reader.read_frame())), TrackError::Evicted);
    assert_eq!(error(poll_once(reader.finished())), TrackError::Evicted);
    assert_eq!(group.write_frame("b"), Err(TrackError::Evicted));
    assert_eq!(group.frame_count(), Err(TrackError::Evicted));
}

#[test]
fn a_whole_group_of_one_frame_outlives_its_eviction_with_its_reader() {
    let track = TrackProducer::new(TrackConfig::new().with_max_groups(1));
    track.write_frame("a").unwrap();
    let mut reader = next_group(&mut track.consume());
    track.write_frame("b").unwrap();
    assert_eq!(reader.sequence(), 0);
    assert_eq!(now(reader.finished()), Ok(1));
    assert_eq!(frames(reader), ["a"]);
}

#[test]
fn the_slot_of_an_evicted_group_has_no_memory_of_its_producers() {
    let track = TrackProducer::new(TrackConfig::new().with_max_groups(1));
    let evicted = track.append_group().unwrap();
    let group = track.append_group().unwrap();
    let mut reader = group.consume();
    let clone = evicted.clone();
    drop((clone, evicted));
    assert_eq!(group.write_frame("a"), Ok(()), "another was dropped");
    now(reader.read_frame()).unwrap();
    drop(group);
    assert_eq!(error(poll_once(reader.read_frame())), TrackError::Dropped);
}

#[test]
fn the_first_frame_of_each_group_is_read_at_once() {
    let track = track();
    let mut reader = track.consume();
    track.write_frame("a").unwrap();
    let group = track.append_group().unwrap();
    track.write_frame("c").unwrap();
    assert_eq!(now(reader.read_frame()).unwrap().unwrap(), "a");
    assert!(
        poll_once(reader.read_frame()).is_pending(),
        "it waits for the next group's"
    );
    group.write_frame("b").unwrap();
    group.write_frame("not the first").unwrap();
    assert_eq!(now(reader.read_frame()).unwrap().unwrap(), "b");
    assert_eq!(now(reader.read_frame()).unwrap().unwrap(), "c");
    track.append_group().unwrap().finish().unwrap();
    track.write_frame("d").unwrap();
    assert_eq!(
        now(reader.read_frame()).unwrap().unwrap(),
        "d",
        "an empty group has none"
    );
    track.finish().unwrap();
    assert_eq!(now(reader.read_frame()), Ok(None));
}

#[test]
fn waiting_for_a_first_frame_takes_no_group_from_others() {
    let track = track();
    let mut reader = track.consume();
    let group = track.append_group().unwrap();
    assert!(poll_once(reader.read_frame()).is_pending());
    assert_eq!(next_group(&mut reader).sequence(), group.sequence());
}
