//! The meter's counts, held against moq-net's own registry in the same run.

mod support;

use std::time::Duration;

use bytes::Bytes;
use moq_net::track::Position;
use moq_net::{Timestamp, group};
use streamgauge_core::Role::{Publisher, Subscriber};
use support::{
    Counts, Relay, from_the_start, keeping, read_group, read_groups, within, write_group,
};

const FRAMES: &[&[u8]] = &[b"one", b"two and", b"", b"three more"];
const BYTES: u64 = 3 + 7 + 10;

#[tokio::test]
async fn every_group_frame_and_byte_is_counted_in_both_directions() {
    let relay = Relay::new();
    let (publisher, viewer) = (relay.peer(), relay.peer());
    let broadcast = publisher.announce("demo/cam");
    let track = broadcast.create_track("video", keeping()).unwrap();
    let mut subscriber = viewer.subscribe("demo/cam", "video").await;
    for sequence in 0..5 {
        write_group(&track, sequence, FRAMES);
    }
    let groups = read_groups(&mut subscriber, 5).await;
    assert!(groups.iter().all(|frames| frames == FRAMES));

    let watching = Counts {
        announced: 1,
        viewers: 1,
        subscriptions: 1,
        groups: 5,
        frames: 20,
        bytes: 5 * BYTES,
        ..Counts::default()
    };
    relay.agree(Publisher, "demo/cam", watching).await;
    relay
        .agree_on_payload(Subscriber, "demo/cam", (5, 20, 5 * BYTES))
        .await;
}

#[tokio::test]
async fn many_sessions_share_one_upstream_subscription() {
    let relay = Relay::new();
    let publisher = relay.peer();
    let (_cam, track) = publisher.offer("cam", "video");
    let viewers = [relay.peer(), relay.peer(), relay.peer()];
    let mut subscribers = Vec::new();
    for viewer in &viewers {
        subscribers.push(viewer.subscribe("cam", "video").await);
    }
    write_group(&track, 0, FRAMES);
    for subscriber in &mut subscribers {
        read_groups(subscriber, 1).await;
    }
    relay
        .agree_on_payload(Publisher, "cam", (3, 12, 3 * BYTES))
        .await;
    relay
        .agree_on_payload(Subscriber, "cam", (1, 4, BYTES))
        .await;
    assert_eq!(relay.ours(Publisher, "cam").viewers, 3);
    assert_eq!(relay.ours(Subscriber, "cam").subscriptions, 1);
}

#[tokio::test]
async fn a_subscription_that_ends_in_mid_stream_is_counted_to_where_it_ended() {
    let relay = Relay::new();
    let (publisher, viewer) = (relay.peer(), relay.peer());
    let (_cam, track) = publisher.offer("cam", "video");
    let mut subscriber = viewer.subscribe("cam", "video").await;
    write_group(&track, 0, FRAMES);
    let mut open = track.create_group(group::Info { sequence: 1 }).unwrap();
    open.write_frame(Timestamp::now(), Bytes::from_static(b"half"))
        .unwrap();
    read_groups(&mut subscriber, 1).await;
    let mut reading = within(subscriber.recv_group()).await.unwrap().unwrap();
    within(reading.read_frame()).await.unwrap().unwrap();
    relay
        .agree_on_payload(Publisher, "cam", (2, 5, BYTES + 4))
        .await;

    drop((subscriber, reading));
    assert!(
        relay
            .comes_to(|relay| relay.ours(Publisher, "cam").subscriptions_closed == 1)
            .await
    );
    open.write_frame(Timestamp::now(), Bytes::from_static(b"unseen"))
        .unwrap();
    open.finish().unwrap();
    write_group(&track, 2, FRAMES);
    tokio::time::sleep(Duration::from_millis(50)).await;

    let left = Counts {
        announced: 1,
        viewers: 1,
        viewers_closed: 1,
        subscriptions: 1,
        subscriptions_closed: 1,
        groups: 2,
        frames: 5,
        bytes: BYTES + 4,
        ..Counts::default()
    };
    relay.agree(Publisher, "cam", left).await;
}

