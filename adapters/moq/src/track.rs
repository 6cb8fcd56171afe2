//! Relays one track: subscribes upstream only while somebody is subscribed downstream.

use std::task::Poll;

use moq_net::kio::{Pollable, Waiter};
use moq_net::track::{Dynamic, Producer, Subscriber, Subscribing, Subscription};
use moq_net::{Datagram, Error, group, kio, track};

use crate::guard::Counter;
use crate::tally::{Moment, Tally};
use crate::tasks::Tasks;

/// How one track is counted.
pub(crate) struct Counting {
    /// Opens the guard of a subscription, or of a fetch outside any.
    pub(crate) open: Box<dyn Fn() -> Box<dyn Counter> + Send + Sync>,
    pub(crate) moment: Moment,
}

/// Answers a request for a track and serves it until nobody reads it.
pub(crate) async fn relay(
    request: track::Request,
    source: Result<track::Consumer, Error>,
    counting: Counting,
) {
    match accept(request, source).await {
        Ok((source, sink)) => Relay::new(source, sink, counting).run().await,
        Err(error) => tracing::debug!(%error, "a track cannot be relayed"),
    }
}

/// The properties of a track are its publisher's, so they are asked for first.
async fn accept(
    request: track::Request,
    source: Result<track::Consumer, Error>,
) -> Result<(track::Consumer, Producer), Error> {
    let queried = async {
        let source = source?;
        let query = source.query().into_inner();
        let info = kio::wait(|waiter| match request.poll_unused(waiter) {
            Poll::Ready(()) => Poll::Ready(Err(Error::Cancel)),
            Poll::Pending => query.poll(waiter),
        })
        .await?;
        Ok((source, info))
    }
    .await;
    match queried {
        Ok((source, info)) => Ok((source, request.accept(info))),
        Err(error) => {
            request.reject(Error::clone(&error));
            Err(error)
        }
    }
}

struct Relay {
    source: track::Consumer,
    sink: Producer,
    fetches: Dynamic,
    upstream: Upstream,
    groups: Tasks,
    fetched: Tasks,
    counting: Counting,
}

/// The subscription at the source.
enum Upstream {
    None,
    Asked(Subscribing),
    Live(Subscriber, Box<dyn Counter>),
    /// The track ended. The subscriber is kept, as letting go of it would cut off groups
    /// that are still on their way.
    Ended(#[expect(dead_code)] Option<(Subscriber, Box<dyn Counter>)>),
}

/// What happened next.
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, taken apart at once"
)]
enum Step {
    Demand(Option<Subscription>),
    Fetch(group::Request),
    Subscribed(Result<Subscriber, Error>),
    Group(Result<Option<group::Consumer>, Error>),
    Datagram(Datagram),
    Unused,
}

impl Relay {
    fn new(source: track::Consumer, sink: Producer, counting: Counting) -> Self {
        Self {
            source,
            fetches: sink.dynamic(),
            sink,
            upstream: Upstream::None,
            groups: Tasks::default(),
            fetched: Tasks::default(),
            counting,
        }
    }

    async fn run(mut self) {
        loop {
            let step = match kio::wait(|waiter| self.poll(waiter)).await {
                Ok(step) => step,
                Err(error) => return tracing::debug!(%error, "a relayed track was cut off"),
            };
            match step {
                Step::Demand(wanted) => self.demand(wanted),
                Step::Fetch(request) => self.fetch(request),
                Step::Subscribed(Ok(subscriber)) => {
                    self.upstream = Upstream::Live(subscriber, (self.counting.open)());
                }
                Step::Group(Ok(Some(group))) => self.group(group),
                Step::Datagram(datagram) => self.datagram(datagram),
                Step::Group(Ok(None)) => self.end(),
                Step::Subscribed(Err(error)) | Step::Group(Err(error)) => return self.abort(error),
                Step::Unused => match self.release() {
                    Some(relay) => self = relay,
                    None => return,
                },
            }
        }
    }

    fn poll(&mut self, waiter: &Waiter) -> Poll<Result<Step, Error>> {
        if let Poll::Ready(step) = self.poll_sink(waiter) {
            return Poll::Ready(step);
        }
        let step = self.upstream.poll(waiter);
        // Only progress matters here: what these tasks did, they counted themselves.
        let _ = self.groups.poll(waiter);
        let fetching = self.fetched.poll(waiter).is_pending();
        match step {
            // A fetched group is read without its track, which must not end before it.
            Poll::Pending if !fetching => self.poll_unused(waiter),
            step => step.map(Ok),
        }
    }

    fn poll_unused(&mut self, waiter: &Waiter) -> Poll<Result<Step, Error>> {
        let unused = self.sink.poll_unused(waiter);
        unused.map(|unused| unused.map(|()| Step::Unused))
    }

