//! A relay in one process: a shared origin, sessions metered by streamgauge, and the same
//! sessions tagged with moq-net's own registry.

#![allow(dead_code, missing_docs, reason = "each test file uses a part of it")]

mod node;

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use moq_net::origin::{self, Route};
use moq_net::stats::{self, Registry};
use moq_net::track::{Position, Subscription};
use moq_net::{Hop, Pattern, Timestamp, broadcast, group, time, track};
use streamgauge_core::Role;
use streamgauge_moq::Meter;
use tokio::task::JoinHandle;

pub(crate) use node::Node;

/// Longer than any of these tests may take.
const LIMIT: Duration = Duration::from_secs(20);

/// What both sides count in the same way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) announced: u64,
    pub(crate) announced_closed: u64,
    pub(crate) viewers: u64,
    pub(crate) viewers_closed: u64,
    pub(crate) subscriptions: u64,
    pub(crate) subscriptions_closed: u64,
    pub(crate) groups: u64,
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
}

impl Counts {
    /// Only the payload: moq-net counts ingress subscriptions by the life of a producer.
    pub(crate) fn payload(self) -> Payload {
        (self.groups, self.frames, self.bytes)
    }
}

pub(crate) struct Relay {
    pub(crate) origin: origin::Producer,
    pub(crate) node: Node,
    registry: Registry,
    meter: Meter,
}

/// A peer's two handles, tagged the way a session over the network tags them.
pub(crate) struct Peer {
    pub(crate) publish: origin::Producer,
    pub(crate) subscribe: origin::Consumer,
    running: JoinHandle<()>,
}

impl Relay {
    pub(crate) fn new() -> Self {
        let origin = spawn_origin(1);
        let config =
            stats::Config::new().with_exclude(Pattern::subtree(".stats").expect("a pattern"));
        Self {
            meter: Meter::new(origin.clone()),
            origin,
            node: Node::new(),
            registry: Registry::new(config),
        }
    }

    pub(crate) fn peer(&self) -> Peer {
        let tag = self.registry.tier(stats::Tier::default()).session("");
        let mut session = self.meter.session(&self.node.handle(), "");
        let subscribe = session.egress().with_stats(tag.clone());
        let publish = session.ingress().with_stats(tag);
        let mut announced = subscribe.announced();
        let running = tokio::spawn(async move {
            let announcing = async { while announced.next().await.is_some() {} };
            tokio::join!(announcing, session.run());
        });
        Peer {
            publish,
            subscribe,
            running,
        }
    }

    /// What moq-net counted, over all broadcasts: by broadcast it forgets those that ended.
    pub(crate) fn theirs(&self, role: Role) -> Counts {
        let theirs = match role {
            Role::Publisher => stats::Role::Publisher,
            Role::Subscriber => stats::Role::Subscriber,
        };
        let roles = self.registry.snapshot().traffic();
        let found = roles.into_iter().find(|(_, role, _)| *role == theirs);
        let traffic = found.map(|(_, _, traffic)| traffic).unwrap_or_default();
        Counts {
            announced: traffic.announces_started,
            announced_closed: traffic.announces_ended,
            viewers: traffic.broadcasts_started,
            viewers_closed: traffic.broadcasts_ended,
            subscriptions: traffic.subscriptions_started,
            subscriptions_closed: traffic.subscriptions_ended,
            groups: traffic.groups,
            frames: traffic.frames,
            bytes: traffic.bytes,
        }
    }

    /// What was counted here, up to the last flush.
    pub(crate) fn ours(&self, role: Role, path: &str) -> Counts {
        let word = |word| self.node.word(role, path, word);
        Counts {
            announced: word("announced"),
            announced_closed: word("announced_closed"),
            viewers: word("viewers"),
            viewers_closed: word("viewers_closed"),
            subscriptions: word("subscriptions"),
            subscriptions_closed: word("subscriptions_closed"),
            groups: word("groups"),
            frames: word("frames"),
            bytes: word("bytes"),
        }
    }

