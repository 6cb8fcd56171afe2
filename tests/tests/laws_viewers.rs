//! Viewers and broadcasts: every transition, exactly.
#![cfg(not(loom))]

use streamgauge_core::{PublisherStats, Tier, Traffic};
use streamgauge_tests::{Gauge, Node, Room};

fn announce(gauge: &Gauge) -> PublisherStats<Node> {
    gauge.node.tier(Tier::External).broadcast("a").publisher()
}

/// Opened and closed, of viewers and of broadcasts.
fn counted(gauge: &mut Gauge) -> ([u64; 2], [u64; 2]) {
    gauge.tick();
    let Traffic {
        viewers,
        viewers_closed,
        broadcasts,
        broadcasts_closed,
        ..
    } = gauge.total(0);
    ([viewers, viewers_closed], [broadcasts, broadcasts_closed])
}

#[test]
fn a_series_that_comes_and_goes_within_a_tick_is_counted_each_time() {
    let mut gauge = Gauge::new(Room::of(4));
    let guard = announce(&gauge);
    let kept = guard.track("kept");
    assert_eq!(counted(&mut gauge), ([1, 0], [1, 0]));
    drop(kept);
    for _ in 0..5 {
        drop(guard.track("video"));
    }
    let kept = guard.track("kept");
    assert_eq!(counted(&mut gauge), ([7, 6], [7, 6]));
    drop(kept);
}

#[test]
fn a_viewer_stays_while_any_of_its_subscriptions_does() {
    let mut gauge = Gauge::new(Room::of(8));
    let guard = announce(&gauge);
    let mut tracks: Vec<_> = (0..4).map(|_| guard.track("video")).collect();
    for _ in 0..3 {
        // The first one's cell counts for the others.
        drop(tracks.remove(0));
        assert_eq!(counted(&mut gauge), ([1, 0], [1, 0]));
        tracks.push(guard.track("video"));
        drop(tracks.remove(0));
        assert_eq!(counted(&mut gauge), ([1, 0], [1, 0]));
    }
    tracks.clear();
    assert_eq!(counted(&mut gauge), ([1, 1], [1, 1]));
}

#[test]
fn a_viewer_outlives_its_announce_guard() {
    let mut gauge = Gauge::new(Room::of(4));
    let guard = announce(&gauge);
    let (first, second) = (guard.track("video"), guard.track("audio"));
    drop((guard, first));
    assert_eq!(counted(&mut gauge), ([1, 0], [1, 0]));
    drop(second);
    assert_eq!(counted(&mut gauge), ([1, 1], [1, 1]));
}

#[test]
fn each_announce_guard_has_a_viewer_of_its_own_though_cells_go_round() {
    let mut gauge = Gauge::new(Room::of(4));
    let (mine, theirs) = (announce(&gauge), announce(&gauge));
    drop(mine.track("video"));
    let in_my_old_cell = theirs.track("video");
    let again = mine.track("video");
    assert_eq!(counted(&mut gauge), ([3, 1], [2, 1]));
    drop(in_my_old_cell);
    assert_eq!(counted(&mut gauge), ([3, 2], [2, 1]));
    drop(again);
    assert_eq!(counted(&mut gauge), ([3, 3], [2, 2]));
}

#[test]
fn a_subscription_without_an_announce_guard_is_no_viewer() {
    let mut gauge = Gauge::new(Room::of(4));
    let broadcast = gauge.node.tier(Tier::External).broadcast("a");
    drop(broadcast.publisher_track("video"));
    assert_eq!(counted(&mut gauge), ([0, 0], [1, 1]));
}
