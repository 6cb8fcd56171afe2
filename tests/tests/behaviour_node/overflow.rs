//! What finds no room is counted together, and nothing else is.

use crate::harness::{Node, keys};
use streamgauge_tokio::{Config, Format, KEY_BYTES};

#[tokio::test(start_paused = true)]
async fn broadcasts_beyond_the_room_are_counted_together() {
    let node = Node::with(Config::new().with_series(2)).await;
    let tracks = ["a", "b", "c", "d"].map(|path| {
        let mut track = node.external().broadcast(path).publisher_track("v");
        track.whole_frame(10);
        track
    });
    node.tick().await;
    assert_eq!(
        keys(&node.object("publisher.json")),
        ["__overflow__", "a", "b"]
    );
    let folded = node.egress("__overflow__").unwrap();
    assert_eq!((folded.subscriptions, folded.subscriptions_closed), (2, 0));
    assert_eq!(node.object("node.json")["traffic"]["folded_keys"], 2);

    drop(tracks);
    node.tick().await;
    let folded = node.egress("__overflow__").unwrap();
    assert_eq!((folded.bytes, folded.frames), (20, 2));
    assert_eq!((folded.broadcasts, folded.broadcasts_closed), (1, 1));
    assert_eq!(node.total("publisher").bytes, 40);
}

/// What went into the overflow series of traffic and of presence, as `node.json` and as metrics tell.
async fn folded_events(node: &Node) -> [u64; 2] {
    let told = node.object("node.json");
    let text = node.stats.scrape(Format::Prometheus).await;
    let text = String::from_utf8(text.to_vec()).unwrap();
    ["traffic", "presence"].map(|family| {
        let events = told[family]["folded_events"].as_u64().unwrap();
        let line =
            format!("streamgauge_table_folded_events_total{{family=\"{family}\"}} {events}\n");
        assert!(text.contains(&line), "{line}");
        events
    })
}

