//! Who writes a track.

use core::{fmt, future::poll_fn, task::Poll};

use streamgauge_core::track::{GroupId, Policy, Refused, TrackError};

use super::{AnyTrack, GroupProducer, Payload, seats};
use crate::time;

/// Writes a track, and ends it when it drops: readers who wait for a group get
/// [`Dropped`](TrackError::Dropped), or the end if the track was finished. Groups may still grow.
///
/// Writing takes a shared reference: several tasks may write the groups of one producer.
pub struct TrackProducer<T: AnyTrack>(&'static T);

impl<T: AnyTrack> TrackProducer<T> {
    pub(super) fn new(track: &'static T, policy: Policy) -> Result<Self, ProducerError> {
        track.change(|view| {
            if view.desk.has_producer {
                return Err(ProducerError::Taken);
            }
            let left = seats::taken(view.seats);
            if view.cache.is_closed() && left > 0 {
                return Err(ProducerError::StillRead { readers: left });
            }
            view.cache.restart(policy);
            view.desk.has_producer = true;
            Ok(Self(track))
        })
    }

    /// Creates the group with this sequence. Groups may arrive in any order.
    ///
    /// # Errors
    /// [`Duplicate`](TrackError::Duplicate) if there is one with it; [`Evicted`](TrackError::Evicted) if
    /// there was, or it is too old to tell; [`Closed`](TrackError::Closed) at or past the end of a
    /// finished track; [`Full`](TrackError::Full) if there is room for the newest group only; and what
    /// the track was aborted with.
    pub fn create_group(&self, sequence: u64) -> Result<GroupProducer<T>, TrackError> {
        let now = time::now();
        self.group(|track| track.change(|view| view.cache.create_group(now, sequence)))
    }

    /// Creates the group after the one with the highest sequence, and the first one as number zero.
    ///
    /// # Errors
    /// [`BoundsExceeded`](TrackError::BoundsExceeded) after the last sequence there is, and otherwise as
    /// [`create_group`](Self::create_group).
    pub fn append_group(&self) -> Result<GroupProducer<T>, TrackError> {
        let now = time::now();
        self.group(|track| track.change(|view| view.cache.append_group(now)))
    }

    /// Appends a finished group of one frame.
    ///
    /// # Errors
    /// As [`append_group`](Self::append_group), and [`Full`](TrackError::Full) if the frame alone is more
    /// than the policy allows. Nothing has changed then, and the payload is given back.
    pub fn write_frame(&self, payload: T::Payload) -> Result<(), Refused<T::Payload>> {
        let (now, len) = (time::now(), payload.payload_len());
        self.0
            .change(|view| view.cache.write_frame(now, payload, len))
            .map(drop)
    }

    /// Ends the track after the group with the highest sequence. Groups with lower ones may still come.
    ///
    /// # Errors
    /// [`Closed`](TrackError::Closed) if it was finished, [`BoundsExceeded`](TrackError::BoundsExceeded)
    /// after the last sequence there is, and what the track was aborted with.
    pub fn finish(&self) -> Result<(), TrackError> {
        self.0.change(|view| view.cache.finish())
    }

    /// Ends the track after the group with this sequence, which must be the highest there is.
    ///
    /// # Errors
    /// [`Closed`](TrackError::Closed) if it is not, and otherwise as [`finish`](Self::finish).
    pub fn finish_at(&self, sequence: u64) -> Result<(), TrackError> {
        self.0.change(|view| view.cache.finish_at(sequence))
    }

    /// Gives the track up, and every group that is not finished with it. Readers get what is cached,
    /// and then the error. O(groups).
    ///
    /// # Errors
    /// What it was aborted with before.
    pub fn abort(&self, error: TrackError) -> Result<(), TrackError> {
        self.0.change(|view| view.cache.abort(error))
    }

    /// Waits until there is a reader.
    ///
    /// # Errors
    /// What the track was aborted with.
    pub async fn used(&mut self) -> Result<(), TrackError> {
        self.demand(true).await
    }

    /// Waits until there is no reader.
    ///
    /// # Errors
    /// What the track was aborted with.
    pub async fn unused(&mut self) -> Result<(), TrackError> {
        self.demand(false).await
    }

    /// The highest sequence ever created.
    pub fn latest(&self) -> Option<u64> {
        self.0.with(|view| view.cache.latest())
    }

    /// Whether the track was aborted.
    pub fn is_closed(&self) -> bool {
        self.0.with(|view| view.cache.is_closed())
    }

    /// Exclusive, because there is one waker.
    async fn demand(&mut self, used: bool) -> Result<(), TrackError> {
        poll_fn(|context| {
            self.0.with(|view| {
                if let Some(error) = view.cache.aborted() {
                    return Poll::Ready(Err(error));
                }
                if (seats::taken(view.seats) > 0) == used {
                    return Poll::Ready(Ok(()));
                }
                view.desk.demand.register(context.waker());
                Poll::Pending
            })
        })
        .await
    }

    fn group(
        &self,
        create: impl FnOnce(&T) -> Result<GroupId, TrackError>,
    ) -> Result<GroupProducer<T>, TrackError> {
        create(self.0).map(|group| GroupProducer::new(self.0, group))
    }
}

impl<T: AnyTrack> Drop for TrackProducer<T> {
    fn drop(&mut self) {
        self.0.change(|view| {
            view.cache.close();
            view.desk.has_producer = false;
        });
    }
}

/// Why there is no producer of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ProducerError {
    /// There is one.
    Taken,
    /// The track has ended, and these are left who read it.
    StillRead {
        /// How many.
        readers: usize,
    },
}

impl fmt::Display for ProducerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => f.write_str("the track has a producer already"),
            Self::StillRead { readers } => write!(
                f,
                "the track has ended, but {readers} readers are left; drop them first"
            ),
        }
    }
}

impl core::error::Error for ProducerError {}
