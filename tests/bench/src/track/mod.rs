//! The track cache against the seed's, both on tokio's clock, which stands still but for what a case
//! moves it.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use moq_lite_seed::{Track, TrackProducer as SeedProducer};
use streamgauge_tokio::{TrackConfig, TrackProducer};

mod append;
mod fan_out;
mod late;
mod memory;
mod read;

pub(crate) use append::append;
pub(crate) use fan_out::{fan_out, fan_out_frames};
pub(crate) use late::late;
pub(crate) use memory::memory;
pub(crate) use read::{get_group, holes};

/// The name of the peer whose behaviour we have.
const SEED: &str = "moq-lite 0.15.14";

/// How long both sides keep a group; the seed has no other limit.
const AGE: Duration = Duration::from_secs(30);

/// Many short rounds, of about a millisecond for the seed: what else the machine runs is in few of them.
const ROUNDS: usize = 301;

static PAYLOAD: [u8; 100] = [7; 100];

/// A frame's payload, whose clones share their bytes.
fn payload() -> Bytes {
    Bytes::copy_from_slice(&PAYLOAD)
}

fn seed() -> SeedProducer {
    Track::new("video").produce()
}

fn ours() -> TrackProducer {
    TrackProducer::new(TrackConfig::new().with_max_age(AGE))
}

/// Moves the clock of the runtime that was entered. No task runs, so that no one but who writes
/// evicts.
fn advance(by: Duration) {
    let step = pin!(tokio::time::advance(by));
    let _ = step.poll(&mut Context::from_waker(Waker::noop()));
}

/// Moves it so far that of batches written one after each advance, this many are kept.
fn advance_part(batches: usize) {
    let batches = u32::try_from(batches).unwrap_or(u32::MAX);
    advance(AGE / batches + Duration::from_millis(1));
}

/// What a future has to say at once.
fn at_once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
