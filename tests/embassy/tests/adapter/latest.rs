//! The last frame of each track.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use serde_json::Value;
use streamgauge_embassy::{
    Config, Latest, LatestError, LatestReader, Role, Tier, TooShort, TrackId, tracks,
};
use streamgauge_tests_embassy::{Bench, TICK, split};

type Board = Latest<{ tracks(2) }, 2048, 3>;
type Reader = LatestReader<'static, { tracks(2) }, 2048, 3>;

const EGRESS: TrackId = TrackId::Traffic(Tier::External, Role::Publisher);

fn board() -> &'static Board {
    Box::leak(Box::default())
}

type Seen = Rc<RefCell<Vec<Value>>>;

/// A task that reads until it is cancelled.
fn follow(bench: &mut Bench<'_>, mut reader: Reader) -> (usize, Seen) {
    let seen = Seen::default();
    let frames = seen.clone();
    let task = bench.spawn(async move {
        let mut buf = [0; 2048];
        loop {
            let frame = reader.next(&mut buf).await.unwrap();
            frames
                .borrow_mut()
                .push(serde_json::from_slice(frame).unwrap());
        }
    });
    (task, seen)
}

fn bytes(seen: &Seen) -> Vec<Option<u64>> {
    let seen = seen.borrow();
    seen.iter()
        .map(|frame| frame["live/one"]["bytes"].as_u64())
        .collect()
}

#[test]
fn readers_that_join_and_leave_see_each_newest_frame_once() {
    let mut bench = Bench::new();
    let (handle, mut runner) = split(Config::new());
    let board = board();
    bench.spawn(async move { runner.run(&mut board.sink().unwrap()).await });
    let (_, early) = follow(&mut bench, board.reader(EGRESS).unwrap());
    bench.settle();
    assert_eq!(bytes(&early), [None], "an empty frame");

    let mut track = handle
        .tier(Tier::External)
        .broadcast("live/one")
        .publisher_track("v");
    track.bytes(1);
    bench.advance(TICK);
    let (leaver, late) = follow(&mut bench, board.reader(EGRESS).unwrap());
    bench.settle();
    assert_eq!(bytes(&late), [Some(1)], "the newest at first");
    bench.advance(TICK);
    assert_eq!(bytes(&early), [None, Some(1)], "nothing moved");

    track.bytes(1);
    bench.advance(TICK);
    bench.cancel(leaver);
    track.bytes(1);
    bench.advance(TICK);
    assert_eq!(bytes(&early), [None, Some(1), Some(2), Some(3)]);
    assert_eq!(bytes(&late), [Some(1), Some(2)]);
}

#[test]
fn a_reader_that_is_away_finds_the_newest_frame_alone() {
    let mut bench = Bench::new();
    let (handle, mut runner) = split(Config::new());
    let board = board();
    bench.spawn(async move { runner.run(&mut board.sink().unwrap()).await });
    let mut track = handle
        .tier(Tier::External)
        .broadcast("live/one")
        .publisher_track("v");
    let reader = board.reader(EGRESS).unwrap();
    for _ in 0..5 {
        track.bytes(1);
        bench.advance(TICK);
    }
    let (_, seen) = follow(&mut bench, reader);
    bench.settle();
    assert_eq!(bytes(&seen), [Some(5)]);
}

#[test]
fn one_reader_more_than_seats_is_told_so() {
    let board = board();
    let mut readers: Vec<_> = (0..3).map(|_| board.reader(EGRESS).unwrap()).collect();
    for _ in 0..100 {
        let error = board.reader(TrackId::Node).err();
        assert_eq!(error, Some(LatestError::NoSeat { readers: 3 }));
    }
    readers.pop();
    readers.push(board.reader(TrackId::Node).unwrap());
    assert!(board.reader(EGRESS).is_err());
}

#[test]
fn a_track_that_is_not_kept_is_told_so_and_costs_nothing() {
    let mut bench = Bench::new();
    let small: &'static Latest<1, 2048, 1> = Box::leak(Box::default());
    assert_eq!(small.reader(EGRESS).err(), Some(LatestError::NotKept));
    let (_handle, mut runner) = split(Config::new());
    bench.spawn(async move {
        runner.step(&mut small.sink().unwrap()).await;
        assert_eq!(runner.health().refused_frames, 0);
        assert_eq!(runner.health().frames, 7);
    });
    bench.settle();
    let mut reader = small.reader(TrackId::Node).unwrap();
    let task = bench.spawn(async move {
        assert!(
            reader
                .next(&mut [0; 2048])
                .await
                .unwrap()
                .starts_with(b"{\"epoch\":")
        );
    });
    bench.settle();
    assert!(bench.has_ended(task));
}

#[test]
fn there_is_one_sink_at_a_time() {
    let board = board();
    let sink = board.sink().unwrap();
    assert_eq!(board.sink().err(), Some(LatestError::SinkTaken));
    drop(sink);
    assert!(board.sink().is_ok());
}

#[test]
fn a_frame_that_does_not_fit_is_refused_and_the_last_one_stays() {
    let mut bench = Bench::new();
    let (handle, mut runner) = split(Config::new());
    let small: &'static Latest<2, 512, 1> = Box::leak(Box::default());
    let refused = Rc::new(Cell::new(0));
    let told = refused.clone();
    bench.spawn(async move {
        let mut sink = small.sink().unwrap();
        loop {
            runner.step(&mut sink).await;
            told.set(runner.health().refused_frames);
        }
    });
    bench.settle();
    let external = handle.tier(Tier::External);
    let open = |n: usize| {
        external
            .broadcast(&format!("live/{n}"))
            .publisher_track("v")
    };
    let one = open(1);
    bench.leap(TICK);
    // `node.json` is longer than that.
    assert_eq!(refused.get(), 2);
    let more = [open(2), open(3)];
    bench.leap(TICK);
    bench.leap(TICK);
    assert_eq!(refused.get(), 2 + 2 + 2);
    let mut reader = small.reader(EGRESS).unwrap();
    let task = bench.spawn(async move {
        let mut buf = [0; 512];
        let frame: Value = serde_json::from_slice(reader.next(&mut buf).await.unwrap()).unwrap();
        assert_eq!(keys(&frame), ["live/1"]);
    });
    bench.settle();
    assert!(bench.has_ended(task));
    drop((one, more));
}

fn keys(frame: &Value) -> Vec<&String> {
    frame.as_object().unwrap().keys().collect()
}

#[test]
fn a_buffer_too_short_for_the_frame_is_told_how_long_it_is() {
    let mut bench = Bench::new();
    let (_handle, mut runner) = split(Config::new());
    let board = board();
    bench.spawn(async move { runner.step(&mut board.sink().unwrap()).await });
    bench.settle();
    let mut reader = board.reader(EGRESS).unwrap();
    let task = bench.spawn(async move {
        assert_eq!(reader.next(&mut [0; 1]).await, Err(TooShort { len: 2 }));
        assert_eq!(reader.next(&mut [0; 2]).await, Ok(&b"{}"[..]));
    });
    bench.settle();
    assert!(bench.has_ended(task));
}
