//! Calls by service.

use streamgauge_core::{CallOutcome, Duration, Family, Rpc, Samples, ServiceStats};
use streamgauge_tests::{Desk, DeskRoom, Drawer};

type Service = ServiceStats<Drawer<Rpc>>;

fn desk() -> Desk<Rpc> {
    Desk::new(DeskRoom::of(8))
}

fn open(desk: &Desk<Rpc>, service: &str) -> Service {
    Service::open(desk.meter(), service)
}

const MS: fn(u64) -> Duration = Duration::from_millis;

#[test]
fn a_call_is_in_flight_until_it_drops() {
    let mut desk = desk();
    let service = open(&desk, "echo");
    let calls = [service.call(), service.call(), service.call()];
    desk.tick();
    let rpc = desk.of("echo");
    assert_eq!(
        (rpc.calls_started, rpc.in_flight_calls(), rpc.calls),
        (3, 3, 0)
    );
    drop(calls);
    desk.tick();
    let rpc = desk.of("echo");
    assert_eq!(
        (rpc.calls_ended, rpc.in_flight_calls(), rpc.calls),
        (3, 0, 0)
    );
}

#[test]
fn an_outcome_is_counted_with_its_latency() {
    let mut desk = desk();
    let service = open(&desk, "echo");
    let mut call = service.call();
    call.record(CallOutcome::Ok, MS(7));
    desk.tick();
    assert_eq!(desk.of("echo").calls, 0, "not before the call ends");
    drop(call);
    desk.tick();
    let rpc = desk.of("echo");
    assert_eq!((rpc.calls, rpc.in_flight_calls()), (1, 0));
    assert_eq!(rpc.call_latency_us().count(), 1);
    assert_eq!(rpc.call_latency_us.sum, 7_000);
}

#[test]
fn a_call_that_was_given_up_leaves_nothing_but_its_end() {
    let mut desk = desk();
    drop(open(&desk, "dropped").call());
    desk.tick();
    let expected = Rpc {
        calls_started: 1,
        calls_ended: 1,
        ..Rpc::default()
    };
    assert_eq!(desk.of("dropped"), expected);
}

#[test]
fn the_last_outcome_counts_once() {
    let mut desk = desk();
    let mut call = open(&desk, "echo").call();
    call.record(CallOutcome::Timeout, MS(10_000));
    call.record(CallOutcome::Ok, MS(1));
    drop(call);
    desk.tick();
    let rpc = desk.of("echo");
    assert_eq!((rpc.calls, rpc.errors_timeout), (1, 0));
    assert_eq!(rpc.call_latency_us.sum, 1_000);
}

#[test]
fn errors_are_counted_by_kind() {
    let mut desk = desk();
    let service = open(&desk, "echo");
    let kinds = [
        CallOutcome::Ok,
        CallOutcome::NoRoute,
        CallOutcome::Timeout,
        CallOutcome::Server,
        CallOutcome::Transport,
    ];
    for (place, kind) in kinds.into_iter().enumerate() {
        for _ in 0..=place {
            service.call().record(kind, MS(1));
        }
    }
    desk.tick();
    let rpc = desk.of("echo");
    assert_eq!(rpc.calls, 15);
    let errors = [
        rpc.errors_no_route,
        rpc.errors_timeout,
        rpc.errors_server,
        rpc.errors_transport,
    ];
    assert_eq!(errors, [2, 3, 4, 5]);
}

#[test]
fn latencies_fall_between_the_known_bounds() {
    let mut desk = desk();
    let service = open(&desk, "echo");
    for ms in [7, 150, 3_000] {
        service.call().record(CallOutcome::Ok, MS(ms));
    }
    desk.tick();
    let rpc = desk.of("echo");
    let latency = rpc.call_latency_us();
    let ms: Vec<_> = latency.bounds.iter().map(|bound| bound / 1_000).collect();
    assert_eq!(
        ms,
        [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000]
    );
    assert_eq!(latency.buckets, [0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0]);
    let up_to: Vec<_> = latency.cumulative().collect();
    assert_eq!(up_to, [0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3]);
    assert_eq!((latency.count(), latency.sum), (3, 3_157_000));
}

