//! How interleavings are tried, and tasks that note that they were woken.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake},
};

use shuttle::thread;
use streamgauge_tokio::{TrackConfig, TrackProducer};

const TRIES: usize = 10_000;
/// How often a thread that could go on is made to wait, at the most.
const SWITCHES: usize = 4;

/// Tries many interleavings of the threads that `scenario` starts. A wait without an end fails.
pub(crate) fn check(scenario: impl Fn() + Send + Sync + Clone + 'static) {
    shuttle::check_random(scenario.clone(), TRIES);
    shuttle::check_pct(scenario, TRIES, SWITCHES);
}

/// Runs in a thread of its own.
pub(crate) fn spawn<T: Send + 'static>(
    run: impl FnOnce() -> T + Send + 'static,
) -> thread::JoinHandle<T> {
    thread::spawn(run)
}

pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    shuttle::future::block_on(future)
}

pub(crate) fn track() -> TrackProducer {
    TrackProducer::new(TrackConfig::new())
}

/// A task that is polled by hand.
#[derive(Default)]
pub(crate) struct Task(AtomicBool);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
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

    pub(crate) fn was_woken(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
