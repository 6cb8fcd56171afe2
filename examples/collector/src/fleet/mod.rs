//! What all nodes told, added up.
//!
//! A series is told by cumulative counters, in lives: the next begins when its node restarts, or when the
//! series comes back after it had ended. What a row tells more than the row before in the same life is
//! added to the sums; a new life is added whole. So sums are the same whichever frames were lost on the
//! way, repeated, or late.
//!
//! Sums only grow. What is open on a node that is gone is not live any more, at once; when the node stays
//! away it is counted as closed, and opens again should the node come back in the same life. What nobody
//! told anything of for long is forgotten, and stays in the sums, so that memory is bounded.

mod life;
mod node;
mod rate;
mod read;
mod series;
mod state;
mod sums;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use streamgauge_core::{Family, Presence, Role, Traffic};

use crate::source::{News, SourceId, What};
use crate::track::Track as TrackName;
use crate::view::{Source, Tally, Tier};

use life::Birth;
use node::Node;
use read::{NodeState, rows};
use series::{Lane, Told, Track};

pub use state::{RestoreError, State};

/// Series on all nodes together; one more is refused, and counted as such.
const SERIES: usize = 2_000_000;

/// What is open on a node that is gone is counted as closed after this time.
const GRACE_MS: u64 = 30_000;

/// How often to look for what is to be forgotten.
const SWEEP_MS: u64 = 10_000;

/// The fleet.
#[derive(Debug)]
pub struct Fleet {
    /// Tells this collector's sums from those of one that kept nothing: when they began, in microseconds
    /// since the Unix epoch.
    epoch: u64,
    nodes: BTreeMap<Arc<str>, Node>,
    traffic: BTreeMap<(Tier, Role), Lane<Traffic>>,
    sessions: BTreeMap<Tier, Lane<Presence>>,
    sources: Vec<Source>,
    tally: Tally,
    series: usize,
    forget_ms: u64,
    swept_ms: u64,
}