#[tokio::test]
async fn groups_a_slow_session_skips_are_not_counted() {
    let relay = Relay::new();
    let (publisher, viewer) = (relay.peer(), relay.peer());
    let (_cam, track) = publisher.offer("cam", "video");
    let remote = viewer.track("cam", "video").await;
    let mut subscriber = within(remote.subscribe(None)).await.unwrap();
    write_group(&track, 0, FRAMES);
    read_groups(&mut subscriber, 1).await;
    for sequence in 1..10 {
        write_group(&track, sequence, FRAMES);
        let arrived = |relay: &Relay| relay.ours(Subscriber, "cam").groups == sequence + 1;
        assert!(relay.comes_to(arrived).await);
    }
    read_groups(&mut subscriber, 1).await;
    relay
        .agree_on_payload(Publisher, "cam", (2, 8, 2 * BYTES))
        .await;
}

#[tokio::test]
async fn a_group_the_session_lets_go_of_is_counted_to_where_it_did() {
    let relay = Relay::new();
    let (publisher, viewer) = (relay.peer(), relay.peer());
    let (_cam, track) = publisher.offer("cam", "video");
    let mut subscriber = viewer.subscribe("cam", "video").await;
    let mut open = track.create_group(group::Info { sequence: 0 }).unwrap();
    open.write_frame(Timestamp::now(), Bytes::from_static(b"taken"))
        .unwrap();
    let mut reading = within(subscriber.recv_group()).await.unwrap().unwrap();
    within(reading.read_frame()).await.unwrap().unwrap();
    relay.agree_on_payload(Publisher, "cam", (1, 1, 5)).await;
    drop(reading);
    tokio::time::sleep(Duration::from_millis(20)).await;
    open.write_frame(Timestamp::now(), Bytes::from_static(b"refused"))
        .unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    relay.agree_on_payload(Publisher, "cam", (1, 1, 5)).await;
    assert_eq!(relay.ours(Subscriber, "cam").frames, 2);
}

#[tokio::test]
async fn frames_go_on_as_they_grow() {
    let relay = Relay::new();
    let (publisher, viewer) = (relay.peer(), relay.peer());
    let (_cam, track) = publisher.offer("cam", "video");
    let mut subscriber = viewer.subscribe("cam", "video").await;
    let mut group = track.create_group(group::Info { sequence: 0 }).unwrap();
    let mut frame = group
        .create_frame(moq_net::frame::Info {
            size: 6,
            timestamp: Timestamp::now(),
        })
        .unwrap();
    frame.write(Bytes::from_static(b"abc")).unwrap();

    let mut reading = within(subscriber.recv_group()).await.unwrap().unwrap();
    let mut growing = within(reading.next_frame()).await.unwrap().unwrap();
    assert_eq!(within(growing.read_chunk()).await.unwrap().unwrap(), "abc");
    relay.agree_on_payload(Publisher, "cam", (1, 1, 3)).await;

    frame.write(Bytes::from_static(b"def")).unwrap();
    frame.finish().unwrap();
    group.finish().unwrap();
    assert_eq!(within(growing.read_chunk()).await.unwrap().unwrap(), "def");
    assert!(read_group(&mut reading).await.is_empty());
    relay.agree_on_payload(Publisher, "cam", (1, 1, 6)).await;
}

#[tokio::test]
async fn a_whole_frame_goes_on_by_reference() {
    let relay = Relay::new();
    let (publisher, viewer) = (relay.peer(), relay.peer());
    let (_cam, track) = publisher.offer("cam", "video");
    let mut subscriber = viewer.subscribe("cam", "video").await;
    write_group(&track, 0, FRAMES);
    let groups = read_groups(&mut subscriber, 1).await;
    assert_eq!(groups[0][1].as_ptr(), FRAMES[1].as_ptr());
}

