//! Counts a group's frames when they are taken, not when they are laid ready.

use std::task::Poll;

use futures_util::future::BoxFuture;
use moq_net::group;
use moq_net::kio::Waiter;

use crate::guard::Counter;

/// When a copied group counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// As soon as it arrives.
    Arrival,
    /// Once the session takes it up, and for as long as it does: a congested session skips
    /// groups, and a peer may refuse one.
    Taking,
}

/// The counter of one group and what it has not been given yet.
pub(crate) struct Tally {
    counter: Box<dyn Counter>,
    reader: Reader,
    held: Held,
}

/// Whether somebody reads the copy.
enum Reader {
    /// It does not matter.
    Ignored,
    Awaited(BoxFuture<'static, bool>),
    Present(BoxFuture<'static, bool>),
    /// Nobody does, and nobody will.
    Gone,
}

#[derive(Default)]
struct Held {
    group: bool,
    frames: usize,
    bytes: usize,
}

impl Tally {
    /// Begins with the group itself.
    pub(crate) fn new(counter: Box<dyn Counter>, to: &group::Producer, moment: Moment) -> Self {
        let reader = match moment {
            Moment::Arrival => Reader::Ignored,
            Moment::Taking => Reader::awaited(to.clone()),
        };
        let held = Held {
            group: true,
            ..Held::default()
        };
        let mut tally = Self {
            counter,
            reader,
            held,
        };
        tally.settle();
        tally
    }

    pub(crate) fn frame(&mut self) {
        self.held.frames += 1;
        self.settle();
    }

    pub(crate) fn bytes(&mut self, count: usize) {
        self.held.bytes += count;
        self.settle();
    }

    /// Looks whether the copy is being read now.
    pub(crate) fn poll(&mut self, to: &group::Producer, waiter: &Waiter) {
        while let Poll::Ready(reader) = self.reader.poll_next(to, waiter) {
            self.reader = reader;
            self.settle();
        }
    }

    /// Ready when the group has counted, or cannot any more.
    pub(crate) fn poll_counted(&mut self, to: &group::Producer, waiter: &Waiter) -> Poll<()> {
        self.poll(to, waiter);
        match self.reader {
            Reader::Awaited(_) if self.held.group => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }

    fn settle(&mut self) {
        if matches!(self.reader, Reader::Ignored | Reader::Present(_)) {
            std::mem::take(&mut self.held).count(&mut *self.counter);
        }
    }
}

impl Reader {
    fn awaited(to: group::Producer) -> Self {
        Self::Awaited(Box::pin(async move { to.used().await.is_ok() }))
    }

    fn present(to: group::Producer) -> Self {
        Self::Present(Box::pin(async move { to.unused().await.is_ok() }))
    }

    /// The next state, when it changed.
    fn poll_next(&mut self, to: &group::Producer, waiter: &Waiter) -> Poll<Self> {
        let (change, next): (_, fn(group::Producer) -> Self) = match self {
            Self::Ignored | Self::Gone => return Poll::Pending,
            Self::Awaited(used) => (used, Self::present),
            Self::Present(unused) => (unused, Self::awaited),
        };
        let changed = waiter.poll_future(change.as_mut());
        changed.map(|open| if open { next(to.clone()) } else { Self::Gone })
    }
}

impl Held {
    fn count(self, counter: &mut dyn Counter) {
        if self.group {
            counter.group();
        }
        for _ in 0..self.frames {
            counter.frame();
        }
        if self.bytes > 0 {
            counter.bytes(self.bytes);
        }
    }
}
