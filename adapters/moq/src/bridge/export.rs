//! From streamgauge's track to moq-net's.

use std::task::{Context, Poll, ready};

use moq_net::kio::{self, Waiter};
use moq_net::{Error, group, track};
use streamgauge_core::track::{Fetch, TrackError};
use streamgauge_tokio::{GroupConsumer, TrackConsumer};

use super::BridgeError;
use super::error::to_moq;
use super::group_out::copy;
use crate::tasks::Tasks;

/// Serves a track of streamgauge to `MoQ` subscribers.
///
/// Groups go out under their sequences in the order of arrival, each as it grows: a frame goes on by
/// reference as soon as it is there, stamped with the time at which it passes. A group that is
/// finished, aborted or evicted here ends in the same way there; the codes of aborts are kept. A group
/// that is fetched, and that moq-net has no longer, comes from the cache here if that still has it.
///
/// Nothing waits for a slow subscriber: what was passed on stays in moq-net's cache by its own
/// policy (give the track the maximum age of this one, and the origin a pool with a capacity), what
/// was not in this one by its policy.
///
/// A group of more than 32 MiB or 8,192 frames is more than moq-net caches, and is aborted there.
/// moq-lite 05 and 06 cut off what a peer has not received yet when a track is finished: finish it when
/// its subscribers are done if they are to have all of it.
///
/// ```
/// use std::time::Duration;
/// use moq_net::{broadcast, track};
/// use streamgauge_moq::{BridgeError, Export, Import};
/// use streamgauge_tokio::{TrackConfig, TrackProducer};
///
/// async fn bridge(
///     track: &TrackProducer,
///     publish: &broadcast::Producer,
///     subscribe: &broadcast::Consumer,
/// ) -> Result<TrackProducer, BridgeError> {
///     let info = track::Info::default().with_max_age(Duration::from_secs(30));
///     let to = publish.create_track("video", info)?;
///     tokio::spawn(Export::new(track.consume(), to).run());
///
///     let all = track::Subscription::default().with_max_age(Duration::from_secs(30));
///     let from = subscribe.track("video")?.subscribe(all).await?;
///     let copy = TrackProducer::new(TrackConfig::new());
///     tokio::spawn(Import::new(from, copy.clone()).run());
///     Ok(copy)
/// }
/// ```
#[must_use = "nothing passes until it runs"]
pub struct Export {
    from: TrackConsumer,
    to: track::Producer,
    groups: Tasks,
    fetches: track::Dynamic,
    /// Another reader, for groups that are fetched.
    cache: TrackConsumer,
    /// How the track ended: with the sequence past its last group, or with an error.
    end: Option<Result<u64, TrackError>>,
}

/// What happened next.
enum Step {
    Group(GroupConsumer),
    Fetch(group::Request),
    End(Result<u64, TrackError>),
    Done(Result<(), TrackError>),
}

impl Export {
    /// Takes the track from where `from` stands on to `to`.
    ///
    /// As long as it lives, the bridge is a reader of the track.
    pub fn new(from: TrackConsumer, to: track::Producer) -> Self {
        Self {
            cache: from.clone(),
            from,
            fetches: to.dynamic(),
            to,
            groups: Tasks::default(),
            end: None,
        }
    }

    /// Runs until the track is finished and nobody is left who reads it on the other side. A track
    /// that nobody reads yet can be found after that only if a clone of its producer is kept.
    ///
    /// Dropping it ends open groups, and the track unless others produce it, as dropped.
    ///
    /// # Errors
    ///
    /// [`BridgeError::Track`] when the track is aborted or dropped: the other one is aborted then.
    /// [`BridgeError::Moq`] when that one was aborted or finished by others.
    pub async fn run(mut self) -> Result<(), BridgeError> {
        loop {
            match kio::wait(|waiter| self.poll(waiter)).await? {
                Step::Group(group) => self.group(group)?,
                Step::Fetch(request) => self.fetch(request)?,
                Step::End(end) => self.end(end)?,
                Step::Done(Ok(())) => return Ok(()),
                Step::Done(Err(error)) => return self.abort(error),
            }
        }
    }

    fn poll(&mut self, waiter: &Waiter) -> Poll<Result<Step, Error>> {
        let copied = self.groups.poll(waiter);
        if let Poll::Ready(step) = self.poll_track(waiter) {
            return Poll::Ready(Ok(step));
        }
        // An error is the end of the track on the other side.
        if let Poll::Ready(request) = self.fetches.poll_requested_group(waiter) {
            return Poll::Ready(request.map(Step::Fetch));
        }
        ready!(copied);
        self.poll_done(waiter)
    }

