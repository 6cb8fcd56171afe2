//! The laws against a naive model, over random scripts, rooms, sinks and clocks.
#![cfg(not(loom))]

use proptest::{collection::vec, prelude::*, sample::select};
use streamgauge_core::{Role, Tier};
use streamgauge_tests::{Op, Room, Sink, World};

/// Few, so that guards meet in series; strange, so that names are put to the test.
const PATHS: [&str; 24] = [
    "a",
    "b",
    "demo/bbb",
    "//demo///bbb/",
    "",
    "///",
    "__overflow__",
    "_overflow__",
    "___overflow__",
    "/__overflow__/",
    "/___overflow__",
    "__overflow__/a",
    "exactly-as-long-as-a-key-can-be-",
    "/exactly-as-long-as-a-key-can-be-",
    "one-byte-longer-than-a-key-can-be",
    "two-long-names-must-never-become-one-1",
    "two-long-names-must-never-become-one-2",
    "quo\"te/back\\slash",
    "ctl\u{0}\u{1}\u{8}\u{c}\n\r\t\u{1f}\u{7f}",
    "a\u{0}",
    "ünï/çødé/🎈/\u{2028}",
    ".stats",
    "/.stats//node",
    ".statsfoo",
];

fn tier() -> impl Strategy<Value = Tier> {
    prop_oneof![
        4 => Just(Tier::External),
        2 => Just(Tier::Internal),
        1 => Just(Tier::Named(0)),
        1 => any::<u8>().prop_map(Tier::Named),
    ]
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => select(&PATHS[..]).prop_map(String::from),
        4 => (0..40).prop_map(|n| format!("many/{n}")),
        1 => any::<String>(),
    ]
}

fn sink() -> impl Strategy<Value = Sink> {
    prop_oneof![
        4 => Just(Sink::Accept),
        1 => Just(Sink::Refuse),
        2 => any::<u32>().prop_map(Sink::Some),
        1 => (0..9u8).prop_map(Sink::Break),
        1 => (0..9u8).prop_map(Sink::Stall),
    ]
}

/// Sizes of the buffer that frames are drained through.
fn buffer() -> impl Strategy<Value = usize> {
    prop_oneof![Just(1), 2..64usize, 64..2_000usize, Just(1 << 16)]
}

fn amount() -> impl Strategy<Value = usize> {
    prop_oneof![0..2_000usize, any::<u32>().prop_map(|n| n as usize)]
}

fn role() -> impl Strategy<Value = Role> {
    select(&Role::ALL[..])
}

/// Which series a guard is for.
type Place = (Tier, Role, String);

fn anywhere() -> impl Strategy<Value = Place> + Clone + 'static {
    (tier().boxed(), role().boxed(), path().boxed())
}

/// One of two series, so that guards take over each other's cells and rows.
fn close_by() -> impl Strategy<Value = Place> + Clone + 'static {
    select(&["a", "b"][..]).prop_map(|path| (Tier::External, Role::Publisher, path.into()))
}

fn op(place: impl Strategy<Value = Place> + Clone + 'static) -> impl Strategy<Value = Op> {
    let pick = any::<usize>;
    prop_oneof![
        4 => place.clone().prop_map(|(t, r, p)| Op::Announce(t, r, p)),
        3 => place.clone().prop_map(|(t, r, p)| Op::Subscribe(t, r, p)),
        2 => place.prop_map(|(t, _, p)| Op::Connect(t, p)),
        6 => pick().prop_map(Op::View),
        2 => pick().prop_map(Op::Write),
        16 => (pick(), any::<u8>(), amount()).prop_map(|(p, w, n)| Op::Bump(p, w, n)),
        3 => pick().prop_map(Op::Unannounce),
        7 => pick().prop_map(Op::Leave),
        1 => pick().prop_map(Op::Disconnect),
        5 => (sink(), buffer()).prop_map(|(s, b)| Op::Tick(s, b)),
        3 => (sink(), buffer()).prop_map(|(s, b)| Op::Call(s, b)),
        2 => Just(Op::Collect),
        3 => (sink(), buffer()).prop_map(|(s, b)| Op::Drain(s, b)),
        3 => (0..3_000_000u64).prop_map(Op::Sleep),
        1 => any::<u64>().prop_map(Op::Sleep),
        1 => (0..9_000_000u64).prop_map(Op::JumpBack),
    ]
}

fn room() -> impl Strategy<Value = Room> {
    let size = || prop_oneof![2 => 0..3usize, 2 => 3..12usize, 1 => Just(64)];
    let kept = || any::<(bool, bool)>();
    (size(), size(), size(), 0..3usize, 1..6usize, kept()).prop_map(
        |(series, cells, roots, named_tiers, shards, (spans, marks))| Room {
            series,
            cells,
            roots,
            named_tiers,
            shards,
            spans,
            marks,
        },
    )
}

fn run(room: Room, script: &[Op]) {
    let mut world = World::new(room);
    for op in script {
        world.apply(op);
    }
    world.finish();
}

proptest! {
    // `PROPTEST_CASES` asks for more than the default.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_laws_hold_for_any_script_in_any_room(
        room in room(),
        script in vec(op(anywhere()), 1..110),
    ) {
        run(room, &script);
    }

    #[test]
    fn the_laws_hold_when_a_few_rows_and_cells_are_fought_for(
        series in 0..4usize,
        cells in 0..6usize,
        marks in any::<bool>(),
        script in vec(op(close_by()), 1..110),
    ) {
        run(Room { cells, marks, ..Room::of(series) }, &script);
    }
}
