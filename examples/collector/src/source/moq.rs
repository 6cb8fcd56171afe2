//! The nodes whose stats a relay carries.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use moq_net::broadcast::Consumer as Broadcast;
use moq_net::group::Consumer as Group;
use moq_net::origin::Consumer as Origin;
use moq_net::track::{Subscriber, Subscription};
use serde::Deserialize;
use streamgauge_core::MAX_TIERS;
use streamgauge_relay::client::{Client, Target, Trust};
use streamgauge_tokio::Inflate;
use streamgauge_tokio::collect::FrameAt;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Duration, sleep, timeout};
use url::Url;

use super::{What, Wire};
use crate::backoff::Backoff;
use crate::cli::SourceOptions;
use crate::track::Track;

/// Nodes that are read from a relay; one more is not.
const NODES: usize = 100_000;

/// A frame so old is of no use any more, as one that came later has told the same.
const MAX_AGE: Duration = Duration::from_secs(30);

/// Between two attempts to read a track that a node may not have yet.
const RETRY: Duration = Duration::from_secs(5);

/// No frame is longer when it is unpacked.
const LONGEST: usize = 32 << 20;

/// So long may the first group of a track of patches take.
const FIRST: Duration = Duration::from_secs(10);

/// The tiers that every node has, or may have without saying so.
const TIERS: [&str; 2] = ["", "internal"];

/// A relay to read.
pub struct Relay {
    target: Target,
    /// The path that all nodes are beneath, such as `.stats/node`.
    path: String,
    /// A node that is not read: the one that this collector publishes as.
    own: Option<String>,
}

impl Relay {
    /// The relay at this URL.
    pub fn new(url: &Url, options: &SourceOptions) -> Self {
        let trust = match &options.fingerprint {
            Some(fingerprint) => Trust::Fingerprint(fingerprint.clone()),
            None => Trust::for_url(url),
        };
        Self {
            target: Target {
                url: url.clone(),
                trust,
            },
            path: format!("{}/node", options.prefix.trim_matches('/')),
            own: options.own.clone(),
        }
    }

    /// Reads until nobody is interested any more.
    pub(super) async fn run(self, wire: Wire) {
        let mut backoff = Backoff::new();
        loop {
            let error = match self.session(&wire, &mut backoff).await {
                Ok(()) => return,
                Err(error) => format!("{error:#}"),
            };
            if !wire.tell(What::Down(error)).await {
                return;
            }
            sleep(backoff.failed()).await;
        }
    }

    /// Reads as long as the relay is there. Ends well when nobody is interested any more.
    async fn session(&self, wire: &Wire, backoff: &mut Backoff) -> Result<()> {
        let (client, origin) = Client::subscriber(&self.target, &self.path).await?;
        if !wire.tell(What::Up).await {
            return Ok(());
        }
        backoff.reset();
        tokio::select! {
            followed = self.follow(origin, wire) => followed,
            () = client.closed() => anyhow::bail!("{} has closed the connection", self.target.url),
        }
    }

    /// Follows which nodes there are.
    async fn follow(&self, origin: Origin, wire: &Wire) -> Result<()> {
        let mut announced = origin.clone().with_hidden(true).announced();
        let mut nodes = HashMap::new();
        while let Some(update) = announced.next().await {
            let path = update.prefix.as_str();
            let Some(name) = self.node(path) else {
                continue;
            };
            if update.kind.is_active() {
                if !nodes.contains_key(&name) && nodes.len() < NODES {
                    if !wire.tell(What::Came(name.clone())).await {
                        return Ok(());
                    }
                    let node = Node::new(name.clone(), path, &origin, wire);
                    let mut reading = JoinSet::new();
                    reading.spawn(node.run());
                    nodes.insert(name, reading);
                }
            } else if nodes.remove(&name).is_some() && !wire.tell(What::Left(name)).await {
                return Ok(());
            }
        }
        anyhow::bail!("{} has closed its announcements", self.target.url)
    }

    /// The name of the node whose stats are at this path.
    fn node(&self, path: &str) -> Option<Arc<str>> {
        let name = path.strip_prefix(&self.path)?.trim_matches('/');
        (self.own.as_deref() != Some(name)).then(|| name.into())
    }
}

/// One node of a relay's.
struct Node {
    name: Arc<str>,
    path: String,
    origin: Origin,
    wire: Wire,
}

/// What matters here of `node.json`.
#[derive(Deserialize)]
struct Tiers {
    #[serde(default)]
    tiers: Vec<String>,
}

impl Node {
    fn new(name: Arc<str>, path: &str, origin: &Origin, wire: &Wire) -> Self {
        Self {
            name,
            path: path.to_owned(),
            origin: origin.clone(),
            wire: wire.clone(),
        }
    }

