//! The relay's metrics over HTTP.

use anyhow::Result;
use streamgauge_tokio::Stats;
use streamgauge_tokio::http::{Config, ServeError, Server};

use crate::cli::RelayOptions;

/// Whether and where metrics are served.
#[derive(Debug)]
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
    pub async fn start(options: &RelayOptions, stats: &Stats) -> Result<Self> {
        if options.no_metrics {
            return Ok(Self::Off);
        }
        let config = Config::new();
        let config = match options.metrics {
            Some(address) => config.with_address(address),
            None => config,
        };
        match Server::start(stats, &config).await {
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
