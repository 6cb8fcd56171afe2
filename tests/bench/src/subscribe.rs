//! Finding a series, and opening and dropping subscriptions.

use std::hint::black_box;

use moq_net_seed::Tier as SeedTier;
use prometheus_client::metrics::{counter::Counter, family::Family};
use streamgauge_core::{Handle, StatsHandle};
use streamgauge_tokio::{Stats, Tier};
use tokio::runtime::Runtime;

use crate::{
    harness::{Report, sample_threads},
    ours::{self, SEED},
};

/// Series to find one in.
const KEYS: usize = 1_000;
const OPS: usize = 500_000;

/// Through handles that borrow the node, as in scoped threads or with a node in a static.
pub(crate) fn find(report: &mut Report, threads: usize) {
    let node = Node::new(2 * KEYS);
    node.find(report, threads, || node.stats.tier_ref(Tier::External));
}

/// Through handles with a reference count, which guards that move to tasks need.
pub(crate) fn find_counted(report: &mut Report, threads: usize) {
    let node = Node::new(2 * KEYS);
    node.find(report, threads, || node.stats.tier(Tier::External));
}

/// Through handles that borrow the node.
pub(crate) fn open_drop(report: &mut Report, threads: usize) {
    let node = Node::new(64);
    node.open_drop(report, threads, || node.stats.tier_ref(Tier::External));
}

/// Through handles with a reference count.
pub(crate) fn open_drop_counted(report: &mut Report, threads: usize) {
    let node = Node::new(64);
    node.open_drop(report, threads, || node.stats.tier(Tier::External));
}

/// Both sides' nodes.
struct Node {
    seed: moq_net_seed::Stats,
    stats: Stats,
    _origin: moq_net_seed::OriginProducer,
    _runtime: Runtime,
}

impl Node {
    fn new(series: usize) -> Self {
        let runtime = ours::runtime();
        let (seed, origin) = ours::seed(&runtime);
        let stats = ours::ours(&runtime, series);
        Self {
            seed,
            stats,
            _origin: origin,
            _runtime: runtime,
        }
    }

    /// From the path of an existing series to its announce guard, and dropping that again. Each
    /// thread has a handle of its own, as each session of a relay has.
    fn find<H: Handle + Send>(
        &self,
        report: &Report,
        threads: usize,
        handle: impl Fn() -> StatsHandle<H>,
    ) {
        let paths: Vec<_> = (0..KEYS).map(ours::path).collect();
        let seed = self.seed.tier(SeedTier::External);
        let seed_held: Vec<_> = paths
            .iter()
            .map(|path| seed.broadcast(path.as_str()).publisher())
            .collect();
        let held: Vec<_> = paths
            .iter()
            .map(|path| handle().broadcast(path).publisher())
            .collect();
        let starts = || (0..threads).map(|thread| thread * 7919);
        let mut seeds: Vec<_> = starts().map(|place| (seed.clone(), place)).collect();
        let mut handles: Vec<_> = starts().map(|place| (handle(), place)).collect();
        let mut places: Vec<_> = starts().collect();
        let mut ours = || {
            sample_threads(&mut handles, OPS, |(handle, place), _| {
                black_box(&handle.broadcast(next(&paths, place)).publisher());
            })
        };
        report.compare(
            SEED,
            || {
                sample_threads(&mut seeds, OPS, |(seed, place), _| {
                    black_box(&seed.broadcast(next(&paths, place)).publisher());
                })
            },
            &mut ours,
        );
        let family = prometheus(&paths);
        report.compare(
            "prometheus-client",
            || {
                sample_threads(&mut places, OPS, |place, _| {
                    let label = Labels(next(&paths, place).to_owned());
                    black_box(family.get_or_create(&label).inc());
                })
            },
            &mut ours,
        );
        drop((seed_held, held));
    }

    /// Opening a subscription under a held announce guard and dropping it; the threads hold a guard
    /// each, all of one series.
    fn open_drop<H: Handle + Send + Sync>(
        &self,
        report: &Report,
        threads: usize,
        handle: impl Fn() -> StatsHandle<H>,
    ) {
        let broadcast = self.seed.tier(SeedTier::External).broadcast("demo/bbb");
        let mut seed_guards: Vec<_> = (0..threads).map(|_| broadcast.publisher()).collect();
        let announce = |_| handle().broadcast("demo/bbb").publisher();
        let mut guards: Vec<_> = (0..threads).map(announce).collect();
        report.compare(
            SEED,
            || {
                sample_threads(&mut seed_guards, OPS, |guard, _| {
                    black_box(&guard.track("video"));
                })
            },
            || {
                sample_threads(&mut guards, OPS, |guard, _| {
                    black_box(&guard.track("video"));
                })
            },
        );
    }
}

/// A path far from the last one.
fn next<'a>(paths: &'a [String], place: &mut usize) -> &'a str {
    *place = (*place + 379) % paths.len();
    &paths[*place]
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
