//! Nodes of an origin, with real reporters, and groups with patches.

use std::time::Duration;

use bytes::Bytes;
use streamgauge_tokio::{
    BroadcastProducer, Config, Deflate, Deltas, OriginProducer, Role, Stats, Tier, TrackConfig,
    Traffic,
    collect::{Collector, CollectorConfig},
};
use tokio::time::sleep;

fn spawn(origin: &OriginProducer, node: &str) -> Stats {
    Stats::spawn(Config::new().with_node(node).with_origin(origin)).unwrap()
}

/// Lets all that was written be read: the clock is paused, so everything else goes first.
pub(crate) async fn quiet() {
    sleep(Duration::from_millis(1)).await;
}

pub(crate) fn total(collector: &Collector) -> Traffic {
    collector.look(|fleet| {
        let lane = fleet.traffic_lane("", Role::Publisher).unwrap();
        fleet.traffic().lane(lane, fleet.now()).unwrap().total
    })
}

pub(crate) fn row(collector: &Collector, name: &str) -> Option<(Traffic, Traffic)> {
    collector.look(|fleet| {
        let row = fleet.traffic().row(0, name)?;
        Some((row.totals(), row.live()))
    })
}

pub(crate) fn names(collector: &Collector) -> Vec<String> {
    collector.look(|fleet| fleet.nodes().map(|(name, _)| name.to_owned()).collect())
}

pub(crate) fn follow(origin: &OriginProducer, config: &CollectorConfig) -> Collector {
    let collector = Collector::new(config);
    let (follower, origin) = (collector.clone(), origin.consume());
    tokio::spawn(async move { follower.follow(origin).await });
    collector
}

#[tokio::test(start_paused = true)]
async fn nodes_of_an_origin_add_up_as_they_come_and_go() {
    let origin = OriginProducer::new();
    let sjc = spawn(&origin, "sjc/1");
    let collector = follow(&origin, &CollectorConfig::new());
    let ams = spawn(&origin, "ams/1");
    let mut tracks = [&sjc, &ams].map(|node| {
        let viewer = node.tier(Tier::External).broadcast("demo/bbb").publisher();
        viewer.track("video")
    });
    for track in &mut tracks {
        track.whole_frame(1200);
    }
    for node in [&sjc, &ams] {
        node.flush().await;
    }
    quiet().await;
    let (totals, live) = row(&collector, "demo/bbb").unwrap();
    assert_eq!((totals.bytes, totals.frames), (2400, 2));
    assert_eq!(live.subscriptions - live.subscriptions_closed, 2);
    assert_eq!(names(&collector), ["ams/1", "sjc/1"]);

    let [open, _dropped] = tracks;
    ams.close().await;
    quiet().await;
    assert_eq!(names(&collector), ["sjc/1"]);
    let (totals, live) = row(&collector, "demo/bbb").unwrap();
    assert_eq!(
        (totals.bytes, live.subscriptions - live.subscriptions_closed),
        (2400, 1)
    );

    // It begins anew, in another epoch, and counts from zero.
    let ams = spawn(&origin, "ams/1");
    let viewer = ams.tier(Tier::External).broadcast("demo/bbb").publisher();
    viewer.track("video").whole_frame(100);
    ams.flush().await;
    quiet().await;
    assert_eq!(total(&collector).bytes, 2500);
    drop(open);
}

#[tokio::test(start_paused = true)]
async fn what_lived_between_two_frames_is_counted() {
    let origin = OriginProducer::new();
    let node = spawn(&origin, "n");
    let collector = follow(&origin, &CollectorConfig::new());
    for i in 0..50 {
        let handle = node.tier(Tier::External);
        let viewer = handle.broadcast(&format!("short/{i}")).publisher();
        viewer.track("video").whole_frame(10);
    }
    node.flush().await;
    quiet().await;
    let prefix = collector.look(|fleet| fleet.traffic().prefix(0, "short").unwrap().totals());
    assert_eq!((prefix.bytes, prefix.subscriptions_closed), (500, 50));
    assert_eq!(total(&collector).bytes, 500);
}

