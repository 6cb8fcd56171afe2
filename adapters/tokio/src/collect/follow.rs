//! Reads all nodes of an origin.

use std::{collections::HashMap, sync::Arc};

use streamgauge_core::{Role, collect::FrameAt};
use tokio::task::{AbortHandle, JoinSet};

use super::{CollectedNode, Collector};
use crate::{BroadcastConsumer, OriginConsumer, TrackConsumer, TrackError};

impl Collector {
    /// Reads the nodes that are announced on an origin, as they come and go, until nothing can come any
    /// more. Dropping the future departs all of them.
    ///
    /// A node is a broadcast `<prefix>/node[/<name>]`. Its frames are read as fast as they come; who is
    /// behind reads the newest.
    pub async fn follow(&self, mut origin: OriginConsumer) {
        let (mut tasks, mut nodes) = (JoinSet::new(), HashMap::<Arc<str>, AbortHandle>::new());
        while let Some((path, broadcast)) = origin.announced().await {
            while tasks.try_join_next().is_some() {}
            let Some(name) = node_name(&path, self.prefix()) else {
                continue;
            };
            if let Some(before) = nodes.remove(&path) {
                before.abort();
            }
            let Some(broadcast) = broadcast else { continue };
            match self.arrive(name) {
                Ok(node) => {
                    let task = tasks.spawn(read_node(node, broadcast));
                    nodes.insert(path, task);
                }
                Err(error) => tracing::warn!(name, %error, "a node is not collected"),
            }
        }
        // What was announced last is read to its end.
        while tasks.join_next().await.is_some() {}
    }

    /// The tracks of a node that are read.
    fn tracks(&self) -> Vec<String> {
        let of_tier = |tier: &String| {
            let slash = if tier.is_empty() { "" } else { "/" };
            let roles = Role::ALL.map(Role::as_str);
            let names = roles.into_iter().chain(["sessions"]);
            let names = names.map(|name| format!("{tier}{slash}{name}.json"));
            names.collect::<Vec<_>>()
        };
        let tracks = self.look(|collected| collected.tiers().iter().flat_map(of_tier).collect());
        [vec!["node.json".to_owned()], tracks].concat()
    }
}

/// The node's name in the path of its broadcast.
fn node_name<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(prefix)?.strip_prefix("/node")?;
    if rest.is_empty() {
        return Some(rest);
    }
    rest.strip_prefix('/').filter(|name| !name.is_empty())
}

/// Reads the tracks of a node until its broadcast is closed; then the node has departed.
async fn read_node(node: CollectedNode, broadcast: BroadcastConsumer) {
    let node = Arc::new(node);
    let mut tracks = JoinSet::new();
    for name in node.collector().tracks() {
        let (node, broadcast) = (node.clone(), broadcast.clone());
        tracks.spawn(async move {
            // Until the broadcast is closed, and no track of that name can be opened.
            while let Ok(track) = broadcast.track(&name).await {
                read_track(&node, &name, track).await;
            }
        });
    }
    while tracks.join_next().await.is_some() {}
}

/// Reads a track to its end.
async fn read_track(node: &CollectedNode, name: &str, mut track: TrackConsumer) {
    while let Ok(Some(mut group)) = track.next_group().await {
        let sequence = group.sequence();
        for frame in 0.. {
            let bytes = match group.read_frame().await {
                Ok(Some(bytes)) => bytes,
                // It has fallen behind: a newer group is there.
                Ok(None) | Err(TrackError::Evicted) => break,
                Err(error) => {
                    tracing::debug!(name, %error, "a group ended early");
                    break;
                }
            };
            let at = FrameAt {
                group: sequence,
                frame,
            };
            let read = node.read(name, at, &bytes);
            if let Err(error) = read
                && !error.is_old()
            {
                tracing::warn!(node = node.name(), name, %error, "a frame is not read");
            }
        }
    }
}
