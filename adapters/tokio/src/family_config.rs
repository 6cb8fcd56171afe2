//! How much of a family there is room for, and how long series stay.

use std::time::Duration;

use streamgauge_core::Linger;

use crate::config::MAX_ROWS;

/// The room of a [`FamilyMeter`](crate::FamilyMeter), all of it taken at once. Numbers that no table can
/// have are read as the largest.
#[derive(Clone, Copy, Debug)]
pub struct FamilyConfig {
    pub(crate) series: usize,
    pub(crate) cells: usize,
    pub(crate) linger: Linger,
}

impl FamilyConfig {
    /// Room for so many series, and as many cells. Names past those are counted in `__overflow__`.
    pub fn new(series: usize) -> Self {
        let series = series.min(MAX_ROWS);
        Self {
            series,
            cells: series,
            linger: Linger::Forever,
        }
    }

    /// How many guards have a cell of their own at a time; further ones count more slowly.
    #[must_use]
    pub fn with_cells(mut self, cells: usize) -> Self {
        self.cells = cells.min(MAX_ROWS);
        self
    }

    /// Releases a series that nobody holds once nothing was counted in it for this long, and in twice
    /// this at most; at zero, as soon as every sink has accepted it.
    ///
    /// For families that keep their series, such as replication and rpc: they do for ever unless this is
    /// set, and handles by name are found without a lock, which this takes away. Others release theirs as soon as every sink has accepted them in any case.
    #[must_use]
    pub fn with_idle_timeout(mut self, idle: Duration) -> Self {
        self.linger = if idle.is_zero() {
            Linger::AtOnce
        } else {
            Linger::Idle(idle.into())
        };
        self
    }
}
