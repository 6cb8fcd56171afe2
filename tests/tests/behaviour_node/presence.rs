//! Sessions by root.

use crate::harness::{Node, keys};
use serde_json::json;
use streamgauge_tokio::Config;

#[tokio::test(start_paused = true)]
async fn sessions_are_counted_by_root_and_tier() {
    let node = Node::start().await;
    let guards = [
        node.external().session("acme"),
        node.external().session("/acme/"),
        node.external().session("other"),
        node.internal().session("acme"),
    ];
    node.tick().await;
    let (outer, inner) = (
        node.object("sessions.json"),
        node.object("internal/sessions.json"),
    );
    assert_eq!(keys(&outer), ["acme", "other"]);
    assert_eq!(outer["acme"]["sessions"], 2);
    assert_eq!(inner["acme"]["sessions"], 1);
    drop(guards);
}

#[tokio::test(start_paused = true)]
async fn a_root_leaves_after_its_last_session_was_shown_to_end() {
    let node = Node::start().await;
    let first = node.external().session("acme");
    drop(node.external().session("acme"));
    node.tick().await;
    let counted = |closed| json!([2, closed]);
    let shown = |node: &Node| {
        let acme = node.object("sessions.json")["acme"].clone();
        json!([acme["sessions"], acme["sessions_closed"]])
    };
    assert_eq!(shown(&node), counted(1));
    drop(first);
    node.tick().await;
    assert_eq!(shown(&node), counted(2));
    node.tick().await;
    assert_eq!(node.text("sessions.json"), "{}");
}

#[tokio::test(start_paused = true)]
async fn the_empty_root_is_a_root() {
    let node = Node::start().await;
    let session = node.external().session("");
    node.tick().await;
    assert_eq!(keys(&node.object("sessions.json")), [""]);
    drop(session);
}

#[tokio::test(start_paused = true)]
async fn sessions_beyond_the_room_are_counted_together() {
    let node = Node::with(Config::new().with_roots(1)).await;
    let guards = ["a", "b", "c"].map(|root| node.external().session(root));
    node.tick().await;
    let sessions = node.object("sessions.json");
    assert_eq!(keys(&sessions), ["__overflow__", "a"]);
    assert_eq!(sessions["__overflow__"]["sessions"], 2);
    drop(guards);
    node.tick().await;
    assert_eq!(
        node.object("sessions.json")["__overflow__"]["sessions_closed"],
        2
    );
}

#[tokio::test(start_paused = true)]
async fn sessions_are_not_traffic() {
    let node = Node::start().await;
    let session = node.external().session("acme");
    node.tick().await;
    assert_eq!(node.text("publisher.json"), "{}");
    assert_eq!(node.total("publisher").announced, 0);
    drop(session);
}
