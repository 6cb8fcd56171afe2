//! Puts the reporter's frames on an origin.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use moq_net::{Error, Timestamp, broadcast, group, origin, track};

/// The reporter's frames as one broadcast: a track per stream of frames, a group per frame.
///
/// The broadcast is announced for as long as the publisher lives. Its tracks exist, and
/// hold `{}`, before anybody can see the announcement, so that no subscriber is refused.
pub struct Publisher {
    tracks: Vec<track::Producer>,
    broadcast: broadcast::Producer,
}

impl Publisher {
    /// Announces `path` on `origin` with one track for each name.
    ///
    /// Group numbers start at the wall clock's microseconds and rise by one, so that they
    /// rise across restarts too and a subscriber never mistakes new frames for old ones.
    ///
    /// # Errors
    ///
    /// [`AnnounceError`] when the origin refuses the path or a name is given twice.
    pub fn announce<N: AsRef<str>>(
        origin: &origin::Producer,
        path: &str,
        names: impl IntoIterator<Item = N>,
    ) -> Result<Self, AnnounceError> {
        let refused = |error| AnnounceError {
            path: path.to_owned(),
            error,
        };
        let broadcast = origin.create_broadcast(path).map_err(refused)?;
        let tracks = names
            .into_iter()
            .map(|name| create_track(&broadcast, name.as_ref()))
            .collect::<Result<_, _>>()
            .map_err(refused)?;
        broadcast
            .announce(origin::Route::default())
            .map_err(refused)?;
        Ok(Self { tracks, broadcast })
    }

    /// Writes one frame to a track, numbered in the order the names were given.
    ///
    /// Never blocks: the frame goes into the origin's cache, and slow readers skip to the
    /// newest. The payload is not copied. O(1).
    ///
    /// # Errors
    ///
    /// [`PublishError`] when the frame was not taken; no group number was used up, and the
    /// same frame may be written again.
    pub fn write(&mut self, track: usize, payload: impl Into<Bytes>) -> Result<(), PublishError> {
        let payload = payload.into();
        let size = payload.len();
        let producer = self
            .tracks
            .get_mut(track)
            .ok_or(PublishError::NoTrack(track))?;
        if size as u64 > group::MAX_CACHE_BYTES {
            return Err(PublishError::TooLarge { size });
        }
        let written = producer.write_frame(Timestamp::now(), payload);
        written.map_err(PublishError::Closed)
    }

    /// Where the broadcast is announced.
    pub fn path(&self) -> &str {
        self.broadcast.info().path.as_str()
    }
}

impl Drop for Publisher {
    /// Ends the tracks in order, so that readers keep the last frame.
    fn drop(&mut self) {
        for track in &self.tracks {
            if let Err(error) = track.finish() {
                tracing::debug!(track = track.name(), %error, "a stats track had ended already");
            }
        }
    }
}

fn create_track(broadcast: &broadcast::Producer, name: &str) -> Result<track::Producer, Error> {
    let track = broadcast.create_track(name, None)?;
    let mut group = track.create_group(group::Info {
        sequence: wall_clock_micros(),
    })?;
    group.write_frame(Timestamp::now(), Bytes::from_static(b"{}"))?;
    group.finish()?;
    Ok(track)
}

/// A clock before 1970 starts at zero; numbers then only rise within one life.
fn wall_clock_micros() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or_default()
}

/// The origin did not take the broadcast.
#[derive(Clone, Debug)]
pub struct AnnounceError {
    path: String,
    error: Error,
}

impl fmt::Display for AnnounceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot announce `{}`: {}", self.path, self.error)
    }
}

impl std::error::Error for AnnounceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// A frame was not taken.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PublishError {
    /// There is no track of this number.
    NoTrack(usize),
    /// The frame is larger than a group may be.
    TooLarge {
        /// Bytes in the frame.
        size: usize,
    },
    /// The origin is gone.
    Closed(Error),
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTrack(track) => write!(f, "there is no track number {track}"),
            Self::TooLarge { size } => write!(
                f,
                "a frame of {size} bytes is over the limit of {} bytes for a group",
                group::MAX_CACHE_BYTES
            ),
            Self::Closed(error) => write!(f, "the broadcast is closed: {error}"),
        }
    }
}

impl std::error::Error for PublishError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Closed(error) => Some(error),
            Self::NoTrack(_) | Self::TooLarge { .. } => None,
        }
    }
}
