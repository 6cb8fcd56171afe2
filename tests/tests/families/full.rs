//! Tables that are full: never over, never an orphaned handle, nothing lost.

use std::{sync::Barrier, thread};

use streamgauge_core::{
    CallOutcome, ChannelStats, Duration, Linger, OVERFLOW, Replication, Rpc, ServiceStats,
};
use streamgauge_tests::{Desk, DeskRoom, Drawer};

type Channel = ChannelStats<Drawer<Replication>>;

#[test]
fn what_finds_no_series_is_counted_in_one() {
    let mut desk = Desk::<Replication>::new(DeskRoom::of(4));
    for n in 0..4 {
        Channel::open(desk.meter(), &format!("channel-{n}"));
    }
    let (mut late, mut later) = (
        Channel::open(desk.meter(), "late"),
        Channel::open(desk.meter(), "later"),
    );
    late.leader_change();
    later.leader_change();
    let mut known = Channel::open(desk.meter(), "channel-0");
    known.leader_change();
    drop((late, later, known));
    desk.tick();
    assert_eq!(desk.overflow().leader_changes, 2);
    assert_eq!(desk.of("channel-0").leader_changes, 1);
    assert_eq!(desk.all().len(), 4 + 1);
    let usage = desk.usage();
    assert_eq!((usage.series, usage.folded_keys), (4, 2));
    desk.check_parts();
}

#[test]
fn nothing_is_folded_while_there_is_room() {
    let mut desk = Desk::<Replication>::new(DeskRoom::of(4));
    for n in 0..4 {
        Channel::open(desk.meter(), &n.to_string()).leader_change();
    }
    desk.tick();
    assert!(!desk.all().contains_key(OVERFLOW));
}

#[test]
fn a_folded_call_is_in_flight_in_the_overflow_series() {
    let mut desk = Desk::<Rpc>::new(DeskRoom::of(0));
    let service = ServiceStats::open(desk.meter(), "echo");
    let mut call = service.call();
    desk.tick();
    assert_eq!(desk.overflow().in_flight_calls(), 1);
    call.record(CallOutcome::Server, Duration::from_millis(1));
    drop(call);
    let mut stream = service.handler().stream();
    stream.emitted();
    drop(stream);
    desk.tick();
    let rpc = desk.overflow();
    assert_eq!(
        (rpc.in_flight_calls(), rpc.calls, rpc.errors_server),
        (0, 1, 1)
    );
    assert_eq!(rpc.streaming_chunks_emitted, 1);
    desk.check_parts();
}

#[test]
fn no_tables_at_all_are_no_panic() {
    let mut desk = Desk::<Rpc>::new(DeskRoom {
        cells: 0,
        shards: 0,
        ..DeskRoom::of(0)
    });
    let service = ServiceStats::open(desk.meter(), "echo");
    let mut call = service.call();
    call.record(CallOutcome::Ok, Duration::from_millis(1));
    service.capability_denied();
    service.handler().stream().emitted();
    drop(call);
    desk.tick();
    assert_eq!(desk.total(), Rpc::default());
}

/// Threads race for the last series, each with a name of its own; whoever comes too late counts in the
/// overflow series, and no count is lost.
fn race(rounds: usize) {
    const RACERS: usize = 8;
    const ROOM: usize = 8;
    let mut desk = Desk::<Replication>::lingering(
        DeskRoom {
            shards: 4,
            ..DeskRoom::of(ROOM)
        },
        Linger::AtOnce,
    );
    let seeds: Vec<_> = (1..ROOM)
        .map(|n| Channel::open(desk.meter(), &format!("seed-{n}")))
        .collect();
    let (start, end) = (Barrier::new(RACERS + 1), Barrier::new(RACERS + 1));
    let (mut found, mut totals) = (Vec::new(), Vec::new());
    thread::scope(|scope| {
        for racer in 0..RACERS {
            let (meter, start, end) = (desk.meter(), &start, &end);
            scope.spawn(move || {
                for _ in 0..rounds {
                    start.wait();
                    let mut channel = Channel::open(meter.clone(), &format!("racer-{racer}"));
                    channel.sync_bytes(racer + 1);
                    end.wait();
                    drop(channel);
                    end.wait();
                }
            });
        }
        for round in 1..=rounds as u64 {
            start.wait();
            end.wait();
            let in_use = desk.usage().series;
            desk.collect();
            let names = desk.all();
            let own = names.keys().filter(|name| name.starts_with("racer"));
            found.push((in_use, own.count()));
            end.wait();
            desk.tick();
            desk.tick();
            found.push((desk.usage().series + 1, 1));
            totals.push((round, desk.total().sync_bytes));
        }
    });
    // Judged when all threads are done: one that waits for another must not be left alone.
    for (in_use, own) in found {
        assert_eq!(
            (in_use, own),
            (ROOM, 1),
            "one series was free, and one racer got it"
        );
    }
    for (round, bytes) in totals {
        assert_eq!(bytes, round * 36, "round {round}");
    }
    desk.check_parts();
    assert_eq!(desk.usage().folded_keys, rounds * (RACERS - 1));
    drop(seeds);
}

#[test]
fn racers_for_the_last_series_lose_nothing() {
    race(500);
}

#[test]
#[ignore = "takes a while: run with --release -- --ignored"]
fn racers_for_the_last_series_lose_nothing_in_ten_thousand_rounds() {
    race(10_000);
}
