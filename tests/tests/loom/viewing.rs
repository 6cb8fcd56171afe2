//! Subscriptions under announce guards, which count viewers in cells.

use std::sync::Arc;

use loom::thread;

use crate::node::{BYTES, Collector, Node, apart_from, check, join, two_locks};

#[test]
fn subscriptions_under_one_announce_guard_are_one_viewer() {
    check(3, || {
        let node = Node::new(1, 3);
        let mut collector = Collector::new(&node);
        let guard = Arc::new(node.announce("a"));
        let kept = guard.track("audio");
        let others = [1, 2].map(|bytes| {
            let guard = guard.clone();
            thread::spawn(move || guard.track("video").add(BYTES, bytes))
        });
        collector.tick();
        join(others);
        drop(kept);
        collector.collect();
        assert_eq!(collector.words("a").viewers, 1);
        assert_eq!(collector.words("a").viewers_closed, 1);
        drop(guard);
        collector.accept();
        collector.finish(3, 3);
    });
}

#[test]
fn a_viewer_is_never_counted_in_the_cell_of_another_series() {
    check(3, || {
        let node = Node::under(2, 1, two_locks().0);
        let mut collector = Collector::new(&node);
        // Both are the first announce guard of their row.
        let theirs = apart_from("a");
        let (mine, yours) = (node.announce("a"), node.announce(theirs));
        drop(mine.track("audio"));
        let others = [mine, yours].map(|guard| {
            thread::spawn(move || {
                drop(guard.track("video"));
                guard
            })
        });
        collector.collect();
        let guards = others.map(|other| other.join().expect("no panic"));
        collector.collect();
        for (name, viewers) in [("a", 2), (theirs, 1)] {
            let words = collector.words(name);
            assert_eq!((words.viewers, words.viewers_closed), (viewers, viewers));
        }
        drop(guards);
        collector.accept();
        collector.finish(0, 3);
    });
}
