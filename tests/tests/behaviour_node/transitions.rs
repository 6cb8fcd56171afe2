//! `broadcasts` counts every time a series goes from no subscription to some, and back.

use crate::harness::Node;
use streamgauge_tokio::Traffic;

/// Opened and closed of `broadcasts`, and of `subscriptions`.
fn pairs(series: Traffic) -> ((u64, u64), (u64, u64)) {
    (
        (series.broadcasts, series.broadcasts_closed),
        (series.subscriptions, series.subscriptions_closed),
    )
}

#[tokio::test(start_paused = true)]
async fn several_subscriptions_are_one_broadcast() {
    let node = Node::start().await;
    let announced = node.external().broadcast("live/one").publisher();
    let (video, audio) = (announced.track("video"), announced.track("audio"));
    node.tick().await;
    assert_eq!(pairs(node.egress("live/one").unwrap()), ((1, 0), (2, 0)));

    drop(video);
    node.tick().await;
    assert_eq!(pairs(node.egress("live/one").unwrap()), ((1, 0), (2, 1)));

    drop(audio);
    node.tick().await;
    assert_eq!(pairs(node.egress("live/one").unwrap()), ((1, 1), (2, 2)));
}

#[tokio::test(start_paused = true)]
async fn subscriptions_of_several_announcements_are_one_broadcast() {
    let node = Node::start().await;
    let sessions = [(); 3].map(|()| node.external().broadcast("live/one").publisher());
    let tracks = sessions.each_ref().map(|session| session.track("v"));
    node.tick().await;
    assert_eq!(pairs(node.egress("live/one").unwrap()), ((1, 0), (3, 0)));
    drop(tracks);
}

#[tokio::test(start_paused = true)]
async fn five_openings_within_one_tick_are_five_broadcasts() {
    let node = Node::start().await;
    let announced = node.external().broadcast("live/one").publisher();
    for _ in 0..5 {
        drop(announced.track("v"));
    }
    node.tick().await;
    assert_eq!(pairs(node.egress("live/one").unwrap()), ((5, 5), (5, 5)));
}

#[tokio::test(start_paused = true)]
async fn a_pass_through_zero_between_two_active_ticks_counts() {
    let node = Node::start().await;
    let announced = node.external().broadcast("live/one").publisher();
    let before = announced.track("v");
    node.tick().await;
    drop(before);
    let after = announced.track("v");
    node.tick().await;
    assert_eq!(pairs(node.egress("live/one").unwrap()), ((2, 1), (2, 1)));
    drop(after);
}

#[tokio::test(start_paused = true)]
async fn a_hand_over_without_a_gap_is_one_broadcast() {
    let node = Node::start().await;
    let announced = node.external().broadcast("live/one").publisher();
    let mut current = announced.track("v");
    for _ in 0..4 {
        let next = announced.track("v");
        drop(std::mem::replace(&mut current, next));
    }
    node.tick().await;
    assert_eq!(pairs(node.egress("live/one").unwrap()), ((1, 0), (5, 4)));
}

#[tokio::test(start_paused = true)]
async fn roles_have_transitions_of_their_own() {
    let node = Node::start().await;
    let broadcast = node.external().broadcast("live/one");
    let egress = broadcast.publisher_track("v");
    drop(broadcast.subscriber_track("v"));
    node.tick().await;
    assert_eq!(pairs(node.egress("live/one").unwrap()), ((1, 0), (1, 0)));
    let ingress = node.series("subscriber.json", "live/one").unwrap();
    assert_eq!(pairs(ingress), ((1, 1), (1, 1)));
    drop(egress);
}
