//! What is left for the node's own broadcast where its frames are published in parts: of the tracks that are
//! parted the row of the empty path, which is in no part. Whoever adds all up counts no row twice.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::{
    Deflate, Form, Frame, Sink, SinkError, TrackSink, forms::Forms, members::members,
    sibling::Sibling,
};

/// The sink of the node's own broadcast. Of the tracks that are parted it takes nothing but the rest.
#[derive(Clone)]
pub(crate) struct RestSink {
    sink: Arc<Mutex<TrackSink>>,
    /// The names of the tracks that are parted, in all forms.
    parted: Vec<usize>,
}

/// The rest of each track that is parted, for all origins.
pub(crate) struct Rest {
    sinks: Vec<RestSink>,
    tracks: Vec<Left>,
    deflate: Option<Deflate>,
}

/// What is left of one track.
struct Left {
    forms: Forms,
    name: Arc<str>,
    last: Bytes,
    sibling: Sibling,
}

impl RestSink {
    /// Tracks of these forms are parted.
    pub(crate) fn new(sink: TrackSink, parted: &[Forms]) -> Self {
        let names = parted.iter().flat_map(|forms| [forms.whole, forms.packed]);
        Self {
            sink: Arc::new(Mutex::new(sink)),
            parted: names.flatten().collect(),
        }
    }

    fn write_rest(&self, frame: &Frame) -> Result<(), SinkError> {
        let sink = self.sink.lock();
        sink.unwrap_or_else(PoisonError::into_inner).write(frame)
    }
}

impl Sink for RestSink {
    fn write(&mut self, frame: &Frame) -> Result<(), SinkError> {
        if self.parted.contains(&frame.track) {
            return Ok(());
        }
        self.write_rest(frame)
    }
}

impl Rest {
    /// Of tracks of these forms and names.
    pub(crate) fn new(sinks: Vec<RestSink>, parted: &[Forms], names: &[String]) -> Self {
        let left = |(forms, name): (&Forms, &String)| Left {
            forms: *forms,
            name: name.as_str().into(),
            last: Bytes::from_static(b"{}"),
            sibling: Sibling::default(),
        };
        Self {
            sinks,
            tracks: parted.iter().zip(names).map(left).collect(),
            deflate: None,
        }
    }

    /// Writes no more: the broadcasts end when the sinks do.
    pub(crate) fn close(&mut self) {
        self.sinks.clear();
    }

    /// Publishes what is left of a frame, if that changed. Origins refuse nothing: an error means that somebody
    /// else ended the track.
    pub(crate) fn write(&mut self, track: usize, ts_ms: u64, frame: &[u8]) {
        let Some(left) = self
            .tracks
            .get_mut(track)
            .filter(|_| !self.sinks.is_empty())
        else {
            return;
        };
        // It is the first of all paths.
        let row = members(frame).next().filter(|row| row.key.is_empty());
        let row = row.map_or(&[][..], |row| row.bytes);
        let rest = [b"{", row, b"}"].concat();
        if left.last == rest {
            return;
        }
        left.last = rest.into();
        let frame = |track, form, payload| Frame {
            track,
            name: left.name.clone(),
            ts_ms,
            form,
            payload,
        };
        let write = |frame: &Frame| {
            for sink in &self.sinks {
                let _ = sink.write_rest(frame);
            }
        };
        if let Some(track) = left.forms.whole {
            write(&frame(track, Form::Whole, left.last.clone()));
        }
        if let Some(track) = left.forms.packed {
            let deflate = self.deflate.get_or_insert_default();
            match left.sibling.pack(deflate, &left.last, true) {
                Some((form, Some(packed))) => {
                    left.sibling.accepted(&left.last, form, packed.len());
                    write(&frame(track, form, packed));
                }
                _ => left.sibling.refused(),
            }
        }
    }
}
