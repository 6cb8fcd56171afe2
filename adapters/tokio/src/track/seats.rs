//! Where readers wait. Seats form rings, so that who is to be woken is found, and who leaves is
//! forgotten, in a few steps however many there are.

use std::task::Waker;

/// The waiting places of one track: a list of seats linked into rings. A ring is led by a seat that
/// nobody sits on.
#[derive(Debug)]
pub(super) struct Seats {
    seats: Vec<Seat>,
    /// The first of the free seats, which lead to each other; zero if there is none.
    free: usize,
}

#[derive(Debug)]
struct Seat {
    waker: Option<Waker>,
    before: usize,
    after: usize,
}

/// The seats that lead the three rings that every track has.
const LEADERS: usize = 3;

impl Seats {
    /// Who waits for a group.
    pub(super) const TRACK: usize = 0;
    /// Who waits for the end of the track, or for its first or last reader.
    pub(super) const ENDS: usize = 1;
    /// Who is to be woken.
    const DUE: usize = 2;

    pub(super) fn new() -> Self {
        Self {
            seats: (0..LEADERS).map(Seat::alone).collect(),
            free: 0,
        }
    }

    /// A seat, in a ring of its own. It is not number zero, which stands for none elsewhere.
    pub(super) fn take(&mut self) -> usize {
        let seat = match self.free {
            0 => {
                self.seats.push(Seat::alone(0));
                self.seats.len() - 1
            }
            free => {
                self.free = self.seats[free].after;
                free
            }
        };
        self.seats[seat] = Seat::alone(seat);
        seat
    }

    /// Frees a seat. What is returned is to be dropped outside of the lock, as a task may end with it.
    #[must_use]
    pub(super) fn leave(&mut self, seat: usize) -> Option<Waker> {
        self.unlink(seat);
        self.seats[seat].after = std::mem::replace(&mut self.free, seat);
        self.seats[seat].waker.take()
    }

    /// Lets a seat wait in a ring. What is returned is to be dropped outside of the lock.
    #[inline]
    #[must_use]
    pub(super) fn park(&mut self, seat: usize, ring: usize, waker: &Waker) -> Option<Waker> {
        self.unlink(seat);
        self.link(seat, ring);
        match &mut self.seats[seat].waker {
            Some(old) if old.will_wake(waker) => None,
            place => place.replace(waker.clone()),
        }
    }

    /// Has everybody in a ring woken.
    #[inline]
    pub(super) fn call(&mut self, ring: usize) {
        let first = self.seats[ring].after;
        if first == ring {
            return;
        }
        let last = self.seats[ring].before;
        let due = self.seats[Self::DUE].before;
        self.seats[ring].before = ring;
        self.seats[ring].after = ring;
        self.join(due, first);
        self.join(last, Self::DUE);
    }

    /// Whether anybody is to be woken.
    #[inline]
    pub(super) fn is_due(&self) -> bool {
        self.seats[Self::DUE].after != Self::DUE
    }

    /// The next one to be woken.
    pub(super) fn next_due(&mut self) -> Option<Waker> {
        while self.is_due() {
            let seat = self.seats[Self::DUE].after;
            self.unlink(seat);
            let waker = self.seats[seat].waker.take();
            if waker.is_some() {
                return waker;
            }
        }
        None
    }

    #[inline]
    fn link(&mut self, seat: usize, ring: usize) {
        let last = self.seats[ring].before;
        self.join(last, seat);
        self.join(seat, ring);
    }

    #[inline]
    fn unlink(&mut self, seat: usize) {
        let Seat { before, after, .. } = self.seats[seat];
        self.join(before, after);
        self.join(seat, seat);
    }

    #[inline]
    fn join(&mut self, before: usize, after: usize) {
        self.seats[before].after = after;
        self.seats[after].before = before;
    }
}

impl Seat {
    fn alone(place: usize) -> Self {
        Self {
            waker: None,
            before: place,
            after: place,
        }
    }
}
