//! The fleet as it is kept in a file.
//!
//! The file begins with a name and a version, then come the length and a CRC-32 of what follows: all that the
//! fleet keeps, in [postcard](https://docs.rs/postcard). It is written beside the one before and takes its
//! place in one step, so that there is a whole file at every moment.

use std::fmt;
use std::sync::Arc;

use crc::{CRC_32_ISO_HDLC, Crc};
use serde::{Deserialize, Serialize};
use streamgauge_core::{Family, Key, KeyWords};
use streamgauge_tokio::KEY_BYTES;
use streamgauge_tokio::collect::{Collected, FleetFull, Kept};

use super::Fleet;
use super::node::Node;
use super::order::Order;
use super::sides::{Side, Sides};
use crate::track::Track;

/// What the file begins with; the last byte is the version.
const MAGIC: [u8; 8] = *b"sgfleet\x02";

/// Bytes before the sums.
const HEAD: usize = MAGIC.len() + 8 + 4;

static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// All that a fleet keeps.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct State {
    epoch: u64,
    tiers: Vec<String>,
    traffic: Vec<Saved>,
    presence: Vec<Saved>,
    broadcasts: Vec<SavedSide>,
    roots: Vec<SavedSide>,
    orders: Vec<SavedOrder>,
}

type Words = Vec<u64>;

/// One thing that is kept, as the fleet tells it.
#[derive(Debug, Serialize, Deserialize)]
enum Saved {
    Lane {
        lane: usize,
        total: Words,
        named: Words,
        forgotten: Words,
    },
    Row {
        lane: usize,
        name: String,
        is_prefix: bool,
        is_inferred: bool,
        totals: Words,
    },
    Source {
        name: String,
        epoch: Option<u64>,
        since: u64,
    },
    Track {
        source: String,
        lane: usize,
        over: Words,
        told: Words,
        seen: Words,
        since: Option<Words>,
        horizon: Option<u64>,
    },
    Series {
        source: String,
        lane: usize,
        name: String,
        since: Option<u64>,
        is_ended: bool,
        ago: u8,
        words: Words,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedSide {
    lane: usize,
    name: Arc<str>,
    since: u64,
    moved_ms: u64,
    total: Words,
    told: Words,
}

/// How far a track of a node was read.
#[derive(Debug, Serialize, Deserialize)]
struct SavedOrder {
    node: Arc<str>,
    group: Option<Arc<str>>,
    track: String,
    /// It is the one of patches.
    deflated: bool,
    /// The newest frame: its group, and its place in that.
    newest: (u64, u64),
}

/// Why a file is not what was kept, or not all of it can be taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// It is another program's, or of another version.
    Foreign,
    /// It is damaged.
    Damaged,
    /// Its tiers are others than those that are asked for.
    OtherTiers,
    /// There is more in it than there is room for.
    Full,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => "it is no state of a collector of this version",
            Self::Damaged => "it is damaged",
            Self::OtherTiers => {
                "it was kept with other tiers; name the same with --tier, in that order"
            }
            Self::Full => {
                "there is more in it than room; raise --max-nodes, --max-broadcasts or --max-series"
            }
        })
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
        self.collector.look(|collected| State {
            epoch: self.epoch,
            tiers: collected.tiers().to_vec(),
            traffic: collected
                .traffic()
                .kept()
                .map(|kept| saved(&kept))
                .collect(),
            presence: collected
                .presence()
                .kept()
                .map(|kept| saved(&kept))
                .collect(),
            broadcasts: sides(&self.broadcasts),
            roots: sides(&self.roots),
            orders: self.saved_orders(),
        })
    }

    fn saved_orders(&self) -> Vec<SavedOrder> {
        let nodes = self.nodes.iter();
        let orders = nodes.flat_map(|(name, node)| {
            let tracks = node.orders.iter();
            tracks.filter_map(|((group, track, deflated), order)| {
                Some(SavedOrder {
                    node: Arc::clone(name),
                    group: group.clone(),
                    track: track.to_string(),
                    deflated: *deflated,
                    newest: order.newest?,
                })
            })
        });
        orders.collect()
    }

    /// Counts on from what was kept. No node is there until a source says so.
    ///
    /// # Errors
    ///
    /// When it was kept for other tiers, or there is no room for all of it.
    pub fn restore(&mut self, state: State, now_ms: u64) -> Result<(), RestoreError> {
        self.epoch = state.epoch;
        self.collector
            .change(|collected| restore(collected, &state))?;
        for saved in &state.traffic {
            if let Saved::Source { name, .. } = saved {
                self.nodes.insert(name.as_str().into(), Node::gone(now_ms));
            }
        }
        for saved in state.orders {
            let node = self.nodes.get_mut(&saved.node);
            if let Some((node, track)) = node.zip(Track::named(&saved.track)) {
                let order = Order::after(saved.newest);
                node.orders
                    .insert((saved.group, track, saved.deflated), order);
            }
        }
        restore_sides(&mut self.broadcasts, state.broadcasts);
        restore_sides(&mut self.roots, state.roots);
        Ok(())
    }
}

