//! Eviction while nobody writes.

use embassy_time::Duration;
use streamgauge_embassy::track::{self, Policy, TimerTaken, TrackError, TrackProducer};
use streamgauge_tests_embassy::Bench;

use crate::{Record, Small, follow, track as leak};

const SECOND: Duration = Duration::from_secs(1);

/// A track whose groups stay for 30 seconds, and its timer's task.
fn timed(bench: &mut Bench<'_>) -> (&'static Small, TrackProducer<Small>, usize) {
    let track: &'static Small = leak();
    let mut timer = track.timer().unwrap();
    let task = bench.spawn(async move { timer.run().await });
    bench.settle();
    let producer = track.producer(Policy::new()).unwrap();
    bench.settle();
    (track, producer, task)
}

#[test]
fn an_idle_track_empties_but_for_its_newest_group() {
    let mut bench = Bench::new();
    let (track, producer, _) = timed(&mut bench);
    for _ in 0..3 {
        producer.write_frame(b"x").unwrap();
        bench.leap(SECOND);
    }
    bench.leap(SECOND * 26);
    assert_eq!(track.cached().groups, 3, "a second early");
    bench.leap(SECOND);
    assert_eq!(track.cached().groups, 2);
    bench.leap(SECOND);
    assert_eq!(track.cached().groups, 1);
    bench.leap(SECOND * 3600);
    assert_eq!(track.cached().groups, 1);
}

#[test]
fn a_reader_who_waits_in_a_group_of_age_is_told() {
    let mut bench = Bench::new();
    let (track, producer, _) = timed(&mut bench);
    let _open = producer.append_group().unwrap();
    let record = Record::default();
    bench.spawn(follow(track.consumer().unwrap(), record.clone()));
    bench.leap(SECOND);
    producer.write_frame(b"x").unwrap();
    bench.leap(SECOND * 28);
    assert!(record.borrow().groups_ended.is_empty());
    bench.leap(SECOND);
    let ends = [(0, Err(TrackError::Evicted)), (1, Ok(()))];
    assert_eq!(record.borrow().groups_ended, ends);
}

#[test]
fn a_group_that_comes_of_age_earlier_than_was_thought_goes_in_time() {
    let mut bench = Bench::new();
    let (track, producer, _) = timed(&mut bench);
    producer.create_group(10).unwrap();
    bench.leap(SECOND * 20);
    producer.create_group(5).unwrap();
    bench.leap(SECOND);
    assert_eq!(track.cached().groups, 2);
    // Ten is the newest no longer, and is older than five, for which the timer sleeps.
    producer.create_group(11).unwrap();
    bench.leap(SECOND * 9);
    assert_eq!(track.cached().groups, 2);
    bench.leap(SECOND * 20);
    assert_eq!(track.cached().groups, 1);
}

#[test]
fn a_closed_track_still_empties() {
    let mut bench = Bench::new();
    let (track, producer, _) = timed(&mut bench);
    producer.write_frame(b"x").unwrap();
    producer.write_frame(b"x").unwrap();
    drop(producer);
    bench.leap(SECOND * 30);
    assert_eq!(track.cached().groups, 1);
    let producer = track.producer(Policy::new()).unwrap();
    assert_eq!(track.cached().groups, 0);
    producer.write_frame(b"x").unwrap();
    producer.write_frame(b"x").unwrap();
    bench.leap(SECOND * 30);
    assert_eq!(
        track.cached().groups,
        1,
        "the timer lives through all lives"
    );
}

#[test]
fn ages_of_any_length_are_timed() {
    let mut bench = Bench::new();
    let track: &'static Small = leak();
    let mut timer = track.timer().unwrap();
    bench.spawn(async move { timer.run().await });
    let day = track::Duration::from_secs(86_400);
    let producer = track.producer(Policy::new().with_max_age(day)).unwrap();
    producer.write_frame(b"x").unwrap();
    producer.write_frame(b"x").unwrap();
    bench.settle();
    for _ in 0..23 {
        bench.leap(SECOND * 3600);
    }
    assert_eq!(track.cached().groups, 2);
    bench.leap(SECOND * 3600);
    assert_eq!(track.cached().groups, 1);

    drop(producer);
    let never = track::Duration::from_micros(u64::MAX);
    let producer = track.producer(Policy::new().with_max_age(never)).unwrap();
    producer.write_frame(b"x").unwrap();
    producer.write_frame(b"x").unwrap();
    bench.leap(SECOND * 86_400);
    assert_eq!(track.cached().groups, 2);

    drop(producer);
    let zero = track::Duration::from_micros(0);
    let producer = track.producer(Policy::new().with_max_age(zero)).unwrap();
    producer.create_group(9).unwrap();
    producer.create_group(1).unwrap();
    bench.settle();
    assert_eq!(track.cached().groups, 1, "the newest stays");
}

#[test]
fn there_is_one_timer_at_a_time() {
    let mut bench = Bench::new();
    let (track, producer, task) = timed(&mut bench);
    for _ in 0..3 {
        assert_eq!(track.timer().err(), Some(TimerTaken));
    }
    producer.write_frame(b"x").unwrap();
    producer.write_frame(b"x").unwrap();
    bench.leap(SECOND);
    bench.cancel(task);
    bench.leap(SECOND * 60);
    assert_eq!(track.cached().groups, 2);
    let mut timer = track.timer().unwrap();
    bench.spawn(async move { timer.run().await });
    bench.settle();
    assert_eq!(track.cached().groups, 1, "the next one finds what is due");
}
