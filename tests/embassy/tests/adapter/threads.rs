//! Handles in several threads, as interrupt handlers and executors of other priorities have them.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use streamgauge_embassy::{Config, Serial, Tier};
use streamgauge_tests_embassy::{Bench, Inbox, Link, TICK, split};

const ROUNDS: u64 = 20_000;

#[test]
fn counts_are_exact_while_others_count_and_the_node_ticks() {
    let mut bench = Bench::new();
    let (handle, mut runner) = split(Config::new());
    let (link, mut inbox) = (Link::new(), Inbox::new());
    let mut sink = Serial::<_, 64>::new(link.clone());
    bench.spawn(async move { runner.run(&mut sink).await });
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let others = [0, 1, 2].map(|thread| {
            scope.spawn(move || {
                let external = handle.tier(Tier::External);
                let mut held = external.broadcast("live/held").publisher_track("v");
                for round in 0..ROUNDS {
                    held.whole_frame(3);
                    let path = format!("live/{}", (round + thread) % 16);
                    let viewer = external.broadcast(&path).publisher();
                    viewer.track("v").whole_frame(2);
                }
            })
        });
        let done = &done;
        scope.spawn(move || {
            for other in others {
                other.join().unwrap();
            }
            done.store(true, Ordering::SeqCst);
        });
        while !done.load(Ordering::SeqCst) {
            bench.leap(TICK / 50);
            inbox.read(&link);
        }
    });
    bench.advance(TICK * 2);
    inbox.read(&link);
    assert_eq!(inbox.total("publisher", "frames"), 3 * ROUNDS * 2);
    assert_eq!(inbox.total("publisher", "bytes"), 3 * ROUNDS * 5);
    assert_eq!(inbox.total("publisher", "announced"), 3 * ROUNDS);
    assert_eq!(inbox.total("publisher", "announced_closed"), 3 * ROUNDS);
    assert_eq!(inbox.total("publisher", "viewers"), 3 * ROUNDS);
    assert_eq!(inbox.tally().lost_frames, 0);
}
