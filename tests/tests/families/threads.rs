//! Snapshots of what other threads count meanwhile.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use streamgauge_core::{CallOutcome, Duration, Linger, Rpc, ServiceStats};
use streamgauge_tests::{Desk, DeskRoom, Drawer};

type Service = ServiceStats<Drawer<Rpc>>;

const OUTCOMES: [CallOutcome; 3] = [CallOutcome::Ok, CallOutcome::Timeout, CallOutcome::Server];

/// One call, one handler and two chunks.
fn work(service: &Service, round: usize) {
    let latency = Duration::from_micros((round as u64 * 7_919) % 20_000_000);
    let mut call = service.call();
    let mut handler = service.handler();
    let mut stream = handler.stream();
    stream.emitted();
    stream.dropped();
    if !round.is_multiple_of(5) {
        call.record(OUTCOMES[round % 3], latency);
        handler.returned(latency);
    }
}

/// What no snapshot may break, whatever is under way.
fn check(rpc: &Rpc) {
    let latency = rpc.call_latency_us();
    assert_eq!(latency.cumulative().last(), Some(latency.count()));
    assert_eq!(
        latency.count(),
        rpc.calls,
        "a call's latency and outcome are told at once"
    );
    assert!(rpc.calls <= rpc.calls_ended && rpc.calls_ended <= rpc.calls_started);
    assert!(rpc.errors_timeout + rpc.errors_server <= rpc.calls);
    assert!(rpc.handlers_ended <= rpc.handler_invocations);
    assert!(rpc.handler_duration_us().count() <= rpc.handlers_ended);
}

/// Tells the threads to end when it drops, also by a panic.
struct OnDrop<'a>(&'a AtomicBool);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Takes snapshots while threads make calls, through handles that come and go.
fn snapshots(count: usize, room: DeskRoom, linger: Linger) {
    let mut desk = Desk::<Rpc>::lingering(room, linger);
    let (done, meter) = (AtomicBool::new(false), desk.meter());
    let rounds = thread::scope(|scope| {
        let threads = [0, 1].map(|_| {
            let (meter, done) = (meter.clone(), &done);
            scope.spawn(move || {
                let mut round = 0;
                while !done.load(Ordering::Relaxed) {
                    let service = Service::open(meter.clone(), ["a", "b", "c"][round % 3]);
                    (0..10).for_each(|n| work(&service, round + n));
                    round += 10;
                }
                round as u64
            })
        });
        let working = OnDrop(&done);
        for n in 0..count {
            desk.collect();
            desk.all().values().for_each(check);
            check(&desk.total());
            if n % 3 == 0 {
                desk.accept();
            }
        }
        drop(working);
        threads.map(|thread| thread.join().expect("no panic"))
    });
    let rounds: u64 = rounds.iter().sum();
    (0..3).for_each(|_| desk.tick());
    let total = desk.total();
    let each = [
        total.calls_started,
        total.calls_ended,
        total.handler_invocations,
        total.handlers_ended,
        total.streaming_chunks_emitted,
        total.streaming_chunks_dropped,
    ];
    assert_eq!(each, [rounds; 6]);
    assert_eq!(total.calls, total.handler_duration_us().count());
    assert_eq!((desk.usage().cells, desk.all().len() <= 4), (0, true));
    desk.check_parts();
}

const TIGHT: DeskRoom = DeskRoom {
    series: 2,
    cells: 1,
    shards: 2,
};

#[test]
fn every_snapshot_is_in_order() {
    snapshots(20_000, DeskRoom::of(8), Linger::Forever);
}

#[test]
fn every_snapshot_is_in_order_when_there_is_no_room() {
    snapshots(20_000, TIGHT, Linger::AtOnce);
}

#[test]
#[ignore = "takes a while: run with --release -- --ignored"]
fn each_of_a_million_snapshots_is_in_order() {
    snapshots(500_000, DeskRoom::of(8), Linger::AtOnce);
    snapshots(500_000, TIGHT, Linger::AtOnce);
}

#[test]
fn a_histogram_that_two_threads_record_into_loses_nothing() {
    use crate::declared::{JOB_BYTES, Jobs, lease};
    const EACH: usize = 100_000;
    for cells in [2, 1, 0] {
        let mut desk = Desk::<Jobs>::new(DeskRoom {
            cells,
            ..DeskRoom::of(1)
        });
        let queue = lease(&desk, "a");
        thread::scope(|scope| {
            let threads = [1, 2].map(|thread| {
                let mut writer = queue.writer();
                scope.spawn(move || {
                    (0..EACH).for_each(|n| writer.record(JOB_BYTES, n % 2_000 * thread));
                })
            });
            let mut before = 0;
            while !threads.iter().all(thread::ScopedJoinHandle::is_finished) {
                desk.collect();
                let count = desk.of("a").job_bytes().count();
                assert!(count >= before);
                before = count;
            }
        });
        desk.collect();
        let spread = desk.of("a").job_bytes;
        let values = (0..EACH).flat_map(|n| [n % 2_000, n % 2_000 * 2]);
        assert_eq!(
            spread.sum,
            values.clone().map(|value| value as u64).sum::<u64>()
        );
        let below = |bound| values.clone().filter(|value| *value <= bound).count() as u64;
        let up_to: Vec<_> = desk.of("a").job_bytes().cumulative().collect();
        assert_eq!(up_to, [64, 256, 1_024, usize::MAX].map(below));
    }
}
