//! Puts the reporter's frames on an origin.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use moq_net::{Error, Timestamp, broadcast, group, origin, track};
use streamgauge_tokio::{Deflate, Deltas, Form, Frame};

/// The reporter's frames as one broadcast: a track per stream of frames, a group per frame; in a track of
/// patches, whose name ends in `.z`, a group per keyframe and the patches after it.
///
/// The broadcast is announced for as long as the publisher lives. Its tracks exist, and
/// hold `{}`, before anybody can see the announcement, so that no subscriber is refused.
pub struct Publisher {
    tracks: Vec<track::Producer>,
    /// By track, the group of keyframe and patches that is open.
    groups: Vec<Option<Group>>,
    broadcast: broadcast::Producer,
}

/// A group that is open, and the bytes in it.
struct Group {
    producer: group::Producer,
    bytes: u64,
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
            .collect::<Result<Vec<_>, _>>()
            .map_err(refused)?;
        broadcast
            .announce(origin::Route::default())
            .map_err(refused)?;
        Ok(Self {
            groups: tracks.iter().map(|_| None).collect(),
            tracks,
            broadcast,
        })
    }

    /// Writes a frame of a node to the track of the same number, in its form.
    ///
    /// # Errors
    ///
    /// [`PublishError`] when the frame was not taken.
    pub fn write_frame(&mut self, frame: &Frame) -> Result<(), PublishError> {
        let payload = frame.payload.clone();
        match frame.form {
            Form::Whole => self.write(frame.track, payload),
            Form::Keyframe => self.write_keyframe(frame.track, payload),
            Form::Patch => self.write_patch(frame.track, payload),
        }
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
        let producer = self
            .tracks
            .get_mut(track)
            .ok_or(PublishError::NoTrack(track))?;
        check_size(0, payload.len())?;
        let written = producer.write_frame(Timestamp::now(), payload);
        written.map_err(PublishError::Closed)
    }

    /// Begins a group of a track with a keyframe, which patches may follow. The group before ends.
    ///
    /// # Errors
    ///
    /// [`PublishError`] when the frame was not taken.
    pub fn write_keyframe(
        &mut self,
        track: usize,
        payload: impl Into<Bytes>,
    ) -> Result<(), PublishError> {
        let payload = payload.into();
        let places = self.tracks.get(track).zip(self.groups.get_mut(track));
        let (producer, open) = places.ok_or(PublishError::NoTrack(track))?;
        check_size(0, payload.len())?;
        finish(open.take(), producer);
        let mut group = Group {
            producer: producer.append_group().map_err(PublishError::Closed)?,
            bytes: 0,
        };
        group.write(payload)?;
        *open = Some(group);
        Ok(())
    }

    /// Writes a patch into the group that the track's last keyframe began.
    ///
    /// # Errors
    ///
    /// [`PublishError`] when the patch was not taken: also when no group is open, and when it would be larger
    /// than a group may be. Then a keyframe must come next.
    pub fn write_patch(
        &mut self,
        track: usize,
        payload: impl Into<Bytes>,
    ) -> Result<(), PublishError> {
        let open = self.groups.get_mut(track);
        let open = open.ok_or(PublishError::NoTrack(track))?.as_mut();
        open.ok_or(PublishError::NoKeyframe)?.write(payload.into())
    }

    /// Where the broadcast is announced.
    pub fn path(&self) -> &str {
        self.broadcast.info().path.as_str()
    }
}

impl Drop for Publisher {
    /// Ends the tracks in order, so that readers keep the last frame.
    fn drop(&mut self) {
        for (track, group) in self.tracks.iter().zip(&mut self.groups) {
            finish(group.take(), track);
            if let Err(error) = track.finish() {
                tracing::debug!(track = track.name(), %error, "a stats track had ended already");
            }
        }
    }
}

impl Group {
    fn write(&mut self, payload: Bytes) -> Result<(), PublishError> {
        let size = payload.len();
        // moq-net would abort the group, and take from readers what is in it.
        check_size(self.bytes, size)?;
        let written = self.producer.write_frame(Timestamp::now(), payload);
        written.map_err(PublishError::Closed)?;
        self.bytes += size as u64;
        Ok(())
    }
}

fn check_size(before: u64, size: usize) -> Result<(), PublishError> {
    if before.saturating_add(size as u64) > group::MAX_CACHE_BYTES {
        return Err(PublishError::TooLarge { size });
    }
    Ok(())
}

fn finish(group: Option<Group>, track: &track::Producer) {
    if let Some(Err(error)) = group.map(|group| group.producer.finish()) {
        tracing::debug!(track = track.name(), %error, "a group of stats had ended already");
    }
}

/// An empty frame in the form that the track has.
fn empty_frame(name: &str) -> Bytes {
    let empty = b"{}".as_slice();
    if !name.ends_with(Deltas::SUFFIX) {
        return Bytes::from_static(empty);
    }
    Deflate::new().frame(empty).unwrap_or_default()
}

fn create_track(broadcast: &broadcast::Producer, name: &str) -> Result<track::Producer, Error> {
    let track = broadcast.create_track(name, None)?;
    let mut group = track.create_group(group::Info {
        sequence: wall_clock_micros(),
    })?;
    group.write_frame(Timestamp::now(), empty_frame(name))?;
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
    /// There is no group that a patch could be written into.
    NoKeyframe,
    /// The frame is larger than a group may be, with what is in the group before it.
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
            Self::NoKeyframe => f.write_str("no keyframe came before the patch"),
            Self::TooLarge { size } => write!(
                f,
                "a frame of {size} bytes takes its group over the limit of {} bytes",
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
            Self::NoTrack(_) | Self::NoKeyframe | Self::TooLarge { .. } => None,
        }
    }
}
