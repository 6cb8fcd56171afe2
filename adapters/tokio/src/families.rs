//! The core's families besides traffic and presence, by what they are for.

use streamgauge_core::{Cache, CacheStats, ChannelStats, Replication, Rpc, ServiceStats};

use crate::{FamilyConfig, FamilyMeter};

impl FamilyMeter<Rpc> {
    /// Counts for one service.
    ///
    /// It has a reference count of its own, shared with its clones and with what is opened from it.
    pub fn service(&self, name: &str) -> ServiceStats<Self> {
        ServiceStats::open(self.fork(), name)
    }
}

/// Room for 4,096 services, and for 1,024 replies that stream at a time.
impl Default for FamilyMeter<Rpc> {
    fn default() -> Self {
        Self::with_config(FamilyConfig::new(4_096).with_cells(1_024))
    }
}

impl FamilyMeter<Replication> {
    /// Counts for one channel.
    pub fn channel(&self, name: &str) -> ChannelStats<Self> {
        ChannelStats::open(self.clone(), name)
    }
}

/// Room for 1,024 channels, and for as many handles that count by themselves.
impl Default for FamilyMeter<Replication> {
    fn default() -> Self {
        Self::new(1_024)
    }
}

impl FamilyMeter<Cache> {
    /// Counts what the cache of one of this broadcast's tracks does: see
    /// [`TrackConfig::with_cache_stats`](crate::TrackConfig::with_cache_stats).
    pub fn cache(&self, broadcast: &str) -> CacheStats<Self> {
        CacheStats::open(self.clone(), broadcast)
    }
}

/// Room for 4,096 broadcasts, and for 8,192 tracks.
impl Default for FamilyMeter<Cache> {
    fn default() -> Self {
        Self::with_config(FamilyConfig::new(4_096).with_cells(8_192))
    }
}