#[tokio::test]
async fn a_fetched_group_is_counted() {
    let relay = Relay::new();
    let (publisher, viewer) = (relay.peer(), relay.peer());
    let (_cam, track) = publisher.offer("cam", "video");
    write_group(&track, 0, FRAMES);
    write_group(&track, 1, FRAMES);
    let remote = viewer.track("cam", "video").await;
    let mut fetched = within(remote.fetch_group(0, None)).await.unwrap();
    assert_eq!(read_group(&mut fetched).await, FRAMES);
    relay
        .agree_on_payload(Publisher, "cam", (1, 4, BYTES))
        .await;
}

#[tokio::test]
async fn a_fetch_beside_a_subscription_opens_no_other() {
    let relay = Relay::new();
    let (publisher, viewer) = (relay.peer(), relay.peer());
    let (_cam, track) = publisher.offer("cam", "video");
    write_group(&track, 0, FRAMES);
    write_group(&track, 1, FRAMES);
    let remote = viewer.track("cam", "video").await;
    // From the newest group on, so that the first is not there yet.
    let mut subscriber = within(remote.subscribe(None)).await.unwrap();
    read_groups(&mut subscriber, 1).await;
    let mut fetched = within(remote.fetch_group(0, None)).await.unwrap();
    assert_eq!(read_group(&mut fetched).await, FRAMES);
    relay
        .agree_on_payload(Publisher, "cam", (2, 8, 2 * BYTES))
        .await;
    assert_eq!(relay.ours(Publisher, "cam").subscriptions, 1);
}

#[tokio::test]
async fn a_fetch_of_what_is_not_there_counts_no_payload() {
    let relay = Relay::new();
    let (publisher, viewer) = (relay.peer(), relay.peer());
    let (_cam, track) = publisher.offer("cam", "video");
    write_group(&track, 3, FRAMES);
    let remote = viewer.track("cam", "video").await;
    assert!(within(remote.fetch_group(1, None)).await.is_err());
    relay.agree_on_payload(Publisher, "cam", (0, 0, 0)).await;
}

#[tokio::test]
async fn datagrams_are_counted_as_the_groups_they_stand_for() {
    let relay = Relay::new();
    let (publisher, viewer) = (relay.peer(), relay.peer());
    let (_cam, mut track) = publisher.offer("cam", "moves");
    let mut subscriber = viewer.subscribe("cam", "moves").await;
    for payload in [b"left".as_slice(), b"right"] {
        track
            .append_datagram(Timestamp::now(), Bytes::from_static(payload))
            .unwrap();
    }
    for expected in ["left", "right"] {
        let datagram = within(subscriber.recv_datagram()).await.unwrap().unwrap();
        assert_eq!(datagram.payload, expected);
    }
    relay.agree_on_payload(Publisher, "cam", (2, 2, 9)).await;
    relay.agree_on_payload(Subscriber, "cam", (2, 2, 9)).await;
}

#[tokio::test]
async fn a_session_that_drops_closes_everything_it_had_open() {
    let relay = Relay::new();
    let (publisher, viewer) = (relay.peer(), relay.peer());
    let broadcasts = ["a", "b/c", "d"].map(|path| publisher.announce(path));
    let track = broadcasts[1].create_track("video", keeping()).unwrap();
    let mut subscriber = viewer.subscribe("b/c", "video").await;
    write_group(&track, 0, FRAMES);
    read_groups(&mut subscriber, 1).await;
    assert!(
        relay
            .comes_to(|relay| relay.ours(Publisher, "d").announced == 1)
            .await
    );

    viewer.leave().await;
    relay.node.flush().await;
    for path in ["a", "b/c", "d"] {
        let counts = relay.ours(Publisher, path);
        assert_eq!(
            (counts.announced, counts.announced_closed),
            (1, 1),
            "{path}"
        );
    }
    let watched = relay.ours(Publisher, "b/c");
    assert_eq!(
        (watched.subscriptions, watched.subscriptions_closed),
        (1, 1)
    );
    assert_eq!((watched.viewers, watched.viewers_closed), (1, 1));
    assert_eq!(watched.payload(), (1, 4, BYTES));

    publisher.leave().await;
    relay.node.flush().await;
    assert_eq!(relay.ours(Subscriber, "a").announced_closed, 1);
}

