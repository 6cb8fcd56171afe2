//! What a node is called, and how it keeps time.

use core::fmt;

use embassy_time::Duration;
use streamgauge_core::{Names, Tier};

/// How a node counts and publishes. Made with [`Config::new`], changed by its setters, checked by
/// [`Stats::split`](crate::Stats::split).
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config {
    pub(crate) prefix: &'static str,
    pub(crate) node: &'static str,
    pub(crate) tiers: &'static [&'static str],
    pub(crate) interval: Duration,
    pub(crate) patience: Duration,
    pub(crate) epoch: u64,
    pub(crate) start_ms: u64,
    pub(crate) seed: usize,
}

impl Config {
    /// Prefix `.stats`, no node name, no tiers besides external and internal, a tick every second,
    /// ten seconds of patience with a sink; epoch, wall clock and seed are zero.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            prefix: ".stats",
            node: "",
            tiers: &[],
            interval: Duration::from_secs(1),
            patience: Duration::from_secs(10),
            epoch: 0,
            start_ms: 0,
            seed: 0,
        }
    }

    /// The path that stats are published under; broadcasts at or under it are not counted.
    #[must_use]
    pub const fn with_prefix(mut self, prefix: &'static str) -> Self {
        self.prefix = prefix;
        self
    }

    /// The node's name, of any number of segments or none: tells the nodes of one origin apart.
    #[must_use]
    pub const fn with_node(mut self, node: &'static str) -> Self {
        self.node = node;
        self
    }

    /// The names of the tiers besides external and internal: as many as the `TIERS` of the
    /// [`Stats`](crate::Stats) leaves. `Tier::Named(0)` is the first.
    #[must_use]
    pub const fn with_tiers(mut self, tiers: &'static [&'static str]) -> Self {
        self.tiers = tiers;
        self
    }

    /// The time between ticks. A short one shows more and costs a scan of the cells more often.
    #[must_use]
    pub const fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How long a sink may take for one frame, an hour at most. A frame that takes longer is given up and refused, so
    /// that a dead sink does not keep the node from collecting what was counted: a cell's word may
    /// grow by less than 2^32 in that time.
    #[must_use]
    pub const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Tells this life of the node from the others: a number that differs from boot to boot, such as a
    /// random one or a boot count.
    #[must_use]
    pub const fn with_epoch(mut self, epoch: u64) -> Self {
        self.epoch = epoch;
        self
    }

    /// What the wall clock shows at the call of [`split`](crate::Stats::split), in milliseconds since
    /// the Unix epoch. Without a wall clock times in frames count from zero.
    #[must_use]
    pub const fn with_start_ms(mut self, start_ms: u64) -> Self {
        self.start_ms = start_ms;
        self
    }

    /// A random number that the index hashes names with, so that nobody outside can choose names that
    /// collide.
    #[must_use]
    pub const fn with_seed(mut self, seed: usize) -> Self {
        self.seed = seed;
        self
    }

    pub(crate) fn check(&self, tiers: usize) -> Result<(), SplitError> {
        if self.prefix.split('/').all(str::is_empty) {
            return Err(SplitError::EmptyPrefix);
        }
        if self.interval.as_micros() == 0 || self.patience.as_micros() == 0 {
            return Err(SplitError::ZeroInterval);
        }
        let named = self.tiers.len();
        let room = tiers.saturating_sub(crate::room::TIERS);
        if named != room {
            return Err(SplitError::Tiers { named, room });
        }
        self.tiers.iter().enumerate().try_for_each(|(place, tier)| {
            let before = self.tiers.get(..place).unwrap_or_default();
            if tier.is_empty() || *tier == "internal" || before.contains(tier) {
                return Err(SplitError::TierName { tier });
            }
            Ok(())
        })
    }
}

impl Names for Config {
    fn tier(&self, tier: Tier) -> &str {
        self.tiers.tier(tier)
    }

    fn path(&self) -> [&str; 2] {
        [self.prefix, self.node]
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

/// Why a [`Stats`](crate::Stats) could not be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SplitError {
    /// It was split before: there is one runner for it, once.
    AlreadySplit,
    /// The prefix has no segment.
    EmptyPrefix,
    /// The interval or the patience is zero.
    ZeroInterval,
    /// Not as many names as there are tiers besides external and internal.
    Tiers {
        /// Names given.
        named: usize,
        /// Names wanted.
        room: usize,
    },
    /// A tier that is empty, given twice, or called `internal`.
    TierName {
        /// The name.
        tier: &'static str,
    },
}

impl fmt::Display for SplitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadySplit => f.write_str("these stats were split before"),
            Self::EmptyPrefix => {
                f.write_str("the stats prefix is empty; give it a segment, such as `.stats`")
            }
            Self::ZeroInterval => {
                f.write_str("the interval or the patience is zero; give a microsecond or more")
            }
            Self::Tiers { named, room } => {
                write!(
                    f,
                    "{named} tiers are named, but the tables have room for {room}"
                )
            }
            Self::TierName { tier } => write!(
                f,
                "the tier name {tier:?} is empty, given twice or built in; choose another"
            ),
        }
    }
}

impl core::error::Error for SplitError {}
