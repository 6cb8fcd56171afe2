//! Which prefixes a path counts in.

use streamgauge_core::{Role, Tier};

use crate::{
    desk::{Desk, Plan},
    truth::prefixes,
};

/// The levels of a node on which these paths are subscribed.
fn levels(levels: usize, paths: &[&str]) -> Vec<String> {
    let mut desk = Desk::new(Plan::ample(levels));
    let handle = desk.gauge.node.tier(Tier::External);
    let tracks = paths.iter().map(|path| handle.broadcast(path));
    let _tracks: Vec<_> = tracks
        .map(|broadcast| broadcast.publisher_track("v"))
        .collect();
    desk.tick();
    let all = desk.prefixes().into_iter();
    all.filter(|prefix| prefix != "__overflow__").collect()
}

#[test]
fn a_path_counts_in_the_root_and_in_each_of_its_prefixes() {
    assert_eq!(levels(1, &["demo/bbb"]), ["", "demo"]);
    assert_eq!(levels(2, &["demo/bbb"]), ["", "demo", "demo/bbb"]);
    assert_eq!(levels(3, &["demo/bbb"]), ["", "demo", "demo/bbb"]);
    assert_eq!(levels(3, &["a/b/c/d"]), ["", "a", "a/b", "a/b/c"]);
    assert_eq!(levels(2, &["demo"]), ["", "demo"]);
    assert_eq!(levels(usize::MAX, &["a/b"]), ["", "a", "a/b"]);
}

#[test]
fn the_empty_path_counts_in_the_root_alone() {
    assert_eq!(levels(2, &["", "//"]), [""]);
}

#[test]
fn no_levels_are_none_not_even_a_root() {
    assert!(levels(0, &["demo/bbb"]).is_empty());
}

#[test]
fn prefixes_end_with_whole_segments() {
    assert_eq!(levels(1, &["ab", "a/b", "a-b/c"]), ["", "a", "a-b", "ab"]);
}

#[test]
fn empty_segments_make_no_levels() {
    assert_eq!(levels(3, &["//a///b//"]), ["", "a", "a/b"]);
}

#[test]
fn a_prefix_like_the_overflow_series_is_a_prefix_of_its_own() {
    let all = levels(2, &["__overflow__", "__overflow__/a", "___overflow__/a"]);
    let expected = [
        "",
        "____overflow__",
        "___overflow__",
        "___overflow__/a",
        "__overflow__/a",
    ];
    assert_eq!(all, expected);
    assert_eq!(prefixes("__overflow__/a", 1), ["___overflow__"]);
}

#[test]
fn a_path_that_is_too_long_counts_in_the_root_and_in_the_overflow_level() {
    let mut desk = Desk::new(Plan::ample(3));
    let path = "a/path/that/is/longer/than/a/key/can/be";
    let broadcast = desk.gauge.node.tier(Tier::Internal).broadcast(path);
    let track = broadcast.subscriber_track("v");
    desk.tick();
    let lane = Tier::Internal.index() * Role::ALL.len() + 1;
    for prefix in ["", "__overflow__"] {
        assert_eq!(desk.total(prefix, lane).subscriptions, 1);
        assert!(desk.came.contains(prefix));
    }
    assert_eq!(desk.prefixes().len(), 2);
    drop(track);
}

#[test]
fn what_only_announces_counts_as_broadcasts_and_not_as_subscriptions() {
    let mut desk = Desk::new(Plan::ample(1));
    let broadcast = desk.gauge.node.tier(Tier::External).broadcast("a");
    let (first, second) = (broadcast.publisher(), broadcast.publisher());
    drop(broadcast.publisher_track("v"));
    drop(first);
    desk.tick();
    let total = desk.total("a", 0);
    assert_eq!((total.broadcasts, total.broadcasts_closed), (2, 1));
    assert_eq!((total.subscriptions, total.subscriptions_closed), (1, 1));
    drop(second);
}
