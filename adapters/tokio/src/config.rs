//! What a node is called, and how much it may count.

use std::{fmt, time::Duration};

use streamgauge_core::{Family, MAX_TIERS, Presence, Traffic, schema::of_node};

use crate::{
    AnnounceError, Deltas, FamilyMeter, OriginProducer, Sink, Snapshot,
    names::LEVELS,
    published::{Offered, metrics},
    sink::Outlet,
};

/// Tiers that a node can be given besides the two built in.
const MAX_NAMED_TIERS: usize = MAX_TIERS - 2;

/// Series and cells that one table can number.
pub(crate) const MAX_ROWS: usize = u32::MAX as usize / 4;

/// The tracks that every node has, without `.json`.
const BUILT_IN: [&str; 4] = ["publisher", "subscriber", "sessions", "node"];

/// How a node counts and publishes. Made with [`Config::new`], changed by its setters, checked by
/// [`Stats::spawn`](crate::Stats::spawn).
pub struct Config {
    pub(crate) prefix: String,
    pub(crate) node: String,
    pub(crate) interval: Duration,
    pub(crate) series: usize,
    pub(crate) cells: usize,
    pub(crate) roots: usize,
    pub(crate) tiers: Vec<String>,
    pub(crate) families: Vec<Box<dyn Offered>>,
    pub(crate) sinks: Vec<Outlet>,
    pub(crate) origins: Vec<OriginProducer>,
    pub(crate) snapshots: Vec<SnapshotSink>,
    pub(crate) levels: usize,
    pub(crate) level_room: usize,
    pub(crate) level_linger: Duration,
    pub(crate) depth: usize,
    pub(crate) group_room: usize,
    pub(crate) group_linger: Duration,
    pub(crate) side_sinks: Vec<Outlet>,
    pub(crate) deltas: Option<Deltas>,
}

/// Takes a snapshot in each tick.
pub(crate) type SnapshotSink = Box<dyn FnMut(Snapshot) + Send>;

/// How long broadcasts beside the node's own stay announced, unless they are told otherwise.
const LINGER: Duration = Duration::from_mins(5);

impl Config {
    /// Prefix `.stats`, no node name, a tick every second, room for 16,384 series of traffic, as many
    /// cells, and 1,024 roots of sessions; no levels, and no groups.
    pub fn new() -> Self {
        Self {
            prefix: ".stats".into(),
            node: String::new(),
            interval: Duration::from_secs(1),
            series: 16_384,
            cells: 16_384,
            roots: 1_024,
            tiers: Vec::new(),
            families: Vec::new(),
            sinks: Vec::new(),
            origins: Vec::new(),
            snapshots: Vec::new(),
            levels: 0,
            level_room: 4_096,
            level_linger: LINGER,
            depth: 0,
            group_room: 1_024,
            group_linger: LINGER,
            side_sinks: Vec::new(),
            deltas: None,
        }
    }

