//! Writers that come, count and go while the collector collects.

use loom::thread;
use streamgauge_core::FLUSH_EVERY;

use crate::node::{BYTES, Collector, Node, check, join};

/// Two writers pass, of these series, in a node with this room; nothing of it is lost.
fn two_writers_lose_nothing(series: usize, cells: usize, names: [&'static str; 2]) {
    check(3, move || {
        let node = Node::new(series, cells);
        let mut collector = Collector::new(&node);
        let others = [node.pass_apart(names[0], 1), node.pass_apart(names[1], 2)];
        collector.tick();
        join(others);
        collector.finish(3, 2);
    });
}

#[test]
fn two_writers_of_one_series_and_a_collector_lose_nothing() {
    two_writers_lose_nothing(1, 2, ["a", "a"]);
}

#[test]
fn two_writers_that_fight_for_one_cell_lose_nothing() {
    two_writers_lose_nothing(2, 1, ["a", "b"]);
}

#[test]
fn two_writers_that_fight_for_one_row_lose_nothing() {
    two_writers_lose_nothing(1, 1, ["a", "b"]);
}

#[test]
fn a_cell_that_is_taken_over_keeps_what_was_counted_in_it() {
    check(3, || {
        let node = Node::new(1, 1);
        let mut collector = Collector::new(&node);
        let writer = thread::spawn({
            let node = node.clone();
            move || {
                node.pass("a", 1);
                node.pass("a", 2);
                node.pass("a", 4);
            }
        });
        collector.tick();
        collector.tick();
        writer.join().expect("no panic");
        collector.finish(7, 3);
    });
}

#[test]
fn a_row_that_is_reopened_while_it_retires_loses_nothing() {
    check(3, || {
        let node = Node::new(1, 1);
        let mut collector = Collector::new(&node);
        node.pass("a", 1);
        collector.collect();
        let other = node.pass_apart("a", 2);
        collector.accept();
        collector.tick();
        other.join().expect("no panic");
        collector.finish(3, 2);
    });
}

#[test]
fn a_row_that_goes_to_another_name_takes_nothing_with_it() {
    check(3, || {
        let node = Node::new(1, 1);
        let mut collector = Collector::new(&node);
        node.pass("a", 1);
        collector.collect();
        let held = thread::spawn({
            let node = node.clone();
            move || {
                let mut track = node.open("b");
                track.add(BYTES, 2);
                track
            }
        });
        collector.accept();
        collector.collect();
        let track = held.join().expect("no panic");
        collector.collect();
        let own = collector.words("b").bytes;
        let folded = collector.words("__overflow__").bytes;
        // What was folded is still in the guard.
        assert!((own, folded) == (2, 0) || (own, folded) == (0, 0));
        drop(track);
        collector.accept();
        collector.finish(3, 2);
    });
}

#[test]
fn a_guard_without_a_cell_hands_over_all_it_kept() {
    check(3, || {
        let node = Node::new(1, 0);
        let mut collector = Collector::new(&node);
        let other = thread::spawn({
            let node = node.clone();
            move || {
                let mut track = node.open("a");
                (0..=FLUSH_EVERY).for_each(|_| track.add(BYTES, 1));
            }
        });
        collector.tick();
        collector.tick();
        other.join().expect("no panic");
        collector.finish(u64::from(FLUSH_EVERY) + 1, 1);
    });
}

#[test]
fn a_guard_that_is_given_a_cell_late_counts_nothing_twice() {
    check(3, || {
        let node = Node::new(1, 1);
        let mut collector = Collector::new(&node);
        let first = node.open("a");
        let other = thread::spawn({
            let node = node.clone();
            move || {
                let mut track = node.open("a");
                (0..=FLUSH_EVERY).for_each(|_| track.add(BYTES, 1));
            }
        });
        drop(first);
        collector.tick();
        other.join().expect("no panic");
        collector.finish(u64::from(FLUSH_EVERY) + 1, 2);
    });
}

#[test]
fn a_writer_that_outlives_its_subscription_keeps_its_row() {
    check(3, || {
        let node = Node::new(1, 2);
        let mut collector = Collector::new(&node);
        let subscription = node.open("a");
        let mut writer = subscription.writer();
        let other = thread::spawn(move || {
            drop(subscription);
            writer.add(BYTES, 2);
        });
        collector.tick();
        collector.tick();
        other.join().expect("no panic");
        collector.finish(2, 1);
    });
}

#[test]
fn the_overflow_series_is_named_once_and_takes_all() {
    check(3, || {
        let node = Node::new(0, 0);
        let mut collector = Collector::new(&node);
        let others = [node.pass_apart("a", 1), node.pass_apart("b", 2)];
        collector.tick();
        join(others);
        collector.collect();
        assert_eq!(collector.words("__overflow__").bytes, 3);
        collector.finish(3, 2);
    });
}

#[test]
fn a_freed_cell_counts_for_the_series_that_takes_it_next() {
    check(3, || {
        let node = Node::new(2, 1);
        let mut collector = Collector::new(&node);
        let guard = node.announce("a");
        guard.track("video").add(BYTES, 1);
        collector.tick();
        let other = thread::spawn({
            let node = node.clone();
            move || {
                let mut track = node.open("b");
                track.add(BYTES, 2);
                track
            }
        });
        collector.collect();
        let track = other.join().expect("no panic");
        collector.collect();
        let bytes = ["a", "b"].map(|name| collector.words(name).bytes);
        assert_eq!(bytes, [1, 2]);
        drop((guard, track));
        collector.accept();
        collector.finish(3, 2);
    });
}
