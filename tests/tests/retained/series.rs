//! What a reader sees of series that went through a reset.

use streamgauge_core::{Instant, OVERFLOW, Role, Tier};
use streamgauge_embassy::retained::Loaded;
use streamgauge_tests::{Model, Room, Row, Sink, rows};

use crate::{board::Board, ram::Ram};

const TRACK: &str = "publisher.json";

fn publish(board: &mut Board<'_>, path: &str, bytes: usize) {
    board.announce(Tier::External, Role::Publisher, path);
    board.subscribe(Tier::External, Role::Publisher, path);
    board.bump(usize::MAX, bytes);
}

fn shown(board: &Board<'_>) -> Vec<Row> {
    rows(TRACK, board.gauge.reader.frame(TRACK))
}

fn total(board: &Board<'_>, word: &str) -> u64 {
    let node = board.gauge.reader.node();
    node["totals"]["publisher"][word].as_u64().expect("a total")
}

fn reset(board: Board<'_>, room: Room) -> Board<'_> {
    let model = board.model.clone();
    board.reset(room, 2, &model)
}

/// Where these words stand in the family.
const ANNOUNCED: usize = 0;
const ANNOUNCED_CLOSED: usize = 1;
const BROADCASTS: usize = 2;
const BYTES: usize = 6;

#[test]
fn a_series_that_is_announced_again_goes_on_in_its_life() {
    let ram = Ram::noise(2_000);
    let mut board = Board::boot(&ram, Room::of(4), 1);
    publish(&mut board, "demo", 100);
    board.tick();
    let before = shown(&board)[0].clone();
    let mut board = reset(board, Room::of(4));
    publish(&mut board, "demo", 11);
    board.tick();
    let after = shown(&board)[0].clone();
    assert_eq!((after.name, after.since), (before.name, before.since));
    assert_eq!(after.words[BYTES], 111);
    assert_eq!(after.words[ANNOUNCED..=BROADCASTS], [2, 1, 2]);
    assert_eq!(board.gauge.node.meters().traffic().usage().series, 1);
}

#[test]
fn a_series_that_nobody_announces_again_shows_its_end_and_retires() {
    let ram = Ram::noise(2_000);
    let mut board = Board::boot(&ram, Room::of(4), 1);
    publish(&mut board, "demo", 100);
    board.tick();
    let mut board = reset(board, Room::of(4));
    let usage = board.gauge.node.meters().traffic().usage();
    assert_eq!(usage.series, 1, "it has its row again");
    board.tick();
    let last = shown(&board);
    assert_eq!(last.len(), 1);
    assert_eq!(last[0].words[ANNOUNCED..=ANNOUNCED_CLOSED], [1, 1]);
    assert_eq!(last[0].words[BYTES], 100);
    assert_eq!(total(&board, "bytes"), 100);
    board.tick();
    assert!(shown(&board).is_empty());
    assert_eq!(
        (total(&board, "bytes"), total(&board, "announced")),
        (100, 1)
    );
    assert_eq!(board.gauge.reporter.traffic().retired(0).bytes, 100);
    let usage = board.gauge.node.meters().traffic().usage();
    assert_eq!(usage.series, 0, "its row is free again");
    // A second life of it is another one.
    publish(&mut board, "demo", 1);
    board.tick();
    assert!(shown(&board)[0].since > last[0].since);
    assert_eq!(shown(&board)[0].words[BYTES], 1);
}

#[test]
fn an_end_that_was_refused_is_shown_until_it_is_accepted() {
    let ram = Ram::noise(2_000);
    let mut board = Board::boot(&ram, Room::of(4), 1);
    publish(&mut board, "demo", 100);
    board.tick();
    let mut board = reset(board, Room::of(4));
    for _ in 0..3 {
        board.save().expect("room");
        board.gauge.drain(Sink::Refuse, 64);
    }
    board.tick();
    assert_eq!(shown(&board)[0].words[BYTES], 100);
}

#[test]
fn the_overflow_series_goes_on_and_so_does_the_count_of_what_was_folded() {
    let ram = Ram::noise(2_000);
    let mut board = Board::boot(&ram, Room::of(0), 1);
    publish(&mut board, "demo", 100);
    // Without a cell a guard keeps its words until it drops.
    board.drop_all();
    board.tick();
    let before = shown(&board)[0].clone();
    assert_eq!(before.name, OVERFLOW);
    let mut board = reset(board, Room::of(0));
    board.tick();
    assert_eq!(shown(&board)[0].words[BYTES], 100);
    publish(&mut board, "other", 1);
    board.drop_all();
    board.tick();
    let after = shown(&board)[0].clone();
    assert_eq!((after.name, after.since), (before.name, before.since));
    assert_eq!(after.words[BYTES], 101);
    let usage = &board.gauge.reader.node()["traffic"];
    assert_eq!(
        (&usage["folded_keys"], &usage["folded_events"]),
        (&4.into(), &8.into())
    );
}

#[test]
fn what_finds_no_row_after_the_reset_is_in_the_totals() {
    for left in 0..4 {
        let ram = Ram::noise(2_000);
        let mut board = Board::boot(&ram, Room::of(3), 1);
        for (bytes, path) in [(1, "a"), (10, "b"), (100, "c")] {
            publish(&mut board, path, bytes);
        }
        board.tick();
        let mut board = reset(board, Room::of(left));
        let Loaded::Restored(restored) = board.loaded else {
            panic!("{:?}", board.loaded);
        };
        assert_eq!((restored.series, restored.folded), (left, 3 - left));
        board.tick();
        assert_eq!(total(&board, "bytes"), 111);
        assert_eq!(shown(&board).len(), left);
    }
}

#[test]
fn node_json_tells_the_boots_and_goes_on_in_time_and_counts() {
    let ram = Ram::noise(2_000);
    let mut board = Board::boot(&ram, Room::of(3), 1);
    for _ in 0..5 {
        board.tick();
    }
    let interval = streamgauge_tests::Gauge::INTERVAL.as_micros();
    let late = streamgauge_core::Duration::from_micros(4 * interval);
    board.gauge.now = board.gauge.now.saturating_add(late);
    assert!(board.gauge.call());
    board.tick();
    let before = board.gauge.reader.node().clone();
    assert_eq!(
        [
            &before["boots"],
            &before["restored_boots"],
            &before["refused_boots"]
        ],
        [1, 0, 0]
    );
    let mut board = reset(board, Room::of(3));
    board.gauge.now = Instant::from_micros(5_000_000);
    assert!(board.gauge.call());
    assert_eq!(
        board.gauge.reporter.health().late_ticks,
        1,
        "a boot takes its time"
    );
    board.tick();
    let after = board.gauge.reader.node().clone();
    assert_eq!(
        [
            &after["boots"],
            &after["restored_boots"],
            &after["refused_boots"]
        ],
        [2, 1, 0]
    );
    for same in ["epoch", "since"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    assert_eq!(after["ticks"], 9);
    assert_eq!(
        (&after["late_ticks"], &after["skipped_ticks"]),
        (&before["late_ticks"], &before["skipped_ticks"])
    );
    assert_eq!(before["skipped_ticks"], 3);
    let rises = |what: &str| after[what].as_u64() > before[what].as_u64();
    assert!(
        rises("ts_ms") && rises("uptime_ms") && rises("frames"),
        "{after}"
    );
}

#[test]
fn a_clock_that_knows_better_is_believed() {
    let ram = Ram::noise(2_000);
    let mut board = Board::boot(&ram, Room::of(3), 1);
    publish(&mut board, "demo", 1);
    board.tick();
    let saved_at = board.gauge.reporter.health().ts_ms;
    let mut board = board.reset_at(Room::of(3), saved_at + 60_000);
    board.tick();
    assert_eq!(board.gauge.reporter.health().ts_ms, saved_at + 61_000);
}

#[test]
fn totals_go_on_from_when_they_began() {
    let ram = Ram::noise(2_000);
    let mut board = Board::boot(&ram, Room::of(3), 1);
    publish(&mut board, "demo", 1);
    board.tick();
    let began = board.gauge.reporter.traffic().began();
    let board = board.reset_at(Room::of(3), began + 60_000);
    assert_eq!(board.gauge.reporter.traffic().began(), began);
    assert_eq!(board.gauge.reporter.presence().began(), began);
}

#[test]
fn what_was_counted_after_the_last_save_is_lost_and_nothing_else() {
    let ram = Ram::noise(2_000);
    let mut board = Board::boot(&ram, Room::of(3), 1);
    publish(&mut board, "demo", 1000);
    board.tick();
    let saved: Model = board.model.clone();
    publish(&mut board, "demo", 1);
    publish(&mut board, "late", 1);
    let mut board = board.reset(Room::of(3), 2, &saved);
    board.tick();
    assert_eq!(total(&board, "bytes"), 1000);
    assert_eq!(shown(&board).len(), 1);
}
