//! A track's state behind its lock, its clock, and how who waits is woken.

use std::{
    fmt,
    sync::{Arc, PoisonError},
    task::Waker,
    time::Duration,
};

use streamgauge_core::Instant;
use tokio::time;

use super::{
    TrackConfig,
    state::State,
    sweeper::Sweeper,
    sync::{Mutex, MutexGuard},
};

/// How many are woken each time that the lock is let go.
const BATCH: usize = 32;

/// At the latest after this time the sweeper looks whether a track is still there.
const LONGEST_REST: Duration = Duration::from_mins(1);

/// What the handles of a track lead to.
pub(super) struct Shared {
    state: Mutex<State>,
    /// The moment that the track's time counts from.
    start: time::Instant,
    /// Comes by while there is something to evict; none outside of a runtime.
    sweeper: Option<Arc<Sweeper>>,
}

impl Shared {
    /// A track with one producer.
    pub(super) fn new(config: TrackConfig) -> Arc<Self> {
        let sweeper = Sweeper::current();
        Arc::new(Self {
            state: Mutex::new(State::new(config, sweeper.is_none())),
            start: time::Instant::now(),
            sweeper,
        })
    }

    /// Adds to the track, evicts what is too old, and wakes who waited for it.
    #[inline]
    pub(super) fn write<T>(self: &Arc<Self>, write: impl FnOnce(&mut State, Instant) -> T) -> T {
        let now = self.now();
        let mut state = self.lock();
        let now = state.advance(now);
        let written = write(&mut state, now);
        state.settle();
        let sweep = !state.swept && state.cache.poll_timeout().is_some();
        state.swept |= sweep;
        self.release(state);
        if sweep {
            self.ask_sweeper();
        }
        written
    }

    /// Changes what needs no time, and wakes who waited for it.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let changed = change(&mut state);
        state.settle();
        self.release(state);
        changed
    }

    /// The state as it is. A thread that panicked in an observer left it whole.
    #[inline]
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Evicts what is too old. Returns when to come again; not as long as nothing can be too old.
    pub(super) fn sweep(&self) -> Option<time::Instant> {
        let now = self.now();
        let mut state = self.lock();
        let now = state.advance(now);
        state.cache.handle_timeout(now);
        state.settle();
        let due = state.cache.poll_timeout();
        state.swept = due.is_some();
        // Writes evict too: one that is busy needs no visit for each of its groups.
        let slack = state.cache.policy().max_age().as_micros() / 16;
        self.release(state);
        let rest = Duration::from_micros(due?.as_micros().saturating_sub(now.as_micros()));
        let rest = rest.max(Duration::from_micros(slack)).min(LONGEST_REST);
        Some(time::Instant::now() + rest)
    }

    fn now(&self) -> Instant {
        let elapsed = self.start.elapsed().as_micros();
        Instant::from_micros(u64::try_from(elapsed).unwrap_or(u64::MAX))
    }

    #[cold]
    fn ask_sweeper(self: &Arc<Self>) {
        if let Some(sweeper) = &self.sweeper {
            sweeper.add(Arc::downgrade(self));
        }
    }

    /// Lets the lock go, and wakes who was called.
    #[inline]
    fn release(&self, state: MutexGuard<'_, State>) {
        if state.seats.is_due() {
            self.wake(state);
        }
    }

    #[cold]
    fn wake<'a>(&'a self, mut state: MutexGuard<'a, State>) {
        let mut batch = [const { None::<Waker> }; BATCH];
        loop {
            let mut called = 0;
            for (place, waker) in batch
                .iter_mut()
                .zip(std::iter::from_fn(|| state.seats.next_due()))
            {
                *place = Some(waker);
                called += 1;
            }
            let more = state.seats.is_due();
            drop(state);
            let awake = batch.iter_mut().take(called).filter_map(Option::take);
            awake.for_each(Waker::wake);
            if !more {
                return;
            }
            state = self.lock();
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Track")
            .field("groups", &state.cache.groups())
            .field("frames", &state.cache.frames())
            .field("bytes", &state.cache.bytes())
            .field("latest", &state.cache.latest())
            .finish_non_exhaustive()
    }
}
