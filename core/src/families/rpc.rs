//! Calls that a node makes and serves, by service.

use crate::{
    activity::{Activity, Lease, Tally},
    guard::{MeterRef, Track},
    schema::{Buckets, Counter, Pair},
    time::Duration,
};

crate::family! {
    /// Calls of one service, made and served by one node. Metric names are those of net-mesh.
    pub struct Rpc: "rpc" by service as "nrpc" kept {
        counter calls: "calls that ended with an outcome";
        counter errors by kind {
            errors_no_route: "no_route",
            errors_timeout: "timeout",
            errors_server: "server",
            errors_transport: "transport",
        }: "calls that failed";
        pair calls_started / calls_ended: "calls begun" / "calls that ended, with an outcome or without";
        pair handler_invocations / handlers_ended: "times a handler was run" / "handlers that ended";
        counter handler_panics: "handlers that panicked";
        counter streaming_chunks_emitted: "chunks that streaming handlers sent";
        counter streaming_chunks_dropped: "chunks of streaming handlers that were dropped for want of room";
        counter capability_denied: "calls refused for want of a capability, before any handler ran";
        gauge in_flight_calls = calls_started - calls_ended: "calls under way";
        gauge handler_in_flight = handler_invocations - handlers_ended: "handlers that are running";
        histogram call_latency_us [seconds] as call_latency_seconds: "how long a call took";
        histogram handler_duration_us [seconds] as handler_duration_seconds: "how long a handler ran";
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallOutcome {
    /// With a reply.
    Ok,
    /// Nobody serves it.
    NoRoute,
    /// No reply came in time.
    Timeout,
    /// The server replied with an error.
    Server,
    /// The connection failed.
    Transport,
}

/// Counts for one service of [`Rpc`], made or served. Clones count in the same series.
///
/// It holds the series and no cell. A call, and a handler's run, takes one short lock as it begins and
/// one as it ends, in which all that it has to tell is counted at once; so any number of them may be
/// under way, and none needs a cell. What streams counts on a cell of its own: see
/// [`Handler::stream`].
///
/// The series stays when its last handle goes, unless the meter's [`Linger`](crate::Linger) says
/// otherwise.
#[derive(Debug)]
pub struct ServiceStats<M: MeterRef<Rpc>>(Lease<Rpc, M>);

impl<M: MeterRef<Rpc>> Clone for ServiceStats<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: MeterRef<Rpc>> ServiceStats<M> {
    const DENIED: Counter<Rpc> = Counter::named("capability_denied");

    /// Finds or makes the series of this service; where there is no room, or the name is longer than a
    /// key, it counts in the overflow series. The name is taken as it is. Takes one lock; none where the
    /// series is there and stays for ever.
    pub fn open(meter: M, service: &str) -> Self {
        Self(Lease::named(meter, 0, service))
    }

    /// A call begins.
    pub fn call(&self) -> Call<M> {
        Call {
            activity: self.0.begin(Call::<M>::PAIR),
            outcome: None,
        }
    }

    /// A handler begins to run.
    pub fn handler(&self) -> Handler<M> {
        Handler {
            activity: self.0.begin(Handler::<M>::PAIR),
            ran: None,
        }
    }

    /// Counts a call that was refused before any handler ran. Takes one lock.
    pub fn capability_denied(&self) {
        self.0.add(Self::DENIED, 1);
    }
}

/// A call under way: in flight until it drops.
///
/// Dropped without an [outcome](Self::record) it is in flight no more, and nothing else is counted: the
/// call was given up, and how it would have ended is not known.
#[derive(Debug)]
#[must_use = "a call counts as ended when it drops"]
pub struct Call<M: MeterRef<Rpc>> {
    activity: Activity<Rpc, M>,
    outcome: Option<(CallOutcome, Duration)>,
}

impl<M: MeterRef<Rpc>> Call<M> {
    const PAIR: Pair<Rpc> = Pair::named("calls_started");
    const CALLS: Counter<Rpc> = Counter::named("calls");
    const NO_ROUTE: Counter<Rpc> = Counter::named("errors_no_route");
    const TIMEOUT: Counter<Rpc> = Counter::named("errors_timeout");
    const SERVER: Counter<Rpc> = Counter::named("errors_server");
    const TRANSPORT: Counter<Rpc> = Counter::named("errors_transport");
    const LATENCY: Buckets<Rpc, Duration> = Buckets::named("call_latency_us");

    /// Notes how the call ended, and how long it took; counted when it drops. The last one counts.
    pub fn record(&mut self, outcome: CallOutcome, latency: Duration) {
        self.outcome = Some((outcome, latency));
    }

    fn tell(tally: &Tally<'_, Rpc>, outcome: CallOutcome, latency: Duration) {
        tally.add(Self::CALLS, 1);
        tally.record(Self::LATENCY, latency);
        let error = match outcome {
            CallOutcome::Ok => return,
            CallOutcome::NoRoute => Self::NO_ROUTE,
            CallOutcome::Timeout => Self::TIMEOUT,
            CallOutcome::Server => Self::SERVER,
            CallOutcome::Transport => Self::TRANSPORT,
        };
        tally.add(error, 1);
    }
}

impl<M: MeterRef<Rpc>> Drop for Call<M> {
    fn drop(&mut self) {
        if let Some((outcome, latency)) = self.outcome {
            let tell = |tally: &Tally<'_, Rpc>| Self::tell(tally, outcome, latency);
            self.activity.end(tell);
        }
    }
}

/// A handler that is running: in flight until it drops.
///
/// Dropped without a word on how it ended it is in flight no more, and no duration is counted: it was
/// aborted.
#[derive(Debug)]
#[must_use = "a handler counts as ended when it drops"]
pub struct Handler<M: MeterRef<Rpc>> {
    activity: Activity<Rpc, M>,
    /// Whether it panicked, and how long it ran.
    ran: Option<(bool, Duration)>,
}

impl<M: MeterRef<Rpc>> Handler<M> {
    const PAIR: Pair<Rpc> = Pair::named("handler_invocations");
    const PANICS: Counter<Rpc> = Counter::named("handler_panics");
    const DURATION: Buckets<Rpc, Duration> = Buckets::named("handler_duration_us");

    /// Notes that the handler returned, with whatever result, and how long it ran; counted when this
    /// drops.
    pub fn returned(&mut self, ran: Duration) {
        self.ran = Some((false, ran));
    }

    /// Notes that the handler panicked, and how long it had run; counted when this drops.
    pub fn panicked(&mut self, ran: Duration) {
        self.ran = Some((true, ran));
    }

    /// Counts the chunks of a reply that streams, with a cell of its own. Takes one lock.
    pub fn stream(&self) -> StreamStats<M> {
        StreamStats(self.activity.writer())
    }
}

impl<M: MeterRef<Rpc>> Drop for Handler<M> {
    fn drop(&mut self) {
        if let Some((panicked, ran)) = self.ran {
            self.activity.end(|tally| {
                tally.record(Self::DURATION, ran);
                tally.add(Self::PANICS, usize::from(panicked));
            });
        }
    }
}

/// Counts the chunks of one reply that streams: a bump is a few loads and stores, without a lock.
#[derive(Debug)]
pub struct StreamStats<M: MeterRef<Rpc>>(Track<Rpc, M>);

impl<M: MeterRef<Rpc>> StreamStats<M> {
    const EMITTED: Counter<Rpc> = Counter::named("streaming_chunks_emitted");
    const DROPPED: Counter<Rpc> = Counter::named("streaming_chunks_dropped");

    /// Counts a chunk that was sent.
    #[inline]
    pub fn emitted(&mut self) {
        self.0.add(Self::EMITTED, 1);
    }

    /// Counts a chunk that was dropped for want of room.
    #[inline]
    pub fn dropped(&mut self) {
        self.0.add(Self::DROPPED, 1);
    }
}
