//! Replication by channel.

use streamgauge_core::{ChannelStats, Duration, Family, Reading, Replication};
use streamgauge_tests::{Desk, DeskRoom, Drawer};

type Channel = ChannelStats<Drawer<Replication>>;

fn desk() -> Desk<Replication> {
    Desk::new(DeskRoom::of(8))
}

fn open(desk: &Desk<Replication>, channel: &str) -> Channel {
    Channel::open(desk.meter(), channel)
}

#[test]
fn a_fresh_family_has_no_series() {
    let mut desk = desk();
    desk.collect();
    assert!(desk.all().is_empty());
    assert_eq!(desk.frame(64), "{}");
}

#[test]
fn handles_of_one_channel_count_in_one_series() {
    let mut desk = desk();
    let (mut first, mut second) = (open(&desk, "payments"), open(&desk, "payments"));
    first.leader_change();
    second.leader_change();
    first.writer().leader_change();
    desk.tick();
    assert_eq!(desk.all().len(), 1);
    assert_eq!(desk.of("payments").leader_changes, 3);
}

#[test]
fn channels_count_apart() {
    let mut desk = desk();
    let (mut payments, mut refunds) = (open(&desk, "payments"), open(&desk, "refunds"));
    payments.leader_change();
    refunds.leader_change();
    refunds.leader_change();
    desk.tick();
    assert_eq!(desk.of("payments").leader_changes, 1);
    assert_eq!(desk.of("refunds").leader_changes, 2);
}

#[test]
fn every_counter_counts_what_it_is_for() {
    let mut desk = desk();
    let mut channel = open(&desk, "c");
    channel.sync_bytes(1024);
    channel.sync_bytes(512);
    channel.leader_change();
    for times in 1..=6 {
        for _ in 0..times {
            match times {
                2 => channel.under_capacity(),
                3 => channel.skip_ahead(),
                4 => channel.election_thrash(),
                5 => channel.witness_withdrawal(),
                6 => channel.announce_divergence(),
                _ => {}
            }
        }
    }
    desk.tick();
    let expected = Replication {
        sync_bytes: 1536,
        leader_changes: 1,
        under_capacity: 2,
        skip_ahead: 3,
        election_thrash: 4,
        witness_withdrawals: 5,
        announce_divergence: 6,
        ..Replication::default()
    };
    assert_eq!(desk.of("c"), expected);
}

#[test]
fn a_lag_is_not_there_until_it_is_first_observed() {
    let mut desk = desk();
    let channel = open(&desk, "c");
    desk.tick();
    let none = desk.of("c");
    assert_eq!((none.leader_lag_us, none.replica_lag_us), (None, None));
    channel.set_leader_lag(Duration::from_millis(250));
    desk.tick();
    let one = desk.of("c");
    assert_eq!(
        (one.leader_lag_us, one.replica_lag_us),
        (Some(250_000), None)
    );
    channel.set_replica_lag(Duration::from_micros(500));
    desk.tick();
    assert_eq!(desk.of("c").replica_lag_us, Some(500));
}

#[test]
fn a_lag_of_zero_is_one_that_was_observed() {
    let mut desk = desk();
    open(&desk, "c").set_leader_lag(Duration::from_micros(0));
    desk.tick();
    assert_eq!(desk.of("c").leader_lag_us, Some(0));
}

#[test]
fn the_longest_lag_is_still_a_lag() {
    let mut desk = desk();
    let channel = open(&desk, "c");
    for micros in [u64::MAX, u64::MAX - 1] {
        channel.set_leader_lag(Duration::from_micros(micros));
        desk.tick();
        assert_eq!(desk.of("c").leader_lag_us, Some(usize::MAX as u64 - 1));
    }
}

#[test]
fn series_come_in_the_order_of_names() {
    let mut desk = desk();
    let names = ["zebra", "alpha", "delta", "bravo"];
    let _held = names.map(|name| open(&desk, name));
    desk.tick();
    let frame = desk.frame(4096);
    let mut places = ["alpha", "bravo", "delta", "zebra"]
        .map(|name| frame.find(&format!("{name:?}")).expect("it is shown"));
    assert!(places.is_sorted());
    places.sort_unstable();
}

#[test]
fn a_channel_that_was_only_looked_up_has_a_series_of_zeros() {
    let mut desk = desk();
    let _held = open(&desk, "quiet");
    desk.tick();
    assert_eq!(desk.all()["quiet"], Replication::default());
    assert_eq!(desk.shown()["quiet"], Replication::default());
}

#[test]
fn a_channel_stays_for_ever_when_its_handles_are_gone() {
    let mut desk = desk();
    let mut channel = open(&desk, "c");
    channel.sync_bytes(7);
    channel.set_leader_lag(Duration::from_micros(9));
    drop(channel);
    for _ in 0..100 {
        desk.collect_after(1_000_000_000);
        desk.accept();
    }
    assert_eq!(desk.of("c").sync_bytes, 7);
    open(&desk, "c").sync_bytes(1);
    desk.tick();
    let again = desk.of("c");
    assert_eq!((again.sync_bytes, again.leader_lag_us), (8, Some(9)));
}

#[test]
fn a_total_is_of_all_channels() {
    let mut desk = desk();
    let (mut a, mut b) = (open(&desk, "a"), open(&desk, "b"));
    a.sync_bytes(100);
    b.sync_bytes(200);
    a.leader_change();
    b.leader_change();
    b.leader_change();
    b.set_leader_lag(Duration::from_micros(5));
    desk.tick();
    let total = desk.total();
    assert_eq!((total.sync_bytes, total.leader_changes), (300, 3));
    assert_eq!(total.leader_lag_us, None, "lags do not add up");
    assert_eq!(desk.ledger().retired(0), Replication::default());
}

#[test]
fn metrics_have_the_names_that_are_known() {
    let words: Vec<_> = Replication::WORDS.iter().map(|word| word.metric).collect();
    let known = [
        "dataforts_replication_sync_bytes",
        "dataforts_leader_changes",
        "dataforts_replication_under_capacity",
        "dataforts_replication_skip_ahead",
        "dataforts_replication_election_thrash",
        "dataforts_replication_witness_withdrawals",
        "dataforts_replication_announce_divergence",
    ];
    assert_eq!(words, known);
    assert_eq!(Replication::KEY, "channel");
    let lags = Replication::GAUGES.iter().map(|gauge| {
        assert_eq!(gauge.metric, "dataforts_replication_lag_seconds");
        assert!(matches!(gauge.reading, Reading::Set { .. }));
        gauge.label.map(|label| (label.name, label.value))
    });
    let roles = [Some(("role", "leader")), Some(("role", "replica"))];
    assert!(lags.eq(roles));
}
