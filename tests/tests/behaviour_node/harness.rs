//! A node under a paused clock, and a record of every frame that it published.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Map, Value};
use streamgauge_tokio::{Config, Frame, SinkError, Stats, StatsHandle, Tier, Traffic};
use tokio::time::sleep;

/// The default time between ticks.
pub(crate) const TICK: Duration = Duration::from_secs(1);

/// A node whose ticks fall between the steps of a test.
pub(crate) struct Node {
    pub(crate) stats: Stats,
    frames: Arc<Mutex<Vec<Frame>>>,
}

/// A frame's object: the series by path.
pub(crate) type Object = Map<String, Value>;

impl Node {
    /// A node with default settings, half an interval after its first tick.
    pub(crate) async fn start() -> Self {
        Self::with(Config::new()).await
    }

    /// A node with these settings, half an interval after its first tick.
    pub(crate) async fn with(config: Config) -> Self {
        let frames: Arc<Mutex<Vec<Frame>>> = Arc::default();
        let record = frames.clone();
        let sink = move |frame: &Frame| -> Result<(), SinkError> {
            record.lock().unwrap().push(frame.clone());
            Ok(())
        };
        let stats = Stats::spawn(config.with_sink(sink)).unwrap();
        sleep(TICK / 2).await;
        Self { stats, frames }
    }

    pub(crate) fn external(&self) -> StatsHandle {
        self.stats.tier(Tier::External)
    }

    pub(crate) fn internal(&self) -> StatsHandle {
        self.stats.tier(Tier::Internal)
    }

    /// Lets one tick pass.
    pub(crate) async fn tick(&self) {
        sleep(TICK).await;
    }

    /// All frames of a track so far.
    pub(crate) fn frames(&self, track: &str) -> Vec<Frame> {
        let frames = self.frames.lock().unwrap();
        frames
            .iter()
            .filter(|frame| &*frame.name == track)
            .cloned()
            .collect()
    }

    /// The newest frame of a track as it was sent.
    pub(crate) fn text(&self, track: &str) -> String {
        let frames = self.frames(track);
        let newest = frames.last().expect("a track starts with a frame");
        String::from_utf8(newest.payload.to_vec()).unwrap()
    }

    /// The newest frame of a track.
    pub(crate) fn object(&self, track: &str) -> Object {
        serde_json::from_str(&self.text(track)).unwrap()
    }

    /// One series in the newest frame of a track.
    pub(crate) fn series(&self, track: &str, path: &str) -> Option<Traffic> {
        let series = self.object(track).remove(path)?;
        Some(serde_json::from_value(series).unwrap())
    }

    /// One series in the newest frame of the external egress track.
    pub(crate) fn egress(&self, path: &str) -> Option<Traffic> {
        self.series("publisher.json", path)
    }

    /// What the external egress track said last of a series that may have left it since.
    pub(crate) fn last(&self, path: &str) -> Option<Traffic> {
        let frames = self.frames("publisher.json");
        frames.iter().rev().find_map(|frame| {
            let mut object: Object = serde_json::from_slice(&frame.payload).unwrap();
            Some(serde_json::from_value(object.remove(path)?).unwrap())
        })
    }

    /// When this life of an external egress series began.
    pub(crate) fn since(&self, path: &str) -> u64 {
        self.object("publisher.json")[path]["since"]
            .as_u64()
            .unwrap()
    }

    /// What a track has ever counted, as `node.json` tells.
    pub(crate) fn total(&self, track: &str) -> Traffic {
        let node = self.object("node.json");
        serde_json::from_value(node["totals"][track].clone()).unwrap()
    }
}

/// The keys of a frame, in its order.
pub(crate) fn keys(object: &Object) -> Vec<&str> {
    object.keys().map(String::as_str).collect()
}
