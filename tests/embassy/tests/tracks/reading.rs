//! What readers see.

use std::rc::Rc;

use streamgauge_embassy::track::TrackError;
use streamgauge_tests_embassy::Bench;

use crate::{Record, follow, now, open, sequence, sequences, waits};

#[test]
fn a_reader_sees_a_group_grow() {
    let mut bench = Bench::new();
    let (track, producer) = open();
    let record = Record::default();
    bench.spawn(follow(track.consumer().unwrap(), record.clone()));
    bench.settle();
    let mut group = producer.append_group().unwrap();
    for (written, payload) in [b"a", b"b", b"c"].iter().enumerate() {
        group.write_frame(*payload).unwrap();
        bench.settle();
        assert_eq!(record.borrow().frames.len(), written + 1);
        assert!(record.borrow().groups_ended.is_empty());
    }
    group.finish().unwrap();
    producer.write_frame(b"d").unwrap();
    producer.finish().unwrap();
    bench.settle();
    let seen = record.borrow();
    let frames: [(u64, &[u8]); 4] = [(0, b"a"), (0, b"b"), (0, b"c"), (1, b"d")];
    assert_eq!(seen.frames, frames);
    assert_eq!(seen.groups_ended, [(0, Ok(())), (1, Ok(()))]);
    assert_eq!(seen.end, Some(Ok(())));
}

#[test]
fn a_late_reader_begins_at_the_oldest_group_that_is_cached() {
    let _clock = Bench::new();
    let (track, producer) = open();
    for _ in 0..6 {
        producer.write_frame(b"x").unwrap();
    }
    let mut reader = track.consumer().unwrap();
    assert_eq!(reader.latest(), Some(5));
    assert_eq!(sequences(&mut reader), [2, 3, 4, 5]);
}

#[test]
fn a_reader_may_come_before_the_producer() {
    let mut bench = Bench::new();
    let track: &'static crate::Small = crate::track();
    let record = Record::default();
    bench.spawn(follow(track.consumer().unwrap(), record.clone()));
    bench.settle();
    let producer = track.producer(crate::Policy::new()).unwrap();
    producer.write_frame(b"x").unwrap();
    bench.settle();
    assert_eq!(record.borrow().frames.len(), 1);
    assert_eq!(record.borrow().end, None);
}

#[test]
fn a_reader_passes_over_what_is_before_its_start() {
    let _clock = Bench::new();
    let (track, producer) = open();
    let mut reader = track.consumer().unwrap();
    reader.start_at(2);
    for sequence in [0, 3, 1, 2] {
        producer.create_group(sequence).unwrap();
    }
    assert_eq!(sequences(&mut reader), [3, 2]);
}

#[test]
fn a_group_asked_for_by_its_sequence_comes_when_it_does() {
    let mut bench = Bench::new();
    let (track, producer) = open();
    let mut reader = track.consumer().unwrap();
    let task = bench.spawn(async move {
        let mut group = reader.get_group(2).await.unwrap().unwrap();
        assert_eq!(group.read_frame().await, Ok(Some(b"x".as_slice())));
    });
    bench.settle();
    producer.create_group(3).unwrap();
    bench.settle();
    assert!(!bench.has_ended(task));
    producer.create_group(2).unwrap().write_frame(b"x").unwrap();
    bench.settle();
    assert!(bench.has_ended(task));
}

#[test]
fn a_group_that_cannot_come_is_not_waited_for() {
    let _clock = Bench::new();
    let (track, producer) = open();
    let mut reader = track.consumer().unwrap();
    for _ in 0..5 {
        producer.append_group().unwrap();
    }
    assert_eq!(now(reader.get_group(0)).err(), Some(TrackError::Evicted));
    assert!(waits(reader.get_group(5)));
    producer.finish().unwrap();
    assert!(now(reader.get_group(5)).unwrap().is_none());
    drop(producer);
    assert!(now(reader.get_group(u64::MAX)).unwrap().is_none());
}

#[test]
fn a_frame_may_be_looked_at_where_it_lies() {
    let _clock = Bench::new();
    let (track, producer) = open();
    producer.write_frame(b"three").unwrap();
    let mut reader = track.consumer().unwrap();
    let mut group = now(reader.next_group()).unwrap().unwrap();
    assert_eq!(now(group.with_frame(|frame| frame.len())), Ok(Some(5)));
    assert_eq!(now(group.with_frame(|frame| frame.len())), Ok(None));
}

