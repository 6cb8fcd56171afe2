//! The task that empties idle tracks: one for each runtime.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::{
    runtime::{self, Handle},
    sync::mpsc,
    task, time,
};

use super::shared::Shared;

/// The sweepers of all runtimes.
static SWEEPERS: Mutex<Vec<(runtime::Id, Weak<Sweeper>)>> = Mutex::new(Vec::new());

/// Tracks that are visited at a stretch, before other tasks run.
const STRETCH: usize = 64;

/// Leads to the sweeper's task, which ends when no track of its runtime is left.
#[derive(Debug)]
pub(super) struct Sweeper(mpsc::UnboundedSender<Weak<Shared>>);

impl Sweeper {
    /// The sweeper of the current runtime; none outside of one.
    pub(super) fn current() -> Option<Arc<Self>> {
        let runtime = Handle::try_current().ok()?;
        let mut sweepers = SWEEPERS.lock().unwrap_or_else(PoisonError::into_inner);
        sweepers.retain(|(_, sweeper)| sweeper.strong_count() > 0);
        let known = sweepers.iter().find(|(id, _)| *id == runtime.id());
        if let Some(sweeper) = known.and_then(|(_, sweeper)| sweeper.upgrade()) {
            return Some(sweeper);
        }
        let (tracks, added) = mpsc::unbounded_channel();
        let sweeper = Arc::new(Self(tracks));
        sweepers.push((runtime.id(), Arc::downgrade(&sweeper)));
        runtime.spawn(sweep(added));
        Some(sweeper)
    }

    /// Visits a track from now on, until nothing of it can become too old.
    pub(super) fn add(&self, track: Weak<Shared>) {
        // An error means that the runtime has shut down: writes alone evict from now on.
        let _ = self.0.send(track);
    }
}

/// The tracks to visit, by when; the number tells apart those of one moment.
#[derive(Default)]
struct Round {
    visits: BTreeMap<(time::Instant, u64), Weak<Shared>>,
    planned: u64,
}

async fn sweep(mut added: mpsc::UnboundedReceiver<Weak<Shared>>) {
    let mut round = Round::default();
    loop {
        let next = round.next();
        tokio::select! {
            track = added.recv() => match track {
                Some(track) => round.visit(track),
                None => return,
            },
            () = time::sleep_until(next.unwrap_or_else(time::Instant::now)), if next.is_some() => {
                round.visit_due();
                task::yield_now().await;
            }
        }
    }
}

impl Round {
    fn next(&self) -> Option<time::Instant> {
        self.visits.first_key_value().map(|((due, _), _)| *due)
    }

    fn visit_due(&mut self) {
        let now = time::Instant::now();
        for _ in 0..STRETCH {
            match self.visits.first_entry() {
                Some(first) if first.key().0 <= now => {
                    let track = first.remove();
                    self.visit(track);
                }
                _ => return,
            }
        }
    }

    /// Sweeps a track that is still there, and plans the next visit.
    fn visit(&mut self, track: Weak<Shared>) {
        if let Some(due) = track.upgrade().and_then(|track| track.sweep()) {
            self.planned += 1;
            self.visits.insert((due, self.planned), track);
        }
    }
}
