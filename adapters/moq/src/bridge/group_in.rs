//! Copies one group from moq-net to streamgauge's cache.

use std::task::{Context, Poll};

use bytes::Bytes;
use moq_net::group;
use moq_net::kio::{self, Waiter};
use streamgauge_core::track::TrackError;
use streamgauge_tokio::{GroupConsumer, GroupProducer};

use super::error::to_track;

/// Copies frames as they become whole until the group ends on either side.
pub(super) async fn copy(from: group::Consumer, to: GroupProducer) {
    let sequence = from.sequence;
    let ended = match frames(from, &to).await {
        Ok(()) => to.finish(),
        Err(error) => to.abort(error),
    };
    if let Err(error) = ended {
        tracing::debug!(%error, sequence, "a group was not imported to its end");
    }
}

async fn frames(from: group::Consumer, to: &GroupProducer) -> Result<(), TrackError> {
    let mut source = Source {
        from,
        end: to.consume(),
    };
    while let Some(payload) = kio::wait(|waiter| source.poll_frame(waiter)).await? {
        to.write_frame(payload)?;
    }
    Ok(())
}

/// The frames of a group, until nobody wants them any more.
struct Source {
    from: group::Consumer,
    /// Tells when the copy is evicted, so that what comes slowly is not waited for in vain: there are
    /// never more copies than groups in the cache.
    end: GroupConsumer,
}

impl Source {
    fn poll_frame(&mut self, waiter: &Waiter) -> Poll<Result<Option<Bytes>, TrackError>> {
        match self.from.poll_read_frame(waiter) {
            Poll::Ready(Ok(frame)) => Poll::Ready(Ok(frame.map(|frame| frame.payload))),
            Poll::Ready(Err(error)) => Poll::Ready(Err(to_track(&error))),
            Poll::Pending => {
                let mut context = Context::from_waker(waiter.waker());
                self.end.poll_finished(&mut context).map_ok(|_| None)
            }
        }
    }
}
