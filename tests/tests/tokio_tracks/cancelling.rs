//! Futures that are dropped half-way: nothing is lost, whatever comes in between.

use bytes::Bytes;
use streamgauge_tokio::{TrackConsumer, TrackProducer};

use crate::harness::{next, now, poll_once, track};

/// Gives up each of a reader's futures once.
fn give_up(reader: &mut TrackConsumer) {
    assert!(poll_once(reader.next_group()).is_pending());
    assert!(poll_once(reader.read_frame()).is_pending());
    assert!(poll_once(reader.get_group(1_000)).is_pending());
    assert!(poll_once(reader.closed()).is_pending());
    assert!(poll_once(reader.finished()).is_pending());
}

fn write(track: &TrackProducer, n: u64) {
    track
        .write_frame(Bytes::copy_from_slice(&n.to_le_bytes()))
        .unwrap();
}

#[test]
fn a_reader_that_gives_up_again_and_again_misses_no_group() {
    let track = track();
    let mut reader = track.consume();
    for n in 0..100 {
        give_up(&mut reader);
        write(&track, n);
        drop(reader.next_group());
        drop(reader.get_group(n));
        assert_eq!(next(&mut reader), n);
    }
}

#[test]
fn a_reader_that_gives_up_again_and_again_misses_no_first_frame() {
    let track = track();
    let mut reader = track.consume();
    for n in 0..100_u64 {
        give_up(&mut reader);
        let group = track.append_group().unwrap();
        assert!(poll_once(reader.read_frame()).is_pending());
        group
            .write_frame(Bytes::copy_from_slice(&n.to_le_bytes()))
            .unwrap();
        drop(reader.read_frame());
        assert_eq!(
            now(reader.read_frame()).unwrap().unwrap(),
            n.to_le_bytes().as_slice()
        );
    }
}

#[test]
fn a_reader_of_a_group_that_gives_up_again_and_again_misses_no_frame() {
    let track = track();
    let group = track.append_group().unwrap();
    let mut reader = group.consume();
    for n in 0..100_u64 {
        assert!(poll_once(reader.read_frame()).is_pending());
        assert!(poll_once(reader.finished()).is_pending());
        group
            .write_frame(Bytes::copy_from_slice(&n.to_le_bytes()))
            .unwrap();
        drop(reader.read_frame());
        assert_eq!(
            now(reader.read_frame()).unwrap().unwrap(),
            n.to_le_bytes().as_slice()
        );
    }
}

#[test]
fn who_gave_up_waiting_for_readers_may_wait_anew() {
    let track = track();
    for _ in 0..100 {
        assert!(poll_once(track.used()).is_pending());
        let reader = track.consume();
        assert!(poll_once(track.used()).is_ready());
        assert!(poll_once(track.unused()).is_pending());
        assert!(poll_once(track.weak().unused()).is_pending());
        drop(reader);
        assert!(poll_once(track.unused()).is_ready());
    }
}

#[tokio::test]
async fn a_reader_in_a_race_gets_every_group_once() {
    let track = track();
    let mut reader = track.consume();
    let writer = tokio::spawn(async move {
        for n in 0..1_000 {
            write(&track, n);
            tokio::task::yield_now().await;
        }
        track.finish().unwrap();
    });
    let mut read = Vec::new();
    loop {
        tokio::select! {
            biased;
            () = tokio::task::yield_now() => {}
            group = reader.next_group() => match group.unwrap() {
                Some(group) => read.push(group.sequence()),
                None => break,
            },
        }
    }
    writer.await.unwrap();
    assert!(read.into_iter().eq(0..1_000));
}
