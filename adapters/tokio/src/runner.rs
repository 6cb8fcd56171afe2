//! The task that ticks: sleeps, and wakes the driver.

use std::sync::Arc;

use tokio::{sync::mpsc, task, time};

use crate::{
    clock::Clock,
    desk::Desk,
    driver::{Driver, Request},
    host::Host,
};

/// Ticks as long as the node has owners.
pub(crate) struct Runner {
    desk: Arc<Desk>,
    host: Host,
    clock: Clock,
    requests: mpsc::Receiver<Request>,
    /// Room for those that are answered together.
    waiting: Vec<Request>,
}

/// So many requests wait for an answer, others for room to wait.
pub(crate) const WAITING: usize = 64;

impl Runner {
    pub(crate) fn new(
        desk: Arc<Desk>,
        host: Host,
        clock: Clock,
        requests: mpsc::Receiver<Request>,
    ) -> Self {
        Self {
            desk,
            host,
            clock,
            requests,
            waiting: Vec::new(),
        }
    }

    /// Ticks until the last owner is gone, and once more then.
    pub(crate) async fn run(mut self) {
        self.drive(|driver| tracing::info!(path = driver.path(), "publishing stats"));
        while let Some(wake) = self.wait().await {
            if let Wake::Request(request) = wake {
                self.answer(request);
            }
            // However many ask, ticks come when they are due.
            self.drive(Driver::tick_if_due);
        }
        self.drive(Driver::tick_now);
        self.release_sinks().await;
        self.drive(|driver| tracing::info!(path = driver.path(), "no longer publishing stats"));
    }

    /// Drops the sinks where that may block, as it does until a file is written.
    async fn release_sinks(&self) {
        let sinks = self.drive(Driver::take_sinks);
        if sinks.as_ref().is_some_and(|sinks| !sinks.is_empty()) {
            // An error means that a sink panicked as it dropped; that is no reason to do so too.
            let _ = task::spawn_blocking(move || drop(sinks)).await;
        }
    }

    /// Sleeps until there is something to do; nothing when the last owner is gone.
    async fn wait(&mut self) -> Option<Wake> {
        let mut due = self.drive(|driver| driver.due())?;
        loop {
            let deadline = self.clock.at(due);
            // Requests first, so that the end of all owners is the last tick and follows no other.
            tokio::select! {
                biased;
                request = self.requests.recv() => return request.map(Wake::Request),
                () = time::sleep_until(deadline) => return Some(Wake::Timer),
                () = self.host.shared().wake.notified() => due = self.drive(|driver| driver.early())?,
            }
        }
    }

    /// Answers a request and those that came with it. What comes later is not answered with what was taken
    /// in before.
    fn answer(&mut self, request: Request) {
        let mut requests = std::mem::take(&mut self.waiting);
        requests.push(request);
        let more = std::iter::from_fn(|| self.requests.try_recv().ok());
        requests.extend(more.take(WAITING));
        self.drive(|driver| driver.answer(&mut requests));
        self.waiting = requests;
    }

    /// The driver is there until this drops.
    fn drive<T>(&self, f: impl FnOnce(&mut Driver) -> T) -> Option<T> {
        self.desk.with(f)
    }
}

/// Also when the runtime goes: families are free again, and readers see the end of their tracks.
impl Drop for Runner {
    fn drop(&mut self) {
        self.desk.clear();
    }
}

enum Wake {
    Timer,
    Request(Request),
}
