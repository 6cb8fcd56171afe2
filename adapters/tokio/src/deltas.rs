//! Tracks of keyframes and patches beside those of whole frames.

use bytes::Bytes;

use crate::{Deflate, page::Page};

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

/// The keyframes and patches of one track.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    deflate: Option<Deflate>,
    /// The group that is open.
    group: Option<Group>,
    /// Memory for the next patch.
    pub(crate) page: Page,
}

/// What was accepted of a group.
#[derive(Clone, Copy, Debug)]
struct Group {
    keyframe: u64,
    patches: u64,
    frames: usize,
}

impl Stream {
    /// Whether the next frame begins a group.
    pub(crate) fn wants_keyframe(&self) -> bool {
        self.group.is_none_or(|group| {
            group.frames >= MAX_FRAMES || group.patches > group.keyframe.saturating_mul(RATIO)
        })
    }

    /// Packs a whole frame as the first of a group.
    pub(crate) fn keyframe(&mut self, frame: &[u8]) -> Option<Bytes> {
        self.group = None;
        let deflate = self.deflate.get_or_insert_default();
        deflate.begin_group();
        deflate.frame(frame)
    }

    /// Packs a patch as the next of the group.
    pub(crate) fn patch(&mut self, patch: &[u8]) -> Option<Bytes> {
        self.deflate.as_mut()?.frame(patch)
    }

    /// Notes that every sink has the frame.
    pub(crate) fn accepted(&mut self, bytes: usize) {
        let bytes = bytes as u64;
        let begun = Group {
            keyframe: bytes,
            patches: 0,
            frames: 1,
        };
        self.group = Some(self.group.map_or(begun, |group| Group {
            patches: group.patches + bytes,
            frames: group.frames + 1,
            ..group
        }));
    }

    /// Notes that a sink has not: the group has lost its sense.
    pub(crate) fn refused(&mut self) {
        self.group = None;
    }
}
