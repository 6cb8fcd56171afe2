//! Tables of sizes that do not fit together: odd, but no reason to panic.

use proptest::prelude::*;
use streamgauge_core::{
    Duration, InlineRollups, Instant, LevelRow, LevelSeries, LevelSum, RollupPages, Rollups, Tier,
};
use streamgauge_tests::{Gauge, KeyWords, Room, Sink, TIER_NAMES};

use crate::desk::Boxed;

fn pages([series, levels, sums, buckets]: [usize; 4]) -> Boxed {
    RollupPages::new(
        vec![LevelSeries::ZERO; series],
        vec![LevelRow::ZERO; levels],
        vec![LevelSum::ZERO; sums],
        vec![0; buckets],
    )
}

/// Counts, ticks and takes in, with roll-ups of any kind.
fn play(mut rollups: Rollups<Boxed>) {
    let mut gauge = Gauge::new(Room::of(8));
    let mut buf = [0; 64];
    for round in 0..12_u64 {
        let handle = gauge.node.tier(Tier::Internal);
        for n in 0..6 {
            let path = format!("{}/{}", n % 3, (n + round) % 5);
            handle.broadcast(&path).subscriber_track("v").bytes(1);
        }
        gauge.now = Instant::from_micros(round * 1_000_000);
        gauge.collect();
        let meter = gauge.node.meters().traffic();
        rollups.take_in(meter, gauge.reporter.traffic(), gauge.now);
        rollups.handle_timeout(gauge.now);
        while let Some(event) = rollups.poll_event() {
            let _event = format!("{event:?}");
        }
        while let Some(track) = rollups.poll_track() {
            assert!(rollups.prefix(track.level).is_some());
            while !rollups.poll_frame(&TIER_NAMES[..], "", &mut buf).end {}
            rollups.accept();
        }
        gauge.drain(Sink::Accept, 512);
    }
    let usage = rollups.usage();
    assert!(usage.series <= usage.series_capacity);
}

proptest! {
    #[test]
    fn no_sizes_are_a_panic(
        series in 0..16_usize, levels in 0..8_usize, sums in 0..40_usize, buckets in 0..4_usize,
        lanes in 0..20_usize, depth in 0..4_usize, linger in 0..5_u64,
    ) {
        let rollups = Rollups::new(pages([series, levels, sums, buckets]), lanes, depth);
        play(rollups.with_linger(Duration::from_secs(linger)));
    }
}

#[test]
fn there_is_memory_in_arrays_and_it_is_as_stated() {
    type Inline = InlineRollups<KeyWords, 12, 6, 24>;
    static SIZE: usize = size_of::<Rollups<Inline>>();
    let rollups = Rollups::new(Inline::inline(), 4, 1);
    assert_eq!(rollups.usage().series_capacity, 6);
    assert!(SIZE <= 12 * 80 + 6 * 112 + 24 * 64 + 6 * 4 + 128, "{SIZE}");
    #[cfg(target_pointer_width = "64")]
    {
        assert_eq!(size_of::<LevelSeries>(), 72);
        assert_eq!(size_of::<LevelSum>(), 64);
    }
}
