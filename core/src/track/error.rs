//! What can be wrong with a group or a track.

use core::fmt;

/// Why a group or a frame was refused, or why nothing more comes.
///
/// Its numbers begin at two: zero and one are left for the states of a group without an error, so that
/// free room is all zero and a `static` of it takes no flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
// A result of this or of pointers is then copied in words that start where the pointers do: a copy that
// straddles what was just written waits until that is in the cache.
#[cfg_attr(target_pointer_width = "64", repr(align(8)))]
pub enum TrackError {
    /// There is a group with this sequence.
    Duplicate = 2,
    /// The track or the group was finished, and this is past its end.
    Closed,
    /// There is no sequence after the last one, `u64::MAX`.
    BoundsExceeded,
    /// The group was evicted, or is older than what the cache remembers: it cannot come (again).
    Evicted,
    /// The cache has no room, and none can be made: the newest group is not evicted.
    Full,
    /// Its producers were dropped before they finished it.
    Dropped,
    /// Its producer gave it up, with this code of the application's.
    Aborted(u32),
}

impl fmt::Display for TrackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate => f.write_str("the track has a group with this sequence already"),
            Self::Closed => f.write_str("the track or group is finished"),
            Self::BoundsExceeded => f.write_str("there is no sequence after the last one, 2^64 - 1"),
            Self::Evicted => f.write_str("the group was evicted from the cache, or is too old for it"),
            Self::Full => f.write_str(
                "the cache is full, and the newest group stays; allow it more groups, frames or bytes",
            ),
            Self::Dropped => f.write_str("the producers were dropped before they finished"),
            Self::Aborted(code) => write!(f, "the producer aborted with code {code}"),
        }
    }
}

impl core::error::Error for TrackError {}

/// A payload that was not taken, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused<P> {
    /// Why it was not taken.
    pub error: TrackError,
    /// The payload, given back.
    pub payload: P,
}

impl<P> fmt::Display for Refused<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the frame was not taken: {}", self.error)
    }
}

impl<P: fmt::Debug> core::error::Error for Refused<P> {}
