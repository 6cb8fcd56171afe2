//! What a collector has room for, and for how long it keeps what is idle.

use std::time::Duration;

use streamgauge_core::MAX_TIERS;

/// How large a collector is. All of its memory is taken when it is made.
#[derive(Clone, Debug)]
pub struct CollectorConfig {
    pub(super) nodes: usize,
    pub(super) names: usize,
    pub(super) series: usize,
    pub(super) tiers: Vec<String>,
    pub(super) window: Duration,
    pub(super) keep: Duration,
    pub(super) levels: u8,
    pub(super) prefix: String,
    pub(super) patches: Option<usize>,
}

impl CollectorConfig {
    /// Room for 256 nodes, 4,096 names and 16,384 series; the tiers that every node has; rates over 10
    /// seconds; what is idle is kept for 5 minutes; prefixes of one segment are added up; and nodes publish
    /// under `.stats`.
    #[must_use]
    pub fn new() -> Self {
        Self {
            nodes: 256,
            names: 4096,
            series: 16_384,
            tiers: ["", "internal"].map(str::to_owned).into(),
            window: Duration::from_secs(10),
            keep: Duration::from_mins(5),
            levels: 1,
            prefix: ".stats".to_owned(),
            patches: None,
        }
    }

    /// How many nodes, and parts of nodes, are told apart, those that departed included. Each takes about 4 kB.
    #[must_use]
    pub fn with_nodes(mut self, nodes: usize) -> Self {
        self.nodes = nodes;
        self
    }

    /// How many names (and prefixes of names) are told apart, by tier and role. Each takes about 860 bytes: 610 as a
    /// broadcast, 250 as a root of sessions.
    #[must_use]
    pub fn with_names(mut self, names: usize) -> Self {
        self.names = names;
        self
    }

    /// How many series of all nodes there can be at a time. Each takes about 260 bytes: 165 of traffic, 90 of
    /// sessions.
    #[must_use]
    pub fn with_series(mut self, series: usize) -> Self {
        self.series = series;
        self
    }

    /// Tiers besides the external and the internal one, by name; at most six of them. Tracks of others are
    /// refused.
    #[must_use]
    pub fn with_tiers<T: AsRef<str>>(mut self, tiers: impl IntoIterator<Item = T>) -> Self {
        for tier in tiers {
            let tier = tier.as_ref();
            if self.tiers.len() < MAX_TIERS && !self.tiers.iter().any(|known| known == tier) {
                self.tiers.push(tier.to_owned());
            }
        }
        self
    }

    /// Over how long rates are taken.
    #[must_use]
    pub fn with_window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// How long series of nodes that departed, and names without series, are kept.
    #[must_use]
    pub fn with_keep(mut self, keep: Duration) -> Self {
        self.keep = keep;
        self
    }

    /// How many segments the prefixes have that are added up; zero for none.
    #[must_use]
    pub fn with_levels(mut self, levels: u8) -> Self {
        self.levels = levels;
        self
    }

    /// Has [`follow`](super::Collector::follow) read the deflated patches that nodes publish, the `.json.z`
    /// tracks, in the place of whole frames. No frame may be longer than `limit` bytes when it is unpacked.
    #[must_use]
    pub fn with_patches(mut self, limit: usize) -> Self {
        self.patches = Some(limit);
        self
    }

    /// The prefix under which nodes publish.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }
}

impl Default for CollectorConfig {
    fn default() -> Self {
        Self::new()
    }
}
