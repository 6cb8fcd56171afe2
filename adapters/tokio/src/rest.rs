//! What is left for the node's own broadcast where its frames are published in parts.

use std::collections::HashMap;

use bytes::Bytes;

use crate::{Frame, Sink, SinkError, TrackSink, members::members};

/// A sink for the node's own broadcast: of the tracks that are parted, the row of the empty path, which is in
/// no part. Tracks of patches have no parts, and stay whole. Whoever adds all up, as moq-stats' aggregate does, counts no row twice.
pub(crate) struct RestSink {
    sink: TrackSink,
    /// Of each track that is parted, the newest frame.
    last: HashMap<usize, Bytes>,
}

impl RestSink {
    /// These tracks are parted.
    pub(crate) fn new(sink: TrackSink, parted: impl Iterator<Item = usize>) -> Self {
        let empty = |track| (track, Bytes::from_static(b"{}"));
        let last = parted.map(empty).collect();
        Self { sink, last }
    }
}

impl Sink for RestSink {
    fn write(&mut self, frame: &Frame) -> Result<(), SinkError> {
        let Some(last) = self.last.get_mut(&frame.track) else {
            return self.sink.write(frame);
        };
        let rest = members(&frame.payload).find(|row| row.key.is_empty());
        let rest = rest.map_or(&[][..], |row| row.bytes);
        let rest = [b"{", rest, b"}"].concat();
        if *last == rest {
            return Ok(());
        }
        *last = rest.into();
        self.sink.write(&Frame {
            payload: last.clone(),
            ..frame.clone()
        })
    }
}
