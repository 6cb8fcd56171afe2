//! What a sink is given.

use std::sync::Arc;

use bytes::Bytes;

/// One frame of one track. Cheap to clone: the payload is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The track's place among the node's tracks, as in [`Stats::tracks`](crate::Stats::tracks). For a
    /// [side sink](crate::Config::with_side_sink), its place among the tracks of broadcasts that are there at
    /// the time.
    pub track: usize,
    /// The track's name, such as `publisher.json`; for a side sink, after the path of its broadcast.
    pub name: Arc<str>,
    /// When the frame was made, in milliseconds since the Unix epoch; strictly rising by tick.
    pub ts_ms: u64,
    /// What the payload is.
    pub form: Form,
    /// A JSON object; packed in a track of patches.
    pub payload: Bytes,
}

/// What the payload of a frame is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// All there is to say, as JSON: a group by itself.
    #[default]
    Whole,
    /// The same, packed, in a track of patches: the first frame of a group. See [`Deltas`](crate::Deltas).
    Keyframe,
    /// What changed since the frame before it in the same group, packed.
    Patch,
}

/// A track's name as a JSON string. Names have no control characters: the configuration refuses them.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}
