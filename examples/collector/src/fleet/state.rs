//! The fleet as it is kept in a file.
//!
//! The file begins with a name and a version, then come the length and a CRC-32 of what follows: the sums
//! and lives in [postcard](https://docs.rs/postcard). It is written beside the one before and takes its
//! place in one step, so that there is a whole file at every moment.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use crc::{CRC_32_ISO_HDLC, Crc};
use serde::{Deserialize, Serialize};
use streamgauge_core::{Family, Role};

use super::life::{Birth, Life};
use super::node::Node;
use super::rate::Rate;
use super::series::{Kept, Lane, Sum, Track};
use super::{Fleet, words};
use crate::view::Tier;

/// What the file begins with; the last byte is the version.
const MAGIC: [u8; 8] = *b"sgfleet\x01";

/// Bytes before the sums.
const HEAD: usize = MAGIC.len() + 8 + 4;

static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// All that a fleet keeps.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct State {
    epoch: u64,
    nodes: Vec<SavedNode>,
    traffic: Vec<(Tier, bool, SavedLane)>,
    sessions: Vec<(Tier, SavedLane)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedNode {
    name: Arc<str>,
    since: Option<u64>,
    heard_ms: u64,
    shut: bool,
    traffic: Vec<(Tier, bool, SavedTrack)>,
    sessions: Vec<(Tier, SavedTrack)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedTrack {
    total: Vec<u64>,
    /// The place of the newest frame.
    newest: u64,
    lives: Vec<SavedLife>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedLife {
    name: Arc<str>,
    birth: Birth,
    last: Vec<u64>,
    shut: bool,
    /// The place of the newest frame.
    told: u64,
    told_ms: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedLane {
    total: Vec<u64>,
    series: Vec<SavedSum>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedSum {
    name: Arc<str>,
    total: Vec<u64>,
    since: u64,
    moved_ms: u64,
}

/// Why a file is not what was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// It is another program's, or of another version.
    Foreign,
    /// It is damaged.
    Damaged,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => write!(f, "it is no state of a collector of this version"),
            Self::Damaged => write!(f, "it is damaged"),
        }
    }
}

impl std::error::Error for RestoreError {}

impl State {
    /// As bytes for a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.resize(HEAD, 0);
        // Nothing in it fails to be written to a vector.
        let mut bytes = postcard::to_extend(self, bytes).unwrap_or_default();
        if let Some((head, body)) = bytes.split_at_mut_checked(HEAD) {
            let (_, numbers) = head.split_at_mut(MAGIC.len());
            let (len, check) = numbers.split_at_mut(8);
            len.copy_from_slice(&(body.len() as u64).to_le_bytes());
            check.copy_from_slice(&CRC.checksum(body).to_le_bytes());
        }
        bytes
    }

    /// From the bytes of a file.
    ///
    /// # Errors
    ///
    /// When they are not what was kept.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RestoreError> {
        let (magic, rest) = bytes.split_first_chunk().ok_or(RestoreError::Damaged)?;
        if *magic != MAGIC {
            return Err(RestoreError::Foreign);
        }
        let (len, rest) = rest.split_first_chunk().ok_or(RestoreError::Damaged)?;
        let (check, body) = rest.split_first_chunk().ok_or(RestoreError::Damaged)?;
        let whole = u64::from_le_bytes(*len) == body.len() as u64;
        if !whole || u32::from_le_bytes(*check) != CRC.checksum(body) {
            return Err(RestoreError::Damaged);
        }
        postcard::from_bytes(body).map_err(|_| RestoreError::Damaged)
    }
}

impl Fleet {
    /// All that is kept. O(series).
    pub fn save(&self) -> State {
        let node = |(name, node): (&Arc<str>, &Node)| SavedNode {
            name: name.clone(),
            since: node.since,
            heard_ms: node.heard_ms,
            shut: node.shut,
            traffic: traffic(&node.traffic, SavedTrack::of),
            sessions: sessions(&node.sessions, SavedTrack::of),
        };
        State {
            epoch: self.epoch,
            nodes: self.nodes.iter().map(node).collect(),
            traffic: traffic(&self.traffic, SavedLane::of),
            sessions: sessions(&self.sessions, SavedLane::of),
        }
    }

