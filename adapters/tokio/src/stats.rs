//! What a user holds: the owner of a node's counting and publishing.

use std::sync::Arc;

use streamgauge_core::{Tier, Usage};
use tokio::{
    runtime,
    sync::{mpsc, oneshot, watch},
};

use crate::{
    Config, ConfigError, Latest, StatsHandle,
    board::Board,
    driver::{Driver, Flush},
    host::{Host, HostRef},
};

/// Counts and publishes for one node. Cheap to clone.
///
/// The stats are published as long as a clone lives. When the last is dropped the driver ticks once
/// more, offers the last frames to the sinks, and ends. Handles and guards do not keep it alive.
#[derive(Clone, Debug, Default)]
pub struct Stats(Option<Arc<Node>>);

#[derive(Debug)]
struct Node {
    host: Host,
    board: Arc<Board>,
    tiers: Vec<String>,
    /// The driver ends when this closes.
    flushes: mpsc::Sender<Flush>,
    /// Closes when the driver has ended.
    ended: watch::Receiver<()>,
}

impl Stats {
    /// Takes the memory for all tables, and spawns the driver on the current runtime.
    ///
    /// # Errors
    /// When the configuration cannot be, or outside a tokio runtime.
    pub fn spawn(config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        let runtime = runtime::Handle::try_current().map_err(|_| ConfigError::NoRuntime)?;
        let host = Host::new(&config);
        let tiers = config.tiers.clone();
        let (flushes, requests) = mpsc::channel(8);
        let (alive, ended) = watch::channel(());
        let (driver, board) = Driver::new(config, &host, requests)?;
        runtime.spawn(async move {
            driver.run().await;
            drop(alive);
        });
        Ok(Self(Some(Arc::new(Node {
            host,
            board,
            tiers,
            flushes,
            ended,
        }))))
    }

    /// Counts and publishes nothing.
    pub fn disabled() -> Self {
        Self(None)
    }

    /// Counts for one tier.
    pub fn tier(&self, tier: Tier) -> StatsHandle {
        self.0.as_ref().map_or_else(StatsHandle::disabled, |node| {
            StatsHandle::new(node.host.fork(), tier)
        })
    }

    /// Counts for one tier, through handles and guards that borrow these stats: for scoped threads,
    /// and for stats that live in a static.
    ///
    /// Opening and dropping such a guard touches no reference count, which saves a third of the cost.
    pub fn tier_ref(&self, tier: Tier) -> streamgauge_core::StatsHandle<HostRef<'_>> {
        self.0
            .as_ref()
            .map_or_else(streamgauge_core::StatsHandle::disabled, |node| {
                streamgauge_core::StatsHandle::new(node.host.by_ref(), tier)
            })
    }

    /// The tier that the configuration gave this name.
    pub fn named_tier(&self, name: &str) -> Option<Tier> {
        let place = self
            .0
            .as_ref()?
            .tiers
            .iter()
            .position(|tier| tier == name)?;
        u8::try_from(place).ok().map(Tier::Named)
    }

    /// The path of the node's stats broadcast; empty when disabled.
    pub fn path(&self) -> &str {
        self.0.as_ref().map_or("", |node| &node.board.path)
    }

    /// The names of the node's tracks.
    pub fn tracks(&self) -> &[Arc<str>] {
        self.0.as_ref().map_or(&[], |node| &node.board.names)
    }

    /// Follows one track, from its newest frame on; nothing if there is no such track.
    pub fn latest(&self, track: &str) -> Option<Latest> {
        self.0.as_ref()?.board.latest(track)
    }

    /// How full the tables of traffic are.
    pub fn usage(&self) -> Usage {
        self.0.as_ref().map_or_else(Usage::default, |node| {
            node.host.shared().meters.traffic().usage()
        })
    }

    /// Ticks now, and returns when every changed frame was offered to the sinks: it holds all that was
    /// counted before the call.
    pub async fn flush(&self) {
        let Some(node) = &self.0 else { return };
        let (done, finished) = oneshot::channel();
        if node.flushes.send(Flush(done)).await.is_ok() {
            // An error means that the driver ended, and it flushes when it does.
            let _ = finished.await;
        }
    }

    /// Drops this clone; if it was the last, waits until the last frames were offered to the sinks.
    pub async fn close(self) {
        let Some(mut ended) = self.0.as_ref().map(|node| node.ended.clone()) else {
            return;
        };
        if self.0.and_then(Arc::into_inner).is_some() {
            // The driver sends nothing: this waits for its end.
            let _ = ended.changed().await;
        }
    }
}
