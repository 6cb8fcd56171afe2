//! A node that counts, and remembers every series it published.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use streamgauge_core::Role;
use streamgauge_tokio::{Config, Frame, SinkError, Stats, StatsHandle, Tier};

/// Words by track, path and life of a series.
type Lives = HashMap<(String, String, u64), Value>;

pub(crate) struct Node {
    stats: Stats,
    lives: Arc<Mutex<Lives>>,
}

impl Node {
    pub(crate) fn new() -> Self {
        let lives = Arc::new(Mutex::new(Lives::new()));
        let seen = Arc::clone(&lives);
        let sink = move |frame: &Frame| -> Result<(), SinkError> {
            remember(&mut seen.lock().expect("not poisoned"), frame);
            Ok(())
        };
        // Ticks only when it is flushed.
        let config = Config::new()
            .with_interval(Duration::from_hours(1))
            .with_sink(sink);
        Self {
            stats: Stats::spawn(config).expect("a configuration"),
            lives,
        }
    }

    pub(crate) fn handle(&self) -> StatsHandle {
        self.stats.tier(Tier::External)
    }

    pub(crate) async fn flush(&self) {
        self.stats.flush().await;
    }

    /// A word of a broadcast, summed over every life of its series.
    pub(crate) fn word(&self, role: Role, path: &str, word: &str) -> u64 {
        let track = format!("{}.json", role.as_str());
        let lives = self.lives.lock().expect("not poisoned");
        let of_path = lives
            .iter()
            .filter(|((name, key, _), _)| *name == track && key == path);
        of_path.filter_map(|(_, words)| words[word].as_u64()).sum()
    }
}

fn remember(lives: &mut Lives, frame: &Frame) {
    let rows: Value = serde_json::from_slice(&frame.payload).expect("a frame of JSON");
    for (path, words) in rows.as_object().expect("an object") {
        let since = words["since"].as_u64().unwrap_or_default();
        lives.insert((frame.name.to_string(), path.clone(), since), words.clone());
    }
}
