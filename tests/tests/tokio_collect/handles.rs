//! Nodes whose frames the caller brings.

use std::time::Duration;

use streamgauge_tokio::{
    Role, Traffic,
    collect::{
        CollectError, CollectedNode, Collector, CollectorConfig, FrameAt, Kept, ReadError, Refused,
    },
};

fn bytes(collector: &Collector, tier: &str, name: &str) -> Option<u64> {
    collector.look(|fleet| {
        let lane = fleet.traffic_lane(tier, Role::Publisher)?;
        Some(fleet.traffic().row(lane, name)?.totals().bytes)
    })
}

fn read(node: &CollectedNode, track: &str, group: u64, text: &str) -> Result<(), CollectError> {
    node.read(track, FrameAt::first(group), text.as_bytes())
}

#[tokio::test]
async fn tracks_are_read_by_their_names() {
    let collector = Collector::new(&CollectorConfig::new().with_tiers(["edge"]));
    let node = collector.arrive("n").unwrap();
    for (group, tier) in [(1, ""), (2, "internal/"), (3, "edge/")] {
        let text = format!(r#"{{"a":{{"bytes":{group}}}}}"#);
        read(&node, &format!("{tier}publisher.json.z"), group, &text).unwrap();
    }
    assert_eq!(bytes(&collector, "", "a"), Some(1));
    assert_eq!(bytes(&collector, "internal", "a"), Some(2));
    assert_eq!(bytes(&collector, "edge", "a"), Some(3));
    read(&node, "edge/sessions.json", 1, r#"{"root":{"sessions":5}}"#).unwrap();
    let sessions = collector.look(|fleet| {
        let lane = fleet.presence_lane("edge").unwrap();
        fleet.presence().row(lane, "root").unwrap().live().sessions
    });
    assert_eq!(sessions, 5);
    for (track, error) in [
        ("video", CollectError::NoTrack),
        ("rpc.json", CollectError::NoTrack),
        ("other/publisher.json", CollectError::NoTier),
    ] {
        assert_eq!(read(&node, track, 9, "{}"), Err(error), "{track}");
    }
}

#[tokio::test]
async fn node_json_tells_totals_and_health() {
    let collector = Collector::new(&CollectorConfig::new());
    let node = collector.arrive("n").unwrap();
    let text = r#"{"epoch":7,"late_ticks":2,"totals":{"publisher":{"bytes":40},"internal/sessions":{"sessions":3}}}"#;
    read(&node, "node.json", 1, text).unwrap();
    collector.look(|fleet| {
        let lane = fleet.traffic().lane(0, fleet.now()).unwrap();
        assert_eq!((lane.total.bytes, lane.unnamed.bytes), (40, 40));
        let lane = fleet.presence().lane(1, fleet.now()).unwrap();
        assert_eq!(lane.total.sessions, 3);
        let (name, node) = fleet.nodes().next().unwrap();
        assert_eq!((name, node.health.unwrap().late_ticks), ("n", 2));
    });
    let old = read(&node, "node.json", 1, text);
    assert!(old.is_err_and(|error| error.is_old()));
}

#[tokio::test]
async fn a_node_that_is_dropped_has_departed() {
    let collector = Collector::new(&CollectorConfig::new());
    let node = collector.arrive("n").unwrap();
    read(
        &node,
        "publisher.json",
        1,
        r#"{"a":{"bytes":5,"subscriptions":2}}"#,
    )
    .unwrap();
    let open = |collector: &Collector| {
        collector.look(|fleet| fleet.traffic().row(0, "a").unwrap().live().subscriptions)
    };
    assert_eq!(open(&collector), 2);
    drop(node);
    assert_eq!((open(&collector), bytes(&collector, "", "a")), (0, Some(5)));
    assert_eq!(collector.look(|fleet| fleet.nodes().count()), 0);
}

#[tokio::test]
async fn a_handle_from_before_the_node_arrived_again_leads_nowhere() {
    let collector = Collector::new(&CollectorConfig::new());
    let before = collector.arrive("n").unwrap();
    let node = collector.arrive("n").unwrap();
    let refused = CollectError::Read(ReadError::Refused(Refused::Unknown));
    assert_eq!(read(&before, "publisher.json", 1, "{}"), Err(refused));
    drop(before);
    read(&node, "publisher.json", 1, r#"{"a":{"bytes":5}}"#).unwrap();
    assert_eq!(collector.look(|fleet| fleet.nodes().count()), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_idle_is_forgotten_in_time() {
    let config = CollectorConfig::new().with_keep(Duration::from_secs(20));
    let collector = Collector::new(&config);
    let node = collector.arrive("n").unwrap();
    read(&node, "publisher.json", 1, r#"{"a":{"bytes":5}}"#).unwrap();
    read(&node, "publisher.json", 2, "{}").unwrap();
    tokio::time::advance(Duration::from_secs(19)).await;
    assert_eq!(bytes(&collector, "", "a"), Some(5));
    tokio::time::advance(Duration::from_secs(30)).await;
    collector.look(|_| ());
    tokio::time::advance(Duration::from_secs(30)).await;
    assert_eq!(bytes(&collector, "", "a"), None);
    let total = collector.look(|fleet| fleet.traffic().lane(0, fleet.now()).unwrap().total);
    assert_eq!(total.bytes, 5);
}

#[tokio::test]
async fn a_collector_goes_on_from_what_it_kept() {
    let text = |bytes| format!(r#"{{"a":{{"bytes":{bytes},"since":1700000000000}}}}"#);
    let before = Collector::new(&CollectorConfig::new());
    let node = before.arrive("n").unwrap();
    read(&node, "publisher.json", 1, &text(40)).unwrap();

    let kept: Vec<Kept<Traffic, String>> = before.look(|fleet| {
        let kept = fleet.traffic().kept();
        kept.map(|kept| kept.map_names(ToString::to_string))
            .collect()
    });
    let collector = Collector::new(&CollectorConfig::new());
    collector.change(|fleet| {
        for kept in &kept {
            fleet.restore_traffic(&kept.as_str()).unwrap();
        }
    });
    assert_eq!(bytes(&collector, "", "a"), Some(40));
    let node = collector.arrive("n").unwrap();
    read(&node, "publisher.json", 1, &text(50)).unwrap();
    assert_eq!(bytes(&collector, "", "a"), Some(50));
}

#[tokio::test]
async fn what_comes_again_counts_once_on_a_track_and_on_its_sibling() {
    // Groups are numbered from a clock.
    const FIRST: u64 = 1_700_000_000_000_000;
    let text = |life: u64, bytes: u64| {
        format!(
            r#"{{"a":{{"bytes":{bytes},"since":{}}}}}"#,
            FIRST / 1000 + life
        )
    };
    let collector = Collector::new(&CollectorConfig::new());
    for _ in 0..3 {
        let node = collector.arrive("n").unwrap();
        read(&node, "publisher.json", FIRST + 300, &text(1, 40)).unwrap();
        read(&node, "publisher.json", FIRST + 301, &text(2, 5)).unwrap();
        assert_eq!(bytes(&collector, "", "a"), Some(45));
    }
    for _ in 0..3 {
        let node = collector.arrive("n").unwrap();
        read(&node, "publisher.json.z", FIRST + 2, &text(2, 10)).unwrap();
        assert_eq!(bytes(&collector, "", "a"), Some(50));
    }
}
