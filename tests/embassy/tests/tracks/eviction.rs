//! Groups that go while they are read.

use std::sync::Arc;

use embassy_time::Duration;
use streamgauge_embassy::track::{self, Policy, Reason, Track, TrackError, TrackEvent};
use streamgauge_tests_embassy::Bench;

use crate::{Record, Small, follow, now, open, sequences, track as leak, waits};

#[test]
fn a_group_evicted_under_a_waiting_reader_ends_for_it() {
    let mut bench = Bench::new();
    let (track, producer) = open();
    let record = Record::default();
    bench.spawn(follow(track.consumer().unwrap(), record.clone()));
    let mut group = producer.append_group().unwrap();
    group.write_frame(b"x").unwrap();
    bench.settle();
    // Its slot is taken by the group that it goes for.
    for _ in 0..4 {
        producer.append_group().unwrap().finish().unwrap();
    }
    bench.settle();
    let seen = record.borrow();
    assert_eq!(seen.frames, [(0, b"x".as_slice())]);
    assert_eq!(seen.groups_ended[0], (0, Err(TrackError::Evicted)));
    let read: Vec<_> = seen.groups_ended.iter().map(|group| group.0).collect();
    assert_eq!(read, [0, 1, 2, 3, 4]);
    assert_eq!(
        group.write_frame(b"y").unwrap_err().error,
        TrackError::Evicted
    );
    assert_eq!(group.frame_count(), Err(TrackError::Evicted));
    assert_eq!(group.finish(), Err(TrackError::Evicted));
}

#[test]
fn a_reader_of_a_group_does_not_read_on_in_another_that_has_its_slot() {
    let _clock = Bench::new();
    let track: &'static Track<&'static [u8], 1, 4, 1> = leak();
    let producer = track.producer(Policy::new()).unwrap();
    producer.write_frame(b"old").unwrap();
    let mut reader = track.consumer().unwrap();
    let mut group = now(reader.next_group()).unwrap().unwrap();
    producer.write_frame(b"new").unwrap();
    assert_eq!(now(group.read_frame()), Err(TrackError::Evicted));
    let mut group = now(reader.next_group()).unwrap().unwrap();
    assert_eq!(now(group.read_frame()), Ok(Some(b"new".as_slice())));
    producer.write_frame(b"newer").unwrap();
    assert_eq!(now(group.read_frame()), Ok(None), "it was read to its end");
}

#[test]
fn a_slow_reader_passes_over_what_has_gone() {
    let _clock = Bench::new();
    let (track, producer) = open();
    let mut reader = track.consumer().unwrap();
    producer.write_frame(b"x").unwrap();
    assert_eq!(sequences(&mut reader), [0]);
    for _ in 0..9 {
        producer.write_frame(b"x").unwrap();
    }
    assert_eq!(sequences(&mut reader), [6, 7, 8, 9]);
}

#[test]
fn groups_of_age_go_at_the_next_write() {
    let mut bench = Bench::new();
    let track: &'static Small = leak();
    let policy = Policy::new().with_max_age(track::Duration::from_secs(2));
    let producer = track.producer(policy).unwrap();
    producer.write_frame(b"a").unwrap();
    bench.leap(Duration::from_secs(1));
    producer.write_frame(b"b").unwrap();
    bench.leap(Duration::from_secs(1));
    assert_eq!(track.cached().groups, 2, "nobody wrote");
    producer.write_frame(b"c").unwrap();
    assert_eq!(sequences(&mut track.consumer().unwrap()), [1, 2]);
    bench.leap(Duration::from_secs(3600));
    producer.write_frame(b"d").unwrap();
    assert_eq!(sequences(&mut track.consumer().unwrap()), [3]);
}

#[test]
fn a_payload_is_dropped_once_when_its_group_goes() {
    let _clock = Bench::new();
    let track: &'static Track<Arc<[u8]>, 2, 4, 1> = leak();
    let producer = track.producer(Policy::new()).unwrap();
    let payload: Arc<[u8]> = Arc::from(b"shared".as_slice());
    let held = |payload: &Arc<[u8]>| Arc::strong_count(payload) - 1;
    for written in 1..=2 {
        producer.write_frame(payload.clone()).unwrap();
        assert_eq!(held(&payload), written);
    }
    producer.write_frame(payload.clone()).unwrap();
    assert_eq!(held(&payload), 2, "one came, one went");
    let mut reader = track.consumer().unwrap();
    let mut group = now(reader.next_group()).unwrap().unwrap();
    let frame = now(group.read_frame()).unwrap().unwrap();
    assert!(Arc::ptr_eq(&frame, &payload), "not copied");
    drop((frame, reader, producer));
    let _anew = track.producer(Policy::new()).unwrap();
    assert_eq!(held(&payload), 0);
}

#[test]
fn what_happened_is_told_once() {
    let _clock = Bench::new();
    let (track, producer) = open();
    for _ in 0..5 {
        producer.write_frame(b"four").unwrap();
    }
    let mut reader = track.consumer().unwrap();
    assert!(now(reader.get_group(4)).is_ok());
    assert!(now(reader.get_group(0)).is_err());
    assert!(waits(reader.get_group(9)));
    let events: Vec<_> = std::iter::from_fn(|| track.poll_event()).collect();
    let amount = |groups| track::Amount {
        groups,
        frames: groups,
        bytes: 4 * groups,
    };
    let expected = [
        TrackEvent::Written(amount(5)),
        TrackEvent::Evicted(Reason::Groups, amount(1)),
        TrackEvent::Hit(1),
        TrackEvent::Miss(2),
    ];
    assert_eq!(events, expected);
}
