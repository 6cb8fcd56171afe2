//! The sums as the tracks of a node, which another collector reads like any other.
//!
//! A row has the same words and the same `since` as a node's, so that whoever reads them knows a restart of
//! this collector from one that kept nothing. A row stays in the frames for a minute after it has ended, so
//! that a reader may miss some of them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use anyhow::{Context, Result};
use bytes::Bytes;
use moq_net::origin;
use moq_tokio::{Listener, listen};
use serde::{Serialize, Serializer};
use serde_json::json;
use streamgauge_core::{MAX_TIERS, Role};
use streamgauge_moq::Publisher;
use streamgauge_relay::client::{Client, Target, Trust};
use tokio::task::JoinSet;
use tokio::time::sleep;
use url::Url;

use crate::backoff::Backoff;
use crate::cli::PublishOptions;
use crate::track::Track;
use crate::view::{Tier, View};

/// A row that has ended stays for so long, in milliseconds.
const LINGER_MS: u64 = 60_000;

/// Tiers that every node has.
const TIERS: [&str; 2] = ["", "internal"];

/// The node that the sums are published as.
pub struct Node {
    path: String,
    origin: origin::Producer,
    publisher: Publisher,
    /// The tracks, in the order of the publisher's.
    tracks: Vec<Track>,
    /// What was written last to each of them.
    written: Vec<Bytes>,
    address: Option<SocketAddr>,
    fingerprint: Option<String>,
    serving: JoinSet<()>,
}

/// A row: words, and the beginning of the series' life.
#[derive(Serialize)]
struct Row<F> {
    #[serde(flatten)]
    words: F,
    since: u64,
}

/// What the node tells of itself.
#[derive(Serialize)]
struct About<'a> {
    epoch: u64,
    since: u64,
    ts_ms: u64,
    uptime_ms: u64,
    path: &'a str,
    tiers: &'a [Tier],
    nodes: usize,
    nodes_up: usize,
    totals: BTreeMap<String, serde_json::Value>,
}

impl Node {
    /// Announces the node, and opens the ways to it.
    ///
    /// # Errors
    ///
    /// When it cannot listen, or its name cannot be.
    pub async fn start(name: &str, options: &PublishOptions) -> Result<Self> {
        let origin = moq_tokio::origin::spawn();
        let path = format!("{}/node/{name}", options.publish_prefix.trim_matches('/'));
        let (tracks, publisher) = announce(&origin, &path, &tiers(&View::default()))?;
        let mut node = Self {
            path,
            origin,
            publisher,
            written: vec![Bytes::new(); tracks.len()],
            tracks,
            address: None,
            fingerprint: None,
            serving: JoinSet::new(),
        };
        if let Some(address) = options.listen {
            node.listen(address, options).await?;
        }
        if let Some(url) = &options.publish {
            let (origin, url) = (node.origin.clone(), url.clone());
            node.serving
                .spawn(offer(origin, url, options.publish_fingerprint.clone()));
        }
        Ok(node)
    }

    async fn listen(&mut self, address: SocketAddr, options: &PublishOptions) -> Result<()> {
        let listener = listen_on(address, options).await;
        let listener = listener.with_context(|| {
            format!("cannot listen on {address}; is the address this machine's, and its port free?")
        })?;
        self.address = Some(
            listener
                .local_addr()
                .context("the listener has no address")?,
        );
        self.fingerprint = listener.certificates().fingerprints().into_iter().next();
        self.serving.spawn(serve(listener, self.origin.clone()));
        Ok(())
    }

    /// What to tell about it, in lines.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("publishing   {}", self.path)];
        lines.extend(
            self.address
                .map(|address| format!("listening    https://{address}")),
        );
        let fingerprint = self.fingerprint.iter();
        lines.extend(fingerprint.map(|fingerprint| format!("fingerprint  {fingerprint}")));
        lines
    }

    /// Writes what has changed, and what the node tells of itself.
    ///
    /// # Errors
    ///
    /// When a frame is longer than a track takes.
    pub fn write(&mut self, view: &View) -> Result<()> {
        let tiers = tiers(view);
        if self.tracks.len() != tracks(&tiers).len() {
            (self.tracks, self.publisher) = announce(&self.origin, &self.path, &tiers)?;
            self.written = vec![Bytes::new(); self.tracks.len()];
        }
        for (place, track) in self.tracks.iter().enumerate() {
            let frame = Bytes::from(match track {
                Track::Traffic(tier, role) => traffic(view, tier, *role)?,
                Track::Sessions(tier) => sessions(view, tier)?,
                Track::Node => serde_json::to_vec(&about(view, &self.path, &tiers))?,
            });
            let Some(written) = self
                .written
                .get_mut(place)
                .filter(|before| **before != frame)
            else {
                continue;
            };
            self.publisher.write(place, frame.clone())?;
            *written = frame;
        }
        Ok(())
    }
}

