//! A relay on a port of its own, and clients over real QUIC.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use moq_net::origin::{self, Route};
use moq_net::{Timestamp, broadcast, group, track};
use streamgauge_core::Role;
use streamgauge_relay::cli::RelayOptions;
use streamgauge_relay::client::{self, Client, Target};
use streamgauge_relay::receive::everything;
use streamgauge_relay::send::MAX_AGE;
use streamgauge_relay::server::Relay;
use streamgauge_relay::totals::{Row, Volume, registry};

/// Longer than any of these tests may take.
const LIMIT: Duration = Duration::from_secs(30);

pub(crate) const PATH: &str = "demo/cam";
pub(crate) const TRACK: &str = "video";

pub(crate) async fn relay() -> Relay {
    within(Relay::start(&RelayOptions::default()))
        .await
        .expect("a relay")
}

/// A session that offers one track.
pub(crate) struct Publisher {
    pub(crate) client: Client,
    pub(crate) broadcast: broadcast::Producer,
    pub(crate) track: track::Producer,
    _origin: origin::Producer,
}

impl Publisher {
    pub(crate) async fn connect(relay: &Relay) -> Self {
        let origin = client::origin();
        let broadcast = origin.create_broadcast(PATH).expect("a broadcast");
        let info = track::Info::default().with_max_age(MAX_AGE);
        let track = broadcast.create_track(TRACK, info).expect("a track");
        broadcast
            .announce(Route::default())
            .expect("an announcement");
        let connected = within(Client::publisher(&Target::of(relay), &origin)).await;
        let client = connected.expect("a session");
        Self {
            client,
            broadcast,
            track,
            _origin: origin,
        }
    }

    pub(crate) fn write(&self, sequence: u64, frames: &[&'static [u8]]) {
        let mut group = self
            .track
            .create_group(group::Info { sequence })
            .expect("a group");
        for frame in frames {
            let frame = Bytes::from_static(frame);
            group.write_frame(Timestamp::now(), frame).expect("a frame");
        }
        group.finish().expect("an end");
    }
}

/// A session that reads that track.
pub(crate) struct Viewer {
    pub(crate) client: Client,
    pub(crate) track: track::Consumer,
    _origin: origin::Consumer,
}

impl Viewer {
    pub(crate) async fn connect(relay: &Relay) -> Self {
        let connected = within(Client::subscriber(&Target::of(relay), PATH)).await;
        let (client, origin) = connected.expect("a session");
        let broadcast = within(client::broadcast(&client, &origin, PATH)).await;
        let track = broadcast
            .expect("a broadcast")
            .track(TRACK)
            .expect("a track");
        Self {
            client,
            track,
            _origin: origin,
        }
    }

    /// The subscription goes to the relay when it is first read.
    pub(crate) async fn subscribe(&self) -> track::Subscriber {
        within(self.track.subscribe(everything()))
            .await
            .expect("a subscription")
    }
}

/// Reads so many groups, in any order.
pub(crate) async fn read_groups(track: &mut track::Subscriber, count: usize) -> Volume {
    let mut volume = Volume::default();
    for _ in 0..count {
        let group = within(track.recv_group())
            .await
            .expect("a track")
            .expect("another group");
        volume += read_group(group).await;
    }
    volume
}

/// Reads a group to its end.
pub(crate) async fn read_group(mut group: group::Consumer) -> Volume {
    let mut volume = Volume {
        groups: 1,
        ..Volume::default()
    };
    while let Some(frame) = within(group.read_frame()).await.expect("a group") {
        volume.frame(frame.payload.len());
    }
    volume
}

/// The relay's newest figures.
pub(crate) async fn counted(relay: &Relay, role: Role) -> Row {
    relay.stats().flush().await;
    relay.rows(role).get(PATH).copied().unwrap_or_default()
}

/// Waits until the relay and moq-net both count this, and says what they count when not.
pub(crate) async fn agree(relay: &Relay, role: Role, expected: Volume) {
    let mut both = (Volume::default(), Volume::default());
    for _ in 0..250 {
        both = (
            counted(relay, role).await.volume(),
            registry(relay.registry(), role),
        );
        if both == (expected, expected) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{role:?}: expected {expected:?}, ours and theirs {both:?}");
}

/// Waits for a condition on the relay's row.
pub(crate) async fn row(relay: &Relay, role: Role, condition: impl Fn(&Row) -> bool) -> Row {
    within(async {
        loop {
            let row = counted(relay, role).await;
            if condition(&row) {
                return row;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
}

pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future).await.expect("in time")
}
