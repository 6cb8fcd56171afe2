//! Gauges that are set.

use std::thread;

use streamgauge_core::{Duration, Linger, Replication, Rpc, ServiceStats};
use streamgauge_tests::{Desk, DeskRoom};

use crate::declared::{DEPTH, JOBS, Jobs, OLDEST, lease};

fn desk(series: usize) -> Desk<Jobs> {
    Desk::new(DeskRoom::of(series))
}

#[test]
fn the_last_value_counts_whoever_set_it() {
    let mut desk = desk(1);
    let (first, second) = (lease(&desk, "a"), lease(&desk, "a"));
    first.set(DEPTH, 1);
    second.set(DEPTH, 2);
    desk.collect();
    assert_eq!(desk.of("a").depth, Some(2));
    first.writer().set(DEPTH, 0);
    desk.collect();
    assert_eq!(desk.of("a").depth, Some(0));
    assert_eq!(desk.of("a").oldest_us, None, "each gauge by itself");
}

#[test]
fn a_gauge_that_is_set_is_told_without_any_word_that_moved() {
    let mut desk = desk(1);
    let queue = lease(&desk, "a");
    let _open = queue.begin(JOBS);
    desk.tick();
    assert!(!desk.ledger().has_moved(0));
    queue.set(DEPTH, 4);
    desk.collect();
    assert!(desk.ledger().has_moved(0));
    assert_eq!(desk.shown()["a"].depth, Some(4));
    desk.accept();
    queue.set(DEPTH, 4);
    desk.collect();
    assert!(!desk.ledger().has_moved(0), "the same value is no news");
}

#[test]
fn a_value_that_was_set_and_left_is_told() {
    let mut desk = desk(1);
    lease(&desk, "a").set(DEPTH, 4);
    desk.collect();
    assert_eq!(desk.shown()["a"].depth, Some(4));
    desk.accept();
    desk.tick();
    assert!(desk.all().is_empty());
}

#[test]
fn a_series_begins_with_no_gauge_of_the_one_before_it() {
    let mut desk = desk(1);
    let first = lease(&desk, "a");
    first.set(DEPTH, 4);
    first.set(OLDEST, Duration::from_secs(1));
    drop(first);
    desk.tick();
    desk.tick();
    let second = lease(&desk, "b");
    desk.collect();
    assert_eq!((desk.of("b").depth, desk.of("b").oldest_us), (None, None));
    second.set(DEPTH, 9);
    desk.collect();
    assert_eq!(desk.of("b").depth, Some(9));
}

#[test]
fn an_overflow_series_has_no_gauges() {
    let mut desk = desk(1);
    let _first = lease(&desk, "a");
    let folded = lease(&desk, "b");
    assert!(folded.is_folded());
    folded.set(DEPTH, 4);
    folded.writer().set(DEPTH, 5);
    desk.collect();
    assert_eq!(desk.overflow().depth, None);
    assert_eq!(desk.of("a").depth, None);
}

#[test]
fn the_largest_values_are_kept_as_one() {
    let mut desk = desk(1);
    let queue = lease(&desk, "a");
    for (value, kept) in [
        (usize::MAX - 2, usize::MAX - 2),
        (usize::MAX - 1, usize::MAX - 1),
        (usize::MAX, usize::MAX - 1),
    ] {
        queue.set(DEPTH, value);
        desk.collect();
        assert_eq!(desk.of("a").depth, Some(kept as u64));
    }
}

#[test]
fn a_value_never_tears_and_is_one_that_was_set() {
    let mut desk = desk(1);
    let queue = lease(&desk, "a");
    let values = [1, usize::MAX - 1];
    thread::scope(|scope| {
        let setters = values.map(|value| {
            let queue = queue.clone();
            scope.spawn(move || (0..100_000).for_each(|_| queue.set(DEPTH, value)))
        });
        while setters.iter().any(|setter| !setter.is_finished()) {
            desk.collect();
            let depth = desk.of("a").depth;
            let one = depth.is_none_or(|depth| values.map(|value| value as u64).contains(&depth));
            assert!(one, "{depth:?}");
        }
    });
}

#[test]
fn a_service_shows_as_long_as_a_handle_is_held() {
    let linger = Linger::Idle(Duration::from_secs(3_600));
    let mut desk = Desk::<Rpc>::lingering(DeskRoom::of(1), linger);
    let service = ServiceStats::open(desk.meter(), "echo");
    drop(service.call());
    for _ in 0..3 {
        desk.tick();
        assert_eq!(desk.shown()["echo"].calls_ended, 1);
    }
    assert!(
        !desk.ledger().has_moved(0),
        "nothing to tell while nothing moves"
    );
    drop(service);
    (0..3).for_each(|_| desk.tick());
    assert!(desk.shown().is_empty());
    assert_eq!(desk.of("echo").calls_ended, 1, "it is kept");
}

#[test]
fn a_service_that_stays_for_ever_shows_for_ever() {
    let mut desk = Desk::<Rpc>::new(DeskRoom::of(1));
    drop(ServiceStats::open(desk.meter(), "echo").call());
    (0..3).for_each(|_| desk.tick());
    assert_eq!(desk.shown()["echo"].calls_ended, 1);
    assert!(
        !desk.ledger().has_moved(0),
        "nothing to tell while nothing moves"
    );
}

#[test]
fn a_held_handle_of_a_family_without_pairs_is_live_until_it_drops() {
    let mut desk = Desk::<Replication>::lingering(DeskRoom::of(1), Linger::AtOnce);
    let held = streamgauge_core::ChannelStats::open(desk.meter(), "a");
    desk.tick();
    assert_eq!(desk.frame(4096).matches("\"a\"").count(), 1);
    desk.tick();
    assert!(
        !desk.ledger().has_moved(0),
        "nothing to tell while nothing moves"
    );
    assert_eq!(
        desk.frame(4096).matches("\"a\"").count(),
        1,
        "it still shows"
    );
    drop(held);
    desk.collect();
    assert!(desk.ledger().has_moved(0), "its end is told");
    desk.accept();
    desk.collect();
    assert_eq!(desk.frame(4096), "{}");
    desk.accept();
    assert!(desk.all().is_empty());
}
