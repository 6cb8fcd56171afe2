//! Reads all nodes of an origin.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use streamgauge_core::{
    Role,
    collect::{BroadcastName, FrameAt},
};
use tokio::task::{AbortHandle, JoinSet};

use super::{CollectedNode, Collector};
use crate::{BroadcastConsumer, Inflate, OriginConsumer, TrackConsumer};

impl Collector {
    /// Reads the nodes that are announced on an origin, as they come and go, until nothing can come any
    /// more. Dropping the future departs all of them.
    ///
    /// A node is a broadcast `<prefix>/node[/<name>]`, and its parts are `<prefix>/<group>/node[/<name>]`: see
    /// [`BroadcastName`]. Frames are read as fast as they come; who is behind reads the newest.
    pub async fn follow(&self, mut origin: OriginConsumer) {
        let mut following = Following {
            collector: self.clone(),
            nodes: HashMap::new(),
            tasks: JoinSet::new(),
        };
        while let Some((path, broadcast)) = origin.announced().await {
            while following.tasks.try_join_next().is_some() {}
            match BroadcastName::parse(&path, self.prefix()) {
                Some(BroadcastName { node, group: "" }) => following.own(node, broadcast),
                Some(BroadcastName { node, group }) => following.part(node, group, broadcast),
                None => {}
            }
        }
        // What was announced last is read to its end.
        while following.tasks.join_next().await.is_some() {}
    }

    /// The tracks of a node that are read; `node.json` first.
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

/// The broadcasts of nodes that are announced, and who reads them.
struct Following {
    collector: Collector,
    nodes: HashMap<String, Known>,
    tasks: JoinSet<()>,
}

/// What is announced of one node.
#[derive(Default)]
struct Known {
    /// As long as its own broadcast is read.
    node: Weak<CollectedNode>,
    reading: Option<AbortHandle>,
    /// By group.
    parts: HashMap<String, Part>,
}

struct Part {
    broadcast: BroadcastConsumer,
    reading: Option<AbortHandle>,
}

impl Following {
    /// A node's own broadcast came, was replaced, or went. Its parts are read from their beginning then: they
    /// are those of a node that arrived anew.
    fn own(&mut self, name: &str, broadcast: Option<BroadcastConsumer>) {
        let mut known = self.nodes.remove(name).unwrap_or_default();
        known.stop();
        if let Some(broadcast) = broadcast {
            match self.collector.arrive(name) {
                Ok(node) => {
                    let node = Arc::new(node);
                    known.node = Arc::downgrade(&node);
                    known.reading = Some(self.tasks.spawn(read_node(node, broadcast)));
                }
                Err(error) => tracing::warn!(name, %error, "a node is not collected"),
            }
        }
        for (group, part) in &mut known.parts {
            part.read(&mut self.tasks, &known.node, group);
        }
        self.keep(name, known);
    }

    /// The same of a part. What it told last is read though it went.
    fn part(&mut self, name: &str, group: &str, broadcast: Option<BroadcastConsumer>) {
        let mut known = self.nodes.remove(name).unwrap_or_default();
        let before = known.parts.remove(group);
        if let Some(broadcast) = broadcast {
            before.iter().for_each(Part::stop);
            let mut part = Part {
                broadcast,
                reading: None,
            };
            part.read(&mut self.tasks, &known.node, group);
            known.parts.insert(group.to_owned(), part);
        }
        self.keep(name, known);
    }

    fn keep(&mut self, name: &str, known: Known) {
        if known.reading.is_some() || !known.parts.is_empty() {
            self.nodes.insert(name.to_owned(), known);
        }
    }
}

impl Known {
    fn stop(&mut self) {
        self.node = Weak::new();
        let own = self.reading.take();
        own.iter().for_each(AbortHandle::abort);
        self.parts.values().for_each(Part::stop);
    }
}

impl Part {
    /// Begins to read, if the node is there.
    fn read(&mut self, tasks: &mut JoinSet<()>, node: &Weak<CollectedNode>, group: &str) {
        let Some(node) = node.upgrade() else { return };
        match node.arrive_part(group) {
            Ok(part) => {
                let reading = read_node(Arc::new(part), self.broadcast.clone());
                self.reading = Some(tasks.spawn(reading));
            }
            Err(error) => {
                tracing::warn!(node = node.name(), group, %error, "a part of a node is not collected");
            }
        }
    }

    fn stop(&self) {
        self.reading.iter().for_each(AbortHandle::abort);
    }
}

/// Reads the tracks of a node, or of a part of one, until its broadcast is closed; then it has departed.
async fn read_node(node: Arc<CollectedNode>, broadcast: BroadcastConsumer) {
    let mut tracks = JoinSet::new();
    let own = usize::from(node.group().is_some());
    for name in node.collector().tracks().split_off(own) {
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
