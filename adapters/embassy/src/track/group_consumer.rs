//! Who reads a group.

use streamgauge_core::track::{GroupCursor, TrackError};

use super::{
    AnyTrack, TrackConsumer,
    consumer::or_wait,
    state::{self, Topic},
};

/// Reads the frames of one group in order, also as it grows, in the seat of its [`TrackConsumer`]: who is in
/// a group cannot wait for the next one as well.
///
/// ```compile_fail,E0499
/// # use streamgauge_embassy::track::{AnyTrack, TrackConsumer, TrackError};
/// async fn both<T: AnyTrack>(reader: &mut TrackConsumer<T>) -> Result<(), TrackError> {
///     let group = reader.next_group().await?;
///     let next = reader.next_group().await?;
///     drop((group, next));
///     Ok(())
/// }
/// ```
pub struct GroupConsumer<'a, T: AnyTrack> {
    reader: &'a mut TrackConsumer<T>,
    cursor: GroupCursor,
}

impl<'a, T: AnyTrack> GroupConsumer<'a, T> {
    pub(super) fn new(reader: &'a mut TrackConsumer<T>, cursor: GroupCursor) -> Self {
        Self { reader, cursor }
    }

    /// Waits for the next frame, and copies it; `None` at the end of a finished group.
    ///
    /// # Errors
    /// [`Evicted`](TrackError::Evicted) as soon as the group is, unless its last frame was read: a slow
    /// reader keeps no memory. After the frames there are, what the group or the track was aborted with,
    /// or [`Dropped`](TrackError::Dropped) if its producer was dropped before it finished.
    pub async fn read_frame(&mut self) -> Result<Option<T::Payload>, TrackError>
    where
        T::Payload: Clone,
    {
        self.with_frame(T::Payload::clone).await
    }

    /// Waits for the next frame, and shows it to `f` in the cache, in a critical section; `None` at the end
    /// of a finished group.
    ///
    /// # Errors
    /// As [`read_frame`](Self::read_frame).
    ///
    /// # Panics
    /// If `f` uses the track.
    pub async fn with_frame<R>(
        &mut self,
        f: impl FnOnce(&T::Payload) -> R,
    ) -> Result<Option<R>, TrackError> {
        let mut f = Some(f);
        let mut show = |frame: Option<&T::Payload>| Some(f.take()?(frame?));
        let (topic, cursor) = (self.topic(), &mut self.cursor);
        self.reader
            .wait(|cache, _| or_wait(cache.poll_frame(cursor).map_ok(&mut show), topic))
            .await
    }

    /// Waits until the group is finished; how many frames it has.
    ///
    /// # Errors
    /// [`Evicted`](TrackError::Evicted) if it was evicted, and otherwise as [`read_frame`](Self::read_frame).
    pub async fn finished(&mut self) -> Result<u64, TrackError> {
        let (topic, group) = (self.topic(), self.cursor.group());
        self.reader
            .wait(|cache, _| or_wait(cache.poll_group_finished(group), topic))
            .await
    }

    /// Leaves the group, to read on later with [`TrackConsumer::resume`].
    #[must_use]
    pub fn into_cursor(self) -> GroupCursor {
        self.cursor
    }

    /// Its sequence.
    pub fn sequence(&self) -> u64 {
        self.cursor.group().sequence()
    }

    /// How many frames were read.
    pub fn frames_read(&self) -> u64 {
        self.cursor.frames_read()
    }

    /// Whether a group with a higher sequence was created.
    pub fn is_superseded(&self) -> bool {
        self.reader.latest() > Some(self.sequence())
    }

    fn topic(&self) -> Topic {
        state::group(self.cursor.group())
    }
}
