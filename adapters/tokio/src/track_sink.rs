//! Frames as tracks of a broadcast in this process.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::{
    AnnounceError, Announcement, BroadcastError, BroadcastProducer, Deltas, Form, Frame,
    GroupProducer, OriginProducer, Sink, SinkError, TrackConfig, TrackError, TrackProducer,
    deflate,
};

/// Publishes frames as one broadcast: a track for each stream of frames, a group for each frame. Only the
/// newest is kept, so that a reader gets that first whenever it comes, and the next whenever it is slow.
///
/// In a track of patches, whose name ends in `.z`, a group is a keyframe and the patches after it. The newest
/// is kept whole, for readers who come late: nine times the keyframe at the most, and a frame.
///
/// [`Config::with_origin`](crate::Config::with_origin) makes one of a node's frames. The broadcast is
/// announced as long as the sink lives. Its tracks are there, and hold `{}`, before anybody can see the
/// announcement. When the sink is dropped the tracks are finished: readers get the last frame, and then
/// the end.
#[derive(Debug)]
pub struct TrackSink {
    tracks: Vec<TrackProducer>,
    /// By track, the group of keyframe and patches that is open.
    groups: Vec<Option<GroupProducer>>,
    announcement: Option<Announcement>,
    broadcast: BroadcastProducer,
}

impl TrackSink {
    /// Announces a broadcast under `path` on `origin` with one track for each name, in the order of
    /// [`Stats::tracks`](crate::Stats::tracks).
    ///
    /// Sequences start at the wall clock's microseconds and rise by one, so that they rise across restarts
    /// too and no reader mistakes new frames for old ones.
    ///
    /// # Errors
    /// When the path is taken, or a name is given twice.
    pub fn announce<N: AsRef<str>>(
        origin: &OriginProducer,
        path: &str,
        names: impl IntoIterator<Item = N>,
    ) -> Result<Self, AnnounceError> {
        let mut sink = Self::unannounced(names).map_err(AnnounceError::Track)?;
        sink.announce_on(origin, path)?;
        Ok(sink)
    }

    /// The same without an announcement, so that the first who reads a track finds a frame in it.
    pub(crate) fn unannounced<N: AsRef<str>>(
        names: impl IntoIterator<Item = N>,
    ) -> Result<Self, BroadcastError> {
        let broadcast = BroadcastProducer::new();
        let names = names.into_iter();
        let tracks = names.map(|name| open_track(&broadcast, name.as_ref()));
        let tracks: Vec<_> = tracks.collect::<Result<_, _>>()?;
        Ok(Self {
            groups: tracks.iter().map(|_| None).collect(),
            tracks,
            announcement: None,
            broadcast,
        })
    }

    /// Announces the broadcast under `path`.
    pub(crate) fn announce_on(
        &mut self,
        origin: &OriginProducer,
        path: &str,
    ) -> Result<(), AnnounceError> {
        let announced = origin.announce(path, &self.broadcast.consume())?;
        self.announcement = Some(announced);
        Ok(())
    }

    /// Whether the broadcast is announced.
    pub(crate) fn is_announced(&self) -> bool {
        self.announcement.is_some()
    }

    /// Writes one frame to a track, numbered in the order in which the names were given. The payload is
    /// not copied. O(1).
    ///
    /// # Errors
    /// [`Closed`](TrackError::Closed) if there is no such track.
    pub fn write_frame(&self, track: usize, payload: impl Into<Bytes>) -> Result<(), TrackError> {
        let track = self.tracks.get(track).ok_or(TrackError::Closed)?;
        track.write_frame(payload)
    }

    /// Begins a group of a track with a keyframe. The group before ends.
    ///
    /// # Errors
    /// [`Closed`](TrackError::Closed) if there is no such track.
    pub fn write_keyframe(
        &mut self,
        track: usize,
        payload: impl Into<Bytes>,
    ) -> Result<(), TrackError> {
        let group = self.groups.get_mut(track).ok_or(TrackError::Closed)?;
        finish(group.take());
        let track = self.tracks.get(track).ok_or(TrackError::Closed)?;
        let begun = track.append_group()?;
        begun.write_frame(payload)?;
        *group = Some(begun);
        Ok(())
    }

    /// Writes a patch into the group that the last keyframe began.
    ///
    /// # Errors
    /// [`Closed`](TrackError::Closed) if there is none; what is said next must be a keyframe then.
    pub fn write_patch(
        &mut self,
        track: usize,
        payload: impl Into<Bytes>,
    ) -> Result<(), TrackError> {
        let group = self.groups.get(track).and_then(Option::as_ref);
        group.ok_or(TrackError::Closed)?.write_frame(payload)
    }
}

fn finish(group: Option<GroupProducer>) {
    // An error means that it was evicted: nobody reads it.
    let _ = group.map(|group| group.finish());
}

impl Sink for TrackSink {
    fn write(&mut self, frame: &Frame) -> Result<(), SinkError> {
        let payload = frame.payload.clone();
        let written = match frame.form {
            Form::Whole => self.write_frame(frame.track, payload),
            Form::Keyframe => self.write_keyframe(frame.track, payload),
            Form::Patch => self.write_patch(frame.track, payload),
        };
        // It was ended by somebody else, who made a producer of a reader.
        written.map_err(|_| SinkError::Closed)
    }
}

impl Drop for TrackSink {
    fn drop(&mut self) {
        self.groups.drain(..).for_each(finish);
        for track in &self.tracks {
            // An error means that a holder of the track ended it before.
            let _ = track.finish();
        }
    }
}

fn open_track(broadcast: &BroadcastProducer, name: &str) -> Result<TrackProducer, BroadcastError> {
    let newest_only = TrackConfig::new()
        .with_max_groups(1)
        .with_max_bytes(usize::MAX)
        .with_evicted_stretches(1);
    let track = broadcast.create_track(name, newest_only)?;
    let empty = track.create_group(wall_clock_micros()).and_then(|group| {
        group.write_frame(empty_frame(name))?;
        group.finish()
    });
    // A new track with room for a group takes one.
    debug_assert!(empty.is_ok(), "{empty:?}");
    Ok(track)
}

/// An empty frame in the form that the track has.
fn empty_frame(name: &str) -> Bytes {
    if name.ends_with(Deltas::SUFFIX) {
        deflate::empty_frame()
    } else {
        Bytes::from_static(b"{}")
    }
}

/// A clock before 1970 starts at zero; sequences then only rise within one life.
fn wall_clock_micros() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(now.unwrap_or_default().as_micros()).unwrap_or_default()
}
