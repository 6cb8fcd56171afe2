//! What a node can be, and that it is split once.

use embassy_time::Duration;
use streamgauge_embassy::{Config, Serial, SplitError, Stats, Tier, key, lanes, roots_of, rows_of};
use streamgauge_tests_embassy::{Bench, Inbox, Link, TICK, gauge};

type Three = Stats<{ rows_of(8, 3) }, 8, { key(32) }, { roots_of(2, 3) }, 3, { lanes(3) }>;

#[test]
fn a_node_is_split_once() {
    let _clock = Bench::new();
    let gauge = gauge();
    let halves = gauge.split(Config::new()).unwrap();
    assert_eq!(
        gauge.split(Config::new()).err(),
        Some(SplitError::AlreadySplit)
    );
    drop(halves);
    assert_eq!(
        gauge.split(Config::new()).err(),
        Some(SplitError::AlreadySplit)
    );
}

#[test]
fn a_configuration_that_cannot_be_leaves_the_node_whole() {
    let _clock = Bench::new();
    let gauge = gauge();
    let zero = Duration::from_ticks(0);
    for (config, error) in [
        (Config::new().with_prefix("/"), SplitError::EmptyPrefix),
        (Config::new().with_interval(zero), SplitError::ZeroInterval),
        (Config::new().with_patience(zero), SplitError::ZeroInterval),
        (
            Config::new().with_tiers(&["edge"]),
            SplitError::Tiers { named: 1, room: 0 },
        ),
    ] {
        assert_eq!(gauge.split(config).err(), Some(error));
    }
    assert!(gauge.split(Config::new()).is_ok());
}

#[test]
fn a_tier_needs_a_name_of_its_own() {
    let _clock = Bench::new();
    let gauge: &'static Three = Box::leak(Box::default());
    for tier in ["", "internal"] {
        let named = [&["", "internal"][..1], &["", "internal"][1..]];
        let tiers = named.into_iter().find(|names| names[0] == tier).unwrap();
        let error = gauge.split(Config::new().with_tiers(tiers)).err();
        assert_eq!(error, Some(SplitError::TierName { tier }));
    }
    assert!(gauge.split(Config::new()).is_err(), "no name at all");
}

#[test]
fn named_tiers_are_counted_apart_and_listed() {
    let mut bench = Bench::new();
    let gauge: &'static Three = Box::leak(Box::default());
    let config = Config::new()
        .with_prefix("gauge//x/")
        .with_node("gw/1")
        .with_tiers(&["edge"]);
    let (handle, mut runner) = gauge.split(config).unwrap();
    let (link, mut inbox) = (Link::new(), Inbox::new());
    let mut sink = Serial::<_, 512>::new(link.clone());
    let edge = handle.tier(Tier::Named(0));
    let _session = edge.session("acme");
    edge.broadcast("demo/bbb").subscriber_track("v").bytes(7);
    edge.broadcast("gauge/x/node/gw")
        .subscriber_track("v")
        .bytes(90);
    bench.spawn(async move { runner.run(&mut sink).await });
    bench.leap(TICK);

    let mut bytes = link.drain();
    inbox.read_bytes(&std::mem::take(&mut bytes));
    let node = inbox.newest("node.json");
    assert_eq!(node["tiers"], serde_json::json!(["", "internal", "edge"]));
    assert_eq!(node["path"], "gauge/x/node/gw/1");
    assert_eq!(inbox.total("edge/subscriber", "bytes"), 7);
    assert_eq!(inbox.total("edge/sessions", "sessions"), 1);
    assert_eq!(inbox.total("subscriber", "bytes"), 0);
}
