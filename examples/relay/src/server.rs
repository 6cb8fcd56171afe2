//! The relay: QUIC sessions around one origin, metered, their totals published on it.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use moq_net::stats::{self, Registry};
use moq_net::track::Info;
use moq_net::{Pattern, Role as Direction, origin};
use moq_tokio::server::Request;
use moq_tokio::{Listener, listen};
use streamgauge_core::Role;
use streamgauge_moq::{Meter, Publisher, export_origin};
use streamgauge_tokio::{
    Config, Deltas, Frame, OriginProducer, SinkError, Stats, StatsHandle, Tier,
};
use tokio::task::{JoinHandle, JoinSet};
use url::Url;

use crate::cli::{DEFAULT_LISTEN, RelayOptions};
use crate::metrics::Metrics;
use crate::totals::{Rows, rows, track};

/// A running relay; it stops when this is dropped.
pub struct Relay {
    address: SocketAddr,
    fingerprint: String,
    moved_from: Option<SocketAddr>,
    stats: Stats,
    registry: Registry,
    metrics: Metrics,
    accepting: JoinHandle<()>,
}

impl Relay {
    /// Listens, announces the node's statistics and serves sessions.
    ///
    /// # Errors
    ///
    /// When the address is taken, or the options make no sense.
    pub async fn start(options: &RelayOptions) -> Result<Self> {
        let named = options.prefix.split('/').any(|segment| !segment.is_empty());
        ensure!(named, "the prefix must not be empty");
        let (listener, moved_from) = bind(options).await?;
        let address = listener
            .local_addr()
            .context("the listener has no address")?;
        let fingerprints = listener.certificates().fingerprints();
        let fingerprint = fingerprints.into_iter().next().context("no certificate")?;
        let origin = moq_tokio::origin::spawn();
        let stats = count(options, &origin).await?;
        let metrics = Metrics::start(options, &stats).await?;
        let hub = Hub {
            meter: Meter::new(origin),
            stats: stats.tier(Tier::External),
            registry: registry(&options.prefix)?,
        };
        let registry = hub.registry.clone();
        let accepting = tokio::spawn(accept(listener, hub));
        Ok(Self {
            address,
            fingerprint,
            moved_from,
            stats,
            registry,
            metrics,
            accepting,
        })
    }

    /// Where clients connect.
    ///
    /// # Panics
    ///
    /// Never: an address and a port make a URL.
    pub fn url(&self) -> Url {
        let url = format!("https://{}", self.address);
        url.parse().expect("an address makes a URL")
    }

    /// The SHA-256 fingerprint of the certificate.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The default address, if it was taken and another one was chosen.
    pub const fn moved_from(&self) -> Option<SocketAddr> {
        self.moved_from
    }

