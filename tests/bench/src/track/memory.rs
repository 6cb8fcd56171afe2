//! Heap of a cached group of one frame, its payload aside.

use stats_alloc::Region;

use super::{SEED, payload, seed};
use crate::{harness::Report, memory::live, ours};

pub(crate) fn memory(report: &mut Report, groups: usize) {
    let runtime = ours::runtime();
    let _entered = runtime.enter();
    let frame = payload();
    let region = Region::new(crate::ALLOCATOR);
    let track = super::ours();
    for _ in 0..groups {
        assert!(track.write_frame(frame.clone()).is_ok());
    }
    let what = "bytes per cached group of one frame, its payload aside";
    report.figure("streamgauge", live(&region, groups), what);

    let region = Region::new(crate::ALLOCATOR);
    let mut seed = seed();
    for _ in 0..groups {
        assert!(seed.write_frame(frame.clone()).is_ok());
    }
    report.figure(SEED, live(&region, groups), what);
}
