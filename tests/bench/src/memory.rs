//! Heap of a node per live series with one subscription, its frames' buffers aside.

use moq_net_seed::Tier as SeedTier;
use stats_alloc::Region;

use crate::{
    harness::Report,
    ours::{self, SEED},
};

pub(crate) fn per_series(report: &mut Report, series: usize) {
    let runtime = ours::runtime();
    let region = Region::new(crate::ALLOCATOR);
    let stats = ours::ours(&runtime, series);
    let ours = live(&region, series);
    report.figure(
        "streamgauge",
        ours,
        "bytes per series, all taken at the start",
    );

    let (seed, _origin) = ours::seed(&runtime);
    let handle = seed.tier(SeedTier::External);
    let mut tracks = Vec::with_capacity(series);
    let region = Region::new(crate::ALLOCATOR);
    for i in 0..series {
        tracks.push(handle.broadcast(ours::path(i)).publisher_track("video"));
    }
    report.figure(
        SEED,
        live(&region, series),
        "bytes per series, before its first tick",
    );
    drop(stats);
}

#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn live(region: &Region<'_, std::alloc::System>, count: usize) -> f64 {
    let change = region.change();
    (change.bytes_allocated as f64 - change.bytes_deallocated as f64) / count as f64
}
