//! A live track in fixed memory, sans I/O: groups by sequence, frames in groups, cursors for readers,
//! and eviction by age, by count and by bytes.
//!
//! ```text
//! create, append, write ──> shelf (groups and frames) ──> cursors of readers
//!                             └── evict (policy) ──> gone (what cannot come again)
//! ```

mod clock;
mod error;
mod event;
mod gone;
mod policy;
mod read;
mod room;
mod shelf;
mod slot;
mod write;

pub use error::{Refused, TrackError};
pub use event::{Amount, Reason, TrackEvent, Wake};
pub use gone::GoneSpan;
pub use policy::Policy;
pub use read::{Fetch, GroupCursor, TrackCursor};
pub use room::{InlineRoom, Room, Slots, SlotsMut, TrackRoom};
pub use slot::{FrameSlot, GroupId, GroupSlot, Link};

use crate::time::Instant;
use clock::Clock;
use event::News;
use gone::Gone;
use shelf::{SPREAD, Shelf};
use slot::GroupState;

/// The cache of one live track.
///
/// Groups arrive with a sequence number each, in any order; frames are appended to groups. Readers
/// follow the groups in the order of arrival with a [`TrackCursor`], or ask for one by its sequence
/// with a [`Fetch`], and read a group's frames with a [`GroupCursor`], also as it grows. What is too
/// old or too much is evicted, the oldest arrival first, the newest group (the one with the highest
/// sequence) never.
///
/// Every operation is O(1), amortised over the frames written, whatever the order in which groups
/// arrive. Nothing allocates; the memory is that of the room `R`. The payload `P` is the caller's own:
/// bytes, a reference-counted buffer, an index into a pool; the cache drops it when it is evicted.
///
/// The canonical loop: call an operation, then drain [`poll_wake`](Self::poll_wake) and wake who waits
/// for what it names; call [`handle_timeout`](Self::handle_timeout) when
/// [`poll_timeout`](Self::poll_timeout) is due. [`poll_event`](Self::poll_event) may be drained at
/// leisure: what it tells adds up until then.
///
/// ```
/// use core::task::Poll;
/// use streamgauge_core::{Duration, Instant};
/// use streamgauge_core::track::{GroupCursor, InlineRoom, Policy, TrackCache, TrackCursor, TrackError};
///
/// // 8 groups, 64 frames, and what was evicted in up to 4 stretches of sequences.
/// let room = InlineRoom::<&[u8], 8, 64, 4>::new();
/// let mut track = TrackCache::new(room, Policy::new().with_max_age(Duration::from_secs(5)));
///
/// let now = Instant::from_micros(0);
/// let group = track.append_group(now)?;
/// track.write_group_frame(now, group, b"key", 3).map_err(|refused| refused.error)?;
///
/// let mut reader = TrackCursor::new();
/// let Poll::Ready(Ok(Some(found))) = track.poll_next_group(&mut reader) else { panic!() };
/// let mut frames = GroupCursor::new(found);
/// assert_eq!(track.poll_frame(&mut frames), Poll::Ready(Ok(Some(&b"key".as_slice()))));
/// assert_eq!(track.poll_frame(&mut frames), Poll::Pending); // the group may grow
/// track.finish_group(group)?;
/// assert_eq!(track.poll_frame(&mut frames), Poll::Ready(Ok(None)));
/// # Ok::<(), TrackError>(())
/// ```
#[derive(Debug)]
pub struct TrackCache<P, R> {
    shelf: Shelf<P, R>,
    policy: Policy,
    clock: Clock,
    gone: Gone,
    news: News,
    /// Payload bytes cached.
    bytes: usize,
    /// The highest sequence ever created.
    latest: Option<u64>,
    /// No group can be created at or past this sequence.
    end: Option<u64>,
    /// Whether the track was aborted.
    state: GroupState,
    /// Nobody is left who could create a group.
    closed: bool,
}

