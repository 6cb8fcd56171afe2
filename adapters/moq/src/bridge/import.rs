//! From moq-net's track to streamgauge's.

use std::task::{Poll, ready};

use bytes::Bytes;
use moq_net::kio::{self, Waiter};
use moq_net::track::Subscriber;
use moq_net::{Datagram, Error, group};
use streamgauge_core::track::TrackError;
use streamgauge_tokio::{GroupProducer, TrackProducer};

use super::BridgeError;
use super::error::to_track;
use super::group_in::copy;
use crate::tasks::Tasks;

/// Fills a track of streamgauge from a `MoQ` subscription.
///
/// Groups come in under their sequences in the order of arrival, each as it grows: a frame comes in by
/// reference as soon as it is whole. A group that is finished or aborted there ends in the same way
/// here; the codes of aborts are kept. A group that the cache has, or had and evicted, is passed over.
/// A datagram comes in as the finished group of one frame that it stands for. Timestamps are not kept.
///
/// Memory is bounded by the policy of the track's cache: what it evicts is no longer read from the
/// subscription. What the subscription delivers is up to its own maximum age: with that of
/// `Subscription::default()` it is the newest group only.
#[must_use = "nothing passes until it runs"]
pub struct Import {
    from: Subscriber,
    to: TrackProducer,
    groups: Tasks,
    finished: bool,
}

/// What happened next.
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, taken apart at once"
)]
enum Step {
    Group(group::Consumer),
    Datagram(Datagram),
    Finished(u64),
    Done,
}

impl Import {
    /// Takes what `from` delivers to `to`.
    pub fn new(from: Subscriber, to: TrackProducer) -> Self {
        Self {
            from,
            to,
            groups: Tasks::default(),
            finished: false,
        }
    }

    /// Runs until the subscribed track is finished, and has it finished here at the same sequence.
    ///
    /// Dropping it ends the subscription and open groups, and the track unless others produce it, as
    /// dropped.
    ///
    /// # Errors
    ///
    /// [`BridgeError::Moq`] when the subscription fails: the track is aborted then, after what came
    /// whole. [`BridgeError::Track`] when the track was aborted or finished by others.
    pub async fn run(mut self) -> Result<(), BridgeError> {
        loop {
            match kio::wait(|waiter| self.poll(waiter)).await {
                Ok(Step::Group(group)) => self.group(group)?,
                Ok(Step::Datagram(datagram)) => self.datagram(datagram)?,
                Ok(Step::Finished(end)) => self.finish(end)?,
                Ok(Step::Done) => return Ok(()),
                Err(error) => return self.abort(error),
            }
        }
    }

    fn poll(&mut self, waiter: &Waiter) -> Poll<Result<Step, Error>> {
        let copied = self.groups.poll(waiter);
        if self.finished {
            return copied.map(|()| Ok(Step::Done));
        }
        if let Poll::Ready(Ok(Some(datagram))) = self.from.poll_recv_datagram(waiter) {
            return Poll::Ready(Ok(Step::Datagram(datagram)));
        }
        match ready!(self.from.poll_recv_group(waiter))? {
            Some(group) => Poll::Ready(Ok(Step::Group(group))),
            None => self.from.poll_finished(waiter).map_ok(Step::Finished),
        }
    }

    fn group(&mut self, from: group::Consumer) -> Result<(), TrackError> {
        match self.to.create_group(from.sequence) {
            Ok(to) => self.groups.push(copy(from, to)),
            Err(error) => pass_over(from.sequence, error)?,
        }
        Ok(())
    }

    fn datagram(&mut self, datagram: Datagram) -> Result<(), TrackError> {
        let sequence = datagram.sequence;
        match self.to.create_group(sequence) {
            Ok(to) => {
                if let Err(error) = write_whole(&to, datagram.payload) {
                    tracing::debug!(%error, sequence, "a datagram was not imported");
                }
                Ok(())
            }
            Err(error) => pass_over(sequence, error),
        }
    }

    fn finish(&mut self, end: u64) -> Result<(), TrackError> {
        self.finished = true;
        match end.checked_sub(1) {
            Some(last) => self.finish_at(last),
            None => self.to.finish(),
        }
    }

    /// Ends the track after this group, which may not have come.
    fn finish_at(&mut self, last: u64) -> Result<(), TrackError> {
        if self.to.finish_at(last).is_ok() {
            return Ok(());
        }
        self.to.create_group(last)?.abort(TrackError::Evicted)?;
        self.to.finish_at(last)
    }

    fn abort(mut self, error: Error) -> Result<(), BridgeError> {
        let _ = self.groups.poll(&Waiter::noop());
        if let Err(ended) = self.to.abort(to_track(&error)) {
            tracing::debug!(error = %ended, "an imported track had ended already");
        }
        Err(error.into())
    }
}

/// Goes on without a group that the cache does not take; no group can come after another error.
fn pass_over(sequence: u64, error: TrackError) -> Result<(), TrackError> {
    match error {
        TrackError::Duplicate | TrackError::Evicted | TrackError::Full => {
            tracing::debug!(%error, sequence, "a group was not imported");
            Ok(())
        }
        _ => Err(error),
    }
}

fn write_whole(to: &GroupProducer, payload: Bytes) -> Result<(), TrackError> {
    to.write_frame(payload)?;
    to.finish()
}

#[cfg(test)]
mod tests {
    use moq_net::{Timestamp, broadcast};
    use streamgauge_tokio::TrackConfig;

    use super::*;

    /// What a task on another thread may do at any time, done here between two steps.
    #[test]
    fn a_group_that_came_whole_outlives_its_subscription() -> Result<(), BridgeError> {
        let broadcast = broadcast::Info::new().produce();
        let from = broadcast.create_track("video", None)?;
        let to = TrackProducer::new(TrackConfig::new());
        let mut reader = to.consume();
        let mut import = Import::new(from.subscribe(None), to);
        let waiter = Waiter::noop();

        let mut whole = from.append_group()?;
        let Poll::Ready(Ok(Step::Group(group))) = import.poll(&waiter) else {
            panic!("a group came")
        };
        import.group(group)?;
        assert!(import.poll(&waiter).is_pending());
        whole.write_frame(Timestamp::now(), "all of it")?;
        whole.finish()?;
        assert!(import.abort(Error::App(1)).is_err());

        let mut context = std::task::Context::from_waker(waiter.waker());
        let Poll::Ready(Ok(Some(mut copied))) = reader.poll_next_group(&mut context) else {
            panic!("the group is there")
        };
        let frame = copied.poll_read_frame(&mut context);
        assert_eq!(frame, Poll::Ready(Ok(Some("all of it".into()))));
        assert_eq!(copied.poll_read_frame(&mut context), Poll::Ready(Ok(None)));
        Ok(())
    }
}
