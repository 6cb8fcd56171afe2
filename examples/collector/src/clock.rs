//! The wall clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Since the Unix epoch; nothing before it.
pub fn now() -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default()
}

/// Milliseconds since the Unix epoch.
pub fn now_ms() -> u64 {
    u64::try_from(now().as_millis()).unwrap_or(u64::MAX)
}

/// Microseconds since the Unix epoch.
pub fn now_micros() -> u64 {
    u64::try_from(now().as_micros()).unwrap_or(u64::MAX)
}
