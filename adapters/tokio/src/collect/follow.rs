//! Reads all nodes of an origin.

use std::{collections::HashMap, sync::Arc};

use streamgauge_core::{Role, collect::FrameAt};
use tokio::task::{AbortHandle, JoinSet};

use super::{CollectedNode, Collector};
use crate::{BroadcastConsumer, Inflate, OriginConsumer, TrackConsumer};

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
        let mut tracks = [vec!["node.json".to_owned()], tracks].concat();
        if self.patches().is_some() {
            for track in &mut tracks {
                track.push_str(".z");
            }
        }
        tracks
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
    let mut inflate = node.collector().patches().map(Inflate::new);
    while let Ok(Some(mut group)) = track.next_group().await {
        if let Some(inflate) = &mut inflate {
            inflate.begin_group();
        }
        let mut at = FrameAt::first(group.sequence());
        // Who has fallen behind, as an error says, finds a newer group.
        while let Ok(Some(bytes)) = group.read_frame().await {
            let read = match &mut inflate {
                Some(inflate) => inflate.frame(&bytes).map_err(|error| error.to_string()),
                None => Ok(&bytes[..]),
            };
            let read = read.and_then(|plain| match node.read(name, at, plain) {
                Err(error) if !error.is_old() => Err(error.to_string()),
                _ => Ok(()),
            });
            if let Err(error) = read {
                tracing::warn!(node = node.name(), name, error, "a group is not read on");
                break;
            }
            at.frame += 1;
        }
    }
}
