//! What a user holds: the owner of a node's counting and publishing.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use streamgauge_core::{Format, Tier, Usage};
use tokio::{
    runtime,
    sync::{mpsc, oneshot, watch},
};

use crate::{
    Config, ConfigError, Latest, Snapshot, StatsHandle,
    board::Board,
    clock::Clock,
    desk::Desk,
    driver::{Driver, Request},
    host::{Host, HostRef},
    runner::{Runner, WAITING},
};

/// Counts and publishes for one node. Cheap to clone.
///
/// The stats are published as long as a clone lives. When the last is dropped the driver ticks once
/// more, offers the last frames to the sinks, and ends. Handles and guards do not keep it alive.
#[derive(Clone, Debug, Default)]
pub struct Stats(Option<Arc<Node>>);

struct Node {
    host: Host,
    board: Arc<Board>,
    desk: Arc<Desk>,
    clock: Clock,
    tiers: Vec<String>,
    /// The driver ends when this closes.
    requests: mpsc::Sender<Request>,
    /// Closes when the driver has ended.
    ended: watch::Receiver<()>,
}

#[cfg(any(feature = "opentelemetry", feature = "prometheus-client"))]
impl Stats {
    /// Where the driver is as long as it has not ended; nothing when disabled.
    pub(crate) fn desk(&self) -> Option<&Arc<Desk>> {
        self.0.as_ref().map(|node| &node.desk)
    }
}

#[cfg(feature = "http")]
impl Stats {
    /// The time of the frames, and what tells this node's life from others; nothing when disabled.
    pub(crate) fn clock(&self) -> Option<&Clock> {
        self.0.as_ref().map(|node| &node.clock)
    }
}

impl Node {
    /// Asks the driver, and waits for its answer; nothing if it has ended.
    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(request(answer)).await.ok()?;
        answered.await.ok()
    }
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
        let (sender, requests) = mpsc::channel(WAITING);
        let (alive, ended) = watch::channel(());
        let clock = Clock::start(config.interval);
        let (driver, board) = Driver::new(config, &host, clock)?;
        let desk = Arc::new(Desk::new(driver));
        let runner = Runner::new(desk.clone(), host.clone(), clock, requests);
        runtime.spawn(async move {
            runner.run().await;
            drop(alive);
        });
        Ok(Self(Some(Arc::new(Node {
            host,
            board,
            desk,
            clock,
            tiers,
            requests: sender,
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

    /// How long ago the last tick was, in whole milliseconds; nothing when disabled, before the first
    /// tick, and when the runtime that these stats were spawned on is gone.
    pub fn since_tick(&self) -> Option<Duration> {
        let node = self.0.as_ref().filter(|node| !node.requests.is_closed())?;
        let tick = node.board.latest("node.json")?.frame()?.ts_ms;
        Some(Duration::from_millis(
            node.clock.now_ms().saturating_sub(tick),
        ))
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
        // Nothing means that the driver ended, and it flushes when it does.
        node.ask(Request::Flush).await;
    }

    /// All that was counted before the call, as text for scrapers: traffic, presence and the other
    /// families, as one snapshot. Who asks at the same time gets the same text. Empty when disabled, or
    /// when the runtime that these stats were spawned on is gone.
    ///
    /// Costs a collect, and some nanoseconds per line; the memory is used again once nobody holds the
    /// text before.
    pub async fn scrape(&self, format: Format) -> Bytes {
        let Some(node) = &self.0 else {
            return Bytes::new();
        };
        let text = node.ask(|text| Request::Scrape(format, text)).await;
        text.unwrap_or_default()
    }

    /// All that was counted before the call, as plain data: for sinks that are no text. Nothing when
    /// disabled, when the runtime that these stats were spawned on is gone, and within a sink of these stats,
    /// which is part of a tick.
    ///
    /// Needs no runtime. Costs a collect, and some tens of nanoseconds per sample; ticks wait for that long,
    /// and this for a tick under way. Guards that count do not.
    pub fn snapshot(&self) -> Option<Snapshot> {
        self.0.as_ref()?.desk.read()
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

/// Says which node it is, and leaves its tables out.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("path", &self.board.path)
            .field("shared", self.host.shared())
            .finish_non_exhaustive()
    }
}