fn restore(collected: &mut Collected, state: &State) -> Result<(), RestoreError> {
    if !collected.tiers().starts_with(&state.tiers) {
        return Err(RestoreError::OtherTiers);
    }
    let full = |_: FleetFull| RestoreError::Full;
    for saved in &state.traffic {
        collected.restore_traffic(&kept(saved)).map_err(full)?;
    }
    for saved in &state.presence {
        collected.restore_presence(&kept(saved)).map_err(full)?;
    }
    Ok(())
}

fn sides<F: Family>(sides: &Sides<F>) -> Vec<SavedSide> {
    let saved = sides.iter().map(|(lane, name, side)| SavedSide {
        lane,
        name: Arc::clone(name),
        since: side.since,
        moved_ms: side.moved_ms,
        total: words(side.total),
        told: words(side.told),
    });
    saved.collect()
}

fn restore_sides<F: Family>(sides: &mut Sides<F>, saved: Vec<SavedSide>) {
    for saved in saved {
        let mut side = Side::new(saved.since);
        side.moved_ms = saved.moved_ms;
        side.total = F::from_words(&saved.total);
        side.told = F::from_words(&saved.told);
        sides.restore(saved.lane, saved.name, side);
    }
}

fn words<F: Family>(row: F) -> Words {
    row.words().as_ref().to_vec()
}

fn text<K: KeyWords>(key: &Key<K>) -> String {
    key.to_str(&mut [0; KEY_BYTES])
        .unwrap_or_default()
        .to_owned()
}

fn saved<F: Family, K: KeyWords>(kept: &Kept<F, &Key<K>>) -> Saved {
    match *kept {
        Kept::Lane {
            lane,
            total,
            named,
            forgotten,
        } => Saved::Lane {
            lane,
            total: words(total),
            named: words(named),
            forgotten: words(forgotten),
        },
        Kept::Row {
            lane,
            name,
            is_prefix,
            is_inferred,
            totals,
        } => Saved::Row {
            lane,
            name: text(name),
            is_prefix,
            is_inferred,
            totals: words(totals),
        },
        Kept::Source { name, epoch, since } => Saved::Source {
            name: text(name),
            epoch,
            since,
        },
        Kept::Track {
            source,
            lane,
            over,
            told,
            seen,
            since,
            horizon,
        } => Saved::Track {
            source: text(source),
            lane,
            over: words(over),
            told: words(told),
            seen: words(seen),
            since: since.map(words),
            horizon,
        },
        Kept::Series {
            source,
            lane,
            name,
            since,
            is_ended,
            ago,
            words: row,
        } => Saved::Series {
            source: text(source),
            lane,
            name: text(name),
            since,
            is_ended,
            ago,
            words: words(row),
        },
    }
}

fn kept<F: Family>(saved: &Saved) -> Kept<F, &str> {
    let of = |words: &Words| F::from_words(words);
    match saved {
        Saved::Lane {
            lane,
            total,
            named,
            forgotten,
        } => Kept::Lane {
            lane: *lane,
            total: of(total),
            named: of(named),
            forgotten: of(forgotten),
        },
        Saved::Row {
            lane,
            name,
            is_prefix,
            is_inferred,
            totals,
        } => Kept::Row {
            lane: *lane,
            name,
            is_prefix: *is_prefix,
            is_inferred: *is_inferred,
            totals: of(totals),
        },
        Saved::Source { name, epoch, since } => Kept::Source {
            name,
            epoch: *epoch,
            since: *since,
        },
        Saved::Track {
            source,
            lane,
            over,
            told,
            seen,
            since,
            horizon,
        } => Kept::Track {
            source,
            lane: *lane,
            over: of(over),
            told: of(told),
            seen: of(seen),
            since: since.as_ref().map(of),
            horizon: *horizon,
        },
        Saved::Series {
            source,
            lane,
            name,
            since,
            is_ended,
            ago,
            words,
        } => Kept::Series {
            source,
            lane: *lane,
            name,
            since: *since,
            is_ended: *is_ended,
            ago: *ago,
            words: of(words),
        },
    }
}
