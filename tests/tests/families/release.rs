//! How long series stay that nobody holds.

use streamgauge_core::{ChannelStats, Duration, Linger, Replication, Rpc, ServiceStats};
use streamgauge_tests::{Desk, DeskRoom, Drawer};

use crate::declared::{IO, JOBS, Jobs, lease};

const IDLE: u64 = 10_000;

fn idle() -> Desk<Replication> {
    let linger = Linger::Idle(Duration::from_millis(IDLE));
    Desk::lingering(DeskRoom::of(2), linger)
}

fn open(desk: &Desk<Replication>, name: &str) -> ChannelStats<Drawer<Replication>> {
    ChannelStats::open(desk.meter(), name)
}

/// Ticks every second, so often, and says after how many seconds the series was released.
fn released_after(desk: &mut Desk<Replication>, name: &str, most: u64) -> Option<u64> {
    (1..=most).find(|_| {
        desk.tick();
        !desk.all().contains_key(name)
    })
}

#[test]
fn a_series_is_released_when_it_has_been_idle_long_enough() {
    for before in 0..12 {
        let mut desk = idle();
        (0..before).for_each(|_| desk.tick());
        open(&desk, "a").sync_bytes(7);
        let seconds = released_after(&mut desk, "a", 30).expect("it is released");
        assert!((10..=22).contains(&seconds), "after {seconds} s");
        assert_eq!(desk.usage().series, 0);
        assert_eq!(
            (desk.total().sync_bytes, desk.ledger().retired(0).sync_bytes),
            (7, 7)
        );
        desk.check_parts();
    }
}

#[test]
fn a_series_that_is_held_is_not_released() {
    let mut desk = idle();
    let held = open(&desk, "a");
    assert_eq!(released_after(&mut desk, "a", 60), None);
    drop(held);
    let seconds = released_after(&mut desk, "a", 30).expect("it is released");
    assert!((10..=22).contains(&seconds), "after {seconds} s");
}

#[test]
fn a_series_in_use_is_not_released() {
    let mut desk = idle();
    for _ in 0..20 {
        open(&desk, "a").set_leader_lag(Duration::from_micros(1));
        assert_eq!(released_after(&mut desk, "a", 9), None);
    }
    for n in 0..20 {
        let held = open(&desk, "a");
        desk.tick();
        held.set_leader_lag(Duration::from_micros(n));
        assert_eq!(released_after(&mut desk, "a", 8), None);
    }
}

#[test]
fn a_series_whose_last_words_were_refused_is_not_released() {
    let mut desk = idle();
    open(&desk, "a").sync_bytes(7);
    for _ in 0..60 {
        desk.collect();
    }
    assert_eq!(desk.of("a").sync_bytes, 7);
    assert!(released_after(&mut desk, "a", 30).is_some());
}

#[test]
fn a_released_name_comes_back_as_another_life_with_nothing_set() {
    let mut desk = idle();
    let mut first = open(&desk, "a");
    first.sync_bytes(7);
    first.set_leader_lag(Duration::from_micros(1));
    drop(first);
    released_after(&mut desk, "a", 30).expect("it is released");
    open(&desk, "a").sync_bytes(1);
    desk.tick();
    let again = desk.of("a");
    assert_eq!((again.sync_bytes, again.leader_lag_us), (1, None));
    assert_eq!(desk.total().sync_bytes, 8);
}

#[test]
fn a_service_that_was_called_is_kept_while_calls_are_under_way() {
    let linger = Linger::Idle(Duration::from_millis(IDLE));
    let mut desk = Desk::<Rpc>::lingering(DeskRoom::of(2), linger);
    let service = ServiceStats::open(desk.meter(), "echo");
    let call = service.call();
    drop(service);
    (0..60).for_each(|_| desk.tick());
    assert_eq!(desk.of("echo").in_flight_calls(), 1);
    drop(call);
    (0..30).for_each(|_| desk.tick());
    assert!(desk.all().is_empty());
    assert_eq!(desk.total().calls_ended, 1);
}

#[test]
fn a_service_handle_that_is_held_keeps_its_series_without_a_call() {
    let linger = Linger::Idle(Duration::from_millis(IDLE));
    let mut desk = Desk::<Rpc>::lingering(DeskRoom::of(2), linger);
    let service = ServiceStats::open(desk.meter(), "echo");
    drop(service.call());
    (0..60).for_each(|_| desk.tick());
    assert_eq!(desk.of("echo").calls_started, 1);
    drop(service.call());
    desk.tick();
    assert_eq!(desk.of("echo").calls_started, 2);
    drop(service);
    (0..30).for_each(|_| desk.tick());
    assert!(desk.all().is_empty());
}

#[test]
fn series_of_a_family_that_keeps_none_go_when_their_end_is_told() {
    let mut desk = Desk::<Jobs>::lingering(DeskRoom::of(1), Linger::Forever);
    let queue = lease(&desk, "a");
    let job = queue.begin(JOBS);
    queue.add(IO, 1);
    drop(queue);
    desk.tick();
    assert_eq!(desk.shown()["a"].running(), 1);
    drop(job);
    desk.collect();
    assert_eq!(desk.shown()["a"].jobs_done, 1);
    desk.accept();
    assert!(desk.all().is_empty());
    assert_eq!(desk.ledger().retired(0).failures_io, 1);
}

#[test]
fn a_clock_that_jumps_back_releases_nothing_early() {
    let mut desk = idle();
    open(&desk, "a").sync_bytes(1);
    desk.tick();
    desk.now_ms = 0;
    for _ in 0..100 {
        desk.tick();
    }
    assert_eq!(
        desk.of("a").sync_bytes,
        1,
        "a millisecond is told for each tick"
    );
}
