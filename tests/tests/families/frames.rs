//! What frames show of gauges and histograms.

use std::collections::BTreeMap;

use streamgauge_core::{
    Cache, CallOutcome, ChannelStats, Duration, Family, Replication, Rpc, Samples, ServiceStats,
};
use streamgauge_tests::{Desk, DeskRoom};

use crate::declared::{DEPTH, JOB_BYTES, JOBS, Jobs, TOOK, WAIT, lease};

fn full() -> Desk<Jobs> {
    let mut desk = Desk::new(DeskRoom::of(4));
    for name in ["mail", "quo\"te\\", "ünï/🎈\n"] {
        let queue = lease(&desk, name);
        std::mem::forget(queue.begin(JOBS));
        queue.set(DEPTH, 12_345_678);
        queue.record(TOOK, Duration::from_millis(30));
        queue.record(JOB_BYTES, 1 << 30);
        queue.record(WAIT, Duration::from_millis(70));
    }
    desk.collect();
    desk
}

#[test]
fn a_row_shows_words_then_gauges_then_histograms() {
    let mut desk = Desk::<Replication>::new(DeskRoom::of(1));
    let mut channel = ChannelStats::open(desk.meter(), "c");
    channel.sync_bytes(1_000);
    channel.set_replica_lag(Duration::from_millis(2));
    desk.collect();
    let words = "\"sync_bytes\":1000,\"leader_changes\":0,\"under_capacity\":0,\"skip_ahead\":0,\
                 \"election_thrash\":0,\"witness_withdrawals\":0,\"announce_divergence\":0";
    let gauges = "\"leader_lag_us\":null,\"replica_lag_us\":2000";
    let expected = format!("{{\"c\":{{{words},{gauges},\"since\":1000000}}}}");
    assert_eq!(desk.frame(4096), expected);
}

#[test]
fn a_histogram_is_an_object_of_its_buckets_and_its_sum() {
    let mut desk = Desk::<Rpc>::new(DeskRoom::of(1));
    let service = ServiceStats::open(desk.meter(), "echo");
    let mut call = service.call();
    call.record(CallOutcome::Ok, Duration::from_millis(20));
    drop(call);
    let _under_way = service.call();
    desk.collect();
    let frame = desk.frame(4096);
    let shown = "\"in_flight_calls\":1,\"handler_in_flight\":0,\
                 \"call_latency_us\":{\"buckets\":[0,0,1,0,0,0,0,0,0,0,0,0],\"sum\":20000},\
                 \"handler_duration_us\":{\"buckets\":[0,0,0,0,0,0,0,0,0,0,0,0],\"sum\":0},\
                 \"since\":1000000}}";
    assert!(frame.ends_with(shown), "{frame}");
}

#[test]
fn a_frame_is_the_same_in_pieces_of_any_size() {
    let mut desk = full();
    let whole = desk.frame(1 << 16);
    for room in [1, 2, 3, 7, 64, 255, 1_000] {
        assert_eq!(desk.frame(room), whole, "pieces of {room}");
    }
}

#[test]
fn a_frame_is_what_serde_writes() {
    let mut desk = full();
    assert_eq!(desk.frame(4096), desk.frame_by_serde());
}

#[test]
fn a_frame_reads_back_as_the_series_were() {
    let mut desk = full();
    assert_eq!(desk.shown(), desk.all());
    let mail = desk.all()["mail"];
    assert_eq!(
        (mail.running(), mail.depth, mail.oldest_us),
        (1, Some(12_345_678), None)
    );
}

#[test]
fn the_widest_numbers_fit_a_whole_row() {
    let widest = |n| Rpc::from_words(&[n; 64]);
    let text = serde_json::to_string(&widest(u64::MAX)).expect("JSON");
    assert_eq!(
        serde_json::from_str::<Rpc>(&text).expect("rpc"),
        widest(u64::MAX)
    );
}

#[test]
fn snapshots_come_back_from_a_binary_format() {
    let mail = full().all()["mail"];
    let bytes = postcard::to_stdvec(&mail).expect("postcard");
    assert_eq!(postcard::from_bytes::<Jobs>(&bytes).expect("jobs"), mail);
    let cache = Cache::from_words(&[7; 24]);
    let bytes = postcard::to_stdvec(&cache).expect("postcard");
    assert_eq!(postcard::from_bytes::<Cache>(&bytes).expect("cache"), cache);
}

#[test]
fn what_a_reader_does_not_know_is_skipped_and_what_is_missing_is_none() {
    let frame = r#"{"a":{"jobs":3,"depth":4,"running":9,"later":[{"x":1}],
        "job_bytes":{"min":1,"sum":5,"buckets":[1,2,3,4]},"since":1},"b":{}}"#;
    let rows: BTreeMap<String, Jobs> = serde_json::from_str(frame).expect("a frame");
    let expected = Jobs {
        jobs: 3,
        depth: Some(4),
        job_bytes: Samples {
            buckets: [1, 2, 3, 4],
            sum: 5,
        },
        ..Jobs::default()
    };
    assert_eq!(rows["a"], expected);
    assert_eq!(rows["b"], Jobs::default());
}

#[test]
fn buckets_of_other_bounds_are_not_taken_for_ours() {
    for buckets in ["[]", "[1,2,3]", "[1,2,3,4,5]"] {
        let row = format!("{{\"job_bytes\":{{\"buckets\":{buckets},\"sum\":1}}}}");
        serde_json::from_str::<Jobs>(&row).expect_err(buckets);
    }
}

#[test]
fn a_row_that_did_not_move_is_copied_as_it_stood() {
    let mut desk = Desk::<Jobs>::new(DeskRoom::of(4));
    let (a, b) = (lease(&desk, "a"), lease(&desk, "b"));
    let _jobs = [a.begin(JOBS), b.begin(JOBS)];
    a.record(TOOK, Duration::from_millis(30));
    a.set(DEPTH, 7);
    desk.collect();
    let last = desk.frame(4096);
    desk.accept();
    b.set(DEPTH, 8);
    desk.collect();
    let copied = desk.frame_after(&last, 4096);
    assert_eq!(copied, desk.frame_by_serde());
}
