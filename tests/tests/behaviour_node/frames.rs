//! What a frame looks like, and when one is written.

use crate::harness::Node;

#[tokio::test(start_paused = true)]
async fn the_first_frame_of_every_track_is_there_at_once_and_empty() {
    let node = Node::start().await;
    let names: Vec<_> = node.stats.tracks().to_vec();
    let expected = [
        "publisher.json",
        "subscriber.json",
        "internal/publisher.json",
        "internal/subscriber.json",
        "sessions.json",
        "internal/sessions.json",
        "node.json",
    ];
    assert!(names.iter().map(|name| &**name).eq(expected));
    for track in &expected[..6] {
        assert_eq!(node.text(track), "{}", "{track}");
    }
    assert_eq!(node.object("node.json")["ticks"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_frame_has_its_counters_in_order_and_what_is_added_last() {
    let node = Node::start().await;
    let session = node.external().broadcast("foo/bar").publisher();
    let mut track = session.track("v");
    track.group();
    track.whole_frame(42);
    drop(session.track("a"));
    node.tick().await;

    let since = node.since("foo/bar");
    let counters = "\"announced\":1,\"announced_closed\":0,\
        \"broadcasts\":1,\"broadcasts_closed\":0,\
        \"subscriptions\":2,\"subscriptions_closed\":1,\
        \"bytes\":42,\"frames\":1,\"groups\":1,\
        \"viewers\":1,\"viewers_closed\":0";
    let expected = format!("{{\"foo/bar\":{{{counters},\"since\":{since}}}}}");
    assert_eq!(node.text("publisher.json"), expected);
}

#[tokio::test(start_paused = true)]
async fn a_frame_is_written_only_when_its_bytes_changed() {
    let node = Node::start().await;
    let mut track = node.external().broadcast("live/one").publisher_track("v");
    for _ in 0..3 {
        node.tick().await;
    }
    assert_eq!(node.frames("publisher.json").len(), 2, "empty, then opened");
    track.frame();
    for _ in 0..3 {
        node.tick().await;
    }
    assert_eq!(node.frames("publisher.json").len(), 3, "a frame more");
    assert_eq!(node.frames("subscriber.json").len(), 1);
    assert_eq!(node.frames("node.json").len(), 7, "uptime moves every tick");
}

#[tokio::test(start_paused = true)]
async fn a_bump_of_nothing_writes_no_frame() {
    let node = Node::start().await;
    let mut track = node.external().broadcast("live/one").publisher_track("v");
    node.tick().await;
    track.bytes(0);
    node.tick().await;
    assert_eq!(node.frames("publisher.json").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn frames_of_one_tick_share_a_time_that_rises_by_tick() {
    let node = Node::start().await;
    let broadcast = node.external().broadcast("live/one");
    let mut times = Vec::new();
    for _ in 0..4 {
        drop(broadcast.publisher());
        drop(broadcast.subscriber());
        node.tick().await;
        let newest = |track| node.frames(track).last().unwrap().ts_ms;
        assert_eq!(newest("publisher.json"), newest("subscriber.json"));
        assert_eq!(newest("publisher.json"), newest("node.json"));
        times.push(newest("node.json"));
    }
    assert!(
        times.windows(2).all(|pair| pair[1] == pair[0] + 1000),
        "{times:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_frame_of_many_series_is_whole() {
    let node = Node::start().await;
    let paths: Vec<_> = (0..2000).map(|n| format!("room/{n:05}")).collect();
    let tracks: Vec<_> = paths
        .iter()
        .map(|path| {
            let mut track = node.external().broadcast(path).publisher_track("v");
            track.bytes(path.len());
            track
        })
        .collect();
    node.tick().await;
    let frame = node.object("publisher.json");
    assert!(frame.keys().eq(&paths));
    assert!(frame.values().all(|series| series["bytes"] == 10));
    drop(tracks);
}
