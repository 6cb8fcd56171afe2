//! What is kept of a level, and of a series that counts in levels.

use crate::{
    families::Traffic,
    key::{Key, KeyWords},
    schema::{Family, index},
    sync::Id,
    time::Instant,
};

/// The level of all paths. Where another level is named, it stands for none.
pub(super) const ROOT: Id = 0;
/// The level of what has no level of its own.
pub(super) const OVERFLOWN: Id = 1;

/// The slot names a level.
pub(super) const TAKEN: u8 = 1;
/// A subscription began under the level since levels were last settled.
pub(super) const CAME: u8 = 2;
/// The level is to be announced.
pub(super) const WANTED: u8 = 4;
/// The caller was told to announce it, and not yet to unannounce it.
pub(super) const ANNOUNCED: u8 = 8;
/// Nothing under the level is subscribed, since `idle`.
pub(super) const IDLE: u8 = 16;

/// The series has levels.
pub(super) const HELD: u8 = 1;
/// One of its levels is lacking.
pub(super) const FOLDED: u8 = 2;

/// One level of a [`Rollups`](super::Rollups), as its caller names it: its place in the table, which
/// another level may have once this one was unannounced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LevelId(pub(super) usize);

impl LevelId {
    /// Its place in the table, counted from zero.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0
    }
}

/// One level: its path, what is under it, and whether it is announced.
#[derive(Clone, Copy, Debug)]
pub struct LevelRow<K: KeyWords> {
    pub(super) key: Key<K>,
    pub(super) hash: u32,
    /// The level above.
    pub(super) parent: Id,
    /// The next level of its chain, or of the free ones.
    pub(super) next: Id,
    /// Series whose deepest level this is, and levels right under it.
    pub(super) held: u32,
    pub(super) flags: u8,
    /// Subscriptions under it that are open.
    pub(super) open: u64,
    /// When this life of it began at the earliest, in milliseconds since the Unix epoch.
    pub(super) since: u64,
    pub(super) idle: Instant,
}

impl<K: KeyWords> LevelRow<K> {
    /// A slot that is free. All zero.
    pub const ZERO: Self = Self {
        key: Key::EMPTY,
        hash: 0,
        parent: ROOT,
        next: ROOT,
        held: 0,
        flags: 0,
        open: 0,
        since: 0,
        idle: Instant::from_micros(0),
    };
}

/// What a level has added up to in one lane.
#[derive(Clone, Copy, Debug)]
pub struct LevelSum {
    pub(super) words: [u64; Rollup::COUNT],
    /// The sink accepted it as it is.
    pub(super) told: bool,
}

impl LevelSum {
    /// Nothing yet. All zero.
    pub const ZERO: Self = Self {
        words: [0; Rollup::COUNT],
        told: false,
    };
}

/// What a series of the ledger had counted when it was last taken in, and where that counts.
#[derive(Clone, Copy, Debug)]
pub struct LevelSeries {
    pub(super) seen: [u64; Rollup::COUNT],
    /// Tells this life of the row from the next.
    pub(super) since: u64,
    /// Its deepest level.
    pub(super) level: Id,
    pub(super) flags: u8,
}

impl LevelSeries {
    /// A row that counts in no level. All zero.
    pub const ZERO: Self = Self {
        seen: [0; Rollup::COUNT],
        since: 0,
        level: ROOT,
        flags: 0,
    };
}

/// The counters of one level, in one tier and role, in the order of frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rollup {
    /// Announce guards opened: in the frames of broadcasts this is `announced`.
    pub broadcasts: u64,
    /// Announce guards dropped.
    pub broadcasts_closed: u64,
    /// Subscriptions opened.
    pub subscriptions: u64,
    /// Subscriptions ended.
    pub subscriptions_closed: u64,
    /// Payload bytes.
    pub bytes: u64,
    /// Frames.
    pub frames: u64,
    /// Groups.
    pub groups: u64,
}

impl Rollup {
    /// How many counters there are.
    pub(super) const COUNT: usize = 7;

    pub(super) const fn from_words(words: [u64; Self::COUNT]) -> Self {
        let [
            broadcasts,
            broadcasts_closed,
            subscriptions,
            subscriptions_closed,
            bytes,
            frames,
            groups,
        ] = words;
        Self {
            broadcasts,
            broadcasts_closed,
            subscriptions,
            subscriptions_closed,
            bytes,
            frames,
            groups,
        }
    }
}

/// The words of traffic that the counters are sums of.
const WORDS: [usize; Rollup::COUNT] = [
    index(Traffic::WORDS, "announced"),
    index(Traffic::WORDS, "announced_closed"),
    index(Traffic::WORDS, "subscriptions"),
    index(Traffic::WORDS, "subscriptions_closed"),
    index(Traffic::WORDS, "bytes"),
    index(Traffic::WORDS, "frames"),
    index(Traffic::WORDS, "groups"),
];

/// The counters of subscriptions that began, and of those that ended.
pub(super) const OPEN: [usize; 2] = [2, 3];

/// What a series has grown by since `seen`, which then is what it is now.
pub(super) fn grown(seen: &mut [u64; Rollup::COUNT], now: &[u64]) -> [u64; Rollup::COUNT] {
    let mut growth = [0; Rollup::COUNT];
    for ((growth, seen), word) in growth.iter_mut().zip(seen).zip(WORDS) {
        let now = now.get(word).copied().unwrap_or(*seen);
        *growth = now.wrapping_sub(*seen);
        *seen = now;
    }
    growth
}