/// The external tier, the internal one, and those that nodes have of their own.
fn tiers(view: &View) -> Vec<Tier> {
    let traffic = view.traffic.iter().map(|sum| &sum.tier);
    let seen = traffic.chain(view.sessions.iter().map(|sum| &sum.tier));
    let own: BTreeSet<&Tier> = seen.filter(|tier| !TIERS.contains(&&***tier)).collect();
    let all = TIERS.iter().map(|tier| Tier::from(*tier));
    all.chain(own.into_iter().cloned())
        .take(MAX_TIERS)
        .collect()
}

fn tracks(tiers: &[Tier]) -> Vec<Track> {
    let of_tiers = tiers.iter().flat_map(|tier| Track::of_tier(tier));
    of_tiers.chain([Track::Node]).collect()
}

fn announce(
    origin: &origin::Producer,
    path: &str,
    tiers: &[Tier],
) -> Result<(Vec<Track>, Publisher)> {
    let tracks = tracks(tiers);
    let names = tracks.iter().map(ToString::to_string);
    let publisher = Publisher::announce(origin, path, names)?;
    Ok((tracks, publisher))
}

fn traffic(view: &View, tier: &Tier, role: Role) -> Result<Vec<u8>> {
    let rows = view.broadcasts.iter();
    let rows = rows.filter(|row| row.tier == *tier && row.role == role);
    let rows = rows.filter(|row| row.open || lingers(row.moved_ms, view));
    frame(rows.map(|row| (&*row.name, row.told, row.since)))
}

fn sessions(view: &View, tier: &Tier) -> Result<Vec<u8>> {
    let rows = view.roots.iter().filter(|row| row.tier == *tier);
    let rows = rows.filter(|row| row.open || lingers(row.moved_ms, view));
    frame(rows.map(|row| (&*row.root, row.told, row.since)))
}

const fn lingers(moved_ms: u64, view: &View) -> bool {
    view.ts_ms.saturating_sub(moved_ms) < LINGER_MS
}

/// In the order of names, as they come.
fn frame<'a, F: Serialize>(rows: impl Iterator<Item = (&'a str, F, u64)>) -> Result<Vec<u8>> {
    let mut json = serde_json::Serializer::new(Vec::new());
    json.collect_map(rows.map(|(name, words, since)| (name, Row { words, since })))?;
    Ok(json.into_inner())
}

fn about<'a>(view: &View, path: &'a str, tiers: &'a [Tier]) -> About<'a> {
    let since = view.epoch / 1_000;
    let totals = view.traffic.iter().filter_map(|sum| {
        let track = Track::Traffic(sum.tier.clone(), sum.role?);
        Some((name(&track), json!(sum.total)))
    });
    let sessions = view.sessions.iter().map(|sum| {
        let track = Track::Sessions(sum.tier.clone());
        (name(&track), json!(sum.total))
    });
    About {
        epoch: view.epoch,
        since,
        ts_ms: view.ts_ms,
        uptime_ms: view.ts_ms.saturating_sub(since),
        path,
        tiers,
        nodes: view.nodes.len(),
        nodes_up: crate::view::Node::present(&view.nodes),
        totals: totals.chain(sessions).collect(),
    }
}

/// The name of a track without its ending.
fn name(track: &Track) -> String {
    track.to_string().trim_end_matches(".json").to_owned()
}

async fn listen_on(address: SocketAddr, options: &PublishOptions) -> Result<Listener> {
    // Found out here, where it is an error about this address and nothing else.
    drop(std::net::UdpSocket::bind(address)?);
    let mut config = listen::Config::default();
    config.bind = Some(listen::Bind::Addr(address));
    match (&options.listen_cert, &options.listen_key) {
        (Some(cert), Some(key)) => {
            config.tls.cert = vec![cert.clone()];
            config.tls.key = vec![key.clone()];
        }
        _ => config.tls.generate = vec!["localhost".into(), address.ip().to_string()],
    }
    let listener = config.init(moq_tokio::quic::Config::default())?;
    Ok(listener.listen().await?)
}

/// Serves the node to whoever connects.
async fn serve(mut listener: Listener, origin: origin::Producer) {
    let mut sessions = JoinSet::new();
    while let Some(request) = listener.accept().await {
        let node = origin.consume().with_hidden(true);
        sessions.spawn(async move {
            match request.with_publisher(node).ok().await {
                Ok(session) => drop(session.closed().await),
                Err(error) => tracing::debug!(%error, "a session failed"),
            }
        });
        while sessions.try_join_next().is_some() {}
    }
}

/// Offers the node to a relay, as often as it takes.
async fn offer(origin: origin::Producer, url: Url, fingerprint: Option<String>) {
    let trust = fingerprint.map_or_else(|| Trust::for_url(&url), Trust::Fingerprint);
    let relay = Target { url, trust };
    let mut backoff = Backoff::new();
    loop {
        match Client::publisher(&relay, &origin).await {
            Ok(client) => {
                backoff.reset();
                client.closed().await;
                tracing::warn!("{} has closed the connection", relay.url);
            }
            Err(error) => tracing::warn!("cannot publish: {error:#}"),
        }
        sleep(backoff.failed()).await;
    }
}
