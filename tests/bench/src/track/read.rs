//! Finding a group by its sequence, and reading on past those that were evicted.

use std::hint::black_box;

use super::{AGE, ROUNDS, SEED, advance, at_once, payload, seed};
use crate::{
    harness::{Report, Sample, sample},
    ours,
};

const MILLION: u64 = 1_000_000;

/// `get_group` of sequences in no order, among this many live groups.
pub(crate) fn get_group(report: &mut Report, live: usize) {
    let runtime = ours::runtime();
    let _entered = runtime.enter();
    let (mut seed, track) = (seed(), super::ours());
    for _ in 0..live {
        assert!(seed.write_frame(payload()).is_ok());
        assert!(track.write_frame(payload()).is_ok());
    }
    let sequences = shuffled(live as u64);
    let (seed, mut reader) = (seed.consume(), track.consume());
    report.compare_rounds(
        ROUNDS,
        SEED,
        &mut || {
            steady(200, |i| {
                let group = at_once(seed.get_group(sequences[i % live]));
                assert!(matches!(black_box(&group), Some(Ok(Some(_)))));
            })
        },
        &mut || {
            steady(20_000, |i| {
                let group = at_once(reader.get_group(sequences[i % live]));
                assert!(matches!(black_box(&group), Some(Ok(Some(_)))));
            })
        },
    );
}

/// A reader joins and reads the groups there are: the newest, which arrived first, then 16, with this
/// many evicted ones between.
pub(crate) fn holes(report: &mut Report, evicted: u64) {
    let runtime = ours::runtime();
    let _entered = runtime.enter();
    let (mut seed, track) = (seed(), super::ours());
    let mut create = |sequence: u64| {
        assert!(seed.create_group(sequence.into()).is_ok());
        assert!(track.create_group(sequence).is_ok());
    };
    create(MILLION);
    (0..evicted).for_each(&mut create);
    advance(AGE + AGE);
    (evicted..evicted + 16).for_each(&mut create);
    report.compare_rounds(
        ROUNDS,
        SEED,
        &mut || {
            steady(200, |_| {
                let mut reader = seed.consume();
                let groups = std::iter::from_fn(|| at_once(reader.next_group()));
                assert_eq!(groups.count(), 17);
            })
        },
        &mut || {
            steady(200, |_| {
                let mut reader = track.consume();
                let groups = std::iter::from_fn(|| at_once(reader.next_group()));
                assert_eq!(groups.count(), 17);
            })
        },
    );
}

/// Takes a sample when the processor's caches, which the other side had, have what `op` reads.
fn steady(ops: usize, mut op: impl FnMut(usize)) -> Sample {
    (0..ops).for_each(&mut op);
    sample(ops, op)
}

/// Each sequence below `len` once, in no order.
fn shuffled(len: u64) -> Vec<u64> {
    let mut sequences: Vec<_> = (0..len).collect();
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    for i in (1..sequences.len()).rev() {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let other = usize::try_from(random >> 40).unwrap_or(0) % (i + 1);
        sequences.swap(i, other);
    }
    sequences
}
