//! Names: kept whole, told apart, in order, and never taken for the overflow series.
#![cfg(not(loom))]

use proptest::{prelude::*, sample::select};
use streamgauge_core::{Key, OVERFLOW};
use streamgauge_tests::{Gauge, KEY_BYTES, Room, shown_name};

type Name = Key<[usize; KEY_BYTES / size_of::<usize>()]>;

/// The bytes at which the reading of a name turns, and neighbours of theirs.
const TURNS: &[char] = &[
    '/', '.', '0', '_', '"', '!', '#', '\\', '[', ']', '\0', '\u{1}', '\u{1f}', ' ', '\u{7f}',
    '\u{80}', 'é', '\u{7ff}', '€', '🎈', 'a',
];

fn path() -> impl Strategy<Value = String> {
    let turns = proptest::collection::vec(select(TURNS), 0..KEY_BYTES + 6);
    prop_oneof![
        4 => turns.prop_map(String::from_iter),
        2 => "[a/]{0,40}",
        1 => "/{0,3}_{0,9}overflow_{1,3}/{0,2}",
        1 => any::<String>(),
    ]
}

fn text(key: &Name) -> String {
    String::from_utf8(key.bytes().collect()).expect("a name is text")
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_path_is_kept_whole_without_its_empty_segments_or_not_at_all(path in path()) {
        let key = Name::path(&path).ok();
        prop_assert_eq!(key.as_ref().map(text), shown_name(&path));
    }

    #[test]
    fn a_name_that_json_must_escape_says_so(path in path()) {
        if let Ok(key) = Name::path(&path) {
            let text = text(&key);
            let plain = format!("\"{text}\"") == serde_json::to_string(&text).unwrap();
            prop_assert!(plain != key.needs_escape(), "{text:?}");
        }
    }

    #[test]
    fn no_real_name_reads_like_the_overflow_series(path in path()) {
        for key in [Name::path(&path), Name::new(&path)].into_iter().flatten() {
            prop_assert_ne!(text(&key), OVERFLOW);
        }
    }

    #[test]
    fn two_names_are_one_key_only_if_they_are_one_path(a in path(), b in path()) {
        if let (Ok(one), Ok(two)) = (Name::path(&a), Name::path(&b)) {
            prop_assert_eq!(one == two, shown_name(&a) == shown_name(&b));
        }
    }

    #[test]
    fn frames_are_sorted_by_the_bytes_of_names(
        paths in proptest::collection::btree_set(path(), 0..12),
    ) {
        // The reader checks the order of every frame.
        let mut gauge = Gauge::new(Room::of(16));
        let node = gauge.node.clone();
        let announce = |path: &String| node.tier(streamgauge_core::Tier::External).broadcast(path).publisher();
        let mut guards: Vec<_> = paths.iter().skip(paths.len() / 2).map(announce).collect();
        gauge.tick();
        guards.extend(paths.iter().take(paths.len() / 2).map(announce));
        gauge.tick();
        let names: std::collections::BTreeSet<_> = paths.iter().map(|path| {
            shown_name(path).unwrap_or_else(|| OVERFLOW.into())
        }).filter(|name| name != ".stats" && !name.starts_with(".stats/")).collect();
        prop_assert!(gauge.reader.shown("publisher.json").iter().eq(&names));
        drop(guards);
    }
}

#[test]
fn a_path_of_a_megabyte_is_refused_and_counted_in_the_overflow_series() {
    let path = "long/".repeat(200_000);
    let error = Name::path(&path).expect_err("no room");
    assert_eq!(error.capacity, KEY_BYTES);
    let mut gauge = Gauge::new(Room::of(4));
    let handle = gauge.node.tier(streamgauge_core::Tier::External);
    let mut track = handle.broadcast(&path).publisher_track("video");
    track.bytes(7);
    drop(track);
    gauge.tick();
    assert_eq!(gauge.reader.shown("publisher.json"), [OVERFLOW]);
    assert_eq!(gauge.reader.seen("publisher.json", OVERFLOW)[6], 7);
}

#[test]
fn a_path_of_slashes_that_is_short_without_them_has_a_series_of_its_own() {
    let path = format!("{}a{}b", "/".repeat(70_000), "/".repeat(70_000));
    assert_eq!(Name::path(&path).as_ref().map(text), Ok("a/b".into()));
}
