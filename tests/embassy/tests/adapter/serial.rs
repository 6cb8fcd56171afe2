//! Frames over a stream of bytes, to a far end that sees them whole or not at all.

use embassy_time::Duration;
use serde_json::Value;
use streamgauge_embassy::{Config, Serial, Tier};
use streamgauge_tests_embassy::{Bench, Inbox, Link, Mood, TICK, split};

#[test]
fn what_tasks_count_arrives_through_64_bytes() {
    let mut bench = Bench::new();
    let (handle, mut runner) = split(Config::new().with_node("gw"));
    let (link, mut inbox) = (Link::new(), Inbox::new());
    let mut sink = Serial::<_, 64>::new(link.clone());
    bench.spawn(async move { runner.run(&mut sink).await });
    bench.settle();
    inbox.read(&link);
    assert_eq!(*inbox.newest("publisher.json"), serde_json::json!({}));

    let viewer = handle
        .tier(Tier::External)
        .broadcast("demo/bbb")
        .publisher();
    let mut track = viewer.track("video");
    track.whole_frame(1200);
    bench.advance(TICK);
    inbox.read(&link);
    let series = &inbox.newest("publisher.json")["demo/bbb"];
    assert_eq!(series["bytes"], 1200);
    assert_eq!(series["viewers"], 1);
    assert_eq!(inbox.tally().lost_frames, 0);
    assert_eq!(inbox.tally().damaged_packets, 0);
}

fn frames_through<const N: usize>() -> (Vec<Value>, usize) {
    let mut bench = Bench::new();
    let (handle, mut runner) = split(Config::new());
    let (link, mut inbox) = (Link::new(), Inbox::new());
    let mut sink = Serial::<_, N>::new(link.clone());
    bench.spawn(async move { runner.run(&mut sink).await });
    bench.settle();
    let external = handle.tier(Tier::External);
    let open = |n: usize| {
        external
            .broadcast(&format!("live/\"{n}"))
            .publisher_track("v")
    };
    let mut tracks: Vec<_> = (0..8).map(open).collect();
    for track in &mut tracks {
        track.whole_frame(1_000_000_007);
    }
    bench.leap(TICK);
    let bytes = link.drain();
    inbox.read_bytes(&bytes);
    assert_eq!(inbox.tally().lost_frames, 0);
    (inbox.frames("publisher.json").to_vec(), bytes.len())
}

#[test]
fn a_buffer_of_any_size_carries_the_same_frames() {
    let (frames, through_64) = frames_through::<64>();
    assert_eq!(frames[1].as_object().unwrap().len(), 8);
    assert_eq!(frames_through::<65>().0, frames);
    assert_eq!(frames_through::<253>().0, frames);
    assert_eq!(frames_through::<256>().0, frames);
    assert_eq!(frames_through::<257>().0, frames);
    assert_eq!(frames_through::<510>().0, frames);
    let (other, through_1024) = frames_through::<1024>();
    assert_eq!(other, frames);
    assert!(through_1024 < through_64);
}

#[test]
fn a_slow_link_skips_ticks_and_tears_no_frame() {
    let mut bench = Bench::new();
    let (handle, mut runner) = split(Config::new());
    let (link, mut inbox) = (Link::new(), Inbox::new());
    let mut sink = Serial::<_, 64>::new(link.clone());
    link.mood(Mood::Slow(16, Duration::from_millis(45)));
    bench.spawn(async move { runner.run(&mut sink).await });
    let external = handle.tier(Tier::External);
    let mut held = external.broadcast("live/held").publisher_track("v");
    for n in 0..60_000 {
        held.whole_frame(3);
        if n % 100 == 0 {
            external
                .broadcast("live/brief")
                .publisher_track("v")
                .bytes(5);
        }
        bench.leap(TICK / 1000);
    }
    link.mood(Mood::Fast);
    bench.advance(TICK * 3);
    inbox.read(&link);
    assert_eq!(inbox.tally().lost_frames, 0);
    assert_eq!(inbox.tally().damaged_packets, 0);
    assert!(
        inbox.node("skipped_ticks") > 10,
        "{}",
        inbox.newest("node.json")
    );
    assert_eq!(inbox.node("refused_frames"), 0);
    assert_eq!(
        inbox.newest("publisher.json")["live/held"]["frames"],
        60_000
    );
    assert_eq!(inbox.total("publisher", "bytes"), 60_000 * 3 + 600 * 5);
    for frame in inbox.frames("publisher.json") {
        let held = &frame["live/held"];
        let (bytes, frames) = (held["bytes"].as_u64(), held["frames"].as_u64());
        assert_eq!(
            bytes,
            frames.map(|frames| frames * 3),
            "a frame is of one moment"
        );
    }
}

