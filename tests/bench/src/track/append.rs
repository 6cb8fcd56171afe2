//! Appending groups of one frame while the oldest are evicted by age.

use bytes::Bytes;

use super::{ROUNDS, SEED, advance_part, payload, seed};
use crate::{
    harness::{Report, Sample, sample_batches},
    ours,
};

/// Appends of one round, unless one batch is more.
const OPS: usize = 1_000;

/// With this many groups live.
pub(crate) fn append(report: &mut Report, live: usize) {
    let runtime = ours::runtime();
    let _entered = runtime.enter();
    let mut seed = seed();
    let mut track = super::ours();
    report.compare_rounds(
        ROUNDS,
        SEED,
        &mut || {
            sample(live, &mut seed, |track, frame| {
                assert!(track.write_frame(frame).is_ok());
            })
        },
        &mut || {
            sample(live, &mut track, |track, frame| {
                assert!(track.write_frame(frame).is_ok());
            })
        },
    );
}

fn sample<T>(live: usize, track: &mut T, write: impl Fn(&mut T, Bytes)) -> Sample {
    let frame = payload();
    let batch = (live / 10).max(10);
    let batches = OPS.div_ceil(batch);
    let before = |_: &mut T| advance_part(live / batch);
    sample_batches(track, (batches, batch), before, |track| {
        write(track, frame.clone());
    })
}
