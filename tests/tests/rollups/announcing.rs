//! Timers as data: when a level is to be unannounced, and what keeps it.

use std::collections::BTreeSet;

use streamgauge_core::{Duration, Instant, PublisherTrack, Tier};
use streamgauge_tests::{Node, Sink};

use crate::desk::{Desk, Plan};

fn desk(linger: u64) -> Desk {
    Desk::new(Plan {
        linger: Duration::from_secs(linger),
        ..Plan::ample(1)
    })
}

fn subscribe(desk: &Desk, path: &str) -> PublisherTrack<Node> {
    let handle = desk.gauge.node.tier(Tier::External);
    handle.broadcast(path).publisher_track("v")
}

fn set<const N: usize>(prefixes: [&str; N]) -> BTreeSet<String> {
    prefixes.map(String::from).into()
}

#[test]
fn a_timeout_is_due_a_linger_after_the_last_subscription() {
    let mut desk = desk(300);
    assert_eq!(desk.rollups.poll_timeout(), None);
    let track = subscribe(&desk, "a");
    desk.tick();
    assert_eq!(desk.came, set(["", "a"]));
    assert_eq!(desk.rollups.poll_timeout(), None, "it is subscribed");
    drop(track);
    desk.tick();
    let due = desk.gauge.now.saturating_add(Duration::from_secs(300));
    assert_eq!(desk.rollups.poll_timeout(), Some(due));
    desk.tick();
    assert_eq!(
        desk.rollups.poll_timeout(),
        Some(due),
        "a tick puts nothing off"
    );
    desk.rollups.handle_timeout(due);
    assert!(desk.rollups.poll_event().is_some());
    assert!(desk.rollups.poll_event().is_some());
    assert_eq!(desk.rollups.poll_event(), None);
    assert_eq!(desk.rollups.poll_timeout(), None);
}

#[test]
fn a_call_that_comes_too_early_does_nothing() {
    let mut desk = desk(300);
    drop(subscribe(&desk, "a"));
    desk.tick();
    let due = desk.rollups.poll_timeout().expect("it lingers");
    let early = Instant::from_micros(due.as_micros() - 1);
    desk.rollups.handle_timeout(early);
    assert_eq!(desk.rollups.poll_event(), None);
    assert_eq!(desk.rollups.poll_timeout(), Some(due));
}

#[test]
fn a_subscription_between_the_last_tick_and_the_unannounce_wins() {
    let mut desk = desk(10);
    drop(subscribe(&desk, "a"));
    desk.tick();
    let due = desk.rollups.poll_timeout().expect("it lingers");
    let track = subscribe(&desk, "a");
    desk.gauge.now = due;
    desk.tick_into(Sink::Accept, u32::MAX, 512);
    assert_eq!((desk.came.len(), desk.went.len()), (0, 0));
    drop(track);
    assert_eq!(desk.announced.len(), 2);
}

#[test]
fn a_subscription_that_ended_before_the_unannounce_begins_the_linger_anew() {
    let mut desk = desk(10);
    drop(subscribe(&desk, "a"));
    desk.tick();
    let due = desk.rollups.poll_timeout().expect("it lingers");
    drop(subscribe(&desk, "a"));
    desk.gauge.now = due;
    desk.tick_into(Sink::Accept, u32::MAX, 512);
    assert_eq!(desk.went.len(), 0);
    let again = due.saturating_add(Duration::from_secs(10));
    assert_eq!(desk.rollups.poll_timeout(), Some(again));
}

#[test]
fn a_subscription_after_the_unannounce_was_decided_takes_it_back() {
    let mut desk = desk(10);
    drop(subscribe(&desk, "a"));
    desk.tick();
    let due = desk.rollups.poll_timeout().expect("it lingers");
    desk.rollups.handle_timeout(due);
    // Nobody has polled the event yet.
    let _track = subscribe(&desk, "a");
    desk.tick();
    assert_eq!((desk.came.len(), desk.went.len()), (0, 0));
    assert_eq!(desk.announced.len(), 2);
}

#[test]
fn a_clock_that_jumps_back_begins_the_linger_anew() {
    let mut desk = desk(10);
    desk.sleep(100_000);
    drop(subscribe(&desk, "a"));
    desk.tick();
    desk.jump_back(90_000);
    desk.tick();
    let due = desk.rollups.poll_timeout().expect("it lingers");
    assert_eq!(due, desk.gauge.now.saturating_add(Duration::from_secs(10)));
}

#[test]
fn the_longest_linger_and_the_last_moment_are_no_panic() {
    let mut desk = Desk::new(Plan {
        linger: Duration::from_micros(u64::MAX),
        ..Plan::ample(1)
    });
    drop(subscribe(&desk, "a"));
    desk.tick();
    desk.gauge.now = Instant::from_micros(u64::MAX);
    desk.tick_into(Sink::Accept, u32::MAX, 512);
    assert_eq!(desk.went, set(["", "a"]));
}

#[test]
fn each_subscription_is_seen_however_brief() {
    let mut desk = desk(0);
    for _ in 0..10 {
        drop(subscribe(&desk, "a"));
        desk.tick();
        assert_eq!(desk.came, set(["", "a"]));
        desk.tick();
        assert_eq!(desk.went, set(["", "a"]));
    }
    let lives = desk
        .told
        .iter()
        .filter(|((prefix, lane, _), _)| prefix == "a" && *lane == 0);
    let told: u64 = lives.map(|(_, rollup)| rollup.subscriptions).sum();
    assert_eq!(told, 10);
}

#[test]
fn a_level_is_not_unannounced_before_its_last_frames_were_accepted() {
    let mut desk = desk(0);
    let mut track = subscribe(&desk, "a");
    track.bytes(7);
    desk.tick();
    drop(track);
    for _ in 0..5 {
        desk.sleep(1_000);
        desk.tick_into(Sink::Accept, 0, 512);
        assert_eq!(desk.went.len(), 0);
    }
    desk.tick();
    desk.tick();
    assert_eq!(desk.went, set(["", "a"]));
}

#[test]
fn a_level_that_something_is_announced_under_goes_on_where_it_was() {
    let mut desk = desk(0);
    let viewer = desk
        .gauge
        .node
        .tier(Tier::External)
        .broadcast("a")
        .publisher();
    for round in 1..5 {
        viewer.track("v").bytes(10);
        desk.tick();
        assert_eq!(desk.total("a", 0).bytes, 10 * round);
        desk.tick();
        assert_eq!(desk.went.len(), 2);
    }
    let lives = desk
        .told
        .keys()
        .filter(|(prefix, lane, _)| prefix == "a" && *lane == 0);
    assert_eq!(lives.count(), 1, "it is one life");
}
