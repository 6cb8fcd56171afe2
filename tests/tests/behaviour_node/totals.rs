//! `node.json`: totals that never fall, and the state of the node itself.

use crate::harness::Node;
use streamgauge_tokio::Config;

#[tokio::test(start_paused = true)]
async fn totals_keep_what_series_that_ended_brought() {
    let node = Node::start().await;
    for n in 0..5 {
        let broadcast = node.external().broadcast(&format!("live/{n}"));
        broadcast.publisher_track("v").whole_frame(10);
        node.tick().await;
        node.tick().await;
    }
    assert_eq!(node.text("publisher.json"), "{}");
    let total = node.total("publisher");
    assert_eq!((total.bytes, total.frames), (50, 5));
    assert_eq!((total.subscriptions, total.subscriptions_closed), (5, 5));
    assert_eq!((total.broadcasts, total.broadcasts_closed), (5, 5));
}

#[tokio::test(start_paused = true)]
async fn totals_never_fall() {
    let node = Node::with(Config::new().with_series(3).with_cells(2)).await;
    let mut open = Vec::new();
    for n in 0..60_usize {
        let broadcast = node.external().broadcast(&format!("live/{}", n % 7));
        let mut track = broadcast.publisher().track("v");
        track.whole_frame(n);
        open.push(track);
        if n % 3 == 0 {
            open.clear();
        }
        if n % 2 == 0 {
            node.tick().await;
        }
    }
    let mut last = 0;
    for frame in node.frames("node.json") {
        let frame: serde_json::Value = serde_json::from_slice(&frame.payload).unwrap();
        let bytes = frame["totals"]["publisher"]["bytes"].as_u64().unwrap();
        assert!(bytes >= last, "{bytes} after {last}");
        last = bytes;
    }
    drop(open);
    node.tick().await;
    assert_eq!(node.total("publisher").bytes, (0..60).sum::<u64>());
    assert_eq!(node.total("publisher").announced_closed, 60);
}

#[tokio::test(start_paused = true)]
async fn every_track_has_its_total() {
    let node = Node::start().await;
    node.external().broadcast("a").publisher_track("v").bytes(1);
    node.external()
        .broadcast("a")
        .subscriber_track("v")
        .bytes(2);
    node.internal().broadcast("a").publisher_track("v").bytes(3);
    node.internal()
        .broadcast("a")
        .subscriber_track("v")
        .bytes(4);
    drop(node.external().session("root"));
    node.tick().await;
    let tracks = [
        "publisher",
        "subscriber",
        "internal/publisher",
        "internal/subscriber",
    ];
    for (track, bytes) in tracks.iter().zip(1..) {
        assert_eq!(node.total(track).bytes, bytes, "{track}");
    }
    let sessions = &node.object("node.json")["totals"]["sessions"];
    assert_eq!(
        (&sessions["sessions"], &sessions["sessions_closed"]),
        (&1.into(), &1.into())
    );
}

#[tokio::test(start_paused = true)]
async fn the_node_tells_how_it_is() {
    let config = Config::new().with_series(40).with_cells(20).with_roots(10);
    let node = Node::with(config).await;
    let tracks = ["a", "b"].map(|path| node.external().broadcast(path).publisher_track("v"));
    let session = node.external().session("root");
    node.tick().await;
    node.tick().await;

    let health = node.object("node.json");
    assert_eq!(health["uptime_ms"], 2000);
    assert_eq!(health["interval_ms"], 1000);
    assert_eq!(health["ticks"], 3);
    assert_eq!(
        (&health["late_ticks"], &health["early_ticks"]),
        (&0.into(), &0.into())
    );
    assert_eq!(health["skipped_ticks"], 0);
    assert_eq!(health["refused_frames"], 0);
    let since = health["since"].as_u64().unwrap();
    assert_eq!(health["ts_ms"], since + 2000);
    assert!(health["epoch"].as_u64().unwrap() / 1000 >= since);
    for (key, value) in [
        ("series", 2),
        ("series_capacity", 40),
        ("cells", 2),
        ("cells_capacity", 20),
        ("folded_keys", 0),
        ("folded_guards", 0),
        ("folded_events", 0),
    ] {
        assert_eq!(health["traffic"][key], value, "{key}");
    }
    assert_eq!(health["presence"]["series"], 1);
    assert_eq!(health["presence"]["series_capacity"], 10);
    drop((tracks, session));
}

#[tokio::test(start_paused = true)]
async fn accepted_frames_are_counted_with_their_bytes() {
    let node = Node::start().await;
    node.tick().await;
    let sent: Vec<_> = node
        .stats
        .tracks()
        .iter()
        .flat_map(|name| node.frames(name))
        .collect();
    node.tick().await;
    let health = node.object("node.json");
    let bytes: usize = sent.iter().map(|frame| frame.payload.len()).sum();
    assert_eq!(health["frames"], sent.len());
    assert_eq!(health["frame_bytes"], bytes);
}
