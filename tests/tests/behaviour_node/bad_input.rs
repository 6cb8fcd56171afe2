//! Paths that nobody should send are counted all the same, and frames stay valid.

use crate::harness::Node;

/// Counts one byte under a path in each role, and returns the external egress frame.
async fn count(node: &Node, path: &str) -> crate::harness::Object {
    let broadcast = node.external().broadcast(path);
    broadcast.publisher_track("v").bytes(1);
    broadcast.subscriber_track("v").bytes(1);
    drop(node.external().session(path));
    node.tick().await;
    assert!(node.object("sessions.json").len() <= 1);
    node.object("publisher.json")
}

#[tokio::test(start_paused = true)]
async fn a_path_of_a_megabyte_folds() {
    let node = Node::start().await;
    let megabyte = "m".repeat(1 << 20);
    let slashes = "/".repeat(1 << 20);
    let padded = format!("{slashes}a{slashes}b{slashes}");
    assert_eq!(count(&node, &megabyte).await["__overflow__"]["bytes"], 1);
    assert_eq!(count(&node, &padded).await["a/b"]["bytes"], 1);
    assert_eq!(count(&node, &slashes).await[""]["bytes"], 1);
    assert_eq!(node.total("publisher").bytes, 3);
    assert_eq!(node.total("subscriber").bytes, 3);
}

#[tokio::test(start_paused = true)]
async fn a_path_of_thousands_of_segments_folds() {
    let node = Node::start().await;
    let deep = "s/".repeat(10_000);
    assert_eq!(count(&node, &deep).await["__overflow__"]["bytes"], 1);
    let under = format!(".stats/{deep}");
    assert!(node.external().broadcast(&under).is_empty());
}

#[tokio::test(start_paused = true)]
async fn every_ascii_character_comes_back_from_a_frame_as_it_was() {
    let node = Node::start().await;
    for byte in (0..128_u8).filter(|byte| *byte != b'/') {
        let path = format!("a{0}b{0}", char::from(byte));
        let frame = count(&node, &path).await;
        assert_eq!(frame[&path]["bytes"], 1, "{path:?}");
        assert_eq!(frame.len(), 1, "{path:?}");
    }
    assert_eq!(node.total("publisher").bytes, 127);
}

#[tokio::test(start_paused = true)]
async fn strange_paths_come_back_from_a_frame_as_they_were() {
    let node = Node::start().await;
    let paths = [
        "",
        " ",
        "\"",
        "\\",
        "\\\"",
        "{}",
        "\u{0}",
        "\u{7f}\u{80}",
        "\u{2028}",
        "\u{feff}",
        "..",
        "../..",
        "a\nb",
        "\r\n",
        "\u{10ffff}",
        "null",
        "since",
        "é̀",
    ];
    for path in paths {
        assert_eq!(count(&node, path).await[path]["bytes"], 1, "{path:?}");
    }
    assert_eq!(node.total("publisher").bytes, paths.len() as u64);
}

#[tokio::test(start_paused = true)]
async fn a_longest_path_full_of_escapes_keeps_its_frame_valid() {
    let node = Node::start().await;
    for filler in ["\u{1}", "\"", "é", "🎥"] {
        let path = filler.repeat(streamgauge_tokio::KEY_BYTES / filler.len());
        assert_eq!(count(&node, &path).await[&path]["bytes"], 1, "{path:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_largest_bump_is_counted() {
    let node = Node::start().await;
    let mut track = node.external().broadcast("a").publisher_track("v");
    track.bytes(usize::MAX);
    node.tick().await;
    assert_eq!(node.egress("a").unwrap().bytes, u64::MAX);
}
