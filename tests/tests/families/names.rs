//! Handles by name.

use streamgauge_core::{ChannelStats, OVERFLOW, Replication};
use streamgauge_tests::{Desk, DeskRoom, Drawer, KEY_BYTES};

use crate::declared::{IO, Jobs, lease};

fn open(desk: &Desk<Replication>, name: &str) -> ChannelStats<Drawer<Replication>> {
    ChannelStats::open(desk.meter(), name)
}

#[test]
fn names_are_taken_as_they_are() {
    let mut desk = Desk::<Replication>::new(DeskRoom::of(16));
    let names = [
        "a/b",
        "a//b",
        "/a/b",
        "a/b/",
        "",
        "/",
        " ",
        r#"we"ird\"#,
        "cr\rlf\n",
        "é",
    ];
    for (n, name) in (1..).zip(names) {
        open(&desk, name).sync_bytes(n);
    }
    desk.tick();
    for (n, name) in (1..).zip(names) {
        assert_eq!(desk.of(name).sync_bytes, n, "{name:?}");
    }
}

#[test]
fn a_name_like_that_of_the_overflow_series_is_a_name() {
    let mut desk = Desk::<Replication>::new(DeskRoom::of(2));
    open(&desk, OVERFLOW).sync_bytes(1);
    open(&desk, "___overflow__").sync_bytes(2);
    desk.tick();
    assert_eq!(desk.of("___overflow__").sync_bytes, 1);
    assert_eq!(desk.of("____overflow__").sync_bytes, 2);
    assert_eq!(desk.overflow().sync_bytes, 0);
    assert_eq!(desk.usage().folded_keys, 0);
}

#[test]
fn a_name_longer_than_a_key_is_folded_and_never_cut() {
    let mut desk = Desk::<Replication>::new(DeskRoom::of(4));
    let longest = "x".repeat(KEY_BYTES);
    open(&desk, &longest).sync_bytes(1);
    open(&desk, &(longest.clone() + "y")).sync_bytes(2);
    desk.tick();
    assert_eq!(desk.of(&longest).sync_bytes, 1);
    assert_eq!(desk.overflow().sync_bytes, 2);
    assert_eq!(desk.usage().folded_keys, 1);
}

#[test]
fn a_clone_holds_the_same_series() {
    let mut desk = Desk::<Jobs>::new(DeskRoom::of(1));
    let first = lease(&desk, "a");
    let second = first.clone();
    drop(first);
    desk.tick();
    desk.tick();
    let other = lease(&desk, "b");
    assert!(
        other.is_folded(),
        "the series is held, and there is no other"
    );
    second.add(IO, 1);
    desk.tick();
    assert_eq!(desk.of("a").failures_io, 1);
}

#[test]
fn a_handle_that_leads_nowhere_counts_nothing() {
    let mut desk = Desk::<Jobs>::new(DeskRoom::of(0));
    let disabled = streamgauge_core::Lease::<Jobs, Drawer<Jobs>>::disabled();
    disabled.add(IO, 1);
    disabled.set(crate::declared::DEPTH, 1);
    disabled.writer().add(IO, 1);
    drop(disabled.begin(crate::declared::JOBS));
    assert!(!disabled.is_folded());
    desk.tick();
    assert!(desk.all().is_empty());
}
