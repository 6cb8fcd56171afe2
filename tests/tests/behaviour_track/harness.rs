//! A track with a clock that a test sets, and short words for what it is asked.

use std::task::Poll;

use streamgauge_core::{
    Duration, Instant,
    track::{
        Fetch, FrameSlot, GoneSpan, GroupCursor, GroupId, GroupSlot, Link, Policy, Refused, Room,
        TrackCache, TrackCursor, TrackError, TrackEvent, Wake,
    },
};

/// How long groups stay unless a policy says otherwise.
pub(crate) const AGE: Duration = Duration::from_secs(30);

/// A room in vectors.
pub(crate) type VecRoom<P> = Room<Vec<GroupSlot>, Vec<FrameSlot<P>>, Vec<Link>, Vec<GoneSpan>>;

/// Room for so many groups, frames, and stretches of evicted sequences.
pub(crate) fn room<P>(groups: usize, frames: usize, stretches: usize) -> VecRoom<P> {
    Room::from_parts(
        many(groups, || GroupSlot::FREE),
        many(frames, || FrameSlot::FREE),
        vec![Link::NONE; groups],
        vec![GoneSpan::default(); stretches],
    )
}

pub(crate) fn many<T>(n: usize, element: impl Fn() -> T) -> Vec<T> {
    (0..n).map(|_| element()).collect()
}

/// What a reader is told about groups, each by its sequence.
pub(crate) type Told = Poll<Result<Option<u64>, TrackError>>;

pub(crate) const fn group(sequence: u64) -> Told {
    Poll::Ready(Ok(Some(sequence)))
}

pub(crate) const END: Told = Poll::Ready(Ok(None));

pub(crate) const fn error(error: TrackError) -> Told {
    Poll::Ready(Err(error))
}

/// A track of words, which weigh their length.
pub(crate) struct Track {
    pub(crate) cache: TrackCache<&'static str, VecRoom<&'static str>>,
    pub(crate) now: Instant,
}

impl Track {
    /// Ample room, and the default policy.
    pub(crate) fn new() -> Self {
        Self::with(Policy::new())
    }

    /// Ample room.
    pub(crate) fn with(policy: Policy) -> Self {
        Self::in_room(room(64, 64, 16), policy)
    }

    pub(crate) fn in_room(room: VecRoom<&'static str>, policy: Policy) -> Self {
        Self {
            cache: TrackCache::new(room, policy),
            now: Instant::from_micros(1_000_000),
        }
    }

    /// With the groups of these sequences, in this order of arrival.
    pub(crate) fn of(sequences: &[u64]) -> Self {
        let mut track = Self::new();
        for &sequence in sequences {
            track.create(sequence).unwrap();
        }
        track
    }

    /// Time passes, and nobody calls.
    pub(crate) fn sleep(&mut self, span: Duration) {
        self.now = self.now.saturating_add(span);
    }

    pub(crate) fn create(&mut self, sequence: u64) -> Result<GroupId, TrackError> {
        self.cache.create_group(self.now, sequence)
    }

    pub(crate) fn append(&mut self) -> Result<GroupId, TrackError> {
        self.cache.append_group(self.now)
    }

    pub(crate) fn write_frame(&mut self, word: &'static str) -> Result<GroupId, TrackError> {
        let written = self.cache.write_frame(self.now, word, word.len());
        written.map_err(|refused| error_of(refused, word))
    }

    pub(crate) fn write(&mut self, group: GroupId, word: &'static str) -> Result<(), TrackError> {
        let cache = &mut self.cache;
        let written = cache.write_group_frame(self.now, group, word, word.len());
        written.map_err(|refused| error_of(refused, word))
    }

    pub(crate) fn handle_timeout(&mut self) {
        self.cache.handle_timeout(self.now);
    }

    pub(crate) fn next(&self, cursor: &mut TrackCursor) -> Told {
        let next = self.cache.poll_next_group(cursor);
        next.map_ok(|group| group.map(GroupId::sequence))
    }

    pub(crate) fn get(&mut self, sequence: u64) -> Told {
        let found = self.cache.poll_get_group(&mut Fetch::new(sequence));
        found.map_ok(|group| group.map(GroupId::sequence))
    }

    /// What is cached, in the order of arrival.
    pub(crate) fn cached(&self) -> Vec<u64> {
        let (mut cursor, mut cached) = (TrackCursor::new(), Vec::new());
        while let Poll::Ready(Ok(Some(sequence))) = self.next(&mut cursor) {
            cached.push(sequence);
        }
        cached
    }

    pub(crate) fn frame(
        &self,
        cursor: &mut GroupCursor,
    ) -> Poll<Result<Option<&'static str>, TrackError>> {
        let frame = self.cache.poll_frame(cursor);
        frame.map_ok(Option::<&_>::copied)
    }

    /// Who is to look again.
    pub(crate) fn wakes(&mut self) -> Vec<Wake> {
        std::iter::from_fn(|| self.cache.poll_wake()).collect()
    }

    /// What happened since the last call.
    pub(crate) fn events(&mut self) -> Vec<TrackEvent> {
        std::iter::from_fn(|| self.cache.poll_event()).collect()
    }
}

/// The error of a refusal that gives the word back.
fn error_of(refused: Refused<&'static str>, word: &str) -> TrackError {
    assert_eq!(refused.payload, word);
    refused.error
}
