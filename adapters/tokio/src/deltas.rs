//! Tracks of keyframes and patches beside those of whole frames.

use bytes::Bytes;

use crate::{Deflate, Form, page::Page};

/// Whether a node also says what changed, in a `.json.z` track for each of its tracks.
///
/// A group of such a track begins with a *keyframe*, the whole frame. Each frame after it is a JSON merge patch
/// (RFC 7396): members that did not change are left out, and a series that does not show any more is `null`.
/// The frames of a group share one DEFLATE window. A new group begins when the patches of one come to eight
/// times its keyframe, at 256 frames, and when a sink has refused one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deltas {
    /// Beside the tracks of whole frames.
    Beside,
    /// Instead of them: for nodes of very many series, where whole frames in each tick cost most. `node.json`
    /// stays.
    Instead,
}

impl Deltas {
    /// What the name of a track of patches ends in, after that of its whole frames.
    pub const SUFFIX: &str = ".z";
}

/// A group has so many frames at the most.
const MAX_FRAMES: usize = 256;

/// The patches of a group come to so many times its keyframe at the most.
const RATIO: u64 = 8;

/// Which frames of a track of patches begin a group.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Course(Option<Group>);

/// What was accepted of the group that is open.
#[derive(Clone, Copy, Debug)]
struct Group {
    keyframe: u64,
    patches: u64,
    frames: usize,
}

impl Course {
    /// The form of the next frame.
    pub(crate) fn next(self) -> Form {
        let goes_on = self.0.is_some_and(|group| {
            group.frames < MAX_FRAMES && group.patches <= group.keyframe.saturating_mul(RATIO)
        });
        if goes_on { Form::Patch } else { Form::Keyframe }
    }

    /// Notes that every sink has a frame of so many bytes.
    pub(crate) fn accepted(&mut self, form: Form, bytes: usize) {
        let bytes = bytes as u64;
        self.0 = match (form, self.0) {
            (Form::Patch, Some(group)) => Some(Group {
                patches: group.patches + bytes,
                frames: group.frames + 1,
                ..group
            }),
            _ => Some(Group {
                keyframe: bytes,
                patches: 0,
                frames: 1,
            }),
        };
    }

    /// Notes that a sink has not: the group has lost its sense.
    pub(crate) fn refused(&mut self) {
        self.0 = None;
    }
}

/// The keyframes and patches of one of the node's own tracks: its window is that of a compressor.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    deflate: Option<Deflate>,
    pub(crate) course: Course,
    /// Memory for the next patch.
    pub(crate) page: Page,
}

impl Stream {
    /// Packs a whole frame as the first of a group.
    pub(crate) fn keyframe(&mut self, frame: &[u8]) -> Option<Bytes> {
        let deflate = self.deflate.get_or_insert_default();
        deflate.begin_group();
        deflate.frame(frame)
    }

    /// Packs a patch as the next of the group.
    pub(crate) fn patch(&mut self, patch: &[u8]) -> Option<Bytes> {
        self.deflate.as_mut()?.frame(patch)
    }
}
