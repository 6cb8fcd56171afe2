//! Heap of a cached group of one frame, its payload aside.

use bytes::Bytes;
use stats_alloc::Region;

use super::{SEED, payload, seed};
use crate::{harness::Report, memory::live, ours};

pub(crate) fn memory(report: &mut Report, groups: usize) {
    let runtime = ours::runtime();
    let _entered = runtime.enter();
    let whole = heap(groups, super::ours, |track, frame| {
        assert!(track.write_frame(frame).is_ok());
    });
    report.figure("whole groups", whole, WHAT);
    let grown = heap(groups, super::ours, |track, frame| {
        let group = track.append_group().ok();
        let written = group.map(|group| (group.write_frame(frame), group.finish()));
        assert!(matches!(written, Some((Ok(()), Ok(())))));
    });
    report.figure("frame by frame", grown, WHAT);
    let seed = heap(groups, seed, |track, frame| {
        assert!(track.write_frame(frame).is_ok());
    });
    report.figure(SEED, seed, WHAT);
}

const WHAT: &str = "bytes per cached group of one frame, its payload aside";

/// What each of so many groups takes in a new track.
fn heap<T>(groups: usize, track: impl Fn() -> T, mut write: impl FnMut(&mut T, Bytes)) -> f64 {
    let frame = payload();
    let region = Region::new(crate::ALLOCATOR);
    let mut track = track();
    for _ in 0..groups {
        write(&mut track, frame.clone());
    }
    live(&region, groups)
}
