//! What patches show of gauges and histograms.

use streamgauge_core::{ChannelStats, Duration, Linger, Replication};
use streamgauge_tests::{Desk, DeskRoom, Drawer};

use crate::declared::{DEPTH, Held, JOB_BYTES, JOBS, Jobs, OLDEST, PAYLOAD, TOOK, WAIT, lease};

fn told() -> (Desk<Jobs>, Held) {
    let mut desk = Desk::new(DeskRoom::of(4)).patching();
    let queue = lease(&desk, "mail");
    queue.set(DEPTH, 3);
    queue.record(TOOK, Duration::from_millis(30));
    desk.tick();
    (desk, queue)
}

/// A family whose series are kept.
fn kept(linger: Linger) -> (Desk<Replication>, ChannelStats<Drawer<Replication>>) {
    let mut desk = Desk::lingering(DeskRoom::of(4), linger).patching();
    let channel = ChannelStats::open(desk.meter(), "c");
    channel.set_replica_lag(Duration::from_millis(2));
    desk.tick();
    (desk, channel)
}

#[test]
fn a_patch_shows_each_kind_of_number_that_changed() {
    let (mut desk, queue) = told();
    let patch = |desk: &mut Desk<Jobs>| {
        desk.collect();
        let patch = desk.patch(4096);
        desk.accept();
        patch
    };
    queue.set(DEPTH, 4);
    assert_eq!(patch(&mut desk), r#"{"mail":{"depth":4}}"#);
    queue.set(OLDEST, Duration::from_millis(2));
    assert_eq!(patch(&mut desk), r#"{"mail":{"oldest_us":2000}}"#);
    queue.add(PAYLOAD, 9);
    assert_eq!(patch(&mut desk), r#"{"mail":{"payload_bytes":9}}"#);
    let job = queue.begin(JOBS);
    assert_eq!(patch(&mut desk), r#"{"mail":{"jobs":1,"running":1}}"#);
    drop(job);
    assert_eq!(patch(&mut desk), r#"{"mail":{"jobs_done":1,"running":0}}"#);
    queue.record(JOB_BYTES, 100);
    let histogram = r#"{"mail":{"job_bytes":{"buckets":[0,1,0,0],"sum":100}}}"#;
    assert_eq!(patch(&mut desk), histogram);
    queue.record(WAIT, Duration::from_millis(1));
    let waited = patch(&mut desk);
    assert!(
        waited.starts_with(r#"{"mail":{"wait_us":{"buckets":["#),
        "{waited}"
    );
    // Nothing is open any more, and idle series do not show.
    assert_eq!(patch(&mut desk), r#"{"mail":null}"#);
    assert_eq!(patch(&mut desk), "{}");
}

#[test]
fn a_patch_is_the_same_in_pieces_of_any_size() {
    let (mut desk, queue) = told();
    let other = lease(&desk, "quo\"te\\");
    desk.tick();
    drop(lease(&desk, "brief"));
    queue.set(DEPTH, 12_345_678);
    other.record(JOB_BYTES, 1 << 40);
    let _more = lease(&desk, "ünï/🎈\n");
    desk.collect();
    let whole = desk.patch(1 << 16);
    for room in (1..70).chain([255, 1_000]) {
        assert_eq!(desk.patch(room), whole, "pieces of {room}");
    }
    desk.accept();
}

#[test]
fn a_series_that_is_idle_and_kept_goes_from_patches_and_comes_again() {
    let (mut desk, channel) = kept(Linger::Idle(Duration::from_secs(3_600)));
    drop(channel);
    for _ in 0..3 {
        desk.tick();
    }
    assert_eq!((desk.frame(4096), desk.usage().series), ("{}".into(), 1));
    let mut channel = ChannelStats::open(desk.meter(), "c");
    channel.sync_bytes(5);
    desk.collect();
    let patch = desk.patch(4096);
    assert!(patch.contains(r#""sync_bytes":5,"#), "{patch}");
    assert!(patch.contains(r#""replica_lag_us":2000,"#), "{patch}");
    desk.accept();
}

#[test]
fn a_series_that_stays_for_ever_stays_in_patches_too() {
    let (mut desk, channel) = kept(Linger::Forever);
    drop(channel);
    for _ in 0..3 {
        desk.collect();
        assert_eq!(desk.patch(4096), "{}");
        desk.accept();
    }
    assert!(desk.frame(4096).starts_with(r#"{"c":{"#));
}

#[test]
fn a_series_that_was_idle_long_enough_is_released_when_its_end_was_told() {
    let (mut desk, channel) = kept(Linger::Idle(Duration::from_secs(1)));
    drop(channel);
    for _ in 0..6 {
        desk.tick();
    }
    assert_eq!(desk.usage().series, 0);
}

#[test]
fn a_series_keeps_its_room_until_its_end_was_told_unless_there_is_nobody_to_tell() {
    let (mut desk, channel) = kept(Linger::AtOnce);
    drop(channel);
    desk.tick();
    assert_eq!(desk.usage().series, 1, "its end is yet to be told");
    desk.collect();
    assert_eq!(desk.patch(4096), r#"{"c":null}"#);
    desk.accept();
    assert_eq!(desk.usage().series, 0);

    let (mut desk, channel) = kept(Linger::AtOnce);
    drop(channel);
    desk.tick();
    desk.forget_patches();
    desk.tick();
    assert_eq!(desk.usage().series, 0);
}
