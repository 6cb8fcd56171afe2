//! A set of futures that live inside another one.
//!
//! Everything the meter does for a session runs in one future, so that dropping it
//! closes every guard at once and no runtime has to be named.

use std::future::Future;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use moq_net::kio::Waiter;

/// Futures that are polled together; only those that were woken cost anything.
#[derive(Default)]
pub(crate) struct Tasks(FuturesUnordered<BoxFuture<'static, ()>>);

impl Tasks {
    /// Adds a future, to be polled for the first time with the next poll.
    pub(crate) fn push(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.push(Box::pin(task));
    }

    /// Makes progress; ready when no future is left.
    pub(crate) fn poll(&mut self, waiter: &Waiter) -> Poll<()> {
        let mut context = Context::from_waker(waiter.waker());
        loop {
            match self.0.poll_next_unpin(&mut context) {
                Poll::Ready(Some(())) => {}
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Waits for every future in the set.
    pub(crate) async fn finish(mut self) {
        moq_net::kio::wait(|waiter| self.poll(waiter)).await;
    }
}
