//! Broadcasts beside the node's own, which come and go: on origins, and in frames for sinks.

use std::sync::Arc;

use bytes::Bytes;

use crate::{Form, Frame, OriginProducer, TrackSink, sink::Outlet};

/// Publishes broadcasts that all have the same tracks, each in a slot.
pub(crate) struct Side {
    origins: Vec<OriginProducer>,
    /// The names of a broadcast's tracks.
    tracks: Vec<Arc<str>>,
    slots: Vec<Option<Broadcast>>,
    /// For each track of each slot, how many different frames there were.
    versions: Vec<u64>,
    /// The first slot's first track, as sinks know it.
    first: usize,
}

/// One broadcast that is open.
struct Broadcast {
    path: String,
    /// The tracks' names with the path.
    names: Vec<Arc<str>>,
    /// What is published on each origin; nothing where that failed.
    sinks: Vec<Option<TrackSink>>,
}

impl Side {
    pub(crate) fn new(origins: &[OriginProducer], tracks: Vec<Arc<str>>, first: usize) -> Self {
        Self {
            origins: origins.to_vec(),
            tracks,
            slots: Vec::new(),
            versions: Vec::new(),
            first,
        }
    }

    /// Opens a broadcast. It is announced when its first frames are there: see
    /// [`announce`](Self::announce).
    pub(crate) fn open(&mut self, slot: usize, path: String) {
        if self.slots.len() <= slot {
            self.slots.resize_with(slot + 1, || None);
            self.versions.resize((slot + 1) * self.tracks.len(), 0);
        }
        let tracks = self.tracks.iter();
        let names = tracks.map(|track| format!("{path}/{track}").into());
        let unannounced = |_| TrackSink::unannounced(&self.tracks).ok();
        self.slots[slot] = Some(Broadcast {
            names: names.collect(),
            sinks: self.origins.iter().map(unannounced).collect(),
            path,
        });
    }

    /// Publishes a frame of a broadcast's track; says whether nothing is owed to any sink. `changed` is
    /// whether it tells anything that the one before did not.
    pub(crate) fn offer(
        &mut self,
        outlets: &mut [Outlet],
        (slot, track): (usize, usize),
        (ts_ms, payload): (u64, Bytes),
        changed: bool,
    ) -> bool {
        let place = slot * self.tracks.len() + track;
        let (Some(Some(broadcast)), Some(version)) =
            (self.slots.get_mut(slot), self.versions.get_mut(place))
        else {
            return true;
        };
        if changed {
            *version += 1;
            broadcast.write(track, &payload);
        }
        let Some(name) = broadcast.names.get(track).cloned() else {
            return true;
        };
        let frame = Frame {
            track: self.first + place,
            name,
            ts_ms,
            form: Form::Whole,
            payload,
        };
        let mut all = true;
        for outlet in outlets {
            all &= outlet.offer(&frame, *version);
        }
        all
    }

    /// Announces a broadcast that was opened, where it is not yet.
    pub(crate) fn announce(&mut self, slot: usize) {
        if let Some(Some(broadcast)) = self.slots.get_mut(slot) {
            broadcast.announce(&self.origins);
        }
    }

    /// Ends a broadcast: it is unannounced, and readers of its tracks come to their end.
    pub(crate) fn close(&mut self, slot: usize) {
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = None;
        }
    }
}

impl Broadcast {
    /// An error means that somebody else ended the track, who made a producer of a reader: no reason for
    /// the other tracks to end.
    fn write(&self, track: usize, payload: &Bytes) {
        for sink in self.sinks.iter().flatten() {
            let _ = sink.write_frame(track, payload.clone());
        }
    }

    fn announce(&mut self, origins: &[OriginProducer]) {
        for (sink, origin) in self.sinks.iter_mut().zip(origins) {
            let Some(unannounced) = sink.as_mut().filter(|sink| !sink.is_announced()) else {
                continue;
            };
            if let Err(error) = unannounced.announce_on(origin, &self.path) {
                tracing::warn!(path = %self.path, %error, "a stats broadcast is not announced");
                *sink = None;
            }
        }
    }
}