#[test]
fn one_reader_reads_several_groups_in_turns() {
    let _clock = Bench::new();
    let (track, producer) = open();
    let mut groups = [0, 1].map(|_| producer.append_group().unwrap());
    let mut reader = track.consumer().unwrap();
    let mut cursors = Vec::new();
    while let std::task::Poll::Ready(group) = embassy_futures::poll_once(reader.next_group()) {
        cursors.push(group.unwrap().unwrap().into_cursor());
    }
    for (frame, sequence) in [(b"a", 0), (b"b", 1), (b"c", 0), (b"d", 1)] {
        groups[sequence].write_frame(frame).unwrap();
        let mut group = reader.resume(cursors[sequence]);
        assert_eq!(now(group.read_frame()), Ok(Some(frame.as_slice())));
        assert!(waits(group.read_frame()));
        cursors[sequence] = group.into_cursor();
    }
    assert_eq!(reader.resume(cursors[0]).frames_read(), 2);
}

#[test]
fn a_reader_knows_when_its_group_is_no_longer_the_newest() {
    let _clock = Bench::new();
    let (track, producer) = open();
    let _group = producer.create_group(5).unwrap();
    let mut reader = track.consumer().unwrap();
    let group = now(reader.next_group()).unwrap().unwrap();
    producer.create_group(4).unwrap();
    assert!(!group.is_superseded());
    producer.create_group(6).unwrap();
    assert!(group.is_superseded());
}

#[test]
fn a_group_is_finished_with_so_many_frames() {
    let mut bench = Bench::new();
    let (track, producer) = open();
    let mut group = producer.append_group().unwrap();
    group.write_frame(b"a").unwrap();
    let mut reader = track.consumer().unwrap();
    let frames = Rc::new(std::cell::Cell::new(None));
    let told = frames.clone();
    bench.spawn(async move {
        let mut group = reader.next_group().await.unwrap().unwrap();
        told.set(Some(group.finished().await));
    });
    bench.settle();
    group.write_frame(b"b").unwrap();
    bench.settle();
    assert_eq!(frames.get(), None);
    group.finish().unwrap();
    bench.settle();
    assert_eq!(frames.get(), Some(Ok(2)));
}

#[test]
fn a_missing_sequence_is_not_waited_for_at_the_end() {
    let _clock = Bench::new();
    let (track, producer) = open();
    producer.create_group(0).unwrap();
    producer.create_group(4).unwrap();
    producer.finish().unwrap();
    let mut reader = track.consumer().unwrap();
    assert_eq!(sequences(&mut reader), [0, 4]);
    assert_eq!(sequence(&mut reader), Ok(None));
}

#[test]
fn groups_of_one_frame_are_read_a_frame_at_a_time() {
    let mut bench = Bench::new();
    let (track, producer) = open();
    let mut reader = track.consumer().unwrap();
    let frames = Rc::new(std::cell::RefCell::new(Vec::new()));
    let read = frames.clone();
    let task = bench.spawn(async move {
        while let Some(frame) = reader.read_frame().await.unwrap() {
            read.borrow_mut().push(frame);
        }
    });
    let seen = || frames.borrow().concat();
    bench.settle();
    producer.write_frame(b"a").unwrap();
    bench.settle();
    assert_eq!(seen(), b"a");
    let mut group = producer.append_group().unwrap();
    bench.settle();
    producer.write_frame(b"c").unwrap();
    bench.settle();
    assert_eq!(seen(), b"a", "the next group comes first");
    group.write_frame(b"b").unwrap();
    bench.settle();
    assert_eq!(seen(), b"abc");
    group.write_frame(b"x").unwrap();
    producer.append_group().unwrap().finish().unwrap();
    drop(producer.append_group().unwrap());
    producer.write_frame(b"d").unwrap();
    bench.settle();
    assert_eq!(seen(), b"abcd", "those without a frame are passed over");
    producer.finish().unwrap();
    bench.settle();
    assert!(bench.has_ended(task));
}
