//! moq-net 0.1.7's stats, and what they publish on an origin.

use moq_net_seed::{
    Origin, OriginProducer, PathOwned, PublisherStats, PublisherTrack, Stats, StatsConfig,
    StatsHandle, SubscriberStats, SubscriberTrack, Tier, Track, TrackConsumer,
};

use crate::script::{Place, System, TRACKS};

pub(crate) struct Model {
    stats: Stats,
    origin: OriginProducer,
    readers: Vec<TrackConsumer>,
}

pub(crate) enum Announce {
    Publisher(PublisherStats),
    Subscriber(SubscriberStats),
}

pub(crate) enum Subscription {
    Publisher(PublisherTrack),
    Subscriber(SubscriberTrack),
}

impl Model {
    pub(crate) fn spawn(node: &str) -> Self {
        let origin = Origin::random().produce();
        let node = Some(PathOwned::from(node.to_owned()));
        let config = StatsConfig::new()
            .with_origin(origin.clone())
            .with_node(node);
        Self {
            stats: Stats::new(config),
            origin,
            readers: Vec::new(),
        }
    }

    /// Waits for the announcement, starts to read its tracks, and returns its path.
    pub(crate) async fn announced(&mut self) -> String {
        let mut announced = self.origin.consume();
        let (path, broadcast) = announced.announced().await.expect("an announcement");
        let broadcast = broadcast.expect("a broadcast");
        let subscribe = |name: &&str| broadcast.subscribe_track(&Track::new(*name)).unwrap();
        self.readers = TRACKS.iter().map(subscribe).collect();
        path.as_str().to_owned()
    }

    /// The frames that were written to a track since the last call.
    pub(crate) async fn frames(&mut self, track: usize) -> Vec<Vec<u8>> {
        let reader = &mut self.readers[track];
        let mut frames = Vec::new();
        loop {
            tokio::select! {
                biased;
                frame = reader.read_frame() => frames.push(frame.unwrap().unwrap().to_vec()),
                () = std::future::ready(()) => return frames,
            }
        }
    }

    fn handle(&self, place: Place) -> StatsHandle {
        self.stats.tier(if place.internal {
            Tier::Internal
        } else {
            Tier::External
        })
    }
}

impl System for Model {
    type Announce = Announce;
    type Track = Subscription;

    fn announce(&self, place: Place) -> Announce {
        let broadcast = self.handle(place).broadcast(place.path());
        if place.subscriber {
            Announce::Subscriber(broadcast.subscriber())
        } else {
            Announce::Publisher(broadcast.publisher())
        }
    }

    fn subscribe(&self, place: Place) -> Subscription {
        let broadcast = self.handle(place).broadcast(place.path());
        if place.subscriber {
            Subscription::Subscriber(broadcast.subscriber_track("v"))
        } else {
            Subscription::Publisher(broadcast.publisher_track("v"))
        }
    }

    fn subscribe_under(announce: &Announce) -> Subscription {
        match announce {
            Announce::Publisher(announce) => Subscription::Publisher(announce.track("v")),
            Announce::Subscriber(announce) => Subscription::Subscriber(announce.track("v")),
        }
    }

    fn bytes(track: &mut Subscription, n: usize) {
        match track {
            Subscription::Publisher(track) => track.bytes(n as u64),
            Subscription::Subscriber(track) => track.bytes(n as u64),
        }
    }

    fn frame(track: &mut Subscription) {
        match track {
            Subscription::Publisher(track) => track.frame(),
            Subscription::Subscriber(track) => track.frame(),
        }
    }

    fn group(track: &mut Subscription) {
        match track {
            Subscription::Publisher(track) => track.group(),
            Subscription::Subscriber(track) => track.group(),
        }
    }
}
