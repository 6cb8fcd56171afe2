//! How tracks and groups end, and begin again.

use streamgauge_embassy::track::{Policy, ProducerError, TrackConsumer, TrackError, TrackProducer};
use streamgauge_tests_embassy::Bench;

use crate::{Record, Small, follow, now, open, sequence, sequences, waits};

/// Follows a track to its end, which is brought about after a frame; how that looks to the reader.
fn end_of(
    end: impl FnOnce(&'static Small, TrackProducer<Small>) -> Option<TrackProducer<Small>>,
) -> Option<Result<(), TrackError>> {
    let mut bench = Bench::new();
    let (track, producer) = open();
    let record = Record::default();
    bench.spawn(follow(track.consumer().unwrap(), record.clone()));
    bench.settle();
    producer.write_frame(b"x").unwrap();
    let _kept = end(track, producer);
    bench.settle();
    assert_eq!(
        record.borrow().frames.len(),
        1,
        "what is cached comes first"
    );
    record.borrow().end
}

#[test]
fn a_reader_is_told_how_the_track_ended() {
    let finished = end_of(|_, producer| {
        producer.finish().unwrap();
        Some(producer)
    });
    assert_eq!(finished, Some(Ok(())));
    let left = end_of(|_, producer| {
        producer.finish().unwrap();
        None
    });
    assert_eq!(left, Some(Ok(())));
    let dropped = end_of(|_, _| None);
    assert_eq!(dropped, Some(Err(TrackError::Dropped)));
    let aborted = end_of(|_, producer| {
        producer.abort(TrackError::Aborted(9)).unwrap();
        Some(producer)
    });
    assert_eq!(aborted, Some(Err(TrackError::Aborted(9))));
    let aborted = end_of(|track, producer| {
        track.abort(TrackError::Aborted(8)).unwrap();
        Some(producer)
    });
    assert_eq!(aborted, Some(Err(TrackError::Aborted(8))));
    let open = end_of(|_, producer| Some(producer));
    assert_eq!(open, None);
}

#[test]
fn a_group_dropped_unfinished_ends_so() {
    let mut bench = Bench::new();
    let (track, producer) = open();
    let record = Record::default();
    bench.spawn(follow(track.consumer().unwrap(), record.clone()));
    let mut group = producer.append_group().unwrap();
    group.write_frame(b"x").unwrap();
    bench.settle();
    drop(group);
    producer
        .append_group()
        .unwrap()
        .abort(TrackError::Aborted(3))
        .unwrap();
    bench.settle();
    let ends = record.borrow().groups_ended.clone();
    let expected = [
        (0, Err(TrackError::Dropped)),
        (1, Err(TrackError::Aborted(3))),
    ];
    assert_eq!(ends, expected);
    assert_eq!(record.borrow().frames.len(), 1);
}

#[test]
fn groups_grow_on_when_the_producer_has_gone() {
    let mut bench = Bench::new();
    let (track, producer) = open();
    let record = Record::default();
    bench.spawn(follow(track.consumer().unwrap(), record.clone()));
    let mut group = producer.append_group().unwrap();
    bench.settle();
    drop(producer);
    group.write_frame(b"x").unwrap();
    group.finish().unwrap();
    bench.settle();
    assert_eq!(record.borrow().frames.len(), 1);
    assert_eq!(record.borrow().groups_ended, [(0, Ok(()))]);
    assert_eq!(record.borrow().end, Some(Err(TrackError::Dropped)));
}

#[test]
fn an_abort_ends_the_groups_that_are_not_finished() {
    let mut bench = Bench::new();
    let (track, producer) = open();
    let record = Record::default();
    bench.spawn(follow(track.consumer().unwrap(), record.clone()));
    let mut group = producer.append_group().unwrap();
    group.write_frame(b"x").unwrap();
    bench.settle();
    producer.abort(TrackError::Aborted(1)).unwrap();
    bench.settle();
    let error = TrackError::Aborted(1);
    assert_eq!(record.borrow().groups_ended, [(0, Err(error))]);
    assert_eq!(group.write_frame(b"y").unwrap_err().error, error);
    assert_eq!(producer.append_group().err(), Some(error));
    assert_eq!(producer.abort(TrackError::Aborted(2)), Err(error));
    assert!(track.is_closed() && producer.is_closed());
}

#[test]
fn closed_and_finished_wait_for_the_end() {
    let mut bench = Bench::new();
    let (track, producer) = open();
    producer.create_group(6).unwrap();
    let mut readers = [(); 2].map(|()| track.consumer().unwrap());
    assert!(waits(readers[0].closed()) && waits(readers[1].finished()));
    let [mut first, mut second] = readers;
    let tasks = [
        bench.spawn(async move { assert_eq!(first.closed().await, Ok(())) }),
        bench.spawn(async move { assert_eq!(second.finished().await, Ok(7)) }),
    ];
    bench.settle();
    producer.finish().unwrap();
    bench.settle();
    assert!(tasks.iter().all(|&task| bench.has_ended(task)));
    drop(producer);
    let mut reader = track.consumer().unwrap();
    assert_eq!(now(reader.closed()), Ok(()));
}

#[test]
fn a_track_begins_anew_once_its_readers_have_left() {
    let _clock = Bench::new();
    let (track, producer) = open();
    let mut old: TrackConsumer<Small> = track.consumer().unwrap();
    producer.create_group(40).unwrap().finish().unwrap();
    let mut left = producer.create_group(41).unwrap();
    drop(producer);
    for _ in 0..3 {
        let error = track.producer(Policy::new()).err();
        assert_eq!(error, Some(ProducerError::StillRead { readers: 1 }));
    }
    assert_eq!(sequences(&mut old), [40, 41], "nothing was lost by asking");
    assert_eq!(sequence(&mut old), Err(TrackError::Dropped));
    drop(old);

    let producer = track.producer(Policy::new().with_max_groups(2)).unwrap();
    assert!(!track.is_closed());
    assert_eq!(
        left.write_frame(b"x").unwrap_err().error,
        TrackError::Evicted
    );
    let mut reader = track.consumer().unwrap();
    assert!(waits(reader.next_group()), "what was cached is gone");
    assert_eq!(producer.append_group().unwrap().sequence(), 0);
    producer.create_group(40).unwrap();
    producer.create_group(41).unwrap();
    assert_eq!(sequences(&mut reader), [40, 41], "under the new policy");
    drop(left);
    assert_eq!(track.cached().groups, 2);
}

#[test]
fn an_aborted_track_begins_anew() {
    let _clock = Bench::new();
    let (track, producer) = open();
    producer.finish().unwrap();
    producer.abort(TrackError::Aborted(1)).unwrap();
    drop(producer);
    let producer = track.producer(Policy::new()).unwrap();
    producer.write_frame(b"x").unwrap();
    assert_eq!(sequences(&mut track.consumer().unwrap()), [0]);
}

#[test]
fn the_producer_waits_for_readers_to_come_and_to_go() {
    let mut bench = Bench::new();
    let (track, mut producer) = open();
    let step = std::rc::Rc::new(std::cell::Cell::new(0));
    let told = step.clone();
    bench.spawn(async move {
        loop {
            producer.used().await.unwrap();
            told.set(told.get() + 1);
            producer.unused().await.unwrap();
            told.set(told.get() + 1);
        }
    });
    bench.settle();
    assert_eq!(step.get(), 0);
    let first = track.consumer().unwrap();
    bench.settle();
    assert_eq!(step.get(), 1);
    let second = track.consumer().unwrap();
    drop(first);
    bench.settle();
    assert_eq!(step.get(), 1, "one is left");
    drop(second);
    bench.settle();
    assert_eq!(step.get(), 2);
    let _third = track.consumer().unwrap();
    bench.settle();
    assert_eq!(step.get(), 3);
}

#[test]
fn a_producer_who_waits_for_readers_is_told_of_the_end() {
    let mut bench = Bench::new();
    let (track, mut producer) = open();
    let task = bench.spawn(async move {
        assert_eq!(producer.used().await, Err(TrackError::Aborted(4)));
        assert_eq!(producer.unused().await, Err(TrackError::Aborted(4)));
    });
    bench.settle();
    track.abort(TrackError::Aborted(4)).unwrap();
    bench.settle();
    assert!(bench.has_ended(task));
}
