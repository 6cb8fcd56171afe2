//! `viewers` counts announce guards with at least one open subscription: sessions that watch.

use crate::harness::Node;
use streamgauge_tokio::Config;

async fn viewers(node: &Node) -> (u64, u64) {
    node.tick().await;
    let series = node.egress("live/one").unwrap();
    (series.viewers, series.viewers_closed)
}

#[tokio::test(start_paused = true)]
async fn a_session_with_several_subscriptions_is_one_viewer() {
    let node = Node::start().await;
    let session = node.external().broadcast("live/one").publisher();
    let (video, audio) = (session.track("video"), session.track("audio"));
    assert_eq!(viewers(&node).await, (1, 0));
    drop(video);
    assert_eq!(viewers(&node).await, (1, 0));
    drop(audio);
    assert_eq!(viewers(&node).await, (1, 1));
}

#[tokio::test(start_paused = true)]
async fn each_session_is_a_viewer() {
    let node = Node::start().await;
    let sessions = [(); 3].map(|()| node.external().broadcast("live/one").publisher());
    let tracks = sessions
        .each_ref()
        .map(|session| [session.track("v"), session.track("a")]);
    assert_eq!(viewers(&node).await, (3, 0));
    drop(tracks);
    assert_eq!(viewers(&node).await, (3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_returns_is_a_viewer_again() {
    let node = Node::start().await;
    let session = node.external().broadcast("live/one").publisher();
    for _ in 0..4 {
        drop(session.track("v"));
    }
    assert_eq!(viewers(&node).await, (4, 4));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_only_announced_is_no_viewer() {
    let node = Node::start().await;
    let session = node.external().broadcast("live/one").publisher();
    let alone = node.external().broadcast("live/one").publisher_track("v");
    assert_eq!(viewers(&node).await, (0, 0));
    drop((session, alone));
}

#[tokio::test(start_paused = true)]
async fn a_viewer_outlives_its_announcement_until_its_last_subscription_ends() {
    let node = Node::start().await;
    let session = node.external().broadcast("live/one").publisher();
    let (video, audio) = (session.track("video"), session.track("audio"));
    drop(session);
    assert_eq!(viewers(&node).await, (1, 0));
    drop(video);
    assert_eq!(viewers(&node).await, (1, 0));
    drop(audio);
    assert_eq!(viewers(&node).await, (1, 1));
}

#[tokio::test(start_paused = true)]
async fn writers_are_no_viewers() {
    let node = Node::start().await;
    let session = node.external().broadcast("live/one").publisher();
    let track = session.track("v");
    let writers = [track.writer(), track.writer()];
    assert_eq!(viewers(&node).await, (1, 0));
    drop(track);
    assert_eq!(viewers(&node).await, (1, 1));
    drop(writers);
}

#[tokio::test(start_paused = true)]
async fn sessions_that_interleave_are_told_apart() {
    let node = Node::start().await;
    let (one, two) = (
        node.external().broadcast("live/one").publisher(),
        node.external().broadcast("live/one").publisher(),
    );
    let first = one.track("v");
    let second = two.track("v");
    drop(first);
    let again = one.track("v");
    let more = two.track("a");
    drop(second);
    assert_eq!(viewers(&node).await, (3, 1));
    drop((again, more));
    assert_eq!(viewers(&node).await, (3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_session_is_not_taken_for_another_that_took_its_place() {
    let node = Node::start().await;
    let (one, two) = (
        node.external().broadcast("live/one").publisher(),
        node.external().broadcast("live/one").publisher(),
    );
    drop(one.track("v"));
    let second = two.track("v");
    let again = one.track("v");
    assert_eq!(viewers(&node).await, (3, 1));
    drop(second);
    assert_eq!(viewers(&node).await, (3, 2));
    drop(again);
    assert_eq!(viewers(&node).await, (3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_session_is_not_taken_for_one_of_another_broadcast() {
    let node = Node::start().await;
    let one = node.external().broadcast("live/one").publisher();
    drop(one.track("v"));
    node.tick().await;
    let two = node.external().broadcast("live/two").publisher();
    let second = two.track("v");
    let again = one.track("v");
    assert_eq!(viewers(&node).await, (2, 1));
    drop(again);
    assert_eq!(viewers(&node).await, (2, 2));
    let other = node.egress("live/two").unwrap();
    assert_eq!((other.viewers, other.viewers_closed), (1, 0));
    drop(second);
}

#[tokio::test(start_paused = true)]
async fn every_viewer_that_opened_closes_even_without_cells() {
    let node = Node::with(Config::new().with_cells(1)).await;
    let session = node.external().broadcast("live/one").publisher();
    let tracks = [(); 5].map(|()| session.track("v"));
    node.tick().await;
    let open = node.egress("live/one").unwrap();
    assert!(open.viewers > open.viewers_closed);
    drop(tracks);
    let (opened, closed) = viewers(&node).await;
    assert_eq!(opened, closed);
}