impl Fleet {
    /// A fleet of which nothing is known yet.
    pub fn new(forget: Duration, epoch: u64) -> Self {
        Self {
            epoch,
            nodes: BTreeMap::new(),
            traffic: BTreeMap::new(),
            sessions: BTreeMap::new(),
            sources: Vec::new(),
            tally: Tally::default(),
            series: 0,
            forget_ms: u64::try_from(forget.as_millis()).unwrap_or(u64::MAX),
            swept_ms: 0,
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

    /// Tells these sums from others.
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Takes in what a source tells.
    pub fn take(&mut self, news: News, now_ms: u64) {
        match news.what {
            What::Up => self.source(news.source, None),
            What::Down(error) => {
                self.source(news.source, Some(error));
                self.lost(news.source, now_ms);
            }
            What::Came(name) => {
                self.nodes.entry(name).or_default().came(news.source);
            }
            What::Left(name) => {
                if let Some(node) = self.nodes.get_mut(&name)
                    && node.left(news.source)
                {
                    leave(node, &mut self.traffic, &mut self.sessions, now_ms);
                }
            }
            What::Frame {
                node,
                track,
                sequence,
                life,
                payload,
            } => {
                self.tally.frames += 1;
                self.tally.bytes += payload.len() as u64;
                self.nodes
                    .entry(Arc::clone(&node))
                    .or_default()
                    .came(news.source);
                let frame = Frame {
                    sequence,
                    life,
                    payload: &payload,
                    ms: now_ms,
                };
                if let Err(error) = self.frame(&node, &track, frame) {
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

    /// A source is gone, and with it all nodes that only it had.
    fn lost(&mut self, source: SourceId, now_ms: u64) {
        for node in self.nodes.values_mut() {
            if node.left(source) {
                leave(node, &mut self.traffic, &mut self.sessions, now_ms);
            }
        }
    }

    fn frame(
        &mut self,
        name: &str,
        track: &TrackName,
        frame: Frame<'_>,
    ) -> Result<(), read::Error> {
        let Some(node) = self.nodes.get_mut(name) else {
            return Ok(());
        };
        node.heard_ms = frame.ms;
        let stay = node.stay;
        let refused = match track {
            TrackName::Node => {
                node.since = NodeState::read(frame.payload)?.since;
                0
            }
            TrackName::Traffic(tier, role) => {
                let lane = self.traffic.entry((tier.clone(), *role)).or_default();
                let track = node.traffic.entry((tier.clone(), *role)).or_default();
                frame.add(stay, lane, track, &mut self.series)?
            }
            TrackName::Sessions(tier) => {
                let lane = self.sessions.entry(tier.clone()).or_default();
                let track = node.sessions.entry(tier.clone()).or_default();
                frame.add(stay, lane, track, &mut self.series)?
            }
        };
        self.tally.refused += refused;
        Ok(())
    }

    /// Counts what is open on nodes that stay away as closed, forgets what is old, and notes how fast the
    /// rest grows: once a tick. O(series).
    pub fn tick(&mut self, now_ms: u64) {
        if now_ms.abs_diff(self.swept_ms) >= SWEEP_MS {
            self.swept_ms = now_ms;
            self.sweep(now_ms);
        }
        for node in self.nodes.values_mut() {
            for track in node.traffic.values_mut() {
                track.rate.note(now_ms, track.total.bytes);
            }
        }
        for lane in self.traffic.values_mut() {
            for sum in lane.series.values_mut() {
                sum.rate.note(now_ms, sum.total.bytes);
            }
        }
    }

    fn sweep(&mut self, now_ms: u64) {
        // With no room left, series that have ended go sooner; nodes that may come back do not.
        let full = self.series >= SERIES;
        let gone_ms = now_ms.saturating_sub(self.forget_ms);
        let before_ms = if full {
            now_ms.saturating_sub(GRACE_MS)
        } else {
            gone_ms
        };
        self.nodes.retain(|_, node| {
            let stays = node.is_present() || node.heard_ms >= gone_ms;
            if !stays {
                end(node, &mut self.traffic, &mut self.sessions, now_ms);
            }
            stays
        });
        for node in self.nodes.values_mut() {
            let away = !node.is_present() && now_ms.saturating_sub(node.heard_ms) >= GRACE_MS;
            let shut = away && !std::mem::replace(&mut node.shut, true);
            for (key, track) in &mut node.traffic {
                if let Some(lane) = self.traffic.get_mut(key) {
                    sweep(track, lane, shut, before_ms, now_ms);
                }
            }
            for (key, track) in &mut node.sessions {
                if let Some(lane) = self.sessions.get_mut(key) {
                    sweep(track, lane, shut, before_ms, now_ms);
                }
            }
        }
        self.traffic
            .values_mut()
            .for_each(|lane| lane.forget(before_ms));
        self.sessions
            .values_mut()
            .for_each(|lane| lane.forget(before_ms));
        self.series = self.nodes.values().map(Node::series).sum();
    }
}

fn sweep<F: Family>(
    track: &mut Track<F>,
    lane: &mut Lane<F>,
    shut: bool,
    before_ms: u64,
    now_ms: u64,
) {
    if shut {
        track.shut(lane, now_ms);
    }
    track.forget(lane, before_ms, now_ms);
}

/// The node is forgotten, and all its series.
fn end(
    node: &mut Node,
    traffic: &mut BTreeMap<(Tier, Role), Lane<Traffic>>,
    sessions: &mut BTreeMap<Tier, Lane<Presence>>,
    now_ms: u64,
) {
    for (key, track) in &mut node.traffic {
        track.end(traffic.entry(key.clone()).or_default(), now_ms);
    }
    for (key, track) in &mut node.sessions {
        track.end(sessions.entry(key.clone()).or_default(), now_ms);
    }
}

fn leave(
    node: &mut Node,
    traffic: &mut BTreeMap<(Tier, Role), Lane<Traffic>>,
    sessions: &mut BTreeMap<Tier, Lane<Presence>>,
    now_ms: u64,
) {
    node.heard_ms = now_ms;
    for (key, track) in &mut node.traffic {
        track.leave(traffic.entry(key.clone()).or_default());
    }
    for (key, track) in &mut node.sessions {
        track.leave(sessions.entry(key.clone()).or_default());
    }
}

/// A frame on its way in.
#[derive(Clone, Copy)]
struct Frame<'a> {
    sequence: u64,
    life: Option<u16>,
    payload: &'a [u8],
    ms: u64,
}

impl Frame<'_> {
    /// Adds what the frame tells; how many series found no room. `series` is how many there are.
    fn add<F: Family>(
        self,
        stay: u64,
        lane: &mut Lane<F>,
        track: &mut Track<F>,
        series: &mut usize,
    ) -> Result<u64, read::Error> {
        let told = Told {
            place: (stay, self.sequence),
            ms: self.ms,
        };
        let mut refused = 0;
        let before = track.lives.len();
        let room = SERIES.saturating_sub(*series);
        let mut listed = 0;
        let read = rows::<F>(self.payload, |name, since, row| {
            listed += usize::from(!words::is_zero(words::open(row)));
            let birth = Birth {
                since,
                life: self.life,
            };
            let has_room = track.lives.len() - before < room;
            refused += u64::from(!track.row(lane, name, (birth, row), told, has_room));
        });
        *series += track.lives.len() - before;
        let long = read?;
        track.framed(lane, told, listed);
        Ok(refused + long)
    }
}