impl<P, R: TrackRoom<P>> TrackCache<P, R> {
    /// An empty track. Without any room it refuses every group.
    pub const fn new(room: R, policy: Policy) -> Self {
        Self::build(room, policy, SPREAD)
    }

    /// A track that refuses every group until it is [restarted](Self::restart). All zero if the room
    /// is, so that a `static` of it takes no flash.
    pub const fn idle(room: R) -> Self {
        Self::build(room, Policy::NOTHING, 0)
    }

    const fn build(room: R, policy: Policy, spread: u64) -> Self {
        Self {
            shelf: Shelf::new(room, spread),
            policy,
            clock: Clock::new(),
            gone: Gone::new(),
            news: News::new(),
            bytes: 0,
            latest: None,
            end: None,
            state: GroupState::Open,
            closed: false,
        }
    }

    /// Begins anew, empty and open, under this policy; a seed stays. Groups that were cached are evicted
    /// as too old, and none that was evicted is remembered: who still reads them gets
    /// [`Evicted`](TrackError::Evicted). O(frames).
    pub fn restart(&mut self, policy: Policy) {
        while let Some(slot) = self.shelf.oldest() {
            self.evict(slot, Reason::Age);
        }
        self.shelf.seed_somehow();
        self.policy = policy;
        self.gone = Gone::new();
        (self.latest, self.end) = (None, None);
        self.state = GroupState::Open;
        self.closed = false;
        self.news.track_changed();
    }

    /// Makes it unforeseeable which sequences share a bucket of the index, for tracks whose sequences a
    /// stranger chooses: with a number that the stranger does not know. O(groups).
    pub fn seed(&mut self, seed: u64) {
        self.shelf.seed(seed);
    }

    /// The policy of eviction.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Groups cached.
    pub const fn groups(&self) -> usize {
        self.shelf.groups()
    }

    /// Frames cached.
    pub const fn frames(&self) -> usize {
        self.shelf.frames()
    }

    /// Payload bytes cached.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The highest sequence ever created.
    pub const fn latest(&self) -> Option<u64> {
        self.latest
    }

    /// When a group comes of age and [`handle_timeout`](Self::handle_timeout) is due; `None` while
    /// nothing can.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let (_, oldest) = self.shelf.oldest_but_newest()?;
        let (created, age) = (oldest.created, self.policy.max_age());
        let due = created.as_micros().checked_add(age.as_micros())?;
        self.clock.when(Instant::from_micros(due))
    }

    /// Evicts what is too old. A call that comes too early does nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.begin(now);
    }

    /// Who is to look again, since the last call: one at a time, each once. O(1).
    #[inline]
    pub fn poll_wake(&mut self) -> Option<Wake> {
        if self.news.take_track_changed() {
            return Some(Wake::Track);
        }
        self.shelf.take_changed().map(|slot| Wake::Group { slot })
    }

    /// What happened since the last call, added up by kind, one kind at a time.
    pub fn poll_event(&mut self) -> Option<TrackEvent> {
        self.news.poll()
    }

    /// Goes on to `now`: evicts what is too old by then. Returns the time that groups are stamped with.
    fn begin(&mut self, now: Instant) -> Instant {
        // In a step of the maximum age all comes of age; a longer one does no more.
        let now = self.clock.advance(now, self.policy.max_age());
        self.evict_aged(now);
        now
    }

    fn evict_aged(&mut self, now: Instant) {
        while let Some((slot, group)) = self.shelf.oldest_but_newest() {
            if now.saturating_since(group.created) < self.policy.max_age() {
                break;
            }
            self.evict(slot, Reason::Age);
        }
    }

    fn evict(&mut self, slot: usize, reason: Reason) {
        let Some((sequence, amount)) = self.shelf.remove(slot) else {
            return;
        };
        self.bytes = self.bytes.saturating_sub(amount.size());
        self.news.evicted(reason, amount);
        if self.gone.insert(self.shelf.gone_mut(), sequence) {
            // Who waits for a sequence in the gap that was closed waits in vain.
            self.news.track_changed();
        }
    }
}
