//! Futures that are dropped wherever they wait: nothing is lost by it.

use embassy_futures::poll_once;
use embassy_time::Duration;
use streamgauge_embassy::track::{Policy, TrackError};
use streamgauge_tests_embassy::Bench;

use crate::{Small, now, open, track as leak, waits};

#[test]
fn a_group_is_found_by_who_asks_after_the_one_who_gave_up() {
    let _clock = Bench::new();
    let (track, producer) = open();
    let mut reader = track.consumer().unwrap();
    for expected in 0..4 {
        for _ in 0..3 {
            assert!(waits(reader.next_group()));
            assert!(waits(reader.get_group(expected)));
        }
        producer.append_group().unwrap().finish().unwrap();
        let group = now(reader.get_group(expected)).unwrap().unwrap();
        assert_eq!(group.sequence(), expected);
        let group = now(reader.next_group()).unwrap().unwrap();
        assert_eq!(group.sequence(), expected);
    }
}

#[test]
fn a_future_that_was_never_polled_takes_nothing() {
    let _clock = Bench::new();
    let (track, producer) = open();
    producer.write_frame(b"x").unwrap();
    let mut reader = track.consumer().unwrap();
    drop(reader.next_group());
    drop(reader.get_group(0));
    let mut group = now(reader.next_group()).unwrap().unwrap();
    drop(group.read_frame());
    drop(group.with_frame(|_| unreachable!("not shown")));
    drop(group.finished());
    assert_eq!(now(group.read_frame()), Ok(Some(b"x".as_slice())));
}

#[test]
fn a_frame_is_found_by_who_asks_after_the_one_who_gave_up() {
    let _clock = Bench::new();
    let (track, producer) = open();
    let mut writer = producer.append_group().unwrap();
    let mut reader = track.consumer().unwrap();
    let mut group = now(reader.next_group()).unwrap().unwrap();
    for frame in [b"a", b"b", b"c"] {
        assert!(waits(group.read_frame()));
        assert!(waits(group.with_frame(|_| unreachable!("there is none"))));
        assert!(waits(group.finished()));
        writer.write_frame(frame).unwrap();
        assert_eq!(now(group.read_frame()), Ok(Some(frame.as_slice())));
    }
    writer.finish().unwrap();
    assert_eq!(now(group.finished()), Ok(3));
    assert_eq!(now(group.read_frame()), Ok(None));
}

#[test]
fn a_group_whose_frame_was_given_up_is_not_passed_over() {
    let _clock = Bench::new();
    let (track, producer) = open();
    let mut reader = track.consumer().unwrap();
    assert!(waits(reader.read_frame()));
    let mut group = producer.append_group().unwrap();
    for _ in 0..3 {
        assert!(waits(reader.read_frame()));
    }
    group.write_frame(b"x").unwrap();
    drop(reader.read_frame());
    assert_eq!(now(reader.read_frame()), Ok(Some(b"x".as_slice())));
    assert!(waits(reader.read_frame()));
}

#[test]
fn the_end_is_found_by_who_asks_after_the_one_who_gave_up() {
    let _clock = Bench::new();
    let (track, producer) = open();
    let mut reader = track.consumer().unwrap();
    for _ in 0..3 {
        assert!(waits(reader.closed()));
        assert!(waits(reader.finished()));
    }
    drop(producer);
    assert_eq!(now(reader.closed()), Err(TrackError::Dropped));
    assert_eq!(now(reader.finished()), Err(TrackError::Dropped));
    assert_eq!(now(reader.next_group()).err(), Some(TrackError::Dropped));
    assert_eq!(now(reader.get_group(0)).err(), Some(TrackError::Dropped));
}

#[test]
fn a_reader_that_gave_up_wakes_nobody_in_its_seat() {
    let mut bench = Bench::new();
    let (track, producer) = open();
    let mut reader = track.consumer().unwrap();
    let gone = bench.spawn(async move {
        let _ = reader.next_group().await;
    });
    bench.settle();
    bench.cancel(gone);
    assert_eq!(track.readers(), 0, "its seat is free");
    let record = crate::Record::default();
    let next = track.consumer().unwrap();
    bench.spawn(crate::follow(next, record.clone()));
    bench.settle();
    producer.write_frame(b"x").unwrap();
    bench.settle();
    assert_eq!(record.borrow().frames.len(), 1);
}

#[test]
fn a_producer_may_give_up_waiting_for_readers() {
    let _clock = Bench::new();
    let (track, mut producer) = open();
    assert!(waits(producer.used()));
    assert!(waits(producer.used()));
    let reader = track.consumer().unwrap();
    assert_eq!(now(producer.used()), Ok(()));
    assert!(waits(producer.unused()));
    drop(reader);
    assert_eq!(now(producer.unused()), Ok(()));
}

#[test]
fn a_timer_may_be_dropped_wherever_it_is() {
    let mut bench = Bench::new();
    let track: &'static Small = leak();
    let producer = track.producer(Policy::new()).unwrap();
    let mut timer = track.timer().unwrap();
    assert!(poll_once(timer.run()).is_pending());
    for _ in 0..3 {
        producer.write_frame(b"x").unwrap();
        assert!(poll_once(timer.run()).is_pending());
        bench.leap(Duration::from_secs(10));
    }
    assert!(poll_once(timer.run()).is_pending());
    assert_eq!(track.cached().groups, 2, "the first was due");
}
