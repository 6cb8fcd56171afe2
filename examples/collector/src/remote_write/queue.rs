//! Requests that wait to be sent, no more than there is room for.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// How remote write goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests that the store has taken.
    pub sent: u64,
    /// Requests that it refused for good.
    pub refused: u64,
    /// Requests that found no room.
    pub dropped: u64,
    /// Attempts that failed and were, or will be, repeated.
    pub retries: u64,
    /// Requests that wait, the one that is being sent included.
    pub waiting: usize,
}

/// A queue with a reader and any number of writers; the oldest goes when there is no room.
#[derive(Debug)]
pub struct Queue {
    room: usize,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Vec<u8>>,
    /// One more is on its way.
    sending: bool,
    closed: bool,
    tally: Tally,
}

impl Queue {
    /// A queue for so many requests, one at least.
    pub fn new(room: usize) -> Self {
        Self {
            room: room.max(1),
            state: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Adds a request, and drops the oldest that waits if there is no room.
    pub fn push(&self, request: Vec<u8>) {
        let mut state = self.state();
        if state.waiting.len() == self.room {
            state.waiting.pop_front();
            state.tally.dropped += 1;
        }
        state.waiting.push_back(request);
        drop(state);
        self.changed.notify_one();
    }

    /// No more will be added.
    pub fn close(&self) {
        self.state().closed = true;
        self.changed.notify_one();
    }

    /// The next request to send, when there is one; nothing when there will be none.
    pub async fn next(&self) -> Option<Vec<u8>> {
        loop {
            {
                let mut state = self.state();
                if let Some(request) = state.waiting.pop_front() {
                    state.sending = true;
                    return Some(request);
                }
                if state.closed {
                    return None;
                }
            }
            self.changed.notified().await;
        }
    }

    /// The store has taken the request.
    pub fn sent(&self) {
        let mut state = self.state();
        state.sending = false;
        state.tally.sent += 1;
    }

    /// The store has refused it for good.
    pub fn refused(&self) {
        let mut state = self.state();
        state.sending = false;
        state.tally.refused += 1;
    }

    /// It will be sent again.
    pub fn retried(&self) {
        self.state().tally.retries += 1;
    }

    /// How it goes.
    pub fn tally(&self) -> Tally {
        let state = self.state();
        Tally {
            waiting: state.waiting.len() + usize::from(state.sending),
            ..state.tally
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_queue_drops_its_oldest_and_counts_it() {
        let queue = Queue::new(2);
        for byte in 0..5 {
            queue.push(vec![byte]);
        }
        queue.close();
        assert_eq!(
            (queue.next().await, queue.next().await),
            (Some(vec![3]), Some(vec![4]))
        );
        assert_eq!(queue.next().await, None);
        assert_eq!(queue.tally().dropped, 3);
    }
}
