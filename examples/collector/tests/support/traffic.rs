//! Traffic for relays.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use moq_net::origin::Route;
use moq_net::{Timestamp, group, track};
use streamgauge_relay::client::{self, Client, Target, Trust};
use streamgauge_relay::receive::everything;
use streamgauge_relay::send::MAX_AGE;
use tokio::time::timeout;

/// Longer than any of it may take.
const LIMIT: Duration = Duration::from_mins(1);

/// Bytes of each frame.
const FRAME: u64 = 1000;

/// Sends so many groups of a frame of 1,000 bytes through a relay, to one viewer; the bytes.
pub(crate) async fn traffic(address: SocketAddr, path: &str, groups: u64) -> u64 {
    let target = target(address);
    timeout(LIMIT, send(&target, path, groups))
        .await
        .expect("in time")
}

/// A relay at this address, whatever its certificate.
pub(crate) fn target(address: SocketAddr) -> Target {
    let url = format!("https://{address}").parse().expect("a URL");
    Target {
        url,
        trust: Trust::Any,
    }
}

async fn send(target: &Target, path: &str, groups: u64) -> u64 {
    let origin = client::origin();
    let broadcast = origin.create_broadcast(path).expect("a broadcast");
    let info = track::Info::default().with_max_age(MAX_AGE);
    let track = broadcast.create_track("video", info).expect("a track");
    broadcast
        .announce(Route::default())
        .expect("an announcement");
    let publisher = Client::publisher(target, &origin).await.expect("a session");
    let (viewer, seen) = Client::subscriber(target, path).await.expect("a session");
    let offered = client::broadcast(&viewer, &seen, path)
        .await
        .expect("a broadcast");
    let consumer = offered.track("video").expect("a track");
    let mut groups_read = consumer
        .subscribe(everything())
        .await
        .expect("a subscription");
    for sequence in 0..groups {
        let mut group = track
            .create_group(group::Info { sequence })
            .expect("a group");
        let frame = Bytes::from(vec![7; 1000]);
        group.write_frame(Timestamp::now(), frame).expect("a frame");
        group.finish().expect("an end");
    }
    for _ in 0..groups {
        let mut group = groups_read
            .recv_group()
            .await
            .expect("a track")
            .expect("a group");
        while group.read_frame().await.expect("a group").is_some() {}
    }
    viewer.close().await;
    publisher.close().await;
    groups * FRAME
}