#[tokio::test(start_paused = true)]
async fn groups_with_patches_are_read_frame_by_frame() {
    let origin = OriginProducer::new();
    let collector = follow(&origin, &CollectorConfig::new());
    let broadcast = BroadcastProducer::new();
    let track = broadcast
        .create_track("publisher.json", TrackConfig::new())
        .unwrap();
    let _announced = origin
        .announce(".stats/node", &broadcast.consume())
        .unwrap();
    let group = track.append_group().unwrap();
    for frame in [
        r#"{"a":{"bytes":5,"frames":1},"b":{"bytes":1}}"#,
        r#"{"a":{"bytes":7}}"#,
        r#"{"b":null,"c":{"bytes":2}}"#,
    ] {
        group.write_frame(Bytes::from(frame)).unwrap();
        quiet().await;
    }
    assert_eq!(names(&collector), [""], "a node without a name");
    let bytes = |name| row(&collector, name).map(|(totals, _)| (totals.bytes, totals.frames));
    assert_eq!(
        (bytes("a"), bytes("b"), bytes("c")),
        (Some((7, 1)), Some((1, 0)), Some((2, 0)))
    );
    // Another group begins before this one ends.
    track
        .write_frame(Bytes::from(r#"{"a":{"bytes":9}}"#))
        .unwrap();
    group.finish().unwrap();
    quiet().await;
    assert_eq!(bytes("a"), Some((9, 1)));
}

#[tokio::test(start_paused = true)]
async fn other_broadcasts_of_the_origin_are_left_alone() {
    let origin = OriginProducer::new();
    let config = CollectorConfig::new().with_prefix("stats");
    let collector = follow(&origin, &config);
    let broadcast = BroadcastProducer::new();
    let track = broadcast
        .create_track("publisher.json", TrackConfig::new())
        .unwrap();
    track
        .write_frame(Bytes::from(r#"{"a":{"bytes":9}}"#))
        .unwrap();
    let paths = [
        "demo",
        "stats",
        "stats/nodes/x",
        "stats/node/",
        "xstats/node/n",
    ];
    let _announced = paths.map(|path| origin.announce(path, &broadcast.consume()).unwrap());
    quiet().await;
    assert_eq!((names(&collector), row(&collector, "a")), (vec![], None));
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_follows_no_more_has_no_nodes() {
    let origin = OriginProducer::new();
    let node = spawn(&origin, "n");
    let collector = Collector::new(&CollectorConfig::new());
    let (follower, consumer) = (collector.clone(), origin.consume());
    let task = tokio::spawn(async move { follower.follow(consumer).await });
    quiet().await;
    assert_eq!(names(&collector), ["n"]);
    task.abort();
    quiet().await;
    assert_eq!(names(&collector), Vec::<String>::new());
    node.close().await;
}

#[tokio::test(start_paused = true)]
async fn following_ends_when_nothing_can_come() {
    let origin = OriginProducer::new();
    let node = spawn(&origin, "n");
    let collector = Collector::new(&CollectorConfig::new());
    let (follower, consumer) = (collector.clone(), origin.consume());
    let task = tokio::spawn(async move { follower.follow(consumer).await });
    let viewer = node.tier(Tier::External).broadcast("a").publisher();
    viewer.track("video").whole_frame(7);
    drop(viewer);
    node.close().await;
    drop(origin);
    task.await.unwrap();
    assert_eq!(total(&collector).bytes, 7, "what was written last was read");
}

#[tokio::test(start_paused = true)]
async fn deflated_patches_tell_the_same() {
    let origin = OriginProducer::new();
    let config = Config::new().with_node("n").with_origin(&origin);
    let node = Stats::spawn(config.with_deltas(Deltas::Instead)).unwrap();
    let collector = follow(&origin, &CollectorConfig::new().with_patches(1 << 20));
    let handle = node.tier(Tier::External);
    let viewers = ["a", "b"].map(|name| handle.broadcast(name).publisher());
    let [mut a, mut b] = viewers.each_ref().map(|viewer| viewer.track("video"));
    for bytes in 1..=300 {
        a.whole_frame(bytes);
        if bytes % 100 == 0 {
            b.whole_frame(1);
        }
        node.flush().await;
        quiet().await;
    }
    drop((b, viewers));
    node.flush().await;
    quiet().await;
    let open = |(totals, live): (Traffic, Traffic)| {
        (
            totals.bytes,
            totals.frames,
            live.subscriptions - live.subscriptions_closed,
        )
    };
    assert_eq!(row(&collector, "a").map(open), Some((45_150, 300, 1)));
    assert_eq!(row(&collector, "b").map(open), Some((3, 3, 0)));
    assert_eq!(total(&collector).bytes, 45_153);
    let health = collector.look(|fleet| fleet.nodes().next().unwrap().1.health);
    assert!(health.unwrap().ticks > 300);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_cannot_be_unpacked_is_passed_over() {
    let origin = OriginProducer::new();
    let collector = follow(&origin, &CollectorConfig::new().with_patches(64));
    let broadcast = BroadcastProducer::new();
    let track = broadcast
        .create_track("publisher.json.z", TrackConfig::new())
        .unwrap();
    let _announced = origin
        .announce(".stats/node/n", &broadcast.consume())
        .unwrap();
    let long = format!(r#"{{"a":{{"bytes":9,"x":"{}"}}}}"#, "x".repeat(100));
    let mut deflate = Deflate::new();
    track
        .write_frame(Bytes::from_static(b"no deflate"))
        .unwrap();
    track
        .write_frame(deflate.frame(long.as_bytes()).unwrap())
        .unwrap();
    quiet().await;
    assert_eq!(row(&collector, "a").map(|_| ()), None);
    deflate.begin_group();
    track
        .write_frame(deflate.frame(br#"{"a":{"bytes":9}}"#).unwrap())
        .unwrap();
    quiet().await;
    assert_eq!(total(&collector).bytes, 9);
}
