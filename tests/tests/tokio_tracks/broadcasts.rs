//! Tracks under names.

use std::sync::Arc;

use bytes::Bytes;
use streamgauge_tokio::{BroadcastError, BroadcastProducer, TrackConfig};

use crate::harness::{Task, next, now, poll_once};

fn duplicate(name: &str) -> BroadcastError {
    BroadcastError::Duplicate { name: name.into() }
}

#[test]
fn a_track_is_found_by_its_name() {
    let broadcast = BroadcastProducer::new();
    let reader = broadcast.consume();
    let track = broadcast.create_track("video", TrackConfig::new()).unwrap();
    track.append_group().unwrap();
    assert_eq!(next(&mut now(reader.track("video")).unwrap()), 0);
    assert_eq!(next(&mut reader.open_track("video").unwrap()), 0);
    assert!(reader.open_track("audio").is_none());
    assert!(reader.is_clone(&broadcast.consume()));
    assert!(
        broadcast.is_clone(&broadcast.clone()) && !broadcast.is_clone(&BroadcastProducer::new())
    );
}

#[test]
fn a_name_is_taken_once() {
    let broadcast = BroadcastProducer::new();
    let track = broadcast.create_track("video", TrackConfig::new()).unwrap();
    let again = broadcast.create_track("video", TrackConfig::new());
    assert_eq!(again.err(), Some(duplicate("video")));
    assert_eq!(
        broadcast.insert_track("video", &track),
        Err(duplicate("video"))
    );
    broadcast.remove_track("video");
    assert_eq!(broadcast.insert_track("video", &track), Ok(()));
}

#[test]
fn a_closed_track_frees_its_name() {
    let broadcast = BroadcastProducer::new();
    let first = broadcast.create_track("video", TrackConfig::new()).unwrap();
    let mut late = broadcast.consume().open_track("video").unwrap();
    first.write_frame("a").unwrap();
    drop(first);
    assert!(broadcast.consume().open_track("video").is_none());
    let second = broadcast.create_track("video", TrackConfig::new()).unwrap();
    second.create_group(9).unwrap();
    assert_eq!(
        next(&mut broadcast.consume().open_track("video").unwrap()),
        9
    );
    assert_eq!(next(&mut late), 0, "who had the first one keeps it");
}

#[test]
fn a_reader_waits_for_a_track_that_is_to_come() {
    let broadcast = BroadcastProducer::new();
    let reader = broadcast.consume();
    let task = Task::new();
    let mut video = Box::pin(reader.track("video"));
    assert!(task.poll(&mut video).is_pending());
    let _audio = broadcast.create_track("audio", TrackConfig::new()).unwrap();
    assert!(task.poll(&mut video).is_pending());
    task.wakes();
    let track = broadcast.create_track("video", TrackConfig::new()).unwrap();
    assert_eq!(task.wakes(), 1);
    track.append_group().unwrap();
    assert_eq!(next(&mut now(&mut video).unwrap()), 0);
}

#[test]
fn who_waits_for_a_track_is_told_of_the_end() {
    let broadcast = BroadcastProducer::new();
    let clone = broadcast.clone();
    let reader = broadcast.consume();
    let task = Task::new();
    let mut video = Box::pin(reader.track("video"));
    assert!(task.poll(&mut video).is_pending());
    drop(broadcast);
    assert_eq!(task.wakes(), 0);
    assert!(!reader.is_closed() && poll_once(reader.closed()).is_pending());
    drop(clone);
    assert_eq!(task.wakes(), 1);
    assert_eq!(now(&mut video).err(), Some(BroadcastError::Closed));
    assert!(reader.is_closed());
    now(reader.closed());
}

#[test]
fn who_reads_a_track_reads_on_when_the_broadcast_closes() {
    let broadcast = BroadcastProducer::new();
    let track = broadcast.create_track("video", TrackConfig::new()).unwrap();
    let consumer = broadcast.consume();
    let mut reader = consumer.open_track("video").unwrap();
    drop(broadcast);
    assert!(consumer.open_track("video").is_none());
    assert!(now(consumer.track("video")).is_err());
    track.append_group().unwrap();
    assert_eq!(next(&mut reader), 0);
}

#[test]
fn one_track_is_shared_by_two_broadcasts() {
    let (here, there) = (BroadcastProducer::new(), BroadcastProducer::new());
    let track = here.create_track("video", TrackConfig::new()).unwrap();
    let reader = here.consume().open_track("video").unwrap();
    there
        .insert_track("copy", &reader.produce().unwrap())
        .unwrap();
    track.append_group().unwrap();
    assert_eq!(next(&mut there.consume().open_track("copy").unwrap()), 0);
}

/// A payload that tells when it is dropped.
struct Cached(#[expect(dead_code, reason = "counted")] Arc<()>);

impl AsRef<[u8]> for Cached {
    fn as_ref(&self) -> &[u8] {
        b"cached"
    }
}

#[test]
fn a_broadcast_keeps_no_track_open_and_forgets_the_closed() {
    let broadcast = BroadcastProducer::new();
    let cached = Arc::new(());
    let kept = broadcast.create_track("kept", TrackConfig::new()).unwrap();
    for n in 0..10_000 {
        let name = format!("track {n}");
        let track = broadcast.create_track(name, TrackConfig::new()).unwrap();
        let payload = Bytes::from_owner(Cached(cached.clone()));
        track.write_frame(payload).unwrap();
        assert!(Arc::strong_count(&cached) < 40, "of {n} tracks");
    }
    assert!(broadcast.consume().open_track("track 9999").is_none());
    assert!(broadcast.consume().open_track("kept").is_some());
    drop(kept);
}
