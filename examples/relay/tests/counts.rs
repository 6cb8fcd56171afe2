//! The relay's counters over real QUIC, held against what clients saw and against
//! moq-net's own registry.

mod support;

use bytes::Bytes;
use moq_net::{Timestamp, group};
use streamgauge_core::Role::{Publisher as Egress, Subscriber as Ingress};
use streamgauge_relay::totals::{Volume, registry};
use support::{Publisher, Viewer, agree, counted, read_group, read_groups, relay, row, within};

const FRAMES: &[&[u8]] = &[b"one", b"two and", b"", b"three more"];
const GROUP: Volume = Volume {
    groups: 1,
    frames: 4,
    bytes: 20,
};

fn times(count: u64) -> Volume {
    (0..count).fold(Volume::default(), |sum, _| sum + GROUP)
}

#[tokio::test]
async fn everything_is_counted_at_both_ends() {
    let relay = relay().await;
    let publisher = Publisher::connect(&relay).await;
    let viewers = [Viewer::connect(&relay).await, Viewer::connect(&relay).await];
    let mut tracks = Vec::new();
    for viewer in &viewers {
        tracks.push(viewer.subscribe().await);
    }
    for sequence in 0..20 {
        publisher.write(sequence, FRAMES);
    }
    for track in &mut tracks {
        assert_eq!(read_groups(track, 20).await, times(20));
    }
    agree(&relay, Ingress, times(20)).await;
    agree(&relay, Egress, times(40)).await;
    assert_eq!(counted(&relay, Ingress).await.subscriptions, 1);
    assert_eq!(counted(&relay, Egress).await.subscriptions, 2);
}

#[tokio::test]
async fn a_viewer_that_leaves_in_mid_stream_is_counted_to_where_it_left() {
    let relay = relay().await;
    let publisher = Publisher::connect(&relay).await;
    let (stays, leaves) = (Viewer::connect(&relay).await, Viewer::connect(&relay).await);
    let (mut staying, mut leaving) = (stays.subscribe().await, leaves.subscribe().await);
    publisher.write(0, FRAMES);
    let mut open = publisher
        .track
        .create_group(group::Info { sequence: 1 })
        .unwrap();
    open.write_frame(Timestamp::now(), Bytes::from_static(b"half"))
        .unwrap();
    read_groups(&mut staying, 1).await;
    read_groups(&mut leaving, 1).await;
    let mut reading = within(leaving.recv_group()).await.unwrap().unwrap();
    within(reading.read_frame()).await.unwrap().unwrap();
    let half = Volume {
        groups: 1,
        frames: 1,
        bytes: 4,
    };
    agree(&relay, Egress, times(2) + half + half).await;

    drop((leaving, reading));
    row(&relay, Egress, |row| row.watching() == 1).await;
    open.write_frame(Timestamp::now(), Bytes::from_static(b"and half"))
        .unwrap();
    open.finish().unwrap();
    publisher.write(2, FRAMES);
    read_groups(&mut staying, 2).await;
    let rest = Volume {
        groups: 0,
        frames: 1,
        bytes: 8,
    };
    agree(&relay, Egress, times(3) + half + half + rest).await;
    agree(&relay, Ingress, times(2) + half + rest).await;
}

#[tokio::test]
async fn fetched_groups_are_counted() {
    let relay = relay().await;
    let publisher = Publisher::connect(&relay).await;
    for sequence in 0..3 {
        publisher.write(sequence, FRAMES);
    }
    let viewer = Viewer::connect(&relay).await;
    let fetched = within(viewer.track.fetch_group(1, None)).await.unwrap();
    assert_eq!(read_group(fetched).await, GROUP);
    agree(&relay, Egress, GROUP).await;
    // moq-net counts no ingress for a group it fetched; it came in all the same.
    let counted = row(&relay, Ingress, |row| row.groups > 0).await;
    assert_eq!(counted.volume(), GROUP);
}

#[tokio::test]
async fn datagrams_are_counted() {
    let relay = relay().await;
    let mut publisher = Publisher::connect(&relay).await;
    let viewer = Viewer::connect(&relay).await;
    let mut track = viewer.subscribe().await;
    // A group first, so that the subscription is there.
    publisher.write(0, FRAMES);
    read_groups(&mut track, 1).await;
    for _ in 0..5 {
        publisher
            .track
            .append_datagram(Timestamp::now(), Bytes::from_static(b"left"))
            .unwrap();
        within(track.recv_datagram()).await.unwrap().unwrap();
    }
    let five = Volume {
        groups: 5,
        frames: 5,
        bytes: 20,
    };
    agree(&relay, Egress, GROUP + five).await;
    agree(&relay, Ingress, GROUP + five).await;
}

#[tokio::test]
async fn a_large_frame_is_counted_while_it_grows_and_arrives_whole() {
    let relay = relay().await;
    let publisher = Publisher::connect(&relay).await;
    let viewer = Viewer::connect(&relay).await;
    let mut track = viewer.subscribe().await;
    let size = 4 << 20;
    let mut group = publisher
        .track
        .create_group(group::Info { sequence: 0 })
        .unwrap();
    group
        .write_frame(Timestamp::now(), Bytes::from(vec![7; size]))
        .unwrap();
    group.finish().unwrap();
    let whole = Volume {
        groups: 1,
        frames: 1,
        bytes: size as u64,
    };
    assert_eq!(read_groups(&mut track, 1).await, whole);
    agree(&relay, Egress, whole).await;
    agree(&relay, Ingress, whole).await;
}

#[tokio::test]
async fn a_lost_session_closes_what_it_had_open() {
    let relay = relay().await;
    let publisher = Publisher::connect(&relay).await;
    let viewer = Viewer::connect(&relay).await;
    let mut track = viewer.subscribe().await;
    publisher.write(0, FRAMES);
    read_groups(&mut track, 1).await;
    agree(&relay, Egress, GROUP).await;

    let mut sessions = relay.stats().latest("sessions.json").unwrap();
    let mut egress = relay.stats().latest("publisher.json").unwrap();
    drop(track);
    viewer.client.close().await;
    let closed = within(async {
        loop {
            relay.stats().flush().await;
            let frame = egress.next().await.unwrap();
            let rows = streamgauge_relay::totals::rows(&frame.payload).unwrap();
            let row = rows.get(support::PATH).copied().unwrap_or_default();
            if row.announced == row.announced_closed {
                return row;
            }
        }
    })
    .await;
    assert_eq!((closed.subscriptions, closed.subscriptions_closed), (1, 1));
    assert_eq!((closed.viewers, closed.viewers_closed), (1, 1));
    assert_eq!(closed.volume(), GROUP);
    assert_eq!(registry(relay.registry(), Egress), GROUP);

    publisher.client.close().await;
    within(async {
        loop {
            relay.stats().flush().await;
            let frame = sessions.next().await.unwrap();
            let rows: serde_json::Value = serde_json::from_slice(&frame.payload).unwrap();
            let mut roots = rows.as_object().unwrap().values();
            if roots.all(|root| root["sessions"] == 2 && root["sessions_closed"] == 2) {
                return;
            }
        }
    })
    .await;
}