#[tokio::test]
async fn announcements_come_and_go_for_every_session() {
    let relay = Relay::new();
    let (publisher, viewer) = (relay.peer(), relay.peer());
    for times in 1..=2 {
        let broadcast = publisher.announce("cam");
        assert!(
            relay
                .comes_to(|relay| relay.ours(Publisher, "cam").announced == times)
                .await
        );
        broadcast.close();
        let closed = |relay: &Relay| relay.ours(Publisher, "cam").announced_closed == times;
        assert!(relay.comes_to(closed).await);
    }
    viewer.leave().await;
    let twice = Counts {
        announced: 2,
        announced_closed: 2,
        ..Counts::default()
    };
    relay.agree(Publisher, "cam", twice).await;
    relay.agree(Subscriber, "cam", twice).await;
}

#[tokio::test]
async fn a_peer_is_not_offered_its_own_broadcasts() {
    let relay = Relay::new();
    let (publisher, viewer) = (relay.peer(), relay.peer());
    let _broadcast = publisher.announce("cam");
    let _route = within(viewer.subscribe.routed("cam")).await.unwrap();
    // One announcement for two sessions: the viewer's.
    tokio::time::sleep(Duration::from_millis(50)).await;
    relay.node.flush().await;
    assert_eq!(relay.ours(Publisher, "cam").announced, 1);
    assert!(publisher.subscribe.announced().try_next().is_none());
}

#[tokio::test]
async fn the_end_of_a_track_is_passed_on() {
    let relay = Relay::new();
    let (publisher, viewer) = (relay.peer(), relay.peer());
    let (_cam, track) = publisher.offer("cam", "video");
    let mut subscriber = viewer.subscribe("cam", "video").await;
    for sequence in 0..3 {
        write_group(&track, sequence, FRAMES);
    }
    track.finish().unwrap();
    read_groups(&mut subscriber, 3).await;
    assert!(within(subscriber.recv_group()).await.unwrap().is_none());
    assert_eq!(within(subscriber.finished()).await.unwrap(), 3);
    relay
        .agree_on_payload(Publisher, "cam", (3, 12, 3 * BYTES))
        .await;
}

#[tokio::test]
async fn a_track_that_fails_fails_for_its_readers_after_its_complete_groups() {
    let relay = Relay::new();
    let (publisher, viewer) = (relay.peer(), relay.peer());
    let (cam, track) = publisher.offer("cam", "video");
    let mut subscriber = viewer.subscribe("cam", "video").await;
    write_group(&track, 0, FRAMES);
    read_groups(&mut subscriber, 1).await;
    for sequence in 1..4 {
        write_group(&track, sequence, FRAMES);
    }
    assert!(
        relay
            .comes_to(|relay| relay.ours(Subscriber, "cam").groups == 4)
            .await
    );
    track.abort(moq_net::Error::App(7)).unwrap();
    cam.close();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(
        read_groups(&mut subscriber, 3)
            .await
            .iter()
            .all(|frames| frames == FRAMES)
    );
    assert!(within(subscriber.recv_group()).await.is_err());
}

#[tokio::test]
async fn a_viewer_that_comes_back_for_more_is_counted_again() {
    let relay = Relay::new();
    let (publisher, viewer) = (relay.peer(), relay.peer());
    let (_cam, track) = publisher.offer("cam", "video");
    for times in 1..=2 {
        let remote = viewer.track("cam", "video").await;
        let wanted = from_the_start().with_start(Position::group(times - 1));
        let mut subscriber = within(remote.subscribe(wanted)).await.unwrap();
        write_group(&track, times - 1, FRAMES);
        read_groups(&mut subscriber, 1).await;
        drop(subscriber);
        let left = |relay: &Relay| relay.ours(Publisher, "cam").subscriptions_closed == times;
        assert!(relay.comes_to(left).await);
    }
    let twice = Counts {
        announced: 1,
        viewers: 2,
        viewers_closed: 2,
        subscriptions: 2,
        subscriptions_closed: 2,
        groups: 2,
        frames: 8,
        bytes: 2 * BYTES,
        ..Counts::default()
    };
    relay.agree(Publisher, "cam", twice).await;
}