    /// Reads all its tracks, those of the tiers included that it has of its own.
    async fn run(self) {
        let (tell_tiers, mut tiers) = mpsc::channel(1);
        let mut known: Vec<String> = Vec::new();
        let mut reading = JoinSet::new();
        let node = Arc::new(self);
        reading.spawn(Arc::clone(&node).read(Track::Node, Some(tell_tiers)));
        let mut names: Vec<String> = TIERS.map(Into::into).into();
        loop {
            for tier in names {
                if !known.contains(&tier) && known.len() < MAX_TIERS {
                    for track in Track::of_tier(&tier) {
                        reading.spawn(Arc::clone(&node).read(track, None));
                    }
                    known.push(tier);
                }
            }
            match tiers.recv().await {
                Some(more) => names = more,
                None => break,
            }
        }
        while reading.join_next().await.is_some() {}
    }

    /// Reads one track for as long as the node is there: the sibling with patches, if the node has that.
    async fn read(self: Arc<Self>, track: Track, tiers: Option<mpsc::Sender<Vec<String>>>) {
        let mut reading = Reading {
            track,
            deflated: None,
            tiers,
        };
        while let Err(error) = self.attempt(&mut reading).await {
            let (node, track) = (&self.name, &reading.track);
            tracing::debug!(%node, %track, "a track cannot be read: {error:#}");
            sleep(RETRY).await;
        }
    }

    /// Ends well when nobody is interested any more.
    async fn attempt(&self, reading: &mut Reading) -> Result<()> {
        let broadcast: Broadcast = self.origin.routed_broadcast(&*self.path).await?;
        let (mut groups, first) = match reading.deflated {
            Some(deflated) => (subscribe(&broadcast, &reading.track, deflated).await?, None),
            None => choose(&broadcast, reading).await?,
        };
        let mut next = first;
        loop {
            let group = match next.take() {
                Some(group) => group,
                None => next_group(&mut groups).await?,
            };
            if !self.group(group, reading).await? {
                return Ok(());
            }
        }
    }

    /// Reads a group to its end. Says whether anybody is still interested.
    async fn group(&self, mut group: Group, reading: &mut Reading) -> Result<bool> {
        let mut inflate = Inflate::new(LONGEST);
        let deflated = reading.deflated == Some(true);
        for frame in 0.. {
            let payload = match group.read_frame().await {
                Ok(Some(frame)) => frame.payload,
                // It came too late. A newer one follows, but where there are patches that is far away.
                Err(error) if deflated => return Err(error.into()),
                Ok(None) | Err(_) => break,
            };
            let payload = if deflated {
                Bytes::copy_from_slice(inflate.frame(&payload)?)
            } else {
                payload
            };
            let at = FrameAt {
                frame,
                ..FrameAt::first(group.sequence)
            };
            if !self.frame(reading, at, payload).await {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Says whether anybody is still interested.
    async fn frame(&self, reading: &mut Reading, at: FrameAt, payload: Bytes) -> bool {
        if let Some(tiers) = &reading.tiers
            && let Ok(node) = serde_json::from_slice::<Tiers>(&payload)
            && !node.tiers.is_empty()
        {
            // Full means that the tiers of the frame before are not even looked at.
            let _ = tiers.try_send(node.tiers);
        }
        let what = What::Frame {
            node: self.name.clone(),
            track: reading.track.clone(),
            deflated: reading.deflated == Some(true),
            at,
            payload,
        };
        self.wire.tell(what).await
    }
}

/// A track that is read, and how.
struct Reading {
    track: Track,
    /// Its sibling with patches is, or is not; nothing until that is known. The two have groups of their own,
    /// so that what was begun with one goes on with it.
    deflated: Option<bool>,
    /// Who wants to know of the node's tiers.
    tiers: Option<mpsc::Sender<Vec<String>>>,
}

/// The sibling with patches if anything comes on it, otherwise the track, all that came on it meanwhile
/// included.
async fn choose(
    broadcast: &Broadcast,
    reading: &mut Reading,
) -> Result<(Subscriber, Option<Group>)> {
    let plain = subscribe(broadcast, &reading.track, false).await;
    let patches = async {
        let mut groups = subscribe(broadcast, &reading.track, true).await?;
        let group = next_group(&mut groups).await?;
        anyhow::Ok((groups, group))
    };
    let (groups, first) = match timeout(FIRST, patches).await {
        Ok(Ok((groups, group))) => (groups, Some(group)),
        Ok(Err(_)) | Err(_) => (plain?, None),
    };
    reading.deflated = Some(first.is_some());
    Ok((groups, first))
}

async fn subscribe(broadcast: &Broadcast, track: &Track, deflated: bool) -> Result<Subscriber> {
    let ending = if deflated { ".z" } else { "" };
    let consumer = broadcast.track(&format!("{track}{ending}"))?;
    let subscription = Subscription::default().with_max_age(MAX_AGE);
    Ok(consumer.subscribe(subscription).await?)
}

async fn next_group(groups: &mut Subscriber) -> Result<Group> {
    let group = groups.recv_group().await?;
    group.context("the track has ended")
}
