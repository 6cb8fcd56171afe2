//! Who holds a track without keeping it open.

use std::sync::Arc;

use streamgauge_core::track::TrackError;

use super::{TrackConsumer, TrackProducer, producer::wait_for_use, shared::Shared};

/// Leads to a track, and to what is cached of it, but does not keep it open. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TrackWeak(Arc<Shared>);

impl TrackWeak {
    pub(super) fn of(shared: &Arc<Shared>) -> Self {
        Self(shared.clone())
    }

    /// A reader of the track, from the oldest group that is cached.
    pub fn consume(&self) -> TrackConsumer {
        TrackConsumer::of(&self.0)
    }

    /// A producer of the track.
    ///
    /// # Errors
    /// What the track was aborted with, and [`Dropped`](TrackError::Dropped) if its last producer is gone.
    pub fn upgrade(&self) -> Result<TrackProducer, TrackError> {
        TrackProducer::of(&self.0)
    }

    /// Gives the track up; see [`TrackProducer::abort`].
    ///
    /// # Errors
    /// What it was aborted with before, and [`Dropped`](TrackError::Dropped) if its last producer is gone.
    pub fn abort(&self, error: TrackError) -> Result<(), TrackError> {
        self.0.change(|state| state.abort(error))
    }

    /// Waits until nobody reads the track. Cancel-safe.
    ///
    /// # Errors
    /// What the track was aborted with, and [`Dropped`](TrackError::Dropped) once its last producer is
    /// gone.
    pub async fn unused(&self) -> Result<(), TrackError> {
        wait_for_use(&self.0, false).await
    }

    /// Whether the track was aborted, or its last producer is gone.
    pub fn is_closed(&self) -> bool {
        self.0.lock().open().is_err()
    }

    /// Whether both lead to the same track.
    pub fn is_clone(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
