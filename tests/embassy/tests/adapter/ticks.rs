//! When a node ticks.

use embassy_time::Duration;
use streamgauge_embassy::{Config, Runner, Serial, Tier};
use streamgauge_tests_embassy::{Bench, Gauge, Inbox, Link, TICK, split};

/// A node that publishes over a fast link.
fn publish(bench: &mut Bench<'_>, mut runner: Runner<Gauge>) -> Link {
    let link = Link::new();
    let mut sink = Serial::<_, 256>::new(link.clone());
    bench.spawn(async move { runner.run(&mut sink).await });
    bench.settle();
    link
}

fn ticks(link: &Link, inbox: &mut Inbox) -> u64 {
    inbox.read(link);
    inbox.node("ticks")
}

#[test]
fn a_tick_comes_with_every_interval_and_not_before() {
    let mut bench = Bench::new();
    let (_handle, runner) = split(Config::new());
    let mut inbox = Inbox::new();
    let link = publish(&mut bench, runner);
    assert_eq!(ticks(&link, &mut inbox), 1);
    for tick in 2..6 {
        bench.advance(TICK - Duration::from_millis(1));
        assert_eq!(ticks(&link, &mut inbox), tick - 1);
        bench.advance(Duration::from_millis(1));
        assert_eq!(ticks(&link, &mut inbox), tick);
    }
    assert_eq!(inbox.node("late_ticks"), 0);
    assert_eq!(inbox.node("uptime_ms"), 4000);
}

#[test]
fn a_late_tick_is_one_tick_and_the_next_is_an_interval_away() {
    let mut bench = Bench::new();
    let (_handle, runner) = split(Config::new());
    let mut inbox = Inbox::new();
    let link = publish(&mut bench, runner);
    bench.leap(TICK * 10 + TICK / 2);
    assert_eq!(ticks(&link, &mut inbox), 2);
    assert_eq!(inbox.node("late_ticks"), 1);
    assert_eq!(inbox.node("skipped_ticks"), 9);
    bench.leap(TICK - Duration::from_micros(1));
    assert_eq!(ticks(&link, &mut inbox), 2);
    bench.leap(Duration::from_micros(1));
    assert_eq!(ticks(&link, &mut inbox), 3);
    assert_eq!(inbox.node("late_ticks"), 1);
}

#[test]
fn tables_that_run_low_bring_a_tick_forward() {
    let mut bench = Bench::new();
    let (handle, runner) = split(Config::new());
    let mut inbox = Inbox::new();
    let link = publish(&mut bench, runner);
    bench.advance(TICK / 2);
    let external = handle.tier(Tier::External);
    for n in 0..8 {
        external
            .broadcast(&format!("live/{n}"))
            .publisher_track("v")
            .bytes(1);
    }
    bench.settle();
    assert_eq!(ticks(&link, &mut inbox), 2);
    assert_eq!(inbox.node("early_ticks"), 1);
    // Their last frames were accepted, so they gave their room back.
    bench.advance(TICK / 2);
    inbox.read(&link);
    for n in 8..16 {
        external
            .broadcast(&format!("live/{n}"))
            .publisher_track("v")
            .bytes(1);
    }
    bench.advance(TICK);
    inbox.read(&link);
    assert_eq!(inbox.newest("node.json")["traffic"]["folded_keys"], 0);
    assert_eq!(inbox.total("publisher", "bytes"), 16);
}

#[test]
fn tables_that_stay_full_bring_no_flood_of_ticks() {
    let mut bench = Bench::new();
    let (handle, runner) = split(Config::new());
    let mut inbox = Inbox::new();
    let link = publish(&mut bench, runner);
    let external = handle.tier(Tier::External);
    let open = |n: usize| {
        external
            .broadcast(&format!("live/{n}"))
            .publisher_track("v")
    };
    let held: Vec<_> = (0..8).map(open).collect();
    for _ in 0..1000 {
        open(99).bytes(1);
        bench.leap(TICK / 1000);
    }
    assert!(ticks(&link, &mut inbox) <= 1 + 1 + 10);
    assert_eq!(
        inbox.newest("publisher.json")["__overflow__"]["subscriptions"],
        1000
    );
    drop(held);
}

#[test]
fn an_interval_and_a_patience_beyond_all_time_do_no_harm() {
    let mut bench = Bench::new();
    bench.leap(TICK);
    let config = Config::new()
        .with_interval(Duration::MAX)
        .with_patience(Duration::MAX)
        .with_start_ms(u64::MAX);
    let (_handle, runner) = split(config);
    let mut inbox = Inbox::new();
    let link = publish(&mut bench, runner);
    for _ in 0..10 {
        bench.leap(Duration::from_secs(3 * 3600));
    }
    assert_eq!(ticks(&link, &mut inbox), 1);
}

#[test]
fn a_wait_that_is_dropped_is_taken_up_again() {
    let mut bench = Bench::new();
    let (_handle, mut runner) = split(Config::new());
    let (link, mut inbox) = (Link::new(), Inbox::new());
    let mut sink = Serial::<_, 64>::new(link.clone());
    bench.spawn(async move {
        runner.step(&mut sink).await;
        for _ in 0..40 {
            let step = runner.step(&mut sink);
            let _ = embassy_time::with_timeout(TICK / 10, step).await;
        }
    });
    bench.advance(TICK * 4);
    assert_eq!(ticks(&link, &mut inbox), 5);
}
