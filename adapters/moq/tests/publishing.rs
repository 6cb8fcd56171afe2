//! The reporter's frames on an origin.

mod support;

use bytes::Bytes;
use moq_net::{announce, group};
use streamgauge_moq::{PublishError, Publisher};
use support::{read_group, spawn_origin, within};

const PATH: &str = ".stats/node/sjc/1";
const NAMES: [&str; 2] = ["publisher.json", "internal/publisher.json"];

#[tokio::test]
async fn tracks_hold_an_empty_object_before_the_announcement() {
    let origin = spawn_origin(1);
    let publisher = Publisher::announce(&origin, PATH, NAMES).unwrap();
    assert_eq!(publisher.path(), PATH);
    let mut announced = origin.consume().with_hidden(true).announced();
    let update = within(announced.next()).await.unwrap();
    assert_eq!(
        (update.prefix.as_str(), update.kind),
        (PATH, announce::Kind::Announced)
    );
    let broadcast = within(origin.consume().routed_broadcast(PATH))
        .await
        .unwrap();
    for name in NAMES {
        let mut track = within(broadcast.track(name).unwrap().subscribe(None))
            .await
            .unwrap();
        let mut group = within(track.recv_group()).await.unwrap().unwrap();
        assert_eq!(read_group(&mut group).await, ["{}"]);
    }
}

#[tokio::test]
async fn every_frame_is_a_finished_group_with_a_rising_number() {
    let origin = spawn_origin(1);
    let mut publisher = Publisher::announce(&origin, PATH, NAMES).unwrap();
    let broadcast = within(origin.consume().routed_broadcast(PATH))
        .await
        .unwrap();
    let track = broadcast.track(NAMES[1]).unwrap();
    let mut track = within(track.subscribe(support::from_the_start()))
        .await
        .unwrap();
    let mut last = None;
    for expected in ["{}", "{\"a\":1}", "{\"a\":2}"] {
        if expected != "{}" {
            publisher.write(1, expected).unwrap();
        }
        let mut group = within(track.recv_group()).await.unwrap().unwrap();
        assert_eq!(read_group(&mut group).await, [expected]);
        assert!(last < Some(group.sequence));
        last = Some(group.sequence);
    }
}

#[tokio::test]
async fn numbers_rise_across_restarts() {
    let origin = spawn_origin(1);
    let mut newest = Vec::new();
    for _ in 0..2 {
        let publisher = Publisher::announce(&origin, PATH, NAMES).unwrap();
        let broadcast = within(origin.consume().routed_broadcast(PATH))
            .await
            .unwrap();
        let track = broadcast.track(NAMES[0]).unwrap();
        let mut track = within(track.subscribe(None)).await.unwrap();
        newest.push(within(track.recv_group()).await.unwrap().unwrap().sequence);
        drop(publisher);
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert!(newest[0] < newest[1]);
}

#[tokio::test]
async fn dropping_the_publisher_withdraws_the_broadcast() {
    let origin = spawn_origin(1);
    let publisher = Publisher::announce(&origin, PATH, NAMES).unwrap();
    let mut announced = origin.consume().with_hidden(true).announced();
    assert!(within(announced.next()).await.unwrap().kind.is_active());
    drop(publisher);
    assert!(!within(announced.next()).await.unwrap().kind.is_active());
}

#[tokio::test]
async fn a_frame_that_cannot_be_taken_is_refused_with_a_reason() {
    let origin = spawn_origin(1);
    let mut publisher = Publisher::announce(&origin, PATH, NAMES).unwrap();
    assert!(matches!(
        publisher.write(2, "{}"),
        Err(PublishError::NoTrack(2))
    ));
    let large = usize::try_from(group::MAX_CACHE_BYTES).unwrap() + 1;
    let refused = publisher
        .write(0, Bytes::from(vec![b' '; large]))
        .unwrap_err();
    assert!(
        refused.to_string().contains(&large.to_string()),
        "{refused}"
    );
    publisher.write(0, "{}").unwrap();
}

#[tokio::test]
async fn a_path_or_name_that_cannot_be_is_refused() {
    let origin = spawn_origin(1);
    let refused = Publisher::announce(&origin, ".stats/*", NAMES)
        .map(drop)
        .unwrap_err();
    assert!(refused.to_string().contains(".stats/*"), "{refused}");
    assert!(Publisher::announce(&origin, PATH, ["one", "one"]).is_err());
    // Nothing of it is left behind.
    assert!(Publisher::announce(&origin, PATH, NAMES).is_ok());
}
