//! What the caches of live tracks hold, by broadcast.

use crate::{
    guard::{MeterRef, Track},
    key::Key,
    schema::Counter,
    track::{Amount, Reason, TrackEvent},
};

crate::family! {
    /// What the caches of one broadcast's tracks took in, gave out and let go.
    pub struct Cache: "cache" by broadcast as "streamgauge_cache" {
        pair tracks / tracks_closed on Subscribe: "tracks cached" / "tracks that were cached and ended";
        counter written_groups: "groups created";
        counter written_frames: "frames written";
        counter written_bytes [bytes]: "payload bytes written";
        counter evicted_groups by reason {
            evicted_groups_by_age: "age",
            evicted_groups_by_groups: "groups",
            evicted_groups_by_frames: "frames",
            evicted_groups_by_bytes: "bytes",
            evicted_groups_by_end: "end",
        }: "groups that are cached no more";
        counter evicted_frames by reason {
            evicted_frames_by_age: "age",
            evicted_frames_by_groups: "groups",
            evicted_frames_by_frames: "frames",
            evicted_frames_by_bytes: "bytes",
            evicted_frames_by_end: "end",
        }: "frames that are cached no more";
        counter evicted_bytes [bytes] by reason {
            evicted_bytes_by_age: "age",
            evicted_bytes_by_groups: "groups",
            evicted_bytes_by_frames: "frames",
            evicted_bytes_by_bytes: "bytes",
            evicted_bytes_by_end: "end",
        }: "payload bytes that are cached no more";
        counter hits: "groups asked for that were there";
        counter misses: "groups asked for that were not there";
        counter late: "groups created after one with a higher sequence";
        counter duplicates: "groups refused because there was one with their sequence";
        gauge groups = written_groups
            - evicted_groups_by_age - evicted_groups_by_groups - evicted_groups_by_frames
            - evicted_groups_by_bytes - evicted_groups_by_end: "groups cached";
        gauge frames = written_frames
            - evicted_frames_by_age - evicted_frames_by_groups - evicted_frames_by_frames
            - evicted_frames_by_bytes - evicted_frames_by_end: "frames cached";
        gauge bytes [bytes] = written_bytes
            - evicted_bytes_by_age - evicted_bytes_by_groups - evicted_bytes_by_frames
            - evicted_bytes_by_bytes - evicted_bytes_by_end: "payload bytes cached";
    }
}

/// Groups, frames and bytes.
type Amounts = [Counter<Cache>; 3];

const WRITTEN: Amounts = [
    Counter::named("written_groups"),
    Counter::named("written_frames"),
    Counter::named("written_bytes"),
];

const EVICTED_BY_END: Amounts = [
    Counter::named("evicted_groups_by_end"),
    Counter::named("evicted_frames_by_end"),
    Counter::named("evicted_bytes_by_end"),
];

/// The words of what was evicted for this reason.
const fn evicted(reason: Reason) -> Amounts {
    const AGE: Amounts = [
        Counter::named("evicted_groups_by_age"),
        Counter::named("evicted_frames_by_age"),
        Counter::named("evicted_bytes_by_age"),
    ];
    const GROUPS: Amounts = [
        Counter::named("evicted_groups_by_groups"),
        Counter::named("evicted_frames_by_groups"),
        Counter::named("evicted_bytes_by_groups"),
    ];
    const FRAMES: Amounts = [
        Counter::named("evicted_groups_by_frames"),
        Counter::named("evicted_frames_by_frames"),
        Counter::named("evicted_bytes_by_frames"),
    ];
    const BYTES: Amounts = [
        Counter::named("evicted_groups_by_bytes"),
        Counter::named("evicted_frames_by_bytes"),
        Counter::named("evicted_bytes_by_bytes"),
    ];
    match reason {
        Reason::Age => AGE,
        Reason::Groups => GROUPS,
        Reason::Frames => FRAMES,
        Reason::Bytes => BYTES,
    }
}

/// Counts what one track's cache tells, with a cell of its own: a few loads and stores for each event,
/// without a lock.
///
/// When it drops, what the cache still held counts as evicted by the track's end: a cache that is gone
/// leaves nothing behind in the gauges.
#[derive(Debug)]
#[must_use = "a track counts as ended when it drops"]
pub struct CacheStats<M: MeterRef<Cache>> {
    track: Track<Cache, M>,
    cached: Amount,
}

impl<M: MeterRef<Cache>> CacheStats<M> {
    const HITS: Counter<Cache> = Counter::named("hits");
    const MISSES: Counter<Cache> = Counter::named("misses");
    const LATE: Counter<Cache> = Counter::named("late");
    const DUPLICATES: Counter<Cache> = Counter::named("duplicates");

    /// A track of this broadcast is cached from now on; empty segments of the path are left out. Where
    /// there is no room, or the path is longer than a key, it counts in the overflow series. Takes one
    /// lock.
    pub fn open(meter: M, broadcast: &str) -> Self {
        Self {
            track: Track::open(meter, 0, Key::path(broadcast).ok().as_ref()),
            cached: Amount::default(),
        }
    }

    /// Counts what [`poll_event`](crate::track::TrackCache::poll_event) told.
    pub fn count(&mut self, event: TrackEvent) {
        match event {
            TrackEvent::Written(amount) => {
                self.add_all(WRITTEN, amount);
                self.cached = each(self.cached, amount, u64::wrapping_add);
            }
            TrackEvent::Evicted(reason, amount) => {
                self.add_all(evicted(reason), amount);
                self.cached = each(self.cached, amount, u64::wrapping_sub);
            }
            TrackEvent::Hit(n) => self.add(Self::HITS, n),
            TrackEvent::Miss(n) => self.add(Self::MISSES, n),
            TrackEvent::Late(n) => self.add(Self::LATE, n),
            TrackEvent::Duplicate(n) => self.add(Self::DUPLICATES, n),
        }
    }

    /// What was told to be cached, and not to be evicted.
    #[must_use]
    pub const fn cached(&self) -> Amount {
        self.cached
    }

    fn add_all(&mut self, [groups, frames, bytes]: Amounts, amount: Amount) {
        self.add(groups, amount.groups);
        self.add(frames, amount.frames);
        self.add(bytes, amount.bytes);
    }

    fn add(&mut self, counter: Counter<Cache>, n: u64) {
        // What lies in memory is counted in words of the machine.
        self.track
            .add(counter, usize::try_from(n).unwrap_or(usize::MAX));
    }
}

impl<M: MeterRef<Cache>> Drop for CacheStats<M> {
    fn drop(&mut self) {
        self.add_all(EVICTED_BY_END, self.cached);
    }
}

fn each(a: Amount, b: Amount, f: impl Fn(u64, u64) -> u64) -> Amount {
    Amount {
        groups: f(a.groups, b.groups),
        frames: f(a.frames, b.frames),
        bytes: f(a.bytes, b.bytes),
    }
}
