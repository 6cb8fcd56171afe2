//! The core allocates nothing: not to open and drop, not to bump, not to tick, not to encode.
#![cfg(not(loom))]

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use streamgauge_core::{
    CallOutcome, Duration, InlineRollups, Linger, Rollups, Rpc, ServiceStats, StatsHandle, Tier,
};
use streamgauge_tests::{Desk, DeskRoom, Gauge, KeyWords, Node, Room, TIER_NAMES};

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

/// Levels that come and go, as there is room for three paths.
type Levels = Rollups<InlineRollups<KeyWords, 20, 5, 20>>;

/// Ticks, and drains every frame through a buffer that is there already.
fn tick(gauge: &mut Gauge, levels: &mut Levels, buf: &mut [u8]) -> usize {
    gauge.now = gauge.now.saturating_add(Gauge::INTERVAL);
    let (meters, mut bytes) = (gauge.node.meters(), 0);
    gauge.reporter.tick(meters, gauge.now);
    levels.take_in(meters.traffic(), gauge.reporter.traffic(), gauge.now);
    levels.handle_timeout(gauge.now);
    while levels.poll_event().is_some() {}
    while levels.poll_track().is_some() {
        while !levels.poll_frame(&TIER_NAMES[..], "sjc/1", buf).end {}
        levels.accept();
    }
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

/// Calls of services that come and go, and a tick.
fn call(desk: &mut Desk<Rpc>, buf: &mut [u8]) -> usize {
    for name in ["echo", "a much longer name", "third"] {
        let service = ServiceStats::open(desk.meter(), name);
        let (mut call, handler) = (service.call(), service.handler());
        handler.stream().emitted();
        call.record(CallOutcome::Timeout, Duration::from_millis(30));
    }
    desk.collect();
    let bytes = desk.drain(buf);
    desk.accept();
    bytes
}

/// Whether `f` allocates nothing. The test harness has a thread of its own, which may allocate in the
/// midst of one attempt.
fn is_quiet(mut f: impl FnMut()) -> bool {
    (0..5).any(|_| {
        let region = Region::new(ALLOCATOR);
        f();
        let change = region.change();
        (change.allocations, change.reallocations) == (0, 0)
    })
}

/// One test, so that no other allocates meanwhile.
#[test]
fn counting_and_ticking_allocate_nothing() {
    let mut gauge = Gauge::new(Room::of(16));
    let handle = gauge.node.tier(Tier::External);
    let mut desk = Desk::<Rpc>::lingering(DeskRoom::of(2), Linger::AtOnce);
    let mut levels = Levels::new(InlineRollups::inline(), 4, 3).with_linger(Duration::default());
    let mut buf = [0; 256];
    let quiet = is_quiet(|| {
        let mut bytes = 0;
        for _ in 0..100 {
            churn(&handle);
            bytes += tick(&mut gauge, &mut levels, &mut buf);
            bytes += call(&mut desk, &mut buf);
        }
        assert!(bytes > 100 * 1_000, "{bytes} bytes of frames");
    });
    assert!(quiet, "every attempt allocated");
    assert!(levels.usage().folded_keys > 0, "levels were short");
}
