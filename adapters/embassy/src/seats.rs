//! Seats of readers: for each a waker, and what it waits for.

use core::task::{Poll, Waker};

use embassy_sync::waitqueue::WakerRegistration;

/// A reader's seat; all zero while it is free.
pub(crate) struct Seat {
    taken: bool,
    /// Whether there was news since the reader last waited.
    news: bool,
    topic: usize,
    waker: WakerRegistration,
}

impl Seat {
    pub(crate) const FREE: Self = Self {
        taken: false,
        news: false,
        topic: 0,
        waker: WakerRegistration::new(),
    };

    /// Whether there was news of its topic since the last call; wakes who asked once there is.
    pub(crate) fn poll_news(&mut self, waker: &Waker) -> Poll<()> {
        if core::mem::take(&mut self.news) {
            return Poll::Ready(());
        }
        self.waker.register(waker);
        Poll::Pending
    }

    /// Wakes who asks once there is news of this topic.
    pub(crate) fn wait(&mut self, topic: usize, waker: &Waker) {
        self.topic = topic;
        self.news = false;
        self.waker.register(waker);
    }
}

/// Takes a free seat, to hear of this topic.
pub(crate) fn take(seats: &mut [Seat], topic: usize) -> Option<usize> {
    let free = seats.iter().position(|seat| !seat.taken)?;
    *seats.get_mut(free)? = Seat {
        taken: true,
        topic,
        ..Seat::FREE
    };
    Some(free)
}

pub(crate) fn leave(seats: &mut [Seat], seat: usize) {
    if let Some(seat) = seats.get_mut(seat) {
        *seat = Seat::FREE;
    }
}

/// How many seats are taken.
pub(crate) fn taken(seats: &[Seat]) -> usize {
    seats.iter().filter(|seat| seat.taken).count()
}

/// Wakes who waits for news of this topic.
pub(crate) fn tell(seats: &mut [Seat], topic: usize) {
    for seat in seats {
        if seat.taken && seat.topic == topic {
            seat.news = true;
            seat.waker.wake();
        }
    }
}
