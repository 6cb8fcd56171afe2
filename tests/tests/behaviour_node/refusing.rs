//! What a sink refuses is offered again with the next tick, and nothing is lost meanwhile.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use serde_json::Value;
use streamgauge_tokio::{Config, Frame, SinkError, Stats, Tier};
use tokio::time::sleep;

use crate::harness::TICK;

/// A node with one sink, which can be told to refuse.
struct Moody {
    stats: Stats,
    refuse: Arc<AtomicBool>,
    /// Frames of the external egress track: what was offered, and whether it was taken.
    offers: Arc<Mutex<Vec<(Value, bool)>>>,
}

impl Moody {
    async fn start() -> Self {
        let refuse = Arc::new(AtomicBool::new(false));
        let offers: Arc<Mutex<Vec<_>>> = Arc::default();
        let (mood, record) = (refuse.clone(), offers.clone());
        let sink = move |frame: &Frame| {
            let refused = mood.load(Ordering::Relaxed);
            if &*frame.name == "publisher.json" {
                let value = serde_json::from_slice(&frame.payload).unwrap();
                record.lock().unwrap().push((value, !refused));
            }
            if refused {
                Err(SinkError::Busy)
            } else {
                Ok(())
            }
        };
        let stats = Stats::spawn(Config::new().with_sink(sink)).unwrap();
        sleep(TICK / 2).await;
        Self {
            stats,
            refuse,
            offers,
        }
    }

    fn refuse(&self, refuse: bool) {
        self.refuse.store(refuse, Ordering::Relaxed);
    }

    fn open_and_close(&self, path: &str, bytes: usize) {
        let broadcast = self.stats.tier(Tier::External).broadcast(path);
        broadcast.publisher_track("v").bytes(bytes);
    }

    /// The frames offered since the last call.
    async fn tick(&self) -> Vec<(Value, bool)> {
        self.offers.lock().unwrap().clear();
        sleep(TICK).await;
        self.offers.lock().unwrap().clone()
    }
}

fn bytes(frame: &Value, path: &str) -> Option<u64> {
    frame[path]["bytes"].as_u64()
}

#[tokio::test(start_paused = true)]
async fn a_refused_frame_is_offered_again_with_the_next_tick() {
    let node = Moody::start().await;
    node.refuse(true);
    node.open_and_close("live/one", 5);
    for _ in 0..3 {
        let offers = node.tick().await;
        assert_eq!(offers.len(), 1, "once a tick");
        assert_eq!(bytes(&offers[0].0, "live/one"), Some(5));
    }
    node.refuse(false);
    let offers = node.tick().await;
    assert_eq!(bytes(&offers[0].0, "live/one"), Some(5));
    assert_eq!(node.tick().await, [(serde_json::json!({}), true)]);
    assert_eq!(node.tick().await, []);
}

#[tokio::test(start_paused = true)]
async fn series_that_ended_while_a_sink_refused_all_show_when_it_accepts() {
    let node = Moody::start().await;
    node.refuse(true);
    for n in 0..10 {
        node.open_and_close(&format!("live/{n}"), n + 1);
        node.tick().await;
    }
    node.refuse(false);
    let offers = node.tick().await;
    let (frame, taken) = &offers[0];
    assert!(taken);
    for n in 0..10 {
        assert_eq!(bytes(frame, &format!("live/{n}")), Some(n + 1));
    }
    assert_eq!(node.tick().await, [(serde_json::json!({}), true)]);
    assert_eq!(node.stats.usage().series, 0);
}

#[tokio::test(start_paused = true)]
async fn a_series_that_returns_before_its_end_was_accepted_goes_on() {
    let node = Moody::start().await;
    node.refuse(true);
    node.open_and_close("live/one", 5);
    let first = node.tick().await[0].0["live/one"]["since"].clone();
    node.open_and_close("live/one", 6);
    node.tick().await;
    node.refuse(false);
    let (frame, _) = &node.tick().await[0];
    assert_eq!(bytes(frame, "live/one"), Some(11));
    assert_eq!(frame["live/one"]["since"], first);
}

#[tokio::test(start_paused = true)]
async fn the_newest_frame_is_offered_not_the_refused_one() {
    let node = Moody::start().await;
    let broadcast = node.stats.tier(Tier::External).broadcast("live/one");
    let mut track = broadcast.publisher_track("v");
    node.refuse(true);
    track.bytes(1);
    node.tick().await;
    track.bytes(1);
    node.refuse(false);
    let offers = node.tick().await;
    assert_eq!(offers.len(), 1);
    assert_eq!(bytes(&offers[0].0, "live/one"), Some(2));
}