#[tokio::test(start_paused = true)]
async fn events_that_find_no_room_are_counted_and_bytes_and_ends_are_not() {
    let node = Node::with(Config::new().with_series(1).with_roots(1)).await;
    let held = node.external().broadcast("a").publisher_track("v");
    node.tick().await;
    assert_eq!(folded_events(&node).await, [0, 0]);
    let mut track = node.external().broadcast("b").publisher_track("v");
    track.group();
    track.whole_frame(500);
    track.whole_frame(500);
    let other = node.internal().broadcast("c").subscriber_track("v");
    let sessions = ["x", "y", "z"].map(|root| node.external().session(root));
    // Who has no series keeps counts to itself until it drops.
    drop(track);
    node.tick().await;
    let both = folded_events(&node).await;
    // Broadcasts, subscriptions, frames and a group; and two sessions.
    assert_eq!(both, [2 + 2 + 2 + 1, 2]);
    assert_eq!(node.last("__overflow__").unwrap().bytes, 1000);
    drop((held, other, sessions));
    node.tick().await;
    node.tick().await;
    assert_eq!(folded_events(&node).await, both, "ends are no events");
    node.external().broadcast("d").publisher_track("v").group();
    node.tick().await;
    assert_eq!(folded_events(&node).await, both, "there is room again");
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_gets_its_own_series_again_when_there_is_room() {
    let node = Node::with(Config::new().with_series(1)).await;
    let first = node.external().broadcast("a").publisher_track("v");
    node.external().broadcast("b").publisher_track("v").bytes(1);
    node.tick().await;
    drop(first);
    node.tick().await;
    let mut again = node.external().broadcast("b").publisher_track("v");
    again.bytes(2);
    node.tick().await;
    assert_eq!(node.egress("b").unwrap().bytes, 2);
    assert_eq!(node.total("publisher").bytes, 3);
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_called_like_the_overflow_series_is_kept_apart() {
    let node = Node::with(Config::new().with_series(2)).await;
    let real = ["__overflow__", "//__overflow__/", "___overflow__", "other"];
    let mut tracks = real.map(|path| node.external().broadcast(path).publisher_track("v"));
    for (track, bytes) in tracks.iter_mut().zip([1, 20, 300, 4000]) {
        track.bytes(bytes);
    }
    drop(tracks);
    node.tick().await;
    assert_eq!(node.last("___overflow__").unwrap().bytes, 21);
    assert_eq!(node.last("____overflow__").unwrap().bytes, 300);
    assert_eq!(node.last("__overflow__").unwrap().bytes, 4000);
}

#[tokio::test(start_paused = true)]
async fn a_path_under_that_name_is_an_ordinary_path() {
    let node = Node::start().await;
    let paths = [
        "__overflow__/a",
        "a/__overflow__",
        "_overflow__",
        "__overflow__x",
    ];
    for path in paths {
        node.external()
            .broadcast(path)
            .publisher_track("v")
            .bytes(1);
    }
    node.tick().await;
    for path in paths {
        assert_eq!(node.egress(path).unwrap().bytes, 1, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_path_that_just_fits_is_counted_and_a_longer_one_folds_whole() {
    let node = Node::start().await;
    let fits = "x".repeat(KEY_BYTES);
    let long = "x".repeat(KEY_BYTES + 1);
    let normalised = format!("/{}//{}/", "y".repeat(40), "z".repeat(KEY_BYTES - 41));
    for path in [&fits, &long, &normalised] {
        node.external()
            .broadcast(path)
            .publisher_track("v")
            .bytes(1);
    }
    node.tick().await;
    assert_eq!(node.egress(&fits).unwrap().bytes, 1);
    assert_eq!(node.egress("__overflow__").unwrap().bytes, 1);
    assert_eq!(node.object("publisher.json").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn guards_beyond_the_cells_count_in_their_own_series() {
    let node = Node::with(Config::new().with_cells(1)).await;
    let mut with_cell = node.external().broadcast("a").publisher_track("v");
    let mut without = node.external().broadcast("b").publisher_track("v");
    with_cell.bytes(1);
    without.bytes(7);
    let mut writer = without.writer();
    writer.bytes(10);
    drop((without, writer));
    node.tick().await;
    assert_eq!(node.last("a").unwrap().bytes, 1);
    assert_eq!(node.last("b").unwrap().bytes, 17);
    assert_eq!(node.object("node.json")["traffic"]["folded_guards"], 2);
    assert_eq!(node.object("node.json")["traffic"]["folded_keys"], 0);
}

#[tokio::test(start_paused = true)]
async fn a_guard_without_a_cell_hands_over_as_it_goes_and_takes_the_first_free_cell() {
    let node = Node::with(Config::new().with_cells(1)).await;
    let holder = node.external().broadcast("a").publisher_track("v");
    let mut track = node.external().broadcast("b").publisher_track("v");
    for _ in 0..100 {
        track.bytes(1);
    }
    node.tick().await;
    assert_eq!(node.egress("b").unwrap().bytes, 64);
    drop(holder);
    node.tick().await;
    for _ in 0..30 {
        track.bytes(1);
    }
    node.tick().await;
    assert_eq!(node.egress("b").unwrap().bytes, 130, "it has a cell now");
}

#[tokio::test(start_paused = true)]
async fn a_node_without_any_room_still_counts_everything() {
    let node = Node::with(Config::new().with_series(0).with_cells(0).with_roots(0)).await;
    let mut tracks = ["a", "b"].map(|path| node.external().broadcast(path).publisher().track("v"));
    for track in &mut tracks {
        for _ in 0..1000 {
            track.whole_frame(3);
        }
    }
    let session = node.external().session("acme");
    drop(tracks);
    node.tick().await;
    let folded = node.last("__overflow__").unwrap();
    assert_eq!((folded.announced, folded.announced_closed), (2, 2));
    assert_eq!((folded.bytes, folded.frames), (6000, 2000));
    assert_eq!(node.object("sessions.json")["__overflow__"]["sessions"], 1);
    drop(session);
}
