//! Groups that arrive late, behind the newest, and expire as others still come.

use super::{AGE, ROUNDS, SEED, advance, advance_part, payload, seed};
use crate::{
    harness::{Report, sample},
    ours,
};

/// Batches that the late groups come in, and how many of them are live at a time.
const BATCHES: usize = 40;
const LIVE: usize = 10;

/// This many late groups of one frame, from the first to when the last has expired: one operation.
pub(crate) fn late(report: &mut Report, groups: usize) {
    let runtime = ours::runtime();
    let _entered = runtime.enter();
    let frame = payload();
    report.compare_rounds(
        ROUNDS / 10,
        SEED,
        &mut || {
            let mut track = seed();
            let mut create = |sequence: u64| {
                let group = track.create_group(sequence.into()).ok();
                let written =
                    group.map(|mut group| (group.write_frame(frame.clone()), group.finish()));
                assert!(matches!(written, Some((Ok(()), Ok(())))));
            };
            sample(1, |_| run(groups as u64, &mut create))
        },
        &mut || {
            let track = super::ours();
            let mut create = |sequence: u64| {
                let group = track.create_group(sequence).ok();
                let written = group.map(|group| (group.write_frame(frame.clone()), group.finish()));
                assert!(matches!(written, Some((Ok(()), Ok(())))));
            };
            sample(1, |_| run(groups as u64, &mut create))
        },
    );
}

/// The newest group comes first, and another newest last, when all have expired.
fn run(groups: u64, mut create: impl FnMut(u64)) {
    create(groups);
    for batch in 0..BATCHES as u64 {
        advance_part(LIVE);
        let first = |batch| groups * batch / BATCHES as u64;
        (first(batch)..first(batch + 1)).for_each(&mut create);
    }
    advance(AGE + AGE);
    create(groups + 1);
}
