//! Broadcasts beside the node's own, which come and go: on origins, and in frames for sinks.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    Deflate, Deltas, Form, Frame, OriginProducer, Sink, TrackSink,
    forms::{Forms, published_names},
    sibling::Sibling,
    sink::Outlet,
};

/// Publishes broadcasts that all have the same tracks, each in a slot.
pub(crate) struct Side {
    origins: Vec<OriginProducer>,
    /// The names of a broadcast's tracks, and which of them each track has.
    names: Vec<Arc<str>>,
    forms: Vec<Forms>,
    slots: Vec<Option<Broadcast>>,
    /// For each name of each slot, how many different frames there were.
    versions: Vec<u64>,
    /// Packs the frames of all of them, once there is one.
    deflate: Option<Deflate>,
    /// The first slot's first name, as sinks know it.
    first: usize,
}

/// One broadcast that is open.
struct Broadcast {
    path: String,
    /// The names with the path.
    names: Vec<Arc<str>>,
    /// For each track, what is said in patches.
    siblings: Vec<Sibling>,
    /// What is published on each origin; nothing where that failed.
    sinks: Vec<Option<TrackSink>>,
}

impl Side {
    /// `tracks` are those of each broadcast.
    pub(crate) fn new(
        origins: &[OriginProducer],
        deltas: Option<Deltas>,
        tracks: &[String],
        first: usize,
    ) -> Self {
        let (names, forms) = published_names(deltas, tracks, None);
        Self {
            origins: origins.to_vec(),
            names,
            forms,
            slots: Vec::new(),
            versions: Vec::new(),
            deflate: None,
            first,
        }
    }

    /// How many names each broadcast has.
    pub(crate) fn names(&self) -> usize {
        self.names.len()
    }

    /// Opens a broadcast. It is announced when its first frames are there: see
    /// [`announce`](Self::announce).
    pub(crate) fn open(&mut self, slot: usize, path: String) {
        if self.slots.len() <= slot {
            self.slots.resize_with(slot + 1, || None);
            self.versions.resize((slot + 1) * self.names.len(), 0);
        }
        let names = self.names.iter();
        let names = names.map(|name| format!("{path}/{name}").into());
        let unannounced = |_| TrackSink::unannounced(&self.names).ok();
        self.slots[slot] = Some(Broadcast {
            names: names.collect(),
            siblings: vec![Sibling::default(); self.forms.len()],
            sinks: self.origins.iter().map(unannounced).collect(),
            path,
        });
    }

    /// Publishes a frame of a broadcast's track in each of its forms; says whether nothing is owed to any
    /// sink, and tells `sent` so of each form with its bytes. `changed` is whether the frame tells anything
    /// that the one before did not; if not, and no sink refused that, it costs no more than to see so.
    pub(crate) fn offer(
        &mut self,
        outlets: &mut [Outlet],
        (slot, track): (usize, usize),
        (ts_ms, payload): (u64, Bytes),
        changed: bool,
        mut sent: impl FnMut(usize, bool),
    ) -> bool {
        let Some(Forms { whole, packed }) = self.forms.get(track).copied() else {
            return true;
        };
        let mut all = true;
        if let Some(name) = whole {
            let part = (ts_ms, Form::Whole, payload.clone());
            let taken = self.write(outlets, (slot, name), part, changed);
            sent(payload.len(), taken);
            all = taken;
        }
        if let Some(name) = packed
            && let Some((form, bytes)) = self.pack((slot, track), &payload, changed)
        {
            let len = bytes.as_ref().map_or(0, Bytes::len);
            let told = bytes
                .is_some_and(|bytes| self.write(outlets, (slot, name), (ts_ms, form, bytes), true));
            self.settle((slot, track), &payload, told.then_some((form, len)));
            sent(len, told);
            all &= told;
        }
        all
    }

    /// What there is to say of a frame to readers of patches.
    fn pack(
        &mut self,
        (slot, track): (usize, usize),
        frame: &Bytes,
        changed: bool,
    ) -> Option<(Form, Option<Bytes>)> {
        let broadcast = self.slots.get_mut(slot)?.as_mut()?;
        let sibling = broadcast.siblings.get_mut(track)?;
        let deflate = self.deflate.get_or_insert_default();
        sibling.pack(deflate, frame, changed)
    }

    /// Notes whether every sink has what was packed of a frame.
    fn settle(
        &mut self,
        (slot, track): (usize, usize),
        frame: &Bytes,
        told: Option<(Form, usize)>,
    ) {
        let Some(Some(broadcast)) = self.slots.get_mut(slot) else {
            return;
        };
        if let Some(sibling) = broadcast.siblings.get_mut(track) {
            match told {
                Some((form, bytes)) => sibling.accepted(frame, form, bytes),
                None => sibling.refused(),
            }
        }
    }

    /// Writes a frame to the origins if it is new, and offers it to the sinks that have not accepted it yet.
    fn write(
        &mut self,
        outlets: &mut [Outlet],
        (slot, name): (usize, usize),
        (ts_ms, form, payload): (u64, Form, Bytes),
        new: bool,
    ) -> bool {
        let place = slot * self.names.len() + name;
        let (Some(Some(broadcast)), Some(version)) =
            (self.slots.get_mut(slot), self.versions.get_mut(place))
        else {
            return true;
        };
        let Some(full_name) = broadcast.names.get(name).cloned() else {
            return true;
        };
        let mut frame = Frame {
            track: name,
            name: full_name,
            ts_ms,
            form,
            payload,
        };
        if new {
            *version += 1;
            broadcast.write(&frame);
        }
        frame.track = self.first + place;
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
    fn write(&mut self, frame: &Frame) {
        for sink in self.sinks.iter_mut().flatten() {
            let _ = sink.write(frame);
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