    /// Counts on from what was kept. No node is there until a source says so.
    pub fn restore(&mut self, state: State, now_ms: u64) {
        self.epoch = state.epoch;
        self.traffic = by_role(state.traffic, |lane, _| lane.restore());
        self.sessions = by_tier(state.sessions, |lane, _| lane.restore());
        for saved in state.nodes {
            let lanes = &mut self.traffic;
            let traffic = by_role(saved.traffic, |track, key| {
                track.restore(lanes.entry(key.clone()).or_default())
            });
            let lanes = &mut self.sessions;
            let sessions = by_tier(saved.sessions, |track, key| {
                track.restore(lanes.entry(key.clone()).or_default())
            });
            let node = Node {
                since: saved.since,
                // Nobody listened in between.
                heard_ms: if saved.shut { saved.heard_ms } else { now_ms },
                shut: saved.shut,
                traffic,
                sessions,
                ..Node::default()
            };
            self.series += node.series();
            self.nodes.insert(saved.name, node);
        }
    }
}

impl SavedTrack {
    fn of<F: Family>(track: &Track<F>) -> Self {
        let life = |(name, kept): (&Arc<str>, &Kept<F>)| SavedLife {
            name: name.clone(),
            birth: kept.life.birth,
            last: kept.life.last.words().as_ref().to_vec(),
            shut: kept.life.shut,
            told: kept.life.told.1,
            told_ms: kept.told_ms,
        };
        Self {
            total: track.total.words().as_ref().to_vec(),
            newest: track.newest.1,
            lives: track.lives.iter().map(life).collect(),
        }
    }

    fn restore<F: Family>(self, lane: &mut Lane<F>) -> Track<F> {
        let mut lives = HashMap::with_capacity(self.lives.len());
        for saved in self.lives {
            let mut life = Life::new(saved.birth);
            life.last = F::from_words(&saved.last);
            life.shut = saved.shut;
            life.told = (0, saved.told);
            if let Some(sum) = lane.series.get_mut(&saved.name) {
                sum.holders += 1;
                if !life.shut {
                    sum.away = words::plus(sum.away, words::closing(life.last));
                }
            }
            let kept = Kept {
                life,
                away: true,
                told_ms: saved.told_ms,
            };
            lives.insert(saved.name, kept);
        }
        Track {
            lives,
            total: F::from_words(&self.total),
            newest: (0, self.newest),
            ..Track::default()
        }
    }
}

impl SavedLane {
    fn of<F: Family>(lane: &Lane<F>) -> Self {
        let sum = |(name, sum): (&Arc<str>, &Sum<F>)| SavedSum {
            name: name.clone(),
            total: sum.total.words().as_ref().to_vec(),
            since: sum.since,
            moved_ms: sum.moved_ms,
        };
        Self {
            total: lane.total.words().as_ref().to_vec(),
            series: lane.series.iter().map(sum).collect(),
        }
    }

    fn restore<F: Family>(self) -> Lane<F> {
        let sums = self.series.into_iter().map(|saved| {
            let sum = Sum {
                total: F::from_words(&saved.total),
                away: F::default(),
                since: saved.since,
                moved_ms: saved.moved_ms,
                rate: Rate::default(),
                holders: 0,
            };
            (saved.name, sum)
        });
        Lane {
            series: sums.collect(),
            total: F::from_words(&self.total),
        }
    }
}

/// What is kept of each tier and role.
fn traffic<T, S>(of: &BTreeMap<(Tier, Role), T>, save: impl Fn(&T) -> S) -> Vec<(Tier, bool, S)> {
    let saved = of.iter();
    let saved =
        saved.map(|((tier, role), kept)| (tier.clone(), *role == Role::Publisher, save(kept)));
    saved.collect()
}

/// What is kept of each tier.
fn sessions<T, S>(of: &BTreeMap<Tier, T>, save: impl Fn(&T) -> S) -> Vec<(Tier, S)> {
    of.iter()
        .map(|(tier, kept)| (tier.clone(), save(kept)))
        .collect()
}

fn by_role<T, S>(
    saved: Vec<(Tier, bool, S)>,
    mut restore: impl FnMut(S, &(Tier, Role)) -> T,
) -> BTreeMap<(Tier, Role), T> {
    let restored = saved.into_iter().map(|(tier, publisher, saved)| {
        let role = if publisher {
            Role::Publisher
        } else {
            Role::Subscriber
        };
        let key = (tier, role);
        let restored = restore(saved, &key);
        (key, restored)
    });
    restored.collect()
}

fn by_tier<T, S>(
    saved: Vec<(Tier, S)>,
    mut restore: impl FnMut(S, &Tier) -> T,
) -> BTreeMap<Tier, T> {
    let restored = saved.into_iter().map(|(tier, saved)| {
        let restored = restore(saved, &tier);
        (tier, restored)
    });
    restored.collect()
}