    /// The counters.
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Where the counters are served to scrapers.
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// What moq-net counts of the same sessions.
    pub const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The newest frame in this role.
    pub fn rows(&self, role: Role) -> Rows {
        let frame = self
            .stats
            .latest(track(role))
            .and_then(|latest| latest.frame());
        frame
            .and_then(|frame| rows(&frame.payload).ok())
            .unwrap_or_default()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Listens where it was told, or by default wherever there is room.
async fn bind(options: &RelayOptions) -> Result<(Listener, Option<SocketAddr>)> {
    if let Some(address) = options.listen {
        let listener = listen_on(address).await;
        return Ok((
            listener.with_context(|| format!("cannot listen on {address}"))?,
            None,
        ));
    }
    let address: SocketAddr = DEFAULT_LISTEN.parse()?;
    if let Ok(listener) = listen_on(address).await {
        return Ok((listener, None));
    }
    let any = SocketAddr::new(address.ip(), 0);
    let listener = listen_on(any).await.context("cannot listen on loopback")?;
    Ok((listener, Some(address)))
}

async fn listen_on(address: SocketAddr) -> Result<Listener, moq_tokio::Error> {
    // Found out here, where it is an error about this address and nothing else.
    drop(std::net::UdpSocket::bind(address).map_err(io_error)?);
    let mut config = listen::Config::default();
    config.bind = Some(listen::Bind::Addr(address));
    config.tls.generate = vec!["localhost".into(), address.ip().to_string()];
    config
        .init(moq_tokio::quic::Config::default())?
        .listen()
        .await
}

fn io_error(error: io::Error) -> moq_tokio::Error {
    error.into()
}

/// Counts, and publishes the counts on the origin they were made on.
async fn count(options: &RelayOptions, origin: &origin::Producer) -> Result<Stats> {
    let slot = Arc::new(Mutex::new(None));
    let config = Config::new()
        .with_prefix(&options.prefix)
        .with_node(&options.node)
        .with_interval(options.interval)
        .with_deltas(Deltas::Beside);
    if options.levels > 0 || options.depth > 0 {
        return count_in_parts(config, options, origin).await;
    }
    let stats = announce(config.with_sink(sink(Arc::clone(&slot))), &slot, origin)?;
    stats.flush().await;
    Ok(stats)
}

/// No frame is offered before there is somebody to take it: the first of a track of patches is the one that
/// the others go by.
fn announce(
    config: Config,
    slot: &Mutex<Option<Publisher>>,
    origin: &origin::Producer,
) -> Result<Stats> {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    let stats = Stats::spawn(config)?;
    *slot = Some(Publisher::announce(origin, stats.path(), stats.tracks())?);
    Ok(stats)
}

/// The same with broadcasts beside the node's own, which come and go.
async fn count_in_parts(
    config: Config,
    options: &RelayOptions,
    origin: &origin::Producer,
) -> Result<Stats> {
    let local = OriginProducer::new();
    let config = config.with_levels(options.levels).with_depth(options.depth);
    let stats = Stats::spawn(config.with_origin(&local))?;
    tokio::spawn(export_origin(
        local.consume(),
        origin.clone(),
        Info::default(),
    ));
    stats.flush().await;
    Ok(stats)
}

fn sink(
    slot: Arc<Mutex<Option<Publisher>>>,
) -> impl FnMut(&Frame) -> Result<(), SinkError> + Send + 'static {
    move |frame| {
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        let publisher = slot.as_mut().ok_or(SinkError::Closed)?;
        let written = publisher.write_frame(frame);
        written.map_err(|error| SinkError::Failed(error.into()))
    }
}

fn registry(prefix: &str) -> Result<Registry> {
    let own = Pattern::subtree(prefix).context("the prefix is no path")?;
    Ok(Registry::new(stats::Config::new().with_exclude(own)))
}

/// What every session is connected to.
struct Hub {
    meter: Meter,
    stats: StatsHandle,
    registry: Registry,
}

async fn accept(mut listener: Listener, hub: Hub) {
    let hub = Arc::new(hub);
    let mut sessions = JoinSet::new();
    while let Some(request) = listener.accept().await {
        let hub = Arc::clone(&hub);
        sessions.spawn(async move {
            if let Err(error) = hub.serve(request).await {
                tracing::debug!(%error, "a session failed");
            }
        });
        while sessions.try_join_next().is_some() {}
    }
}

impl Hub {
    /// Serves one session until it ends.
    async fn serve(&self, mut request: Request) -> Result<(), moq_tokio::Error> {
        let root = request.path().to_owned();
        let mut metered = self.meter.session(&self.stats, &root);
        if let Some(hop) = request.peer_hop() {
            metered.exclude(hop);
        }
        let direction = request.role();
        if direction != Some(Direction::Publisher) {
            request = request.with_publisher(metered.egress());
        }
        if direction != Some(Direction::Subscriber) {
            request = request.with_subscriber(metered.ingress());
        }
        let counted_twice = self.registry.tier(stats::Tier::default()).session(&root);
        let session = request.with_stats(counted_twice).ok().await?;
        tokio::select! {
            () = metered.run() => {}
            error = session.closed() => tracing::debug!(%error, "a session ended"),
        }
        Ok(())
    }
}
