//! Snapshots of what other threads count meanwhile.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use streamgauge_core::{CallOutcome, Duration, Format, Linger, Rpc, ServiceStats};
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
    assert_eq!(
        rpc.call_latency_us().count(),
        rpc.calls,
        "a call's latency and outcome are told at once"
    );
    assert!(rpc.calls <= rpc.calls_ended && rpc.calls_ended <= rpc.calls_started);
    assert!(rpc.errors_timeout + rpc.errors_server <= rpc.calls);
    assert!(rpc.handlers_ended <= rpc.handler_invocations);
    assert!(rpc.handler_duration_us().count() <= rpc.handlers_ended);
}

/// What no text of a snapshot may break: of each histogram `+Inf` is `_count`, and buckets never fall; of
/// each pair what was begun is never below what ended.
fn check_text(text: &str) {
    let (mut up_to, mut begun, mut ended) = (0, Vec::new(), Vec::new());
    let (mut first, mut counts) = (true, 0);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (sample, n) = line.rsplit_once(' ').expect("a sample and its value");
        let whole = || n.parse::<u64>().expect("a whole number");
        let metric = sample.split('{').next().expect("a name");
        // All series together are shown as they are by themselves.
        let metric = metric.trim_start_matches("streamgauge_node_");
        if metric.ends_with("_bucket") {
            assert!(first || up_to <= whole(), "buckets fall: {line}");
            (up_to, first) = (whole(), false);
        } else if metric.ends_with("_count") {
            assert_eq!(up_to, whole(), "{line}");
            (first, counts) = (true, counts + 1);
        } else if ["nrpc_calls_started_total", "nrpc_handler_invocations_total"].contains(&metric) {
            begun.push(whole());
        } else if ["nrpc_calls_ended_total", "nrpc_handlers_ended_total"].contains(&metric) {
            ended.push(whole());
        }
    }
    assert_eq!((begun.len(), counts), (ended.len(), ended.len()), "{text}");
    let mut pairs = begun.iter().zip(&ended);
    assert!(pairs.all(|(begun, ended)| begun >= ended), "{text}");
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
        let (working, mut room) = (OnDrop(&done), Vec::new());
        for n in 0..count {
            desk.collect();
            desk.all().values().for_each(check);
            check(&desk.total());
            check_text(desk.scrape(Format::Prometheus, &mut room));
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
    snapshots(5_000, DeskRoom::of(8), Linger::Forever);
}

#[test]
fn every_snapshot_is_in_order_when_there_is_no_room() {
    snapshots(5_000, TIGHT, Linger::AtOnce);
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
