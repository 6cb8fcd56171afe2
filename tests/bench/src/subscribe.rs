//! Finding a series, and opening and dropping subscriptions.

use std::hint::black_box;

use moq_net_seed::Tier as SeedTier;
use prometheus_client::metrics::{counter::Counter, family::Family};
use streamgauge_tokio::Tier;

use crate::{
    harness::{Report, sample_threads},
    ours::{self, SEED},
};

/// Series to find one in.
const KEYS: usize = 1_000;
const OPS: usize = 500_000;

/// From the path of an existing series to its announce guard, and dropping that again.
pub(crate) fn find(report: &mut Report, threads: usize) {
    let runtime = ours::runtime();
    let (seed, _origin) = ours::seed(&runtime);
    let stats = ours::ours(&runtime, 2 * KEYS);
    let paths: Vec<_> = (0..KEYS).map(ours::path).collect();
    let (seed, handle) = (seed.tier(SeedTier::External), stats.tier(Tier::External));
    let seed_held: Vec<_> = paths
        .iter()
        .map(|path| seed.broadcast(path.as_str()).publisher())
        .collect();
    let held: Vec<_> = paths
        .iter()
        .map(|path| handle.broadcast(path).publisher())
        .collect();

    // Each thread has a handle of its own, as each session of a relay has.
    let starts = || (0..threads).map(|thread| thread * 7919);
    let mut seeds: Vec<_> = starts().map(|place| (seed.clone(), place)).collect();
    let mut handles: Vec<_> = starts()
        .map(|place| (stats.tier_ref(Tier::External), place))
        .collect();
    let mut places: Vec<_> = starts().collect();
    let mut ours = || {
        sample_threads(&mut handles, OPS, |(handle, place), _| {
            drop(black_box(handle.broadcast(next(&paths, place)).publisher()));
        })
    };
    report.compare(
        SEED,
        || {
            sample_threads(&mut seeds, OPS, |(seed, place), _| {
                drop(black_box(seed.broadcast(next(&paths, place)).publisher()));
            })
        },
        &mut ours,
    );
    let family = prometheus(&paths);
    report.compare(
        "prometheus-client",
        || {
            sample_threads(&mut places, OPS, |place, _| {
                black_box(
                    family
                        .get_or_create(&Labels(next(&paths, place).to_owned()))
                        .inc(),
                );
            })
        },
        &mut ours,
    );
    drop((seed_held, held));
}

/// A path far from the last one.
fn next<'a>(paths: &'a [String], place: &mut usize) -> &'a str {
    *place = (*place + 379) % paths.len();
    &paths[*place]
}

/// Opening a subscription under a held announce guard and dropping it; the threads hold a guard each,
/// all of one series.
pub(crate) fn open_drop(report: &mut Report, threads: usize) {
    let runtime = ours::runtime();
    let (seed, _origin) = ours::seed(&runtime);
    let stats = ours::ours(&runtime, 64);
    let seed_broadcast = seed.tier(SeedTier::External).broadcast("demo/bbb");
    let announce = |_| stats.tier_ref(Tier::External).broadcast("demo/bbb").publisher();
    let mut seed_guards: Vec<_> = (0..threads).map(|_| seed_broadcast.publisher()).collect();
    let mut guards: Vec<_> = (0..threads).map(announce).collect();
    report.compare(
        SEED,
        || {
            sample_threads(&mut seed_guards, OPS, |guard, _| {
                drop(black_box(guard.track("video")));
            })
        },
        || {
            sample_threads(&mut guards, OPS, |guard, _| {
                drop(black_box(guard.track("video")));
            })
        },
    );
}

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
struct Labels(String);

fn prometheus(paths: &[String]) -> Family<Labels, Counter> {
    let family = Family::<Labels, Counter>::default();
    for path in paths {
        family.get_or_create(&Labels(path.clone())).inc();
    }
    family
}
