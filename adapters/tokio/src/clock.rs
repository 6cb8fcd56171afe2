//! A node's time: tokio's clock, counted from the node's start, and the wall clock as it was then.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use streamgauge_core::{Instant, Schedule};
use tokio::time;

/// Tells a node's time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: time::Instant,
    pub(crate) schedule: Schedule,
}

impl Clock {
    /// The time of a node that starts now, and ticks so often.
    pub(crate) fn start(interval: Duration) -> Self {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let schedule = Schedule {
            interval: streamgauge_core::Duration::from_micros(micros(interval)),
            start: Instant::from_micros(0),
            start_ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
            epoch: micros(now),
        };
        Self {
            start: time::Instant::now(),
            schedule,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_micros(micros(self.start.elapsed()))
    }

    /// The same in milliseconds since the Unix epoch, as frames have it.
    pub(crate) fn now_ms(&self) -> u64 {
        let since_start = self.now().as_micros() / 1_000;
        self.schedule.start_ms.saturating_add(since_start)
    }

    /// The moment on tokio's clock.
    pub(crate) fn at(&self, moment: Instant) -> time::Instant {
        self.start + Duration::from_micros(moment.as_micros())
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