#[test]
fn a_latency_on_a_bound_belongs_below_it_and_a_long_one_above_all() {
    let mut desk = desk();
    let service = open(&desk, "echo");
    for ms in [5, 10_000, 10_001] {
        service.call().record(CallOutcome::Ok, MS(ms));
    }
    let beyond = Duration::from_micros(u64::MAX);
    service.call().record(CallOutcome::Ok, beyond);
    desk.tick();
    let buckets = desk.of("echo").call_latency_us.buckets;
    assert_eq!(buckets, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
}

#[test]
fn a_handler_is_counted_as_it_begins_and_timed_as_it_ends() {
    let mut desk = desk();
    let service = open(&desk, "svc");
    let (mut quick, mut slow) = (service.handler(), service.handler());
    let aborted = service.handler();
    desk.tick();
    let rpc = desk.of("svc");
    assert_eq!((rpc.handler_invocations, rpc.handler_in_flight()), (3, 3));
    quick.returned(MS(7));
    slow.panicked(MS(3_000));
    drop((quick, slow, aborted));
    desk.tick();
    let rpc = desk.of("svc");
    assert_eq!((rpc.handler_invocations, rpc.handler_in_flight()), (3, 0));
    assert_eq!(rpc.handler_panics, 1);
    let expected = Samples {
        buckets: [0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
        sum: 3_007_000,
    };
    assert_eq!(rpc.handler_duration_us, expected);
    assert_eq!(rpc.call_latency_us, Samples::default(), "no call was made");
}

#[test]
fn chunks_are_counted_as_they_stream() {
    let mut desk = desk();
    let handler = open(&desk, "stream").handler();
    let mut chunks = handler.stream();
    for _ in 0..5 {
        chunks.emitted();
    }
    chunks.dropped();
    desk.tick();
    let rpc = desk.of("stream");
    assert_eq!(
        (rpc.streaming_chunks_emitted, rpc.streaming_chunks_dropped),
        (5, 1)
    );
    drop(handler);
    chunks.emitted();
    drop(chunks);
    desk.tick();
    assert_eq!(desk.of("stream").streaming_chunks_emitted, 6);
    assert_eq!(desk.usage().cells, 0);
}

#[test]
fn a_refused_call_is_no_handler() {
    let mut desk = desk();
    let service = open(&desk, "locked");
    service.capability_denied();
    service.clone().capability_denied();
    desk.tick();
    let expected = Rpc {
        capability_denied: 2,
        ..Rpc::default()
    };
    assert_eq!(desk.of("locked"), expected);
}

#[test]
fn calls_outlive_the_handle_they_were_made_from() {
    let mut desk = desk();
    let mut call = open(&desk, "echo").call();
    desk.tick();
    call.record(CallOutcome::Ok, MS(1));
    drop(call);
    desk.tick();
    assert_eq!(desk.of("echo").calls, 1);
}

#[test]
fn any_number_of_calls_need_no_cells() {
    let mut desk = Desk::<Rpc>::new(DeskRoom {
        cells: 0,
        ..DeskRoom::of(1)
    });
    let service = open(&desk, "echo");
    let calls: Vec<_> = (0..10_000).map(|_| service.call()).collect();
    desk.tick();
    assert_eq!(desk.of("echo").in_flight_calls(), 10_000);
    for mut call in calls {
        call.record(CallOutcome::Ok, MS(1));
    }
    desk.tick();
    assert_eq!(desk.of("echo").calls, 10_000);
    assert_eq!(desk.usage().folded_guards, 0);
}

#[test]
fn metrics_have_the_names_that_are_known() {
    let names = |metrics: &[&'static str]| -> Vec<_> {
        let known = metrics.iter().map(|name| name.strip_prefix("nrpc_"));
        known
            .map(|name| name.expect("the prefix").to_owned())
            .collect()
    };
    let words: Vec<_> = Rpc::WORDS.iter().map(|word| word.metric).collect();
    let expected = [
        "calls",
        "errors",
        "errors",
        "errors",
        "errors",
        "calls_started",
        "calls_ended",
        "handler_invocations",
        "handlers_ended",
        "handler_panics",
        "streaming_chunks_emitted",
        "streaming_chunks_dropped",
        "capability_denied",
    ];
    assert_eq!(names(&words), expected);
    let gauges: Vec<_> = Rpc::GAUGES.iter().map(|gauge| gauge.metric).collect();
    assert_eq!(names(&gauges), ["in_flight_calls", "handler_in_flight"]);
    let histograms: Vec<_> = Rpc::HISTOGRAMS.iter().map(|h| h.metric).collect();
    let expected = ["call_latency_seconds", "handler_duration_seconds"];
    assert_eq!(names(&histograms), expected);
    let kinds = Rpc::WORDS.iter().filter_map(|word| word.label);
    let kinds: Vec<_> = kinds.map(|label| (label.name, label.value)).collect();
    let expected = ["no_route", "timeout", "server", "transport"].map(|kind| ("kind", kind));
    assert_eq!(kinds, expected);
    assert_eq!(Rpc::KEY, "service");
}
