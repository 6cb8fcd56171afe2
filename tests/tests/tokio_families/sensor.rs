//! A family as a user declares one.

use serde_json::Value;
use streamgauge_tokio::{Counter, FamilyMeter, Stats};

streamgauge_tokio::family! {
    /// What one sensor delivers.
    pub(crate) struct Sensor: "sensor" {
        pair opened / opened_closed on Announce: "sensors plugged in" / "sensors taken out";
        pair readers / readers_closed on Subscribe: "readers begun" / "readers ended";
        counter readings: "readings delivered";
    }
}

pub(crate) const READINGS: Counter<Sensor> = Counter::named("readings");
pub(crate) const TRACK: &str = "sensor.json";

/// Opens a reader, counts, and drops it.
pub(crate) fn read(meter: &FamilyMeter<Sensor>, name: &str, readings: usize) {
    meter.track(name).add(READINGS, readings);
}

/// The newest frame of a track.
pub(crate) fn newest(stats: &Stats, track: &str) -> Value {
    let latest = stats.latest(track).expect("a track");
    crate::harness::json(&latest.frame().expect("a frame"))
}

/// The readings of all series of a frame.
pub(crate) fn readings(frame: &Value) -> u64 {
    let series = frame.as_object().expect("an object").values();
    series
        .map(|series| series["readings"].as_u64().expect("a number"))
        .sum()
}
