//! The core allocates nothing: not to open and drop, not to bump, not to tick, not to encode.
#![cfg(not(loom))]

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use streamgauge_core::{StatsHandle, Tier};
use streamgauge_tests::{Gauge, Node, Room, TIER_NAMES};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Opens series, old and new, bumps and drops them.
fn churn(handle: &StatsHandle<Node>) {
    for name in ["a", "b", "quo\"te", "a/much/longer/name"] {
        let broadcast = handle.broadcast(name);
        let viewer = broadcast.publisher();
        let mut track = viewer.track("video");
        track.group();
        track.whole_frame(1200);
    }
}

/// Ticks, and drains every frame through a buffer that is there already.
fn tick(gauge: &mut Gauge, buf: &mut [u8]) -> usize {
    gauge.now = gauge.now.saturating_add(Gauge::INTERVAL);
    let (meters, mut bytes) = (gauge.node.meters(), 0);
    gauge.reporter.tick(meters, gauge.now);
    while gauge.reporter.poll_track().is_some() {
        loop {
            let chunk = gauge.reporter.poll_frame(meters, &TIER_NAMES[..], buf);
            bytes += chunk.len;
            if chunk.end {
                break;
            }
        }
        gauge.reporter.accept(meters);
    }
    bytes
}

#[test]
fn counting_and_ticking_allocate_nothing() {
    let mut gauge = Gauge::new(Room::of(16));
    let handle = gauge.node.tier(Tier::External);
    let mut buf = [0; 256];
    // The test harness has a thread of its own, which may allocate in the midst of one attempt.
    let quiet = (0..5).any(|_| {
        let region = Region::new(ALLOCATOR);
        let mut bytes = 0;
        for _ in 0..100 {
            churn(&handle);
            bytes += tick(&mut gauge, &mut buf);
        }
        let change = region.change();
        assert!(bytes > 100 * 500, "{bytes} bytes of frames");
        (change.allocations, change.reallocations) == (0, 0)
    });
    assert!(quiet, "every attempt allocated");
}
