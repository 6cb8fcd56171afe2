//! What all nodes told, added up.
//!
//! The adding up is [`streamgauge_tokio::collect`]'s: a series is told by cumulative counters, in lives, and
//! a number that a node told once is in the sums once, whichever frames were lost on the way, repeated, or
//! late. Here is what a collector needs beside that: which sources have a node, since when a broadcast is
//! counted, and how all of it is kept in a file.

mod node;
mod rate;
mod record;
mod sides;
mod state;
mod sums;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use streamgauge_core::{Presence, Traffic};
use streamgauge_tokio::collect::{CollectError, Collector, CollectorConfig, FrameAt};

use crate::cli::FleetOptions;
use crate::source::{News, SourceId, What};
use crate::track::Track;
use crate::view::{Source, Tally, View};

use node::Node;
use sides::Sides;

pub use state::{RestoreError, State};

/// The fleet.
#[derive(Debug)]
pub struct Fleet {
    /// Tells this collector's sums from those of one that kept nothing: when they began, in microseconds
    /// since the Unix epoch.
    epoch: u64,
    collector: Collector,
    nodes: BTreeMap<Arc<str>, Node>,
    broadcasts: Sides<Traffic>,
    roots: Sides<Presence>,
    sources: Vec<Source>,
    tally: Tally,
    forget_ms: u64,
}

impl Fleet {
    /// A fleet of which nothing is known yet. Takes all the memory that it will.
    pub fn new(options: &FleetOptions, epoch: u64) -> Self {
        let config = CollectorConfig::new()
            .with_nodes(options.max_nodes)
            .with_names(options.max_broadcasts)
            .with_series(options.max_series)
            .with_tiers(&options.tier)
            .with_keep(options.forget)
            .with_levels(0);
        Self {
            epoch,
            collector: Collector::new(&config),
            nodes: BTreeMap::new(),
            broadcasts: Sides::default(),
            roots: Sides::default(),
            sources: Vec::new(),
            tally: Tally::default(),
            forget_ms: u64::try_from(options.forget.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// With these sources, none of which is there yet.
    #[must_use]
    pub fn with_sources(mut self, names: &[String]) -> Self {
        let waiting = |name: &String| Source {
            name: name.clone(),
            error: Some("not there yet".into()),
        };
        self.sources = names.iter().map(waiting).collect();
        self
    }

    /// Takes in what a source tells.
    pub fn take(&mut self, news: News, now_ms: u64) {
        match news.what {
            What::Up => self.source(news.source, None),
            What::Down(error) => {
                self.source(news.source, Some(error));
                // With it go all nodes that only it had.
                self.nodes
                    .values_mut()
                    .for_each(|node| node.left(news.source, now_ms));
            }
            What::Came(name) => self.came(&name, news.source),
            What::Left(name) => {
                if let Some(node) = self.nodes.get_mut(&name) {
                    node.left(news.source, now_ms);
                }
            }
            What::LeftPart(name, group) => {
                if let Some(node) = self.nodes.get_mut(&name) {
                    node.left_part(&group, news.source);
                }
            }
            What::Frame {
                node,
                group,
                track,
                deflated,
                at,
                payload,
            } => {
                self.tally.frames += 1;
                self.tally.bytes += payload.len() as u64;
                self.came(&node, news.source);
                if let Some(group) = &group {
                    self.came_part(&node, group, news.source);
                }
                let of = (group.as_ref(), &track, deflated);
                if let Err(error) = self.read(&node, of, at, &payload, now_ms) {
                    self.tally.bad_frames += 1;
                    tracing::debug!(%node, %track, %error, "a frame cannot be read");
                }
            }
        }
    }

    fn source(&mut self, source: SourceId, error: Option<String>) {
        if let Some(known) = self.sources.get_mut(source) {
            known.error = error;
        }
    }

    fn came(&mut self, name: &Arc<str>, source: SourceId) {
        let node = match self.nodes.get_mut(name) {
            Some(node) => node,
            None => self.nodes.entry(Arc::clone(name)).or_default(),
        };
        if !node.came(source, || self.collector.arrive(name)) {
            self.tally.refused += 1;
        }
    }

    fn came_part(&mut self, name: &str, group: &Arc<str>, source: SourceId) {
        let node = self.nodes.get_mut(name);
        if node.is_some_and(|node| !node.came_part(group, source)) {
            self.tally.refused += 1;
        }
    }

    fn read(
        &mut self,
        name: &str,
        of: (Option<&Arc<str>>, &Track, bool),
        at: FrameAt,
        payload: &[u8],
        now_ms: u64,
    ) -> Result<(), CollectError> {
        let Some(node) = self.nodes.get_mut(name) else {
            return Ok(());
        };
        node.heard_ms = now_ms;
        match node.read(of, at, payload) {
            Err(error) if error.is_old() => Ok(()),
            read => read,
        }
    }

    /// The fleet as it is shown, once a tick. O(series).
    pub fn tick(&mut self, now_ms: u64) -> View {
        let before_ms = now_ms.saturating_sub(self.forget_ms);
        self.nodes
            .retain(|_, node| node.is_present() || node.heard_ms >= before_ms);
        let collector = self.collector.clone();
        collector.look(|collected| self.view(collected, now_ms))
    }
}
