//! Live tracks under embassy, under a clock that stands until it is moved.
#![forbid(unsafe_code)]

mod cancellation;
mod ends;
mod eviction;
mod laws;
mod reading;
mod room;
mod seats;
mod threads;
mod timer;
mod writing;

use std::{cell::RefCell, rc::Rc, task::Poll};

use embassy_futures::poll_once;
use streamgauge_embassy::track::{
    AnyTrack, Policy, Track, TrackConsumer, TrackError, TrackProducer,
};

/// Room for 4 groups, 8 frames and 3 readers.
type Small = Track<&'static [u8], 4, 8, 3>;

fn track<T: AnyTrack + Default>() -> &'static T {
    Box::leak(Box::default())
}

/// A track of its own for a test, without any limits but its room.
fn open() -> (&'static Small, TrackProducer<Small>) {
    let track: &'static Small = track();
    (track, track.producer(Policy::new()).unwrap())
}

/// What the future has at once.
#[track_caller]
fn now<F: Future>(future: F) -> F::Output {
    match poll_once(future) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

fn waits(future: impl Future) -> bool {
    poll_once(future).is_pending()
}

/// The next group's sequence; none at the end.
fn sequence(reader: &mut TrackConsumer<Small>) -> Result<Option<u64>, TrackError> {
    now(reader.next_group()).map(|group| group.map(|group| group.sequence()))
}

/// All sequences there are now.
fn sequences(reader: &mut TrackConsumer<Small>) -> Vec<u64> {
    let next = || match poll_once(reader.next_group()) {
        Poll::Ready(Ok(Some(group))) => Some(group.sequence()),
        _ => None,
    };
    std::iter::from_fn(next).collect()
}

/// What a reader has seen: sequences of groups and their frames, and how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    frames: Vec<(u64, &'static [u8])>,
    groups_ended: Vec<(u64, Result<(), TrackError>)>,
    end: Option<Result<(), TrackError>>,
}

type Record = Rc<RefCell<Seen>>;

/// Reads groups one after the other to their ends, for as long as there are any.
async fn follow(mut reader: TrackConsumer<Small>, record: Record) {
    let end = loop {
        match reader.next_group().await {
            Ok(Some(mut group)) => {
                let sequence = group.sequence();
                let end = loop {
                    match group.read_frame().await {
                        Ok(Some(frame)) => record.borrow_mut().frames.push((sequence, frame)),
                        Ok(None) => break Ok(()),
                        Err(error) => break Err(error),
                    }
                };
                record.borrow_mut().groups_ended.push((sequence, end));
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    record.borrow_mut().end = Some(end);
}
