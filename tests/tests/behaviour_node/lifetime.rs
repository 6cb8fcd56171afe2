//! How long a series shows, and what its last frame says.

use crate::harness::Node;
use streamgauge_tokio::Traffic;

#[tokio::test(start_paused = true)]
async fn a_live_series_stays_while_idle() {
    let node = Node::start().await;
    let announced = node.external().broadcast("live/one").publisher();
    for _ in 0..6 {
        node.tick().await;
        assert_eq!(node.egress("live/one").unwrap().announced, 1);
    }
    drop(announced);
    node.tick().await;
    node.tick().await;
    assert_eq!(node.text("publisher.json"), "{}");
    assert_eq!(node.stats.usage().series, 0);
}

#[tokio::test(start_paused = true)]
async fn an_idle_series_stays_in_the_frame_that_another_changes() {
    let node = Node::start().await;
    let idle = node.external().broadcast("idle").publisher_track("v");
    node.tick().await;
    let mut busy = node.external().broadcast("busy").publisher_track("v");
    busy.frame();
    node.tick().await;
    assert!(node.egress("idle").is_some());
    assert!(node.egress("busy").is_some());
    drop(idle);
}

#[tokio::test(start_paused = true)]
async fn a_series_leaves_after_its_final_close_was_shown() {
    let node = Node::start().await;
    let mut track = node.external().broadcast("live/one").publisher_track("v");
    node.tick().await;
    track.bytes(10);
    drop(track);

    node.tick().await;
    let last = node.egress("live/one").unwrap();
    assert_eq!((last.subscriptions, last.subscriptions_closed), (1, 1));
    assert_eq!((last.broadcasts, last.broadcasts_closed), (1, 1));
    assert_eq!(last.bytes, 10, "what came with the close is not lost");
    assert_eq!(node.stats.usage().series, 0, "accepted, so forgotten");

    node.tick().await;
    assert_eq!(node.text("publisher.json"), "{}");
    let frames = node.frames("publisher.json").len();
    node.tick().await;
    assert_eq!(node.frames("publisher.json").len(), frames);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_within_one_tick_shows_with_its_open_and_close() {
    let node = Node::start().await;
    let announced = node.external().broadcast("live/one").publisher();
    let mut track = announced.track("v");
    track.whole_frame(123);
    drop(track);
    drop(announced);

    node.tick().await;
    let expected = Traffic {
        announced: 1,
        announced_closed: 1,
        broadcasts: 1,
        broadcasts_closed: 1,
        subscriptions: 1,
        subscriptions_closed: 1,
        bytes: 123,
        frames: 1,
        groups: 0,
        viewers: 1,
        viewers_closed: 1,
    };
    assert_eq!(node.egress("live/one"), Some(expected));
    node.tick().await;
    assert_eq!(node.text("publisher.json"), "{}");
}

#[tokio::test(start_paused = true)]
async fn an_announcement_is_no_broadcast() {
    let node = Node::start().await;
    let announced = node.external().broadcast("live/one").publisher();
    node.tick().await;
    let expected = Traffic {
        announced: 1,
        ..Traffic::default()
    };
    assert_eq!(node.egress("live/one"), Some(expected));
    drop(announced);
}

#[tokio::test(start_paused = true)]
async fn a_series_that_comes_back_starts_anew_with_a_later_since() {
    let node = Node::start().await;
    node.external()
        .broadcast("live/one")
        .publisher_track("v")
        .bytes(50);
    node.tick().await;
    let first = node.since("live/one");
    node.tick().await;

    let mut track = node.external().broadcast("live/one").publisher_track("v");
    track.bytes(60);
    node.tick().await;
    let again = node.egress("live/one").unwrap();
    assert_eq!((again.subscriptions, again.bytes), (1, 60));
    assert!(node.since("live/one") > first);
}

#[tokio::test(start_paused = true)]
async fn a_series_that_comes_back_at_once_starts_anew_too() {
    let node = Node::start().await;
    let open = || node.external().broadcast("live/one").publisher_track("v");
    open().bytes(50);
    node.tick().await;
    let first = node.since("live/one");
    open().bytes(50);
    node.tick().await;
    assert_eq!(node.egress("live/one").unwrap().bytes, 50);
    assert!(node.since("live/one") > first, "same numbers, another life");
    assert_eq!(node.frames("publisher.json").len(), 3);
    assert_eq!(node.total("publisher").bytes, 100);
}

#[tokio::test(start_paused = true)]
async fn since_stays_while_a_series_lives() {
    let node = Node::start().await;
    let announced = node.external().broadcast("live/one").publisher();
    node.tick().await;
    let first = node.since("live/one");
    for _ in 0..3 {
        announced.track("v").frame();
        node.tick().await;
        assert_eq!(node.since("live/one"), first);
    }
}

#[tokio::test(start_paused = true)]
async fn the_roles_of_a_path_end_apart() {
    let node = Node::start().await;
    let broadcast = node.external().broadcast("live/one");
    let ingress = broadcast.subscriber_track("v");
    drop(broadcast.publisher_track("v"));
    node.tick().await;
    node.tick().await;
    assert_eq!(node.text("publisher.json"), "{}");
    assert!(node.series("subscriber.json", "live/one").is_some());
    drop(ingress);
}