#[test]
fn a_link_that_breaks_anywhere_loses_no_count() {
    for taken in (0..700).step_by(7) {
        let mut bench = Bench::new();
        let (handle, mut runner) = split(Config::new());
        let (link, mut inbox) = (Link::new(), Inbox::new());
        let mut sink = Serial::<_, 64>::new(link.clone());
        bench.spawn(async move { runner.run(&mut sink).await });
        bench.settle();
        link.mood(Mood::Fails(taken));
        handle
            .tier(Tier::External)
            .broadcast("live/brief")
            .publisher_track("v")
            .bytes(5);
        bench.leap(TICK);
        bench.leap(TICK);
        link.mood(Mood::Fast);
        bench.leap(TICK);
        inbox.read(&link);
        let frames = inbox.frames("publisher.json");
        let seen = frames.iter().any(|frame| frame["live/brief"]["bytes"] == 5);
        assert!(seen, "broken after {taken} bytes");
        assert!(inbox.node("refused_frames") > 0);
        assert_eq!(inbox.total("publisher", "bytes"), 5);
        bench.leap(TICK);
        assert_eq!(handle.usage().series, 0);
    }
}

#[test]
fn a_link_that_takes_nothing_is_refused_and_tried_again() {
    let mut bench = Bench::new();
    let (handle, mut runner) = split(Config::new());
    let (link, mut inbox) = (Link::new(), Inbox::new());
    let mut sink = Serial::<_, 64>::new(link.clone());
    link.mood(Mood::Full);
    bench.spawn(async move { runner.run(&mut sink).await });
    drop(handle.tier(Tier::Internal).session("acme"));
    bench.advance(TICK * 3);
    link.mood(Mood::Fast);
    bench.advance(TICK);
    inbox.read(&link);
    assert_eq!(
        inbox.newest("internal/sessions.json")["acme"]["sessions"],
        1
    );
    assert_eq!(inbox.node("refused_frames"), 4 * 7);
}

#[test]
fn a_dead_link_is_given_up_and_counting_goes_on() {
    let mut bench = Bench::new();
    let (handle, mut runner) = split(Config::new().with_patience(TICK * 2));
    let (link, mut inbox) = (Link::new(), Inbox::new());
    let mut sink = Serial::<_, 64>::new(link.clone());
    bench.spawn(async move { runner.run(&mut sink).await });
    let mut track = handle
        .tier(Tier::External)
        .broadcast("live/one")
        .publisher_track("v");
    bench.settle();
    link.mood(Mood::Dead);
    for _ in 0..100 {
        track.bytes(1);
        bench.leap(TICK / 2);
    }
    link.mood(Mood::Fast);
    bench.advance(TICK * 6);
    inbox.read(&link);
    assert!(inbox.node("refused_frames") >= 10);
    assert!(inbox.node("skipped_ticks") > 0);
    assert_eq!(inbox.newest("publisher.json")["live/one"]["bytes"], 100);
}

#[test]
fn the_last_words_of_a_node_come_with_a_flush() {
    let mut bench = Bench::new();
    let (handle, mut runner) = split(Config::new());
    let (link, mut inbox) = (Link::new(), Inbox::new());
    let mut sink = Serial::<_, 64>::new(link.clone());
    link.mood(Mood::Slow(16, Duration::from_millis(45)));
    let far = link.clone();
    let task = bench.spawn(async move {
        let until_reset = embassy_time::Timer::after(TICK / 3);
        embassy_futures::select::select(runner.run(&mut sink), until_reset).await;
        far.mood(Mood::Fast);
        runner.flush(&mut sink).await;
    });
    let mut track = handle
        .tier(Tier::External)
        .broadcast("live/one")
        .publisher_track("v");
    for _ in 0..300 {
        track.bytes(1);
        bench.advance(TICK / 1000);
    }
    drop(track);
    bench.advance(TICK / 2);
    assert!(bench.has_ended(task));
    inbox.read(&link);
    let series = &inbox.newest("publisher.json")["live/one"];
    assert_eq!(series["bytes"], 300);
    assert_eq!(series["subscriptions_closed"], 1);
    // Without the flag of its last packet the frame that was broken off is not taken for a whole one.
    assert_eq!(inbox.tally().lost_frames, 1);
}