    fn poll_track(&mut self, waiter: &Waiter) -> Poll<Step> {
        let mut context = Context::from_waker(waiter.waker());
        match (self.from.poll_next_group(&mut context), &self.end) {
            (Poll::Ready(Ok(Some(group))), _) => Poll::Ready(Step::Group(group)),
            (Poll::Ready(Ok(None)), None) => self.from.poll_finished(&mut context).map(Step::End),
            (Poll::Ready(Err(error)), None) => Poll::Ready(Step::End(Err(error))),
            _ => Poll::Pending,
        }
    }

    fn poll_done(&mut self, waiter: &Waiter) -> Poll<Result<Step, Error>> {
        match self.end {
            None => Poll::Pending,
            Some(Err(error)) => Poll::Ready(Ok(Step::Done(Err(error)))),
            Some(Ok(_)) => self.to.poll_unused(waiter).map_ok(|()| Step::Done(Ok(()))),
        }
    }

    fn group(&mut self, group: GroupConsumer) -> Result<(), Error> {
        let sequence = group.sequence();
        match self.to.create_group(group::Info { sequence }) {
            Ok(to) => self.groups.push(copy(group, to, 0)),
            Err(Error::Duplicate) => tracing::debug!(sequence, "a group was there already"),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn fetch(&mut self, request: group::Request) -> Result<(), Error> {
        match self.cached(request.sequence()) {
            Ok(group) => {
                // Subscribers do not see a group that was inserted for a fetch, so all that arrived
                // until now, this one included, goes to them first.
                self.catch_up()?;
                self.answer(request, group);
            }
            Err(error) => request.reject(error),
        }
        Ok(())
    }

    /// The group, if it is there now.
    fn cached(&mut self, sequence: u64) -> Result<GroupConsumer, Error> {
        let waiter = Waiter::noop();
        let mut context = Context::from_waker(waiter.waker());
        let mut fetch = Fetch::new(sequence);
        match self.cache.poll_get_group(&mut context, &mut fetch) {
            Poll::Ready(Ok(Some(group))) => Ok(group),
            Poll::Ready(Err(error)) => Err(to_moq(error)),
            Poll::Ready(Ok(None)) | Poll::Pending => Err(Error::NotFound),
        }
    }

    fn catch_up(&mut self) -> Result<(), Error> {
        while let Poll::Ready(Step::Group(group)) = self.poll_track(&Waiter::noop()) {
            self.group(group)?;
        }
        Ok(())
    }

    fn answer(&mut self, request: group::Request, group: GroupConsumer) {
        let start = request.frame_start();
        match request.accept(None) {
            Ok(to) => self.groups.push(copy(group, to, start)),
            // Who asked gets the one that is.
            Err(error) => tracing::debug!(%error, "a fetched group was there already"),
        }
    }

    fn end(&mut self, end: Result<u64, TrackError>) -> Result<(), Error> {
        self.end = Some(end);
        match end {
            // An export before this one may have told it.
            Ok(sequence) if self.to.final_sequence() != Some(sequence) => {
                self.to.finish_at(sequence)
            }
            _ => Ok(()),
        }
    }

    fn abort(self, error: TrackError) -> Result<(), BridgeError> {
        if let Err(ended) = self.to.abort(to_moq(error)) {
            tracing::debug!(error = %ended, "an exported track had ended already");
        }
        Err(error.into())
    }
}

#[cfg(test)]
mod tests {
    use moq_net::broadcast;
    use streamgauge_tokio::{TrackConfig, TrackProducer};

    use super::*;

    /// What a task on another thread may do at any time, done here between two steps.
    #[test]
    fn a_group_that_comes_while_it_is_fetched_is_delivered_too() -> Result<(), BridgeError> {
        let broadcast = broadcast::Info::new().produce();
        let to = broadcast.create_track("video", None)?;
        let track = TrackProducer::new(TrackConfig::new());
        let mut export = Export::new(track.consume(), to.clone());
        let mut subscriber = to.subscribe(None);
        let waiter = Waiter::noop();

        let _fetching = to.consume().fetch_group(0, None);
        let Poll::Ready(Ok(Step::Fetch(request))) = export.poll(&waiter) else {
            panic!("a fetch is asked for")
        };
        let _group = track.append_group()?;
        export.fetch(request)?;

        assert!(export.poll(&waiter).is_pending());
        let Poll::Ready(Ok(Some(group))) = subscriber.poll_recv_group(&waiter) else {
            panic!("the group is delivered")
        };
        assert_eq!(group.sequence, 0);
        Ok(())
    }
}
