//! What a tick allocates once its buffers have grown.

use std::{alloc::System, sync::Mutex};

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use streamgauge_tokio::{Config, Deltas, Frame, PublisherTrack, SinkError, Stats, Tier};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Allocations and bytes that were kept, per tick, of a node whose series all move in every tick.
async fn per_tick(series: usize, config: Config) -> (usize, isize) {
    const TICKS: usize = 50;
    let sink = |_: &Frame| -> Result<(), SinkError> { Ok(()) };
    let stats = Stats::spawn(config.with_sink(sink)).unwrap();
    let mut tracks: Vec<_> = (0..series)
        .map(|n| {
            stats
                .tier(Tier::External)
                .broadcast(&format!("live/{n}"))
                .publisher_track("v")
        })
        .collect();
    for _ in 0..4 {
        busy_tick(&stats, &mut tracks).await;
    }
    let region = Region::new(ALLOCATOR);
    for _ in 0..TICKS {
        busy_tick(&stats, &mut tracks).await;
    }
    let change = region.change();
    #[allow(clippy::cast_possible_wrap, reason = "small")]
    let kept = (change.bytes_allocated as isize) - (change.bytes_deallocated as isize);
    ((change.allocations + change.reallocations) / TICKS, kept)
}

async fn busy_tick(stats: &Stats, tracks: &mut [PublisherTrack]) {
    for track in tracks {
        track.whole_frame(1000);
    }
    stats.flush().await;
}

#[test]
fn a_tick_allocates_nothing_and_keeps_nothing() {
    check(Config::new);
}

#[test]
fn a_tick_that_says_what_changed_allocates_nothing_and_keeps_nothing() {
    check(|| Config::new().with_deltas(Deltas::Beside));
    check(|| Config::new().with_deltas(Deltas::Instead));
}

/// Only one test at a time may allocate.
static ALONE: Mutex<()> = Mutex::new(());

fn check(config: impl Fn() -> Config) {
    let _alone = ALONE.lock().unwrap();

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(async {
        let (few, few_kept) = per_tick(1, config()).await;
        let (many, many_kept) = per_tick(2000, config()).await;
        assert_eq!(few, many, "as many for 2000 series as for one");
        // The answer to the flush.
        assert_eq!(many, 1);
        assert!(
            few_kept < 4096 && many_kept < 4096,
            "{few_kept} {many_kept}"
        );
    });
}
