//! A node's stats over HTTP, for scrapers, dashboards and health checks.
//!
//! | path | answers with |
//! |---|---|
//! | `/metrics` | all that was counted, as Prometheus text or as `OpenMetrics` by what `Accept` says |
//! | `/stats` | the names of the tracks, as a JSON array |
//! | `/stats/<track>` | the newest frame of a track, such as `/stats/publisher.json` |
//! | `/healthz` | 200 while the node ticks, else 503 |
//!
//! The tracks are those of the node itself, of which each frame has all of its rows. Levels and groups
//! ([`Config::with_levels`](crate::Config::with_levels), [`with_depth`](crate::Config::with_depth)) tell of the
//! same once more, in broadcasts that come and go, and are not served.
//!
//! Text and frames are compressed for who accepts gzip. A frame has a `Last-Modified` and an `ETag`, and
//! is not sent again to who names them.
//!
//! What a series brought is no longer shown once it has ended; all that was ever counted, in all series
//! together, is in the metrics `streamgauge_node_..`. Those never fall while the node lives, so sums and rates
//! are taken of them, as in `sum by (tier) (rate(streamgauge_node_traffic_bytes_total[1m]))`.
//!
//! [`Server`] serves these by itself; [`router`] is for an axum
//! application that there is already.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use streamgauge_tokio::{Config, Stats, http};
//!
//! let stats = Stats::spawn(Config::new().with_node("sjc/1"))?;
//! let config = http::Config::new(); // 127.0.0.1:9464
//! # let config = config.with_address(([127, 0, 0, 1], 0));
//! let server = http::Server::start(&stats, &config).await?;
//! println!("metrics at http://{}/metrics", server.address());
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod config;
mod frames;
mod health;
mod metrics;
mod server;
mod stall;

use axum::{
    Router,
    http::header::{HeaderName, X_CONTENT_TYPE_OPTIONS},
    routing::get,
};
use tower_http::{CompressionLevel, compression::CompressionLayer};

use crate::Stats;

pub use config::{Config, ServeError};
pub use server::Server;

/// The routes of this module, to be merged into an axum application, or nested in one that has routes of
/// these names. They keep the stats alive.
///
/// ```
/// # use streamgauge_tokio::{Stats, http};
/// # let stats = Stats::disabled();
/// let app: axum::Router = axum::Router::new().merge(http::router(&stats));
/// ```
pub fn router<S: Clone + Send + Sync + 'static>(stats: &Stats) -> Router<S> {
    let gzip = CompressionLayer::new().quality(CompressionLevel::Fastest);
    Router::new()
        .route("/metrics", get(metrics::text))
        .route("/stats", get(frames::names))
        .route("/stats/{*track}", get(frames::newest))
        .route("/healthz", get(health::check))
        .with_state(stats.clone())
        .layer(gzip)
}

/// Names come from clients, and must not be taken for a page.
const SNIFF_NOT: (HeaderName, &str) = (X_CONTENT_TYPE_OPTIONS, "nosniff");
