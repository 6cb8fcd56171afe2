//! How much a track keeps, and for how long.

use std::{fmt, time::Duration};

use streamgauge_core::{
    Cache, CacheStats, MeterRef,
    track::{Policy, TrackEvent},
};

/// Is told what happened on a track.
pub(super) type Observer = Box<dyn FnMut(TrackEvent) + Send>;

/// How a track caches. Made with [`TrackConfig::new`], changed by its setters.
///
/// A limit that is reached evicts the oldest groups; the newest (the one with the highest sequence)
/// always stays. Memory for groups and frames is taken as they come, in steps that double, and is kept
/// for those that follow.
pub struct TrackConfig {
    pub(super) age: Duration,
    pub(super) groups: usize,
    pub(super) frames: usize,
    pub(super) bytes: usize,
    pub(super) stretches: usize,
    pub(super) observer: Option<Observer>,
}

impl TrackConfig {
    /// 30 seconds, 16,384 groups, 65,536 frames, 256 MiB of payload, and evicted sequences in up to 64
    /// stretches.
    pub fn new() -> Self {
        Self {
            age: Duration::from_secs(30),
            groups: 16_384,
            frames: 65_536,
            bytes: 256 << 20,
            stretches: 64,
            observer: None,
        }
    }

    /// How long a group stays after it was created.
    ///
    /// Every write evicts what is too old. While nothing is written the runtime's sweeper does it, up to
    /// a sixteenth of this time late.
    #[must_use]
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        self.age = max_age;
        self
    }

    /// How many groups stay, 68 bytes each, and 48 more where groups are written frame by frame; none can
    /// be created if it is zero.
    #[must_use]
    pub fn with_max_groups(mut self, max_groups: usize) -> Self {
        self.groups = max_groups;
        self
    }

    /// How many frames stay in all groups together, 40 bytes each beside their payload.
    #[must_use]
    pub fn with_max_frames(mut self, max_frames: usize) -> Self {
        self.frames = max_frames;
        self
    }

    /// How many bytes of payload stay in all groups together, at any time.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: usize) -> Self {
        self.bytes = max_bytes;
        self
    }

    /// In how many stretches evicted sequences are remembered, 16 bytes each, taken at once. Where there
    /// would be more, the gap between the lowest two counts as evicted. One is the least.
    #[must_use]
    pub fn with_evicted_stretches(mut self, stretches: usize) -> Self {
        self.stretches = stretches.max(1);
        self
    }

    /// Tells this what happens on the track, added up by kind.
    ///
    /// It is called under the track's lock by whoever reads or writes: it must be short, and must not
    /// use the track.
    #[must_use]
    pub fn with_observer(mut self, observer: impl FnMut(TrackEvent) + Send + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Counts what happens on the track in the family `cache`; such stats come from
    /// [`FamilyMeter::cache`](crate::FamilyMeter::cache). In place of an observer.
    #[must_use]
    pub fn with_cache_stats<M>(self, mut stats: CacheStats<M>) -> Self
    where
        M: MeterRef<Cache> + Send + 'static,
    {
        self.with_observer(move |event| stats.count(event))
    }

    pub(super) fn policy(&self) -> Policy {
        let micros = u64::try_from(self.age.as_micros()).unwrap_or(u64::MAX);
        Policy::new()
            .with_max_age(streamgauge_core::Duration::from_micros(micros))
            .with_max_groups(self.groups)
            .with_max_bytes(self.bytes)
    }
}

impl Default for TrackConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TrackConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrackConfig")
            .field("age", &self.age)
            .field("groups", &self.groups)
            .field("frames", &self.frames)
            .field("bytes", &self.bytes)
            .field("stretches", &self.stretches)
            .field("observed", &self.observer.is_some())
            .finish()
    }
}
