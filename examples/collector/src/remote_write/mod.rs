//! Metrics into a store that speaks Prometheus remote write 1.0.
//!
//! Each round's requests wait in a queue and leave in order. What the store cannot take now (it is not
//! there, answers 5xx, or 429) is tried again, later and later, and no sooner than a `Retry-After` says;
//! what it refuses for good (any other 4xx) is dropped and counted. A full queue drops its oldest.

mod client;
mod message;
mod queue;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::task::JoinHandle;
use tokio::time::{Duration, timeout};
use url::Url;

use crate::cli::MetricsOptions;
use crate::metrics::Metric;

pub use client::{Answer, Store};
pub use message::{Label, Point, Rounds, TimeSeries, WriteRequest};
pub use queue::{Queue, Tally};

/// So long may the last requests take at the end.
const GRACE: Duration = Duration::from_secs(5);

/// Where to write, and how much may wait.
#[derive(Clone, Debug)]
pub struct Config {
    /// The store.
    pub url: Url,
    /// A file with a token for it.
    pub token: Option<PathBuf>,
    /// Requests that may wait.
    pub room: usize,
}

impl Config {
    /// What the command line says; nothing if it says nothing of it.
    pub fn of(options: &MetricsOptions) -> Option<Self> {
        Some(Self {
            url: options.remote_write.clone()?,
            token: options.remote_write_token.clone(),
            room: options.remote_write_queue,
        })
    }
}

/// A task that sends what is written.
pub struct Writer {
    rounds: Rounds,
    queue: Arc<Queue>,
    sending: JoinHandle<()>,
}

impl Writer {
    /// Starts to send.
    ///
    /// # Errors
    ///
    /// When the URL is none of a store, or the token cannot be read.
    pub async fn start(config: &Config) -> Result<Self> {
        let token = match &config.token {
            Some(path) => {
                let token = tokio::fs::read_to_string(path).await;
                let token = token
                    .with_context(|| format!("cannot read the token in {}", path.display()))?;
                Some(token.trim().to_owned())
            }
            None => None,
        };
        let store = Store::new(&config.url, token.as_deref())?;
        let queue = Arc::new(Queue::new(config.room));
        let sending = tokio::spawn(client::send(store, Arc::clone(&queue)));
        Ok(Self {
            rounds: Rounds::default(),
            queue,
            sending,
        })
    }

    /// Queues a round. Never waits.
    pub fn write(&mut self, metrics: &[Metric], ts_ms: u64) {
        for request in self.rounds.requests(metrics, ts_ms) {
            self.queue.push(request);
        }
    }

    /// How it goes.
    pub fn tally(&self) -> Tally {
        self.queue.tally()
    }

    /// Sends what waits, as long as that takes no longer than five seconds.
    pub async fn finish(self) {
        self.queue.close();
        let mut sending = self.sending;
        if timeout(GRACE, &mut sending).await.is_err() {
            sending.abort();
        }
    }
}
