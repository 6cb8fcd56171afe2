//! A reader of accepted frames that checks every law a reader can see.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    Row, Words, plus, rows,
    words::{is_open, pairs},
};

/// What a reader of a node's tracks knows.
#[derive(Debug, Default)]
pub struct Reader {
    tracks: BTreeMap<String, Track>,
    node: Value,
    /// Frames read so far.
    pub frames: usize,
}

#[derive(Debug, Default)]
struct Track {
    /// The newest frame.
    frame: Vec<u8>,
    /// The names in it.
    shown: Vec<String>,
    series: BTreeMap<String, Series>,
}

#[derive(Debug, Default)]
struct Series {
    since: u64,
    /// The words of this life.
    words: Words,
    /// The last words of all lives before, summed up.
    before: Words,
    /// Whether the same words may be shown again though nothing is open.
    again: bool,
}

impl Reader {
    /// Reads an accepted frame.
    ///
    /// # Panics
    /// When the frame, or what it says after the ones before, breaks a law.
    pub fn read(&mut self, track: &str, frame: &[u8]) {
        self.frames += 1;
        if track == "node.json" {
            self.read_node(frame);
        } else {
            let rows = rows(track, frame);
            let known = self.tracks.entry(track.into()).or_default();
            known.read(track, frame, &rows);
        }
    }

    /// The node was reset and counts on: what stood in the newest frames may be said again, and frames
    /// since the last save are counted again.
    pub fn reset(&mut self) {
        for track in self.tracks.values_mut() {
            track.frame.clear();
            track.series.values_mut().for_each(|s| s.again = true);
        }
        for counter in ["frames", "frame_bytes", "refused_frames"] {
            self.node[counter] = Value::Null;
        }
    }

    /// All that was ever seen of a series, over all its lives.
    #[must_use]
    pub fn seen(&self, track: &str, name: &str) -> Words {
        let Some(series) = self.series(track, name) else {
            return Words::new();
        };
        plus(&series.before, &series.words)
    }

    /// What was seen of a series over the lives before the one that began at `since`.
    #[must_use]
    pub fn seen_before(&self, track: &str, name: &str, since: u64) -> Words {
        match self.series(track, name) {
            Some(series) if series.since == since => series.before.clone(),
            _ => self.seen(track, name),
        }
    }

    /// The newest frame of a track.
    #[must_use]
    pub fn frame(&self, track: &str) -> &[u8] {
        self.tracks.get(track).map_or(&[], |track| &track.frame)
    }

    /// The names in the newest frame of a track.
    #[must_use]
    pub fn shown(&self, track: &str) -> &[String] {
        self.tracks.get(track).map_or(&[], |track| &track.shown)
    }

    /// The names that were ever seen in a track.
    pub fn names(&self, track: &str) -> impl Iterator<Item = &String> {
        let track = self.tracks.get(track).into_iter();
        track.flat_map(|track| track.series.keys())
    }

    /// The newest `node.json`.
    #[must_use]
    pub fn node(&self) -> &Value {
        &self.node
    }

    fn series(&self, track: &str, name: &str) -> Option<&Series> {
        self.tracks.get(track)?.series.get(name)
    }

    fn read_node(&mut self, frame: &[u8]) {
        let node: Value = serde_json::from_slice(frame).expect("node.json is JSON");
        for family in ["traffic", "presence"] {
            let used = |what: &str| node[family][what].as_u64().expect("a number");
            assert!(used("series") <= used("series_capacity"), "{node}");
            assert!(used("cells") <= used("cells_capacity"), "{node}");
            for folded in ["folded_keys", "folded_guards", "folded_events"] {
                never_falls(folded, &self.node[family][folded], &node[family][folded]);
            }
        }
        never_falls("", &self.node["totals"], &node["totals"]);
        for counter in [
            "ticks",
            "late_ticks",
            "skipped_ticks",
            "early_ticks",
            "frames",
            "frame_bytes",
            "refused_frames",
            "ts_ms",
        ] {
            never_falls(counter, &self.node[counter], &node[counter]);
        }
        self.node = node;
    }
}

/// Panics when a number below `old` is larger than the one at the same place below `new`.
fn never_falls(place: &str, old: &Value, new: &Value) {
    match old {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, old)| never_falls(name, old, &new[name])),
        Value::Number(_) => assert!(old.as_u64() <= new.as_u64(), "{place} fell: {old} {new}"),
        _ => {}
    }
}

impl Track {
    fn read(&mut self, track: &str, frame: &[u8], rows: &[Row]) {
        assert_ne!(self.frame, frame, "{track}: written without a change");
        assert!(
            rows.is_sorted_by(|a, b| a.name < b.name),
            "{track}: out of order, or twice: {rows:?}"
        );
        for row in rows {
            let series = self.series.entry(row.name.clone()).or_default();
            series.read(track, row);
        }
        self.frame = frame.into();
        self.shown = rows.iter().map(|row| row.name.clone()).collect();
    }
}

impl Series {
    fn read(&mut self, track: &str, row: &Row) {
        for (opened, closed) in pairs(track) {
            let (opened, closed) = (row.words[opened], row.words[closed]);
            assert!(opened >= closed, "{track}: more closed than opened {row:?}");
        }
        assert!(row.since >= self.since, "{track}: an older life {row:?}");
        if row.since == self.since {
            self.goes_on(track, row);
        } else {
            self.before = plus(&self.before, &self.words);
        }
        self.again = false;
        self.since = row.since;
        self.words.clone_from(&row.words);
    }

    fn goes_on(&self, track: &str, row: &Row) {
        let rises = self
            .words
            .iter()
            .zip(&row.words)
            .all(|(old, new)| old <= new);
        assert!(rises, "{track}: a word fell, {:?} to {row:?}", self.words);
        assert!(
            self.again || self.words != row.words || is_open(track, &row.words),
            "{track}: shown though it neither lives nor moved: {row:?}"
        );
    }
}
