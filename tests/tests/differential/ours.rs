//! A node of ours, with a note of where each of its guards counts.

use std::sync::{Arc, Mutex};

use streamgauge_tokio::{
    BroadcastStats, Config, Frame, PublisherStats, PublisherTrack, SinkError, Stats, Tier,
};

use crate::script::{Place, System, TRACKS};

pub(crate) struct Ours {
    stats: Stats,
    frames: Arc<Mutex<Vec<Frame>>>,
}

pub(crate) struct Announce(PublisherStats, pub(crate) Place);

pub(crate) struct Subscription(PublisherTrack, pub(crate) Place);

impl Ours {
    pub(crate) fn spawn(node: &str) -> Self {
        let frames: Arc<Mutex<Vec<Frame>>> = Arc::default();
        let record = frames.clone();
        let sink = move |frame: &Frame| -> Result<(), SinkError> {
            record.lock().unwrap().push(frame.clone());
            Ok(())
        };
        let config = Config::new().with_node(node).with_series(64);
        let stats = Stats::spawn(config.with_cells(64).with_sink(sink)).unwrap();
        Self { stats, frames }
    }

    pub(crate) fn path(&self) -> &str {
        self.stats.path()
    }

    /// The frames that were written to a track since the last call.
    pub(crate) fn frames(&self, track: usize) -> Vec<Vec<u8>> {
        let mut frames = self.frames.lock().unwrap();
        let ours = |frame: &mut Frame| *frame.name == *TRACKS[track];
        let taken = frames.extract_if(.., ours);
        taken.map(|frame| frame.payload.to_vec()).collect()
    }

    fn broadcast(&self, place: Place) -> BroadcastStats {
        let tier = if place.internal {
            Tier::Internal
        } else {
            Tier::External
        };
        self.stats.tier(tier).broadcast(place.path())
    }
}

impl System for Ours {
    type Announce = Announce;
    type Track = Subscription;

    fn announce(&self, place: Place) -> Announce {
        let broadcast = self.broadcast(place);
        if place.subscriber {
            Announce(broadcast.subscriber(), place)
        } else {
            Announce(broadcast.publisher(), place)
        }
    }

    fn subscribe(&self, place: Place) -> Subscription {
        let broadcast = self.broadcast(place);
        if place.subscriber {
            Subscription(broadcast.subscriber_track("v"), place)
        } else {
            Subscription(broadcast.publisher_track("v"), place)
        }
    }

    fn subscribe_under(announce: &Announce) -> Subscription {
        Subscription(announce.0.track("v"), announce.1)
    }

    fn bytes(track: &mut Subscription, n: usize) {
        track.0.bytes(n);
    }

    fn frame(track: &mut Subscription) {
        track.0.frame();
    }

    fn group(track: &mut Subscription) {
        track.0.group();
    }
}
