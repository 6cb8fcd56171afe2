//! Futures polled by hand, and wakers that count.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use bytes::Bytes;
use streamgauge_tokio::{GroupConsumer, TrackConfig, TrackConsumer, TrackError, TrackProducer};

/// Polls a future once, for nobody.
pub(crate) fn poll_once<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// What a future gives at once.
#[track_caller]
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match poll_once(future) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it has to wait"),
    }
}

/// A task that notes how often it was woken.
#[derive(Default)]
pub(crate) struct Task(AtomicUsize);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Task {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Polls a future in this task, once.
    pub(crate) fn poll<T>(self: &Arc<Self>, future: impl Future<Output = T>) -> Poll<T> {
        pin!(future).poll(&mut Context::from_waker(&self.clone().into()))
    }

    /// How often it was woken since this was last asked.
    pub(crate) fn wakes(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

pub(crate) fn track() -> TrackProducer {
    TrackProducer::new(TrackConfig::new())
}

/// The sequence of the next group, which is there.
#[track_caller]
pub(crate) fn next(reader: &mut TrackConsumer) -> u64 {
    next_group(reader).sequence()
}

#[track_caller]
pub(crate) fn next_group(reader: &mut TrackConsumer) -> GroupConsumer {
    now(reader.next_group()).unwrap().expect("another group")
}

/// All frames of a finished group.
#[track_caller]
pub(crate) fn frames(mut group: GroupConsumer) -> Vec<Bytes> {
    let mut frames = Vec::new();
    while let Some(frame) = now(group.read_frame()).unwrap() {
        frames.push(frame);
    }
    frames
}

/// Why nothing more comes.
#[track_caller]
pub(crate) fn error<T>(result: Poll<Result<T, TrackError>>) -> TrackError {
    match result {
        Poll::Ready(result) => result.err().expect("nothing more"),
        Poll::Pending => panic!("it has to wait"),
    }
}
