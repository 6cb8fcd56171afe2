//! A meter before, between and after the nodes that publish it.

use streamgauge_tokio::{Config, ConfigError, FamilyMeter, Stats};

use crate::{
    harness::Record,
    sensor::{READINGS, Sensor, TRACK, newest, read, readings},
};

fn spawn(meter: &FamilyMeter<Sensor>) -> Stats {
    Stats::spawn(Config::new().with_family(meter)).expect("a node")
}

#[tokio::test(start_paused = true)]
async fn what_was_counted_before_there_was_a_node_is_in_its_first_frame() {
    let (meter, record) = (FamilyMeter::new(8), Record::default());
    for _ in 0..10 {
        read(&meter, "early", 1);
    }
    let config = Config::new().with_family(&meter).with_sink(record.sink());
    let stats = Stats::spawn(config).expect("a node");
    stats.close().await;
    assert_eq!(record.accepted(TRACK)[0]["early"]["readings"], 10);
}

#[tokio::test(start_paused = true)]
async fn the_next_node_goes_on_where_the_last_one_ended() {
    let meter = FamilyMeter::new(8);
    let mut writer = meter.track("a");
    for node in 1..=3_u64 {
        writer.add(READINGS, 1);
        let (record, config) = (Record::default(), Config::new().with_family(&meter));
        let stats = Stats::spawn(config.with_sink(record.sink())).expect("a node");
        writer.add(READINGS, 1);
        stats.close().await;
        writer.add(READINGS, 1);
        let frames = record.accepted(TRACK);
        assert_eq!(
            readings(&frames[0]),
            3 * node - 1,
            "the whole of it at first"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_frame_of_the_next_node_is_whole_though_nothing_moved() {
    let meter = FamilyMeter::new(8);
    let mut writer = meter.track("a");
    writer.add(READINGS, 7);
    spawn(&meter).close().await;
    let stats = spawn(&meter);
    stats.flush().await;
    assert_eq!(newest(&stats, TRACK)["a"]["readings"], 7);
}

#[tokio::test(start_paused = true)]
async fn two_nodes_cannot_publish_one_meter() {
    let meter = FamilyMeter::<Sensor>::new(8);
    let first = spawn(&meter);
    let refused = Stats::spawn(Config::new().with_family(&meter)).unwrap_err();
    assert_eq!(refused, ConfigError::FamilyTaken { family: "sensor" });
    assert_eq!(
        refused.to_string(),
        "another node publishes the meter of the family \"sensor\"; make one for each node"
    );
    let mut writer = meter.track("a");
    writer.add(READINGS, 1);
    first.flush().await;
    assert_eq!(
        readings(&newest(&first, TRACK)),
        1,
        "the first is as it was"
    );
    first.close().await;
    spawn(&meter).close().await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_cannot_be_holds_no_family() {
    streamgauge_tokio::family! {
        /// Another.
        struct Other: "other" { counter things: "things"; }
    }
    let (free, taken) = (FamilyMeter::<Other>::new(1), FamilyMeter::<Sensor>::new(1));
    let node = spawn(&taken);
    let config = Config::new().with_family(&free).with_family(&taken);
    assert!(Stats::spawn(config).is_err());
    node.close().await;
    let config = Config::new().with_family(&free).with_family(&taken);
    assert!(Stats::spawn(config).is_ok());
}

#[tokio::test(start_paused = true)]
async fn guards_outlive_their_node() {
    let meter = FamilyMeter::<Sensor>::new(8);
    let stats = spawn(&meter);
    let (announced, mut writer) = (meter.announce("a"), meter.fork().track("a"));
    stats.close().await;
    writer.add(READINGS, 1);
    drop((announced, writer));
    let (record, config) = (Record::default(), Config::new().with_family(&meter));
    let stats = Stats::spawn(config.with_sink(record.sink())).expect("a node");
    stats.close().await;
    let frame = &record.accepted(TRACK)[0];
    assert_eq!(frame["a"]["opened_closed"], 1);
    assert_eq!(readings(frame), 1);
}
