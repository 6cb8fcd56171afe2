//! What a producer may do, and what it is told otherwise.

use streamgauge_embassy::track::{Policy, ProducerError, Track, TrackError};
use streamgauge_tests_embassy::Bench;

use crate::{Small, now, open, sequence, sequences, track};

#[test]
fn groups_come_in_the_order_in_which_they_arrive() {
    let _clock = Bench::new();
    let (track, producer) = open();
    for sequence in [5, 2, 9] {
        producer.create_group(sequence).unwrap().finish().unwrap();
    }
    assert_eq!(producer.append_group().unwrap().sequence(), 10);
    assert_eq!(sequences(&mut track.consumer().unwrap()), [5, 2, 9, 10]);
    assert_eq!(producer.latest(), Some(10));
}

#[test]
fn a_sequence_comes_once() {
    let _clock = Bench::new();
    let (_, producer) = open();
    producer.create_group(3).unwrap();
    assert_eq!(producer.create_group(3).err(), Some(TrackError::Duplicate));
    for _ in 0..4 {
        producer.append_group().unwrap();
    }
    assert_eq!(producer.create_group(3).err(), Some(TrackError::Evicted));
}

#[test]
fn there_is_no_sequence_after_the_last_one() {
    let _clock = Bench::new();
    let (_, producer) = open();
    producer.create_group(u64::MAX).unwrap();
    let error = producer.append_group().err();
    assert_eq!(error, Some(TrackError::BoundsExceeded));
    assert_eq!(producer.finish(), Err(TrackError::BoundsExceeded));
}

#[test]
fn a_finished_track_takes_what_is_late_and_nothing_past_its_end() {
    let _clock = Bench::new();
    let (track, producer) = open();
    producer.create_group(4).unwrap();
    assert_eq!(producer.finish_at(3), Err(TrackError::Closed));
    producer.finish_at(4).unwrap();
    assert_eq!(producer.finish(), Err(TrackError::Closed));
    assert_eq!(producer.append_group().err(), Some(TrackError::Closed));
    assert_eq!(producer.create_group(5).err(), Some(TrackError::Closed));
    let mut reader = track.consumer().unwrap();
    assert_eq!(now(reader.finished()), Ok(5));
    assert_eq!(sequences(&mut reader), [4]);
    producer.create_group(1).unwrap();
    assert_eq!(sequences(&mut reader), [1]);
    assert_eq!(sequence(&mut reader), Ok(None));
}

#[test]
fn a_finished_group_takes_no_frame_and_gives_it_back() {
    let _clock = Bench::new();
    let (track, producer) = open();
    producer.write_frame(b"one").unwrap();
    let mut group = producer.append_group().unwrap();
    group.write_frame(b"two").unwrap();
    assert_eq!((group.sequence(), group.frame_count()), (1, Ok(1)));
    group.finish().unwrap();
    assert_eq!(track.cached().frames, 2);
    producer.abort(TrackError::Aborted(7)).unwrap();
    let refused = producer.write_frame(b"three").unwrap_err();
    assert_eq!(refused.error, TrackError::Aborted(7));
    assert_eq!(refused.payload, b"three");
}

#[test]
fn bytes_are_limited_at_any_time_and_what_cannot_fit_evicts_nothing() {
    let _clock = Bench::new();
    let track: &'static Small = track();
    let producer = track.producer(Policy::new().with_max_bytes(10)).unwrap();
    producer.write_frame(b"12345").unwrap();
    producer.write_frame(b"12345").unwrap();
    let refused = producer.write_frame(b"12345678901").unwrap_err();
    assert_eq!(refused.error, TrackError::Full);
    assert_eq!((track.cached().groups, track.cached().bytes), (2, 10));
    let mut group = producer.append_group().unwrap();
    group.write_frame(b"123456").unwrap();
    assert_eq!((track.cached().groups, track.cached().bytes), (1, 6));
    let refused = group.write_frame(b"12345").unwrap_err();
    assert_eq!((refused.error, track.cached().bytes), (TrackError::Full, 6));
}

#[test]
fn there_is_one_producer_at_a_time() {
    let _clock = Bench::new();
    let (track, producer) = open();
    for _ in 0..3 {
        let error = track.producer(Policy::new()).err();
        assert_eq!(error, Some(ProducerError::Taken));
    }
    drop(producer);
    assert!(track.producer(Policy::new()).is_ok());
}

#[test]
fn several_tasks_write_the_groups_of_one_producer() {
    let mut bench = Bench::new();
    let (track, producer) = open();
    let producer: &'static _ = Box::leak(Box::new(producer));
    for payload in [b"a", b"b", b"c"] {
        bench.spawn(async move { producer.write_frame(payload).unwrap() });
    }
    bench.settle();
    assert_eq!(sequences(&mut track.consumer().unwrap()), [0, 1, 2]);
}

#[test]
fn a_track_without_room_refuses_and_never_panics() {
    fn refuses<const G: usize, const F: usize, const R: usize, const GONE: usize>() {
        let track: &'static Track<&'static [u8], G, F, R, GONE> = track();
        let producer = track.producer(Policy::new()).unwrap();
        let reader = track.consumer();
        assert_eq!(reader.is_ok(), R > 0);
        let written = producer.write_frame(b"x");
        assert_eq!(written.is_ok(), G > 0 && F > 0 && GONE > 0);
        if let Ok(mut group) = producer.append_group() {
            assert_eq!(group.write_frame(b"x").is_ok(), F > 0);
        }
        let _ = producer.finish();
        assert_eq!(track.readers(), R.min(1));
    }
    let _clock = Bench::new();
    refuses::<0, 0, 0, 0>();
    refuses::<0, 1, 1, 1>();
    refuses::<1, 0, 1, 1>();
    refuses::<1, 1, 0, 1>();
    refuses::<1, 1, 1, 0>();
    refuses::<1, 1, 1, 1>();
    refuses::<2, 3, 2, 1>();
}

#[test]
fn a_policy_of_nothing_refuses_everything() {
    let _clock = Bench::new();
    let track: &'static Small = track();
    let producer = track.producer(Policy::new().with_max_groups(0)).unwrap();
    assert_eq!(producer.append_group().err(), Some(TrackError::Full));
    let refused = producer.write_frame(b"x").unwrap_err();
    assert_eq!(refused.error, TrackError::Full);
}
