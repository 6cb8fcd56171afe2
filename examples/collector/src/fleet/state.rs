//! The fleet as it is kept in a file.
//!
//! The file begins with a name and a version, then come the length and a CRC-32 of what follows: all that the
//! fleet keeps, in [postcard](https://docs.rs/postcard). It is written beside the one before and takes its
//! place in one step, so that there is a whole file at every moment.

use std::fmt;
use std::sync::Arc;

use crc::{CRC_32_ISO_HDLC, Crc};
use serde::{Deserialize, Serialize};
use streamgauge_core::{Family, Key, KeyWords, Presence, Traffic};
use streamgauge_tokio::KEY_BYTES;
use streamgauge_tokio::collect::{Collected, FleetFull, Kept};

use super::Fleet;
use super::node::Node;
use super::sides::{Side, Sides};

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
    traffic: Vec<Kept<Traffic, String>>,
    presence: Vec<Kept<Presence, String>>,
    broadcasts: Vec<SavedSide>,
    roots: Vec<SavedSide>,
}

type Words = Vec<u64>;

#[derive(Debug, Serialize, Deserialize)]
struct SavedSide {
    lane: usize,
    name: Arc<str>,
    since: u64,
    moved_ms: u64,
    total: Words,
    told: Words,
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
            traffic: kept(collected.traffic().kept()),
            presence: kept(collected.presence().kept()),
            broadcasts: sides(&self.broadcasts),
            roots: sides(&self.roots),
        })
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
            if let Kept::Source { name, .. } = saved {
                self.nodes.insert(name.as_str().into(), Node::gone(now_ms));
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
        collected.restore_traffic(&saved.as_str()).map_err(full)?;
    }
    for saved in &state.presence {
        collected.restore_presence(&saved.as_str()).map_err(full)?;
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

/// All of it, with names as they are written.
fn kept<'a, F: Family, K: KeyWords + 'a>(
    kept: impl Iterator<Item = Kept<F, &'a Key<K>>>,
) -> Vec<Kept<F, String>> {
    kept.map(|kept| kept.map_names(|name| text(name))).collect()
}

fn text<K: KeyWords>(key: &Key<K>) -> String {
    key.to_str(&mut [0; KEY_BYTES])
        .unwrap_or_default()
        .to_owned()
}
