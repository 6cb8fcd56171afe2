//! What the lock of a track guards.

use core::task::{Poll, Waker};

use embassy_sync::waitqueue::WakerRegistration;
use streamgauge_core::{
    Instant,
    track::{GroupId, TrackCache, TrackRoom, Wake},
};

use crate::seats::{self, Seat};

/// What a reader waits for.
pub(super) type Topic = usize;

/// A group, or the end of the track.
pub(super) const TRACK: Topic = 0;

/// A frame, or the end, of this group.
pub(super) const fn group(group: GroupId) -> Topic {
    slot(group.slot())
}

const fn slot(slot: usize) -> Topic {
    slot + 1
}

/// The cache and who waits for it; all zero at first.
pub(super) struct State<P, R, const READERS: usize> {
    cache: TrackCache<P, R>,
    seats: [Seat; READERS],
    desk: Desk,
}

/// The producer and the timer.
pub(super) struct Desk {
    pub(super) has_producer: bool,
    pub(super) has_timer: bool,
    /// The producer's, who waits for the first reader, or for the last to leave.
    pub(super) demand: WakerRegistration,
    /// The timer's.
    alarm: WakerRegistration,
    /// When the timer wakes by itself.
    alarm_at: Option<Instant>,
}

impl<P, R: TrackRoom<P>, const READERS: usize> State<P, R, READERS> {
    pub(super) const fn new(room: R) -> Self {
        Self {
            cache: TrackCache::idle(room),
            seats: [const { Seat::FREE }; READERS],
            desk: Desk {
                has_producer: false,
                has_timer: false,
                demand: WakerRegistration::new(),
                alarm: WakerRegistration::new(),
                alarm_at: None,
            },
        }
    }

    pub(super) fn view(&mut self) -> View<'_, P, R> {
        View {
            cache: &mut self.cache,
            seats: &mut self.seats,
            desk: &mut self.desk,
        }
    }
}

/// The state of a track, for as long as its lock is held.
pub struct View<'a, P, R> {
    pub(super) cache: &'a mut TrackCache<P, R>,
    pub(super) seats: &'a mut [Seat],
    pub(super) desk: &'a mut Desk,
}

impl<P, R: TrackRoom<P>> View<'_, P, R> {
    /// Wakes who waits for what has changed.
    pub(super) fn settle(&mut self) {
        while let Some(wake) = self.cache.poll_wake() {
            match wake {
                Wake::Track => seats::tell(self.seats, TRACK),
                Wake::Group { slot: of } => seats::tell(self.seats, slot(of)),
            }
        }
        if self.cache.is_closed() {
            self.desk.demand.wake();
        }
        if self.desk.alarm.occupied() && self.is_due_before(self.desk.alarm_at) {
            self.desk.alarm.wake();
        }
    }

    /// Wakes the reader in this seat once there is news of this topic.
    pub(super) fn wait(&mut self, seat: usize, topic: Topic, waker: &Waker) {
        if let Some(seat) = self.seats.get_mut(seat) {
            seat.wait(topic, waker);
        }
    }

    /// Whether a group comes of age earlier than `at`; wakes the timer once one does.
    pub(super) fn poll_due_before(&mut self, at: Option<Instant>, waker: &Waker) -> Poll<()> {
        if self.is_due_before(at) {
            return Poll::Ready(());
        }
        self.desk.alarm_at = at;
        self.desk.alarm.register(waker);
        Poll::Pending
    }

    fn is_due_before(&self, at: Option<Instant>) -> bool {
        let due = self.cache.poll_timeout();
        due.is_some_and(|due| at.is_none_or(|at| due < at))
    }
}
