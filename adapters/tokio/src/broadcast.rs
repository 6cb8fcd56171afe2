//! Tracks that are published together, each under a name.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use tokio::sync::Notify;

use crate::{TrackConfig, TrackConsumer, TrackProducer, TrackWeak};

/// Publishes tracks under names. Cheap to clone: every clone publishes the same broadcast.
///
/// The broadcast closes when the last one is dropped. It does not keep its tracks open: a track whose
/// producers are gone frees its name.
#[derive(Debug)]
pub struct BroadcastProducer(Arc<Broadcast>);

/// Finds the tracks of a broadcast. Cheap to clone.
#[derive(Clone, Debug)]
pub struct BroadcastConsumer(Arc<Broadcast>);

/// What depends on a broadcast being open.
pub(crate) trait Dependent: Send + Sync + fmt::Debug {
    /// Told once, when the broadcast has closed.
    fn broadcast_closed(&self);
}

#[derive(Debug, Default)]
struct Broadcast {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    tracks: HashMap<String, TrackWeak>,
    /// With so many tracks the closed ones are forgotten.
    crowd: usize,
    producers: usize,
    dependents: Vec<Weak<dyn Dependent>>,
}

/// With fewer tracks the closed ones are left where they are.
const FEW: usize = 16;

impl BroadcastProducer {
    /// A broadcast without tracks.
    pub fn new() -> Self {
        let broadcast = Broadcast::default();
        broadcast.lock().producers = 1;
        Self(Arc::new(broadcast))
    }

    /// Publishes a new track under this name, which must be free.
    ///
    /// # Errors
    /// [`Duplicate`](BroadcastError::Duplicate) if an open track has the name.
    pub fn create_track(
        &self,
        name: impl Into<String>,
        config: TrackConfig,
    ) -> Result<TrackProducer, BroadcastError> {
        let track = TrackProducer::new(config);
        self.insert_track(name, &track)?;
        Ok(track)
    }

    /// Publishes a track under this name, which must be free. A track can have any number of names, in any
    /// broadcasts.
    ///
    /// # Errors
    /// [`Duplicate`](BroadcastError::Duplicate) if an open track has the name.
    pub fn insert_track(
        &self,
        name: impl Into<String>,
        track: &TrackProducer,
    ) -> Result<(), BroadcastError> {
        let replaced = self.0.lock().insert(name.into(), track.weak())?;
        self.0.changed.notify_waiters();
        // Not under the lock: it may be the last that holds what the track cached.
        drop(replaced);
        Ok(())
    }

    /// Frees a name. Who reads the track goes on.
    pub fn remove_track(&self, name: &str) {
        let removed = self.0.lock().tracks.remove(name);
        drop(removed);
    }

    /// Finds the tracks of this broadcast.
    pub fn consume(&self) -> BroadcastConsumer {
        BroadcastConsumer(self.0.clone())
    }

    /// Whether both publish the same broadcast.
    pub fn is_clone(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Default for BroadcastProducer {
    fn default() -> Self {
        Self::new()
    }
}

impl Clone for BroadcastProducer {
    fn clone(&self) -> Self {
        self.0.lock().producers += 1;
        Self(self.0.clone())
    }
}

impl Drop for BroadcastProducer {
    fn drop(&mut self) {
        let dependents = self.0.lock().part();
        let Some(dependents) = dependents else { return };
        self.0.changed.notify_waiters();
        for dependent in dependents.iter().filter_map(Weak::upgrade) {
            dependent.broadcast_closed();
        }
    }
}

impl BroadcastConsumer {
    /// Waits until there is an open track of this name, and reads it. Cancel-safe.
    ///
    /// # Errors
    /// [`Closed`](BroadcastError::Closed) once the broadcast is closed.
    pub async fn track(&self, name: &str) -> Result<TrackConsumer, BroadcastError> {
        self.wait(|state| match (state.find(name), state.is_open()) {
            (_, false) => Some(Err(BroadcastError::Closed)),
            (Some(track), true) => Some(Ok(track)),
            (None, true) => None,
        })
        .await
        .map(|track| track.consume())
    }

    /// Reads the track of this name, if there is an open one now.
    pub fn open_track(&self, name: &str) -> Option<TrackConsumer> {
        let track = {
            let state = self.0.lock();
            state.find(name).filter(|_| state.is_open())
        };
        track.map(|track| track.consume())
    }

    /// Waits until the broadcast is closed. Cancel-safe.
    pub async fn closed(&self) {
        self.wait(|state| (!state.is_open()).then_some(())).await;
    }

    /// Whether the last producer is gone.
    pub fn is_closed(&self) -> bool {
        !self.0.lock().is_open()
    }

    /// Whether both lead to the same broadcast.
    pub fn is_clone(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Tells this when the broadcast closes; whether it is open.
    pub(crate) fn tell(&self, dependent: Weak<dyn Dependent>) -> bool {
        let mut state = self.0.lock();
        state.dependents.retain(|other| other.strong_count() > 0);
        state.dependents.push(dependent);
        state.is_open()
    }

    /// Waits until a look at the state finds something.
    async fn wait<T>(&self, look: impl Fn(&State) -> Option<T>) -> T {
        loop {
            let mut changed = std::pin::pin!(self.0.changed.notified());
            // From here on no change is missed.
            changed.as_mut().enable();
            let found = look(&self.0.lock());
            match found {
                Some(found) => return found,
                None => changed.await,
            }
        }
    }
}

impl Broadcast {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_open(&self) -> bool {
        self.producers > 0
    }

    fn find(&self, name: &str) -> Option<TrackWeak> {
        let track = self.tracks.get(name).filter(|track| !track.is_closed());
        track.cloned()
    }

    fn insert(&mut self, name: String, track: TrackWeak) -> Result<Vec<TrackWeak>, BroadcastError> {
        if self.find(&name).is_some() {
            return Err(BroadcastError::Duplicate { name });
        }
        let mut closed = self.forget_closed();
        closed.extend(self.tracks.insert(name, track));
        Ok(closed)
    }

    /// Takes out the closed tracks if there are many. O(1), amortised over the tracks that were added.
    fn forget_closed(&mut self) -> Vec<TrackWeak> {
        if self.tracks.len() < self.crowd.max(FEW) {
            return Vec::new();
        }
        let closed = self.tracks.extract_if(|_, track| track.is_closed());
        let closed = closed.map(|(_, track)| track).collect();
        self.crowd = self.tracks.len().saturating_mul(2);
        closed
    }

    /// One producer fewer; after the last one, what depends on the broadcast.
    fn part(&mut self) -> Option<Vec<Weak<dyn Dependent>>> {
        self.producers = self.producers.saturating_sub(1);
        (!self.is_open()).then(|| std::mem::take(&mut self.dependents))
    }
}

/// Why a broadcast has no such track.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BroadcastError {
    /// An open track has this name.
    Duplicate {
        /// The name.
        name: String,
    },
    /// The last producer is gone.
    Closed,
}

impl fmt::Display for BroadcastError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate { name } => {
                write!(f, "the broadcast has a track called {name:?} already")
            }
            Self::Closed => write!(f, "the broadcast is closed: its producers are gone"),
        }
    }
}

impl std::error::Error for BroadcastError {}
