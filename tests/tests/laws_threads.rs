//! Threads that open, count and drop while the reporter ticks as fast as it can. Every frame is read
//! by a reader that checks order and monotony.
#![cfg(not(loom))]

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use streamgauge_core::{MeterRef, OVERFLOW, Tier, Traffic};
use streamgauge_tests::{Gauge, Node, Room};

const TRACK: &str = "publisher.json";
const THREADS: usize = 4;

/// No tick takes as long, however busy the machine.
const PATIENCE: Duration = Duration::from_mins(1);

const ROOM: Room = Room {
    shards: 8,
    ..Room::of(4_096)
};

/// Runs `work` in every thread, and ticks until all are done, and twice more.
fn under_ticks(gauge: &mut Gauge, work: impl Fn(usize, &Node) + Sync) {
    let (done, node) = (AtomicUsize::new(0), gauge.node.clone());
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (work, node, done) = (&work, &node, &done);
            scope.spawn(move || {
                let _done = OnDrop(done);
                work(thread, node);
            });
        }
        while done.load(Ordering::Acquire) < THREADS {
            gauge.tick();
        }
    });
    gauge.tick();
    gauge.tick();
}

/// Counts up when it drops, so that a thread that panics ends the ticks too.
struct OnDrop<'a>(&'a AtomicUsize);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

fn pass(node: &Node, name: &str, bytes: usize) {
    let broadcast = node.tier(Tier::External).broadcast(name);
    broadcast.publisher_track("video").whole_frame(bytes);
}

/// Waits while a reporter that is in good time would tick early.
fn wait_for_room(node: &Node) {
    let began = Instant::now();
    while MeterRef::<Traffic>::meter(node).is_pressed() {
        assert!(began.elapsed() < PATIENCE, "the pressure never ends");
        thread::yield_now();
    }
}

fn unique(thread: usize, n: usize) -> (String, usize) {
    (format!("live/{thread}/{n}"), thread * 1_000 + n % 1_000 + 1)
}

/// Short subscriptions, each of a series of its own, that never meet a full table.
fn churn(subscriptions: usize) {
    let mut gauge = Gauge::new(ROOM);
    under_ticks(&mut gauge, |thread, node| {
        for n in 0..subscriptions / THREADS {
            wait_for_room(node);
            let (name, bytes) = unique(thread, n);
            pass(node, &name, bytes);
        }
    });
    assert_eq!(gauge.node.meters().traffic().usage().folded_keys, 0);
    for thread in 0..THREADS {
        for n in 0..subscriptions / THREADS {
            let (name, bytes) = unique(thread, n);
            let seen = gauge.reader.seen(TRACK, &name);
            assert_eq!(seen, [0, 0, 1, 1, 1, 1, bytes as u64, 1, 0, 0, 0], "{name}");
        }
    }
    all_room_is_free(&gauge);
}

fn all_room_is_free(gauge: &Gauge) {
    let usage = gauge.node.meters().traffic().usage();
    assert_eq!((usage.series, usage.cells), (0, 0));
}

#[test]
fn of_many_short_subscriptions_not_one_is_lost() {
    churn(100_000);
}

#[test]
#[ignore = "takes a while: run with --release -- --ignored"]
fn of_a_million_short_subscriptions_not_one_is_lost() {
    churn(1_000_000);
}

#[test]
fn what_finds_no_room_is_counted_in_the_overflow_series() {
    const EACH: usize = 10_000;
    let mut gauge = Gauge::new(Room {
        cells: 5,
        shards: 4,
        ..Room::of(20)
    });
    under_ticks(&mut gauge, |thread, node| {
        for n in 0..EACH {
            pass(node, &format!("{}", n % 97), thread + 1);
        }
    });
    let names = (0..97).map(|n| n.to_string());
    let all = names.chain([OVERFLOW.to_owned()]);
    let seen = all.map(|name| gauge.reader.seen(TRACK, &name));
    let sum = seen.fold(vec![], |sum, seen| streamgauge_tests::plus(&sum, &seen));
    let (count, bytes) = ((EACH * THREADS) as u64, (EACH * 10) as u64);
    assert_eq!(
        [sum[4], sum[5], sum[6], sum[7]],
        [count, count, bytes, count]
    );
    assert_eq!(sum[2], sum[3], "every beginning has its end");
    assert_eq!(gauge.total(0).bytes, bytes);
    all_room_is_free(&gauge);
}

#[test]
fn one_series_that_many_open_and_close_pairs_up_in_the_end() {
    const EACH: usize = 4_000;
    let mut gauge = Gauge::new(ROOM);
    under_ticks(&mut gauge, |_, node| {
        let guard = node.tier(Tier::External).broadcast("a").publisher();
        for n in 0..EACH {
            let (mut first, mut second) = (guard.track("video"), guard.track("audio"));
            first.whole_frame(2);
            second.group();
            drop(if n % 2 == 0 { first } else { second });
        }
    });
    let count = (THREADS * EACH) as u64;
    let threads = THREADS as u64;
    let words = gauge.total(0);
    assert_eq!(
        (words.announced, words.announced_closed),
        (threads, threads)
    );
    assert_eq!((words.viewers, words.viewers_closed), (count, count));
    assert_eq!(words.subscriptions, 2 * count);
    assert_eq!(words.subscriptions_closed, 2 * count);
    assert_eq!(words.broadcasts, words.broadcasts_closed);
    assert_eq!(
        (words.bytes, words.frames, words.groups),
        (2 * count, count, count)
    );
    assert_eq!(gauge.reader.seen(TRACK, "a")[6], 2 * count);
    all_room_is_free(&gauge);
}

#[test]
fn an_announce_guard_that_threads_share_has_one_viewer_at_a_time() {
    const EACH: usize = 4_000;
    let mut gauge = Gauge::new(ROOM);
    let guard = gauge.node.tier(Tier::External).broadcast("a").publisher();
    let kept = guard.track("kept");
    under_ticks(&mut gauge, |_, _| {
        (0..EACH).for_each(|_| guard.track("video").bytes(1));
    });
    let words = gauge.total(0);
    assert_eq!((words.viewers, words.viewers_closed), (1, 0));
    assert_eq!((words.broadcasts, words.broadcasts_closed), (1, 0));
    assert_eq!(words.bytes, (THREADS * EACH) as u64);
    drop((kept, guard));
    gauge.tick();
    assert_eq!(gauge.total(0).viewers_closed, 1);
    all_room_is_free(&gauge);
}

#[test]
fn writers_in_many_threads_count_for_one_subscription() {
    const EACH: usize = 200_000;
    let mut gauge = Gauge::new(Room {
        cells: 3,
        ..Room::of(2)
    });
    let broadcast = gauge.node.tier(Tier::External).broadcast("a");
    let subscription = broadcast.publisher_track("video");
    under_ticks(&mut gauge, |_, _| {
        let mut writer = subscription.writer();
        (0..EACH).for_each(|_| writer.whole_frame(3));
    });
    drop(subscription);
    gauge.tick();
    let seen = gauge.reader.seen(TRACK, "a");
    let count = (THREADS * EACH) as u64;
    assert_eq!(
        [seen[4], seen[5], seen[6], seen[7]],
        [1, 1, 3 * count, count]
    );
    all_room_is_free(&gauge);
}
