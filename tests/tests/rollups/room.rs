//! Tables of levels that are full, and what comes back to them.

use streamgauge_core::{Duration, OVERFLOW, PublisherTrack, Tier};
use streamgauge_tests::Node;

use crate::desk::{Desk, Plan};

fn desk(level_room: usize) -> Desk {
    Desk::new(Plan {
        level_room,
        linger: Duration::from_secs(3_600),
        ..Plan::ample(1)
    })
}

fn subscribe(desk: &Desk, path: &str) -> PublisherTrack<Node> {
    let handle = desk.gauge.node.tier(Tier::External);
    let mut track = handle.broadcast(path).publisher_track("v");
    track.bytes(5);
    track
}

#[test]
fn what_finds_no_level_counts_in_the_root_and_in_the_overflow_level() {
    let mut desk = desk(4);
    let paths = ["a", "b", "c", "d"];
    let _tracks = paths.map(|path| subscribe(&desk, path));
    desk.tick();
    assert_eq!(desk.total("", 0).bytes, 20);
    assert_eq!(desk.total(OVERFLOW, 0).bytes, 10);
    let found = paths.iter().filter(|path| desk.find(path).is_some());
    assert_eq!(found.count(), 2);
    let usage = desk.usage();
    assert_eq!((usage.series, usage.series_capacity), (4, 4));
    assert_eq!(usage.folded_keys, 2);
}

#[test]
fn a_series_that_lacks_a_deeper_level_counts_in_those_above_it_and_once_in_the_overflow_level() {
    let mut desk = Desk::new(Plan {
        level_room: 3,
        ..Plan::ample(3)
    });
    let _track = subscribe(&desk, "a/b/c");
    desk.tick();
    let totals = ["", "a", OVERFLOW].map(|prefix| desk.total(prefix, 0).bytes);
    assert_eq!(totals, [5; 3]);
}

#[test]
fn a_series_closes_where_it_opened() {
    let mut desk = desk(3);
    let first = subscribe(&desk, "a");
    desk.tick();
    let folded = subscribe(&desk, "b");
    desk.tick();
    drop(first);
    // The level of `a` goes, as levels are short, and `b` gets one for those that come now.
    desk.tick();
    for _ in 0..3 {
        drop(subscribe(&desk, "c"));
        desk.tick();
    }
    assert_eq!(desk.total(OVERFLOW, 0).subscriptions, 2);
    drop(folded);
    desk.tick();
    let spare = desk.total(OVERFLOW, 0);
    assert_eq!(spare.subscriptions, spare.subscriptions_closed);
}

#[test]
fn where_levels_are_short_those_with_nothing_under_them_do_not_linger() {
    let mut desk = desk(4);
    drop(subscribe(&desk, "a"));
    let held = desk
        .gauge
        .node
        .tier(Tier::External)
        .broadcast("b")
        .publisher();
    held.track("v").bytes(1);
    desk.tick();
    desk.tick();
    assert_eq!(desk.announced.len(), 3, "they linger");
    let _c = subscribe(&desk, "c");
    desk.tick();
    assert_eq!(desk.went.iter().collect::<Vec<_>>(), ["a"]);
    let _d = subscribe(&desk, "d");
    desk.tick();
    assert_eq!(desk.total("d", 0).bytes, 5, "it has the room of `a`");
    assert!(desk.announced.values().any(|prefix| prefix == "b"));
}

#[test]
fn room_comes_back_however_many_paths_come_and_go() {
    let mut desk = Desk::new(Plan {
        linger: Duration::from_secs(0),
        level_room: 64,
        ..Plan::ample(3)
    });
    for n in 0..2_000 {
        drop(subscribe(&desk, &format!("{}/{}/{n}", n % 7, n % 3)));
        desk.tick();
    }
    assert_eq!(desk.usage().folded_keys, 0);
    assert_eq!(desk.total("", 0).bytes, 10_000);
    desk.tick();
    desk.tick();
    assert_eq!(desk.usage().series, 2);
}
