//! embassy's clock as the core's integers.

use embassy_time::{Duration, Instant, TICK_HZ, Timer, with_timeout};

/// The moment it is, to the core.
pub(crate) fn now() -> streamgauge_core::Instant {
    streamgauge_core::Instant::from_micros(Instant::now().as_micros())
}

/// The core's span of time.
pub(crate) fn span(span: Duration) -> streamgauge_core::Duration {
    streamgauge_core::Duration::from_micros(span.as_micros())
}

/// Longer waits are cut: no driver's arithmetic must cope with the end of time.
const LONGEST: Duration = Duration::from_secs(3600);

/// Sleeps until `due`, or for an hour if that is longer. Never short of `due` by a part of a tick: a
/// duration in ticks is rounded up.
pub(crate) async fn sleep_until(due: streamgauge_core::Instant) {
    let left = due.saturating_since(now()).as_micros();
    let left = left.min(LONGEST.as_micros());
    Timer::after(ticks(left)).await;
}

/// At most an hour of microseconds as ticks, of which slow clocks need no 64-bit division.
fn ticks(micros: u64) -> Duration {
    match u32::try_from(micros) {
        Ok(micros) if TICK_HZ <= 1_000 => Duration::from_millis(micros.div_ceil(1_000).into()),
        _ => Duration::from_micros(micros),
    }
}

/// What `future` returns if it does so within `span`, or within an hour if that is less.
pub(crate) async fn within<T>(span: Duration, future: impl Future<Output = T>) -> Option<T> {
    with_timeout(span.min(LONGEST), future).await.ok()
}
