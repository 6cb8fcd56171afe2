//! Eviction while nobody writes.

use core::{
    fmt,
    future::{pending, poll_fn},
};

use embassy_futures::select::select;
use streamgauge_core::Instant;

use super::AnyTrack;
use crate::time;

/// Evicts the groups of a track that come of age while nobody writes: to be spawned, for all the life of
/// the track's `static`.
///
/// ```
/// use streamgauge_embassy::track::{Track, TrackTimer};
///
/// type Alarms = Track<&'static [u8], 4, 4, 2>;
/// static ALARMS: Alarms = Alarms::new();
///
/// // #[embassy_executor::task]
/// async fn expire(mut timer: TrackTimer<Alarms>) -> ! {
///     timer.run().await
/// }
/// # drop(expire(ALARMS.timer().unwrap()));
/// ```
pub struct TrackTimer<T: AnyTrack>(&'static T);

impl<T: AnyTrack> TrackTimer<T> {
    pub(super) fn new(track: &'static T) -> Result<Self, TimerTaken> {
        track.with(|view| {
            if core::mem::replace(&mut view.desk.has_timer, true) {
                return Err(TimerTaken);
            }
            Ok(Self(track))
        })
    }

    /// Evicts for ever. Sleeps until the first group that may be evicted comes of age, however often the
    /// track is written meanwhile, and without a timer while there is none. May be dropped at any time.
    pub async fn run(&mut self) -> ! {
        loop {
            let now = time::now();
            let due = self.0.change(|view| {
                view.cache.handle_timeout(now);
                view.cache.poll_timeout()
            });
            select(sleep_until(due), self.due_before(due)).await;
        }
    }

    /// Waits until a group will come of age earlier than was thought.
    async fn due_before(&self, at: Option<Instant>) {
        poll_fn(|context| {
            self.0
                .with(|view| view.poll_due_before(at, context.waker()))
        })
        .await;
    }
}

impl<T: AnyTrack> Drop for TrackTimer<T> {
    fn drop(&mut self) {
        self.0.with(|view| view.desk.has_timer = false);
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => time::sleep_until(due).await,
        None => pending().await,
    }
}

/// The track has a timer already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TimerTaken;

impl fmt::Display for TimerTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the track has a timer already")
    }
}

impl core::error::Error for TimerTaken {}
