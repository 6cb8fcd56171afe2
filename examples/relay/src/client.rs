//! A client's connection to a relay.

use anyhow::{Context, Result};
use moq_net::{Pattern, Patterns, broadcast, cache, origin, time};
use moq_tokio::{Connection, connect};
use url::{Host, Url};

use crate::server::Relay;

/// Which certificate a relay may show.
#[derive(Clone, Debug)]
pub enum Trust {
    /// The one with this SHA-256 fingerprint.
    Fingerprint(String),
    /// Any.
    Any,
    /// One that the system trusts.
    System,
}

impl Trust {
    /// Any certificate is good enough on loopback, where nobody can come in between.
    pub fn for_url(url: &Url) -> Self {
        let loopback = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        if loopback { Self::Any } else { Self::System }
    }
}

/// A relay's address and what it is known by.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where.
    pub url: Url,
    /// Known by.
    pub trust: Trust,
}

impl Target {
    /// A relay in this process.
    pub fn of(relay: &Relay) -> Self {
        let trust = Trust::Fingerprint(relay.fingerprint().to_owned());
        Self {
            url: relay.url(),
            trust,
        }
    }
}

/// A connected client.
pub struct Client {
    client: moq_tokio::Client,
    connection: Connection,
}

impl Client {
    /// Connects to publish what is on `origin`.
    ///
    /// # Errors
    ///
    /// When there is no relay, or it is not trusted.
    pub async fn publisher(target: &Target, origin: &origin::Producer) -> Result<Self> {
        let client = configured(target)?.with_publisher(origin.consume().with_hidden(true));
        Self::connect(client, target).await
    }

    /// Connects to read one broadcast.
    ///
    /// # Errors
    ///
    /// When there is no relay, or it is not trusted, or the path cannot be.
    pub async fn subscriber(target: &Target, path: &str) -> Result<(Self, origin::Consumer)> {
        let origin = moq_tokio::origin::spawn();
        // Asked for by name, as what is hidden is announced to nobody else.
        let wanted = Patterns::from(Pattern::subtree(path).context("this is no path")?);
        let scoped = origin.scope("", &wanted)?;
        let client = configured(target)?.with_subscriber(scoped);
        Ok((Self::connect(client, target).await?, origin.consume()))
    }

    async fn connect(client: moq_tokio::Client, target: &Target) -> Result<Self> {
        let client = client.with_reconnect(false);
        let connected = client.connect(target.url.clone()).established().await;
        let connection = connected.with_context(|| format!("cannot connect to {}", target.url))?;
        Ok(Self { client, connection })
    }

    /// Waits until the connection is lost.
    pub async fn closed(&self) {
        // Whatever it says, the connection is gone.
        let _ = self.connection.closed().await;
    }

    /// Says goodbye.
    pub async fn close(self) {
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "a connection did not close cleanly");
        }
        self.client.close().await;
    }
}

fn configured(target: &Target) -> Result<moq_tokio::Client> {
    let mut config = connect::Config::default();
    match &target.trust {
        Trust::Fingerprint(fingerprint) => config.tls.fingerprint = vec![fingerprint.clone()],
        Trust::Any => config.tls.insecure = Some(true),
        Trust::System => {}
    }
    Ok(config.init(moq_tokio::quic::Config::default())?)
}

/// An origin to publish on that forgets nothing, so that a file can be read at any pace.
pub fn origin() -> origin::Producer {
    let mut config = origin::Config::default();
    config.pool = cache::Pool::unbounded();
    let (producer, driver) = origin::Producer::new(config);
    tokio::spawn(time::run(driver));
    producer
}

/// Waits until a broadcast is announced.
///
/// # Errors
///
/// When the connection is lost first.
pub async fn broadcast(
    client: &Client,
    origin: &origin::Consumer,
    path: &str,
) -> Result<broadcast::Consumer> {
    tokio::select! {
        broadcast = origin.routed_broadcast(path) => Ok(broadcast?),
        () = client.closed() => anyhow::bail!("the relay closed the connection"),
    }
}
