//! `/healthz`: whether the node ticks.

use std::time::Duration;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::Stats;

/// A node is well when its last tick is no longer ago than so many intervals, and at least so long.
const LATE: u32 = 3;
const LEAST: Duration = Duration::from_secs(5);

/// Answers 200 while the node ticks, else 503.
pub(super) async fn check(State(stats): State<Stats>) -> Response {
    let interval = stats.clock().map(|clock| {
        let interval = clock.schedule.interval.as_micros();
        Duration::from_micros(interval)
    });
    let (code, text) = verdict(stats.since_tick(), interval.unwrap_or_default());
    (code, [(header::CACHE_CONTROL, "no-store")], text).into_response()
}

fn verdict(since_tick: Option<Duration>, interval: Duration) -> (StatusCode, String) {
    let Some(since) = since_tick else {
        return (StatusCode::SERVICE_UNAVAILABLE, "no ticks\n".into());
    };
    let text = format!(
        "last tick {} ms ago, every {} ms\n",
        since.as_millis(),
        interval.as_millis()
    );
    if since > (interval.saturating_mul(LATE)).max(LEAST) {
        (StatusCode::SERVICE_UNAVAILABLE, text)
    } else {
        (StatusCode::OK, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_well_until_it_is_late() {
        let status = |since, interval| {
            let since = Some(Duration::from_millis(since));
            verdict(since, Duration::from_millis(interval)).0
        };
        assert_eq!(status(0, 1_000), StatusCode::OK);
        assert_eq!(status(5_000, 1_000), StatusCode::OK);
        assert_eq!(status(5_001, 1_000), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(status(180_000, 60_000), StatusCode::OK);
        assert_eq!(status(180_001, 60_000), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(status(5_001, u64::MAX), StatusCode::OK);
    }

    #[test]
    fn a_node_that_never_ticked_is_not_well() {
        let (status, text) = verdict(None, Duration::from_secs(1));
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(text, "no ticks\n");
    }
}
