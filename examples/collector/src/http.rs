//! The fleet over HTTP.
//!
//! | path | answers with |
//! |---|---|
//! | `/metrics` | the fleet and the collector as Prometheus text 0.0.4 |
//! | `/healthz` | 200 while the collector ticks, else 503; a line for each source |

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use streamgauge_core::Format;
use streamgauge_tokio::http::{Config, ServeError, Server};
use tokio::sync::watch;

use crate::cli::MetricsOptions;
use crate::clock::now_ms;
use crate::metrics::{self, Shown};
use crate::remote_write;
use crate::view::View;

/// The port that others look at by default; a node has the one before.
const PORT: u16 = Config::PORT + 1;

/// The collector is well when its last tick is no longer ago than so many intervals, and at least so long.
const LATE: u32 = 3;
const LEAST: Duration = Duration::from_secs(5);

/// What handlers answer from.
#[derive(Clone)]
pub struct Page {
    /// The newest tick.
    pub shown: watch::Receiver<Arc<Shown>>,
    /// How remote write goes, if there is any.
    pub writing: watch::Receiver<Option<remote_write::Tally>>,
    /// The time between two ticks.
    pub interval: Duration,
}

/// Whether and where metrics are served.
pub enum Metrics {
    /// Nobody wants them.
    Off,
    /// They are, until this is dropped.
    Served(Server),
    /// The address that nobody asked for is taken.
    Unserved(ServeError),
}

impl Metrics {
    /// Serves them where it was told, or by default where others look for them.
    ///
    /// # Errors
    ///
    /// When it cannot listen where it was told to.
    pub async fn start(options: &MetricsOptions, page: Page) -> Result<Self> {
        if options.no_metrics {
            return Ok(Self::Off);
        }
        let default = ([127, 0, 0, 1], PORT).into();
        let config = Config::new().with_address(options.metrics.unwrap_or(default));
        match Server::start_with(router(page), &config).await {
            Ok(server) => Ok(Self::Served(server)),
            Err(error) if options.metrics.is_none() => Ok(Self::Unserved(error)),
            Err(error) => Err(error.into()),
        }
    }

    /// What to tell about them, in a line.
    pub fn line(&self) -> Option<String> {
        match self {
            Self::Off => None,
            Self::Served(server) => {
                Some(format!("metrics      http://{}/metrics", server.address()))
            }
            Self::Unserved(error) => Some(format!("no metrics   {error}")),
        }
    }
}

/// The routes.
pub fn router(page: Page) -> Router {
    Router::new()
        .route("/", get("/metrics\n/healthz\n"))
        .route("/metrics", get(text))
        .route("/healthz", get(health))
        .with_state(page)
}

async fn text(State(page): State<Page>) -> Response {
    let shown = Arc::clone(&page.shown.borrow());
    let writing = *page.writing.borrow();
    let text = metrics::write(&metrics::metrics(&shown, writing.as_ref()));
    let head = [
        (header::CONTENT_TYPE, Format::Prometheus.content_type()),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (head, text).into_response()
}

async fn health(State(page): State<Page>) -> Response {
    let shown = Arc::clone(&page.shown.borrow());
    let (code, text) = verdict(&shown.view, now_ms(), page.interval);
    (code, [(header::CACHE_CONTROL, "no-store")], text).into_response()
}

fn verdict(view: &View, now_ms: u64, interval: Duration) -> (StatusCode, String) {
    let since = Duration::from_millis(now_ms.saturating_sub(view.ts_ms));
    let mut text = format!(
        "last tick {} ms ago, every {} ms\n",
        since.as_millis(),
        interval.as_millis()
    );
    for source in &view.sources {
        let state = source.error.as_deref().unwrap_or("up");
        // Writing to a text does not fail.
        let _ = writeln!(text, "{}: {state}", source.name);
    }
    if since > interval.saturating_mul(LATE).max(LEAST) {
        (StatusCode::SERVICE_UNAVAILABLE, text)
    } else {
        (StatusCode::OK, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Source;

    #[test]
    fn a_collector_is_well_while_it_ticks_and_says_which_sources_are_not() {
        let view = View {
            ts_ms: 10_000,
            sources: vec![Source {
                name: "https://a".into(),
                error: Some("gone".into()),
            }],
            ..View::default()
        };
        let at = |now_ms| verdict(&view, now_ms, Duration::from_secs(1));
        assert_eq!(at(10_000).0, StatusCode::OK);
        assert!(at(10_000).1.contains("https://a: gone"));
        assert_eq!(at(15_001).0, StatusCode::SERVICE_UNAVAILABLE);
        // A clock that was set back.
        assert_eq!(at(1).0, StatusCode::OK);
    }
}