    /// The path that stats are published under; broadcasts at or under it are not counted. Empty
    /// segments are left out.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl AsRef<str>) -> Self {
        self.prefix = normal(prefix.as_ref());
        self
    }

    /// The node's name, of any number of segments or none: tells the nodes of one origin apart.
    #[must_use]
    pub fn with_node(mut self, node: impl AsRef<str>) -> Self {
        self.node = normal(node.as_ref());
        self
    }

    /// The time between ticks. A short one shows more and costs a scan of the cells more often.
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How many series of traffic there is room for: a broadcast has one for each tier and role that
    /// it flows in. About 330 bytes each, taken at once.
    #[must_use]
    pub fn with_series(mut self, series: usize) -> Self {
        self.series = series;
        self
    }

    /// How many open subscriptions have a cell of their own; further ones count more slowly. 64 bytes
    /// each, taken at once.
    #[must_use]
    pub fn with_cells(mut self, cells: usize) -> Self {
        self.cells = cells;
        self
    }

    /// How many roots of sessions are told apart, in all tiers together.
    #[must_use]
    pub fn with_roots(mut self, roots: usize) -> Self {
        self.roots = roots;
        self
    }

    /// Tiers besides external and internal, at most six: `Tier::Named(0)` is the first. Each has
    /// tracks of its own under its name.
    #[must_use]
    pub fn with_tiers<T: AsRef<str>>(mut self, tiers: impl IntoIterator<Item = T>) -> Self {
        self.tiers = tiers
            .into_iter()
            .map(|tier| normal(tier.as_ref()))
            .collect();
        self
    }

    /// One more family to collect in each tick, and to publish as the track `<family>.json`.
    ///
    /// The node holds the meter until it ends; meanwhile no other node can.
    #[must_use]
    pub fn with_family<F: Family>(mut self, meter: &FamilyMeter<F>) -> Self {
        self.families.push(Box::new(meter.clone()));
        self
    }

    /// One more place to send every changed frame to.
    ///
    /// A series that has ended gives its room back only when every sink accepted its last frame.
    #[must_use]
    pub fn with_sink(mut self, sink: impl Sink + 'static) -> Self {
        self.sinks.push(Outlet::new(Box::new(sink)));
        self
    }

    /// Publishes every changed frame in this process too: as a broadcast with the node's tracks, announced
    /// on this origin under [`Stats::path`](crate::Stats::path). See [`TrackSink`](crate::TrackSink).
    #[must_use]
    pub fn with_origin(mut self, origin: &OriginProducer) -> Self {
        self.origins.push(origin.clone());
        self
    }

    /// Also says what changed, in a track `<name>.z` for each track, those of levels and groups included. Off at
    /// first.
    ///
    /// Sinks are offered the frames of these tracks too, and tell them by their [`Form`](crate::Form). When one
    /// refuses such a frame the next begins a group, for all sinks; when it refuses them all, every frame is
    /// a keyframe. A keyframe of very many series takes long to pack: 100,000 some tens of milliseconds.
    ///
    /// 8 bytes for each series, and for each track some 300 kB once it has a frame; for a track of a level or group
    /// that is announced its last frame and 1 kB, as they share a packer, for which each of their frames that changed
    /// takes some tens of microseconds. A series that ended keeps its room for one tick more.
    #[must_use]
    pub fn with_deltas(mut self, deltas: Deltas) -> Self {
        self.deltas = Some(deltas);
        self
    }

    /// Hands a [`Snapshot`] of what was counted to `f` in each tick, before the frames: for sinks that are no
    /// text. However briefly a series was there, it is in one of them. `f` is called on the driver task and
    /// must not block. Costs what a [snapshot](crate::Stats::snapshot) costs.
    #[must_use]
    pub fn with_snapshots(mut self, f: impl FnMut(Snapshot) + Send + 'static) -> Self {
        self.snapshots.push(Box::new(f));
        self
    }

    /// Adds traffic up by prefix: for each path of up to so many segments, and for all together, a broadcast
    /// of its own, `<prefix>/prefix[/<path>][/<node>]`, with a track for each tier and role. None unless this is
    /// set.
    ///
    /// They are announced on the node's [origins](Self::with_origin) with the first subscription under the
    /// path, and go to its [side sinks](Self::with_side_sink). See [`Rollups`](streamgauge_core::Rollups).
    /// Guards cost what they did; a tick takes some 30 ns more for each series that moved, and memory 72 bytes for
    /// each series.
    #[must_use]
    pub fn with_levels(mut self, levels: usize) -> Self {
        self.levels = levels;
        self
    }

    /// How many paths are added up by themselves, the root and `__overflow__` among them: 4,096 unless this is
    /// set, some 450 bytes each, taken at once. What finds no room counts in `__overflow__`.
    #[must_use]
    pub fn with_level_room(mut self, paths: usize) -> Self {
        self.level_room = paths;
        self
    }

    /// How long a level stays announced after the last subscription under it: five minutes unless this is
    /// set. At zero it is unannounced with the tick after.
    #[must_use]
    pub fn with_level_linger(mut self, linger: Duration) -> Self {
        self.level_linger = linger;
        self
    }

    /// Publishes the tracks of traffic and sessions in parts on origins: for each group of paths that have their first
    /// segments in common, so many of them, a broadcast of its own, `<prefix>/<group>/node[/<node>]`, for who reads
    /// the stats of some broadcasts alone. None unless this is set. Of those tracks, and their
    /// siblings of patches, the node's own broadcast then has the row of the empty path alone, so that all of them add
    /// up to what the node counted.
    ///
    /// Paths whose group has a segment `node`, or begins with a segment `prefix`, are in the group `__overflow__`, as the
    /// broadcast would read like another.
    ///
    /// A group is announced on the node's [origins](Self::with_origin) while its frames have a row, and for the
    /// linger after that, in which they are empty. A tick copies each changed frame once more.
    #[must_use]
    pub fn with_depth(mut self, segments: usize) -> Self {
        self.depth = segments;
        self
    }

    /// How many groups there may be at a time: 1,024 unless this is set. The rows of further ones are in the
    /// group `__overflow__`, and groups without rows do not linger then.
    #[must_use]
    pub fn with_group_room(mut self, groups: usize) -> Self {
        self.group_room = groups;
        self
    }

    /// How long a group stays announced without a row: five minutes unless this is set. At zero it is
    /// unannounced with the tick in which its frames are empty.
    #[must_use]
    pub fn with_group_linger(mut self, linger: Duration) -> Self {
        self.group_linger = linger;
        self
    }

    /// One more place to send the frames of broadcasts beside the node's own to: of levels and groups. A
    /// frame's name is the path of its broadcast and its track, such as
    /// `.stats/prefix/demo/sjc/1/publisher.json`.
    ///
    /// A broadcast is not unannounced before each of them has accepted its last frames.
    #[must_use]
    pub fn with_side_sink(mut self, sink: impl Sink + 'static) -> Self {
        self.side_sinks.push(Outlet::new(Box::new(sink)));
        self
    }

    /// The path of the node's stats broadcast.
    pub(crate) fn path(&self) -> String {
        let node = if self.node.is_empty() { "" } else { "/" };
        format!("{}/node{node}{}", self.prefix, self.node)
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.prefix.is_empty() {
            return Err(ConfigError::EmptyPrefix);
        }
        if self.interval.is_zero() {
            return Err(ConfigError::ZeroInterval);
        }
        for name in [&self.prefix, &self.node].into_iter().chain(&self.tiers) {
            check_name(name)?;
        }
        self.check_tiers()?;
        self.check_families()?;
        self.check_room()
    }

    fn check_tiers(&self) -> Result<(), ConfigError> {
        if self.tiers.len() > MAX_NAMED_TIERS {
            return Err(ConfigError::TooManyTiers {
                given: self.tiers.len(),
            });
        }
        for (place, tier) in self.tiers.iter().enumerate() {
            let taken =
                tier == "internal" || self.tiers.iter().take(place).any(|other| other == tier);
            if tier.is_empty() || taken {
                return Err(ConfigError::TierName { tier: tier.clone() });
            }
        }
        Ok(())
    }

    /// A family's name is that of its track, and is not to be taken for another's.
    fn check_families(&self) -> Result<(), ConfigError> {
        for (place, family) in self.families.iter().enumerate() {
            let family = family.name();
            check_name(family)?;
            let mut before = self.families.iter().take(place);
            let taken = BUILT_IN.contains(&family)
                || (family == LEVELS && self.levels > 0)
                || before.any(|other| other.name() == family);
            if taken || family.is_empty() || family.contains('/') {
                return Err(ConfigError::FamilyName { family });
            }
        }
        self.check_metrics()
    }

    /// A metric that is there twice makes scrapers refuse all of a node's text.
    fn check_metrics(&self) -> Result<(), ConfigError> {
        let mut taken = [metrics::<Traffic>(), metrics::<Presence>()].concat();
        for family in &self.families {
            let metrics = family.metrics();
            let is_taken = |metric: &&&str| {
                let mut taken = taken.iter().copied();
                taken.any(|other| of_node(other) == of_node(metric))
            };
            if let Some(metric) = metrics.iter().find(is_taken) {
                let family = family.name();
                return Err(ConfigError::MetricName { family, metric });
            }
            taken.extend(metrics);
        }
        Ok(())
    }

    fn check_room(&self) -> Result<(), ConfigError> {
        let given = self
            .series
            .max(self.cells)
            .max(self.roots)
            .max(self.level_room);
        if given > MAX_ROWS {
            Err(ConfigError::TooLarge { given })
        } else {
            Ok(())
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("path", &self.path())
            .field("interval", &self.interval)
            .field("series", &self.series)
            .field("cells", &self.cells)
            .field("roots", &self.roots)
            .field("tiers", &self.tiers)
            .field("families", &self.families.len())
            .field("sinks", &self.sinks.len())
            .field("origins", &self.origins.len())
            .field("snapshots", &self.snapshots.len())
            .field("levels", &self.levels)
            .field("depth", &self.depth)
            .field("side_sinks", &self.side_sinks.len())
            .field("deltas", &self.deltas)
            .finish_non_exhaustive()
    }
}

