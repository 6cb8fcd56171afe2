//! What a fleet keeps, and for how long.

use crate::time::Duration;

/// Over which window rates are, how long what is idle is kept, and which prefixes are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FleetPolicy {
    pub(super) window: Duration,
    pub(super) keep: Duration,
    pub(super) levels: u8,
}

impl FleetPolicy {
    /// Rates over ten seconds, five minutes of patience, and one level of prefixes.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            window: Duration::from_secs(10),
            keep: Duration::from_secs(300),
            levels: 1,
        }
    }

    /// Over how long rates are taken: between half of it and all of it.
    #[must_use]
    pub const fn with_window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// How long a series of a node that departed, and a row without series, are kept. They go earlier if
    /// others need their room.
    #[must_use]
    pub const fn with_keep(mut self, keep: Duration) -> Self {
        self.keep = keep;
        self
    }

    /// How many segments the prefixes have that are added up: each adds a row for every prefix, and to the
    /// cost of every row of a frame. Zero for none.
    #[must_use]
    pub const fn with_levels(mut self, levels: u8) -> Self {
        self.levels = levels;
        self
    }

    /// Over how long rates are taken.
    #[must_use]
    pub const fn window(&self) -> Duration {
        self.window
    }

    /// How long what is idle is kept.
    #[must_use]
    pub const fn keep(&self) -> Duration {
        self.keep
    }

    /// How many segments the prefixes have that are added up.
    #[must_use]
    pub const fn levels(&self) -> u8 {
        self.levels
    }
}

impl Default for FleetPolicy {
    fn default() -> Self {
        Self::new()
    }
}