    /// Waits for a condition on what is counted; whether it came.
    pub(crate) async fn comes_to(&self, condition: impl Fn(&Self) -> bool) -> bool {
        for _ in 0..300 {
            self.node.flush().await;
            if condition(self) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }

    /// Waits until both count `expected`, and says what they count when they do not.
    pub(crate) async fn agree(&self, role: Role, path: &str, expected: Counts) {
        let both = |relay: &Self| (relay.ours(role, path), relay.theirs(role));
        let settled = self
            .comes_to(|relay| both(relay) == (expected, expected))
            .await;
        assert!(
            settled,
            "{path}: expected {expected:#?}, ours and theirs {:#?}",
            both(self)
        );
    }

    /// Waits until both count this payload.
    pub(crate) async fn agree_on_payload(&self, role: Role, path: &str, expected: Payload) {
        let both = |relay: &Self| {
            (
                relay.ours(role, path).payload(),
                relay.theirs(role).payload(),
            )
        };
        let settled = self
            .comes_to(|relay| both(relay) == (expected, expected))
            .await;
        assert!(
            settled,
            "{path}: expected {expected:?}, ours and theirs {:?}",
            both(self)
        );
    }
}

/// Groups, frames and bytes.
pub(crate) type Payload = (u64, u64, u64);

impl Peer {
    /// Ends the session, as a lost connection does.
    pub(crate) async fn leave(self) {
        let Self {
            publish,
            subscribe,
            running,
        } = self;
        running.abort();
        let _ = running.await;
        drop((publish, subscribe));
    }

    pub(crate) fn announce(&self, path: &str) -> broadcast::Producer {
        let broadcast = self.publish.create_broadcast(path).expect("a broadcast");
        broadcast
            .announce(Route::default())
            .expect("an announcement");
        broadcast
    }

    /// Announces a broadcast with one track that keeps what it is given.
    pub(crate) fn offer(&self, path: &str, name: &str) -> (broadcast::Producer, track::Producer) {
        let broadcast = self.announce(path);
        let track = broadcast
            .create_track(name, keeping())
            .expect("a new track");
        (broadcast, track)
    }

    /// Resolves a track of an announced broadcast.
    pub(crate) async fn track(&self, path: &str, name: &str) -> track::Consumer {
        let broadcast = within(self.subscribe.routed_broadcast(path)).await;
        broadcast.expect("a route").track(name).expect("a track")
    }

    /// Subscribes to everything a track holds and will hold.
    pub(crate) async fn subscribe(&self, path: &str, name: &str) -> track::Subscriber {
        let track = self.track(path, name).await;
        within(track.subscribe(from_the_start()))
            .await
            .expect("a subscription")
    }
}

pub(crate) fn from_the_start() -> Subscription {
    Subscription::default()
        .with_max_age(Duration::from_hours(1))
        .with_start(Position::group(0))
}

/// A track that keeps what it is given.
pub(crate) fn keeping() -> track::Info {
    track::Info::default().with_max_age(Duration::from_hours(1))
}

pub(crate) fn write_group(track: &track::Producer, sequence: u64, frames: &[&'static [u8]]) {
    let mut group = track
        .create_group(group::Info { sequence })
        .expect("a group");
    for frame in frames {
        let payload = Bytes::from_static(frame);
        group
            .write_frame(Timestamp::now(), payload)
            .expect("a frame");
    }
    group.finish().expect("an end");
}

/// Reads a group to its end.
pub(crate) async fn read_group(group: &mut group::Consumer) -> Vec<Bytes> {
    let mut frames = Vec::new();
    while let Some(frame) = within(group.read_frame()).await.expect("a frame") {
        frames.push(frame.payload);
    }
    frames
}

/// Reads the next `count` groups, in any order.
pub(crate) async fn read_groups(
    subscriber: &mut track::Subscriber,
    count: usize,
) -> Vec<Vec<Bytes>> {
    let mut groups = Vec::new();
    for _ in 0..count {
        let group = within(subscriber.recv_group()).await.expect("a track");
        let mut group = group.expect("another group");
        groups.push((group.sequence, read_group(&mut group).await));
    }
    groups.sort_by_key(|(sequence, _)| *sequence);
    groups.into_iter().map(|(_, frames)| frames).collect()
}

pub(crate) fn spawn_origin(hop: u64) -> origin::Producer {
    let config = origin::Config::new(Hop::new(hop).expect("a hop"));
    let (producer, driver) = origin::Producer::new(config);
    tokio::spawn(time::run(driver));
    producer
}

pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future).await.expect("in time")
}
