//! `bytes(n)` and `frame()` on a guard that is held, all threads on one series.

use std::hint::black_box;

use moq_net_seed::Tier as SeedTier;
use prometheus_client::metrics::{counter::Counter, family::Family};
use streamgauge_core::{Handle, PublisherTrack, StatsHandle};
use streamgauge_tokio::Tier;
use tokio::runtime::Runtime;

use crate::{
    harness::{Report, sample_threads},
    ours::{self, SEED},
};

const OPS: usize = 4_000_000;

/// On guards that borrow the node, as in scoped threads or with a node in a static.
pub(crate) fn held(report: &mut Report, threads: usize) {
    let runtime = ours::runtime();
    let stats = ours::ours(&runtime, 64);
    let handle = stats.tier_ref(Tier::External);
    compare(report, threads, &runtime, &handle);
}

/// On guards with a reference count, which may move to tasks.
pub(crate) fn held_counted(report: &mut Report, threads: usize) {
    let runtime = ours::runtime();
    let stats = ours::ours(&runtime, 64);
    compare(report, threads, &runtime, &stats.tier(Tier::External));
}

fn compare<H>(report: &mut Report, threads: usize, runtime: &Runtime, handle: &StatsHandle<H>)
where
    H: Handle + Send,
    PublisherTrack<H>: Send,
{
    let (seed, _origin) = ours::seed(runtime);
    let seed_broadcast = seed.tier(SeedTier::External).broadcast("demo/bbb");
    let broadcast = handle.broadcast("demo/bbb");
    let mut seed_tracks: Vec<_> = (0..threads)
        .map(|_| seed_broadcast.publisher_track("video"))
        .collect();
    let mut tracks: Vec<_> = (0..threads)
        .map(|_| broadcast.publisher_track("video"))
        .collect();
    let n = black_box(1200);
    let mut ours = || {
        sample_threads(&mut tracks, OPS, |track, _| {
            track.bytes(n);
            track.frame();
        })
    };
    report.compare(
        SEED,
        || {
            sample_threads(&mut seed_tracks, OPS, |track, _| {
                track.bytes(n as u64);
                track.frame();
            })
        },
        &mut ours,
    );
    let mut counters = prometheus(threads);
    report.compare(
        "prometheus-client",
        || {
            sample_threads(&mut counters, OPS, |(bytes, frames), _| {
                bytes.inc_by(n as u64);
                frames.inc();
            })
        },
        &mut ours,
    );
}

/// A pair of counters of one series for each thread.
fn prometheus(threads: usize) -> Vec<(Counter, Counter)> {
    let bytes = Family::<Vec<(String, String)>, Counter>::default();
    let frames = bytes.clone();
    let label = |name: &str| vec![("broadcast".to_owned(), name.to_owned())];
    let pair = |_| {
        let bytes = bytes.get_or_create_owned(&label("demo/bbb"));
        (bytes, frames.get_or_create_owned(&label("demo/bbb/frames")))
    };
    (0..threads).map(pair).collect()
}
