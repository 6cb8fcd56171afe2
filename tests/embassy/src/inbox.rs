//! The far end of a link.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use streamgauge_embassy::wire::{Assembler, Reader, Received, Tally};

use crate::Link;

/// Reads frames off a link, or out of datagrams, and keeps them by track.
pub struct Inbox {
    bytes: Reader<Vec<u8>, 2048>,
    datagrams: Assembler<Vec<u8>>,
    frames: BTreeMap<String, Vec<Value>>,
}

impl Inbox {
    /// Nothing read yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            bytes: Reader::new(vec![0; 65_536]),
            datagrams: Assembler::new(vec![0; 65_536]),
            frames: BTreeMap::new(),
        }
    }

    /// Reads what came out of a link.
    pub fn read(&mut self, link: &Link) {
        self.read_bytes(&link.drain());
    }

    /// Reads bytes as they came.
    pub fn read_bytes(&mut self, mut bytes: &[u8]) {
        while let Some(frame) = self.bytes.poll(&mut bytes) {
            keep(&mut self.frames, &frame);
        }
    }

    /// Reads a datagram.
    pub fn read_datagram(&mut self, datagram: &[u8]) {
        if let Some(frame) = self.datagrams.take(datagram) {
            keep(&mut self.frames, &frame);
        }
    }

    /// All frames of a track, in order.
    #[must_use]
    pub fn frames(&self, track: &str) -> &[Value] {
        self.frames.get(track).map_or(&[], Vec::as_slice)
    }

    /// The newest frame of a track; null if there was none.
    #[must_use]
    pub fn newest(&self, track: &str) -> &Value {
        self.frames(track).last().unwrap_or(&Value::Null)
    }

    /// A number of the newest `node.json`.
    #[must_use]
    pub fn node(&self, field: &str) -> u64 {
        self.newest("node.json")[field].as_u64().unwrap_or(0)
    }

    /// All that a track has ever counted in one word, as `node.json` tells.
    #[must_use]
    pub fn total(&self, track: &str, word: &str) -> u64 {
        let totals = &self.newest("node.json")["totals"];
        totals[track][word].as_u64().unwrap_or(0)
    }

    /// What the reader of bytes has seen.
    #[must_use]
    pub fn tally(&self) -> Tally {
        *self.bytes.tally()
    }

    /// What the reader of datagrams has seen.
    #[must_use]
    pub fn datagrams(&self) -> Tally {
        *self.datagrams.tally()
    }
}

impl Default for Inbox {
    fn default() -> Self {
        Self::new()
    }
}

/// Keeps a frame, or what a patch makes of the one before. A patch of a frame that was not there is null.
fn keep(frames: &mut BTreeMap<String, Vec<Value>>, received: &Received<'_>) {
    let name = received.track.name(&[] as &[&str]).concat();
    let mut frame = serde_json::from_slice(received.payload).expect("a frame is JSON");
    let frames = frames.entry(name).or_default();
    if received.is_patch {
        let mut patched = frames.last().cloned().unwrap_or_default();
        merge(&mut patched, frame);
        frame = patched;
    }
    frames.push(frame);
}

/// Makes a patch's changes, as RFC 7396 says.
pub fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(target) = target.as_object_mut() else {
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(&name);
        } else {
            merge(target.entry(name).or_insert(Value::Null), value);
        }
    }
}
