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
use streamgauge_tokio::collect::{BroadcastName, FrameAt};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Duration, sleep, timeout};
use url::Url;

use super::{What, Wire};
use crate::backoff::Backoff;
use crate::cli::SourceOptions;
use crate::track::Track;

/// Nodes, and parts of nodes, that are read from a relay; one more is not.
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
    /// The path that all nodes are beneath, such as `.stats`.
    prefix: String,
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
            prefix: options.prefix.trim_matches('/').to_owned(),
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
        let (client, origin) = Client::subscriber(&self.target, &self.prefix).await?;
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
        let mut nodes = Nodes {
            origin,
            wire,
            known: HashMap::new(),
            read: 0,
        };
        while let Some(update) = announced.next().await {
            let path = update.prefix.as_str();
            let Some(name) = self.node(path) else {
                continue;
            };
            let path = update.kind.is_active().then_some(path);
            let is_wanted = match name.group {
                "" => nodes.own(name.node, path).await,
                group => nodes.part(name.node, group, path).await,
            };
            if !is_wanted {
                return Ok(());
            }
        }
        anyhow::bail!("{} has closed its announcements", self.target.url)
    }

    /// The node whose stats are at this path.
    fn node<'a>(&self, path: &'a str) -> Option<BroadcastName<'a>> {
        let name = BroadcastName::parse(path, &self.prefix);
        name.filter(|name| self.own.as_deref() != Some(name.node))
    }
}

/// The nodes of a relay's.
struct Nodes<'a> {
    origin: Origin,
    wire: &'a Wire,
    known: HashMap<Arc<str>, Known>,
    /// How many broadcasts are read, or will be.
    read: usize,
}

/// What is announced of one node.
struct Known {
    /// The tiers that it has, as far as it said.
    tiers: watch::Sender<Vec<String>>,
    /// Its own broadcast, as long as that is there.
    own: Option<JoinSet<()>>,
    /// By group, where its parts are. They are read as long as its own broadcast is.
    parts: HashMap<Arc<str>, (String, JoinSet<()>)>,
}

impl Known {
    fn new() -> Self {
        Self {
            tiers: watch::Sender::new(TIERS.map(Into::into).into()),
            own: None,
            parts: HashMap::new(),
        }
    }
}

impl Nodes<'_> {
    /// A node's own broadcast is at this path, or is gone. Says whether anybody is still interested.
    async fn own(&mut self, name: &str, path: Option<&str>) -> bool {
        let (name, mut known) = self.take(name);
        let told = match path {
            Some(path) if known.own.is_none() && self.read < NODES => {
                self.read += 1;
                let told = self.wire.tell(What::Came(name.clone())).await;
                known.own = Some(self.start(&name, None, path, &known));
                let mut parts = std::mem::take(&mut known.parts);
                for (group, (path, reading)) in &mut parts {
                    *reading = self.start(&name, Some(group), path, &known);
                }
                known.parts = parts;
                told
            }
            None if known.own.take().is_some() => {
                self.read -= 1;
                for (_, reading) in known.parts.values_mut() {
                    *reading = JoinSet::new();
                }
                self.wire.tell(What::Left(name.clone())).await
            }
            _ => true,
        };
        self.keep(name, known);
        told
    }

    /// The same of a part.
    async fn part(&mut self, name: &str, group: &str, path: Option<&str>) -> bool {
        let (name, mut known) = self.take(name);
        let is_here = known.own.is_some();
        let told = match path {
            Some(path) if !known.parts.contains_key(group) && self.read < NODES => {
                self.read += 1;
                let group: Arc<str> = group.into();
                let reading = if is_here {
                    self.start(&name, Some(&group), path, &known)
                } else {
                    JoinSet::new()
                };
                known.parts.insert(group, (path.to_owned(), reading));
                true
            }
            None if known.parts.remove(group).is_some() => {
                self.read -= 1;
                let left = What::LeftPart(name.clone(), group.into());
                !is_here || self.wire.tell(left).await
            }
            _ => true,
        };
        self.keep(name, known);
        told
    }

    fn take(&mut self, name: &str) -> (Arc<str>, Known) {
        let known = self.known.remove_entry(name);
        known.unwrap_or_else(|| (name.into(), Known::new()))
    }

    fn keep(&mut self, name: Arc<str>, known: Known) {
        if known.own.is_some() || !known.parts.is_empty() {
            self.known.insert(name, known);
        }
    }

    /// Reads a node's own broadcast, or a part of it, until this is dropped.
    fn start(
        &self,
        name: &Arc<str>,
        group: Option<&Arc<str>>,
        path: &str,
        known: &Known,
    ) -> JoinSet<()> {
        let node = Node {
            name: name.clone(),
            group: group.cloned(),
            path: path.to_owned(),
            origin: self.origin.clone(),
            wire: self.wire.clone(),
            tiers: known.tiers.clone(),
        };
        let mut reading = JoinSet::new();
        reading.spawn(node.run());
        reading
    }
}

/// One node of a relay's, or a part of it.
struct Node {
    name: Arc<str>,
    group: Option<Arc<str>>,
    path: String,
    origin: Origin,
    wire: Wire,
    tiers: watch::Sender<Vec<String>>,
}

/// What matters here of `node.json`.
#[derive(Deserialize)]
struct Tiers {
    #[serde(default)]
    tiers: Vec<String>,
}

impl Node {
    /// Reads all its tracks, those of the tiers included that it has of its own.
    async fn run(self) {
        let mut tiers = self.tiers.subscribe();
        let mut known: Vec<String> = Vec::new();
        let mut reading = JoinSet::new();
        let node = Arc::new(self);
        if node.group.is_none() {
            reading.spawn(Arc::clone(&node).read(Track::Node));
        }
        loop {
            let names = tiers.borrow_and_update().clone();
            for tier in names {
                if !known.contains(&tier) && known.len() < MAX_TIERS {
                    for track in Track::of_tier(&tier) {
                        reading.spawn(Arc::clone(&node).read(track));
                    }
                    known.push(tier);
                }
            }
            if tiers.changed().await.is_err() {
                break;
            }
        }
        while reading.join_next().await.is_some() {}
    }

    /// Reads one track for as long as the node is there: the sibling with patches, if the node has that.
    async fn read(self: Arc<Self>, track: Track) {
        let mut reading = Reading {
            track,
            deflated: None,
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
        if reading.track == Track::Node
            && let Ok(node) = serde_json::from_slice::<Tiers>(&payload)
            && !node.tiers.is_empty()
        {
            self.tiers.send_if_modified(|tiers| {
                let is_new = *tiers != node.tiers;
                *tiers = node.tiers;
                is_new
            });
        }
        let what = What::Frame {
            node: self.name.clone(),
            group: self.group.clone(),
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