/// A configuration that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// The prefix has no segment.
    EmptyPrefix,
    /// The interval is zero.
    ZeroInterval,
    /// A prefix, node or tier name with a control character in it.
    Name {
        /// The name.
        name: String,
        /// The character.
        character: char,
    },
    /// A tier that is empty, given twice, or called `internal`.
    TierName {
        /// The name.
        tier: String,
    },
    /// More tiers than a node can count apart.
    TooManyTiers {
        /// How many were asked for.
        given: usize,
    },
    /// A family whose name is empty, given twice, that of another track, or has a slash in it.
    FamilyName {
        /// The name.
        family: &'static str,
    },
    /// A family with a metric that another family of the node has.
    MetricName {
        /// The family's name.
        family: &'static str,
        /// The metric's name in text.
        metric: &'static str,
    },
    /// A family that another node publishes.
    FamilyTaken {
        /// The name.
        family: &'static str,
    },
    /// The stats could not be announced on an origin.
    Announce(AnnounceError),
    /// More series or cells than a table can number.
    TooLarge {
        /// How many were asked for.
        given: usize,
    },
    /// There is no tokio runtime to spawn the driver on.
    NoRuntime,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyPrefix => {
                write!(
                    f,
                    "the stats prefix is empty; give it a segment, such as `.stats`"
                )
            }
            Self::ZeroInterval => {
                write!(f, "the interval is zero; give one of a microsecond or more")
            }
            Self::Name { name, character } => {
                write!(
                    f,
                    "the name {name:?} contains the control character {character:?}; leave it out"
                )
            }
            Self::TierName { tier } => {
                write!(
                    f,
                    "the tier name {tier:?} is empty, given twice or built in; choose another"
                )
            }
            Self::TooManyTiers { given } => {
                write!(
                    f,
                    "{given} tiers besides external and internal; at most {MAX_NAMED_TIERS} can be"
                )
            }
            Self::FamilyName { family } => {
                write!(
                    f,
                    "the family name {family:?} is empty, given twice, that of a track, or has a slash in it; choose another"
                )
            }
            Self::Announce(error) => error.fmt(f),
            Self::MetricName { family, metric } => {
                write!(
                    f,
                    "another family has the metric {metric} of the family {family:?}; declare one of them with other \
                     metric names"
                )
            }
            Self::FamilyTaken { family } => {
                write!(
                    f,
                    "another node publishes the meter of the family {family:?}; make one for each node"
                )
            }
            Self::TooLarge { given } => {
                write!(
                    f,
                    "room for {given} series, cells, roots or levels; at most {MAX_ROWS} can be"
                )
            }
            Self::NoRuntime => write!(f, "not inside a tokio runtime; call this from one"),
        }
    }
}

impl std::error::Error for ConfigError {}

fn check_name(name: &str) -> Result<(), ConfigError> {
    match name.chars().find(|character| character.is_control()) {
        Some(character) => Err(ConfigError::Name {
            name: name.into(),
            character,
        }),
        None => Ok(()),
    }
}

/// A path without its empty segments.
fn normal(path: &str) -> String {
    let segments: Vec<_> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    segments.join("/")
}