    fn poll_sink(&mut self, waiter: &Waiter) -> Poll<Result<Step, Error>> {
        if let Poll::Ready(changed) = self.sink.poll_subscription_changed(waiter) {
            return Poll::Ready(changed.map(Step::Demand));
        }
        let request = self.fetches.poll_requested_group(waiter);
        request.map(|request| request.map(Step::Fetch))
    }

    fn demand(&mut self, wanted: Option<Subscription>) {
        match (wanted, &mut self.upstream) {
            (Some(wanted), Upstream::None) => {
                self.upstream = Upstream::Asked(self.source.subscribe(wanted).into_inner());
            }
            (Some(wanted), Upstream::Asked(asked)) => update(asked.update(wanted)),
            (Some(wanted), Upstream::Live(live, _)) => update(live.update(wanted)),
            (Some(_), Upstream::Ended(_)) => {}
            (None, _) => {
                self.groups = Tasks::default();
                self.upstream = Upstream::None;
            }
        }
    }

    fn group(&mut self, from: group::Consumer) {
        let Upstream::Live(_, counter) = &self.upstream else {
            return;
        };
        match copy_of(&self.sink, &from) {
            Ok(to) => {
                let tally = Tally::new(counter.writer(), &to, self.counting.moment);
                self.groups.push(crate::group::copy(from, to, tally));
            }
            // The copy from an earlier subscription is still there.
            Err(error) => tracing::debug!(%error, "a group was not copied"),
        }
    }

    fn datagram(&mut self, datagram: Datagram) {
        let Upstream::Live(_, counter) = &mut self.upstream else {
            return;
        };
        counter.group();
        counter.frame();
        counter.bytes(datagram.payload.len());
        let Datagram {
            sequence,
            timestamp,
            payload,
        } = datagram;
        update(self.sink.insert_datagram(sequence, timestamp, payload));
    }

    fn fetch(&mut self, request: group::Request) {
        let options = group::Fetch::default()
            .with_priority(request.priority())
            .with_frame_start(request.frame_start());
        let fetching = self.source.fetch_group(request.sequence(), options);
        let counter = match &self.upstream {
            Upstream::Live(_, counter) => counter.writer(),
            _ => (self.counting.open)(),
        };
        let moment = self.counting.moment;
        self.fetched.push(async move {
            match fetching.await {
                Ok(from) => answer(request, from, counter, moment).await,
                Err(error) => request.reject(error),
            }
        });
    }

    fn end(&mut self) {
        let live = match std::mem::replace(&mut self.upstream, Upstream::None) {
            Upstream::Live(mut subscriber, counter) => {
                self.finish(&mut subscriber);
                Some((subscriber, counter))
            }
            _ => None,
        };
        self.upstream = Upstream::Ended(live);
    }

    fn finish(&mut self, subscriber: &mut Subscriber) {
        let finished = match subscriber.poll_finished(&Waiter::noop()) {
            Poll::Ready(Ok(sequence)) => self.sink.finish_at(sequence),
            _ => self.sink.finish(),
        };
        update(finished);
    }

    fn abort(self, error: Error) {
        // Complete groups first: an aborted track keeps those for its readers.
        drop(self.groups);
        update(self.sink.abort(error));
    }

    /// Ends the copy unless a reader came back in the meantime.
    fn release(self) -> Option<Self> {
        match self.sink.abort_unused(Error::Cancel) {
            Ok(()) => None,
            Err(sink) => Some(Self { sink, ..self }),
        }
    }
}

impl Upstream {
    fn poll(&mut self, waiter: &Waiter) -> Poll<Step> {
        match self {
            Self::Asked(asked) => asked.poll(waiter).map(Step::Subscribed),
            Self::Live(live, _) => poll_live(live, waiter),
            Self::None | Self::Ended(_) => Poll::Pending,
        }
    }
}

fn poll_live(live: &mut Subscriber, waiter: &Waiter) -> Poll<Step> {
    if let Poll::Ready(Ok(Some(datagram))) = live.poll_recv_datagram(waiter) {
        return Poll::Ready(Step::Datagram(datagram));
    }
    live.poll_recv_group(waiter).map(Step::Group)
}

async fn answer(
    request: group::Request,
    from: group::Consumer,
    counter: Box<dyn Counter>,
    moment: Moment,
) {
    match request.accept(None) {
        Ok(to) => {
            let tally = Tally::new(counter, &to, moment);
            crate::group::copy(from, to, tally).await;
        }
        Err(error) => tracing::debug!(%error, "a fetched group came too late"),
    }
}

/// A group of the same number that starts at the same frame.
fn copy_of(sink: &Producer, from: &group::Consumer) -> Result<group::Producer, Error> {
    let mut to = sink.create_group(group::Info {
        sequence: from.sequence,
    })?;
    if from.index() > 0 {
        to.start_at(from.index())?;
    }
    Ok(to)
}

/// An update that comes after the end changes nothing.
fn update(result: Result<(), Error>) {
    if let Err(error) = result {
        tracing::debug!(%error, "a relayed track had ended already");
    }
}
