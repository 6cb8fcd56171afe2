//! What a fleet keeps, as plain values.

use serde::{Deserialize, Serialize};

use super::Bookmarks;

/// One thing that a fleet keeps, as plain values; names as [`Key`](crate::Key)s when they come out of it, and as text
/// when they go in. Serde writes it in any format, and reads it back with borrowed or owned names.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Kept<F, N> {
    /// The accounts of a lane.
    Lane {
        /// The lane.
        lane: usize,
        /// All that was ever counted.
        total: F,
        /// What of it was counted under a name.
        named: F,
        /// What of that was counted under a name that is forgotten.
        forgotten: F,
    },
    /// The totals of a name, or of a prefix.
    Row {
        /// The lane.
        lane: usize,
        /// The name, or the prefix.
        name: N,
        /// Which of them.
        is_prefix: bool,
        /// Whether restarts had to be inferred.
        is_inferred: bool,
        /// All that was ever counted.
        totals: F,
    },
    /// A node.
    Source {
        /// Its name.
        name: N,
        /// Its epoch, if `node.json` told.
        epoch: Option<u64>,
        /// When that began, in milliseconds since the Unix epoch.
        since: u64,
        /// When it told so last, likewise and by its own clock.
        ts_ms: u64,
        /// How often it arrived.
        arrivals: u32,
        /// How far its `node.json` was read.
        read: Bookmarks,
    },
    /// What a node counted in a lane.
    Track {
        /// The node's name.
        source: N,
        /// The lane.
        lane: usize,
        /// What was counted in epochs before the last two.
        over: F,
        /// The last two.
        epochs: [KeptEpoch<F>; 2],
        /// They may be one: the node has not told yet since it arrived.
        is_open: bool,
        /// The latest beginning of a series that was forgotten though it may go on.
        horizon: Option<u64>,
        /// The same of those that were over.
        past: Option<u64>,
        /// How far it was read.
        read: Bookmarks,
    },
    /// How far a part of a node was read in a lane.
    Part {
        /// The node's name.
        source: N,
        /// The part's.
        name: N,
        /// The lane.
        lane: usize,
        /// How far it was read.
        read: Bookmarks,
    },
    /// What a node told of a name.
    Series {
        /// The node's name.
        source: N,
        /// The lane.
        lane: usize,
        /// The name.
        name: N,
        /// When this life of it began.
        since: Option<u64>,
        /// Whether that is over.
        is_ended: bool,
        /// After which arrival of the node it was told last.
        arrival: u32,
        /// What the node told last.
        words: F,
    },
}

/// What a node counted in one epoch, or what may be one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptEpoch<F> {
    /// How often it arrived in it.
    pub arrivals: u32,
    /// The total that it told.
    pub told: F,
    /// The sum of its series.
    pub seen: F,
}

/// Where a fleet has a thing that it keeps. What is there may be another thing later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum KeptAt {
    /// Among the lanes.
    Lane(u32),
    /// Among names and prefixes.
    Row(u32),
    /// Among nodes.
    Source(u32),
    /// Among the lanes of nodes.
    Track(u32),
    /// Among series.
    Series(u32),
}

/// Something that changed, and where; nothing where nothing is any more.
pub type KeptChange<F, N> = (KeptAt, Option<Kept<F, N>>);

impl<F: Copy, N> Kept<F, N> {
    /// The same with its names in another form.
    pub fn map_names<'a, M>(&'a self, mut map: impl FnMut(&'a N) -> M) -> Kept<F, M> {
        match *self {
            Self::Lane {
                lane,
                total,
                named,
                forgotten,
            } => Kept::Lane {
                lane,
                total,
                named,
                forgotten,
            },
            Self::Row {
                lane,
                ref name,
                is_prefix,
                is_inferred,
                totals,
            } => Kept::Row {
                lane,
                name: map(name),
                is_prefix,
                is_inferred,
                totals,
            },
            Self::Source {
                ref name,
                epoch,
                since,
                ts_ms,
                arrivals,
                read,
            } => Kept::Source {
                name: map(name),
                epoch,
                since,
                ts_ms,
                arrivals,
                read,
            },
            Self::Track {
                ref source,
                lane,
                over,
                epochs,
                is_open,
                horizon,
                past,
                read,
            } => Kept::Track {
                source: map(source),
                lane,
                over,
                epochs,
                is_open,
                horizon,
                past,
                read,
            },
            Self::Part {
                ref source,
                ref name,
                lane,
                read,
            } => Kept::Part {
                source: map(source),
                name: map(name),
                lane,
                read,
            },
            Self::Series {
                ref source,
                lane,
                ref name,
                since,
                is_ended,
                arrival,
                words,
            } => Kept::Series {
                source: map(source),
                lane,
                name: map(name),
                since,
                is_ended,
                arrival,
                words,
            },
        }
    }

    /// The same with names as [`Fleet::restore`](super::Fleet::restore) takes them.
    pub fn as_str(&self) -> Kept<F, &str>
    where
        N: AsRef<str>,
    {
        self.map_names(AsRef::as_ref)
    }
}
