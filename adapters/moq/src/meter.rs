//! Metering by interposition: a session gets origins of its own, and what passes between
//! them and the relay's origin is counted.

use std::time::Duration;

use futures_util::future::BoxFuture;
use moq_net::{Hop, origin, time};
use streamgauge_core::{Handle, Role, SessionStats, StatsHandle};

use crate::direction::{Ends, Flow, follow};
use crate::guard::Guards;
use crate::horizon::Horizon;
use crate::tally::Moment;
use crate::tasks::Tasks;

/// Meters the sessions of a relay around one shared origin.
///
/// Every broadcast a peer publishes ends up in the shared origin and every peer reads from
/// it, so that many sessions share one upstream subscription. Cloning is cheap.
///
/// What counts, besides announcements and presence:
///
/// - a subscription, while the peer (or on the ingress side, the relay) holds it;
/// - a group with its frames and bytes: egress once the session takes it up, ingress when
///   it arrives. What a congested session skips is not counted. A peer that refuses a group
///   midway is charged for what lay ready at that moment;
/// - a datagram as the group of one frame it stands for;
/// - a fetched group, as part of the subscription to its track; without one the fetch is a
///   short subscription of its own.
///
/// A group that a peer reads, and asks for again within half a minute of leaving the track,
/// comes from the session's own cache and counts once.
#[derive(Clone)]
pub struct Meter {
    upstream: origin::Producer,
}

impl Meter {
    /// Meters what passes between sessions and `upstream`.
    pub fn new(upstream: origin::Producer) -> Self {
        Self { upstream }
    }

    /// Opens a session below `root` and counts it as present until it is dropped.
    pub fn session<H>(&self, stats: &StatsHandle<H>, root: &str) -> Session<H>
    where
        H: Handle + Send + Sync + 'static,
    {
        Session {
            upstream: self.upstream.clone(),
            presence: stats.session(root),
            stats: stats.clone(),
            horizon: Horizon::default(),
            tasks: Tasks::default(),
        }
    }
}

/// One session of a relay: the origins its peer is given, and the work between them and
/// the shared origin.
///
/// ```
/// use moq_net::{Error, server::Handshake, time, transport::poll::Boxable};
/// use streamgauge_core::{Handle, StatsHandle};
/// use streamgauge_moq::Meter;
///
/// async fn serve<H, S>(meter: Meter, stats: StatsHandle<H>, request: Handshake<S>) -> Result<(), Error>
/// where
///     H: Handle + Send + Sync + 'static,
///     S: Boxable,
/// {
///     let mut metered = meter.session(&stats, request.path());
///     let request = request
///         .with_publisher(metered.egress())
///         .with_subscriber(metered.ingress());
///     let (session, driver) = request.ok().await?;
///     tokio::select! {
///         () = metered.run() => {}
///         _ = time::run(driver) => {}
///         _ = session.closed() => {}
///     }
///     Ok(())
/// }
/// ```
#[must_use = "a session relays nothing until it is run"]
pub struct Session<H: Handle + Send + Sync + 'static> {
    upstream: origin::Producer,
    presence: SessionStats<H>,
    stats: StatsHandle<H>,
    horizon: Horizon,
    tasks: Tasks,
}

impl<H: Handle + Send + Sync + 'static> Session<H> {
    /// Leaves out what came from the peer known by `hop`.
    ///
    /// Hops the peer announces under are learnt; a peer that names itself earlier, when
    /// it connects, is best excluded at once.
    pub fn exclude(&self, hop: Hop) {
        self.horizon.exclude(hop);
    }

    /// The origin the peer reads from: egress, counted for [`Role::Publisher`].
    ///
    /// Without this call nothing is announced to the peer, nor counted as announced.
    ///
    /// [`Role::Publisher`]: streamgauge_core::Role::Publisher
    pub fn egress(&mut self) -> origin::Consumer {
        let downstream = self.origin();
        let reader = downstream.consume().with_hidden(true);
        let ends = self.ends(self.upstream.consume(), downstream, Role::Publisher);
        self.tasks
            .push(follow(ends, Flow::ToPeer, self.horizon.clone()));
        reader
    }

    /// The origin the peer publishes into: ingress, counted for [`Role::Subscriber`].
    ///
    /// [`Role::Subscriber`]: streamgauge_core::Role::Subscriber
    pub fn ingress(&mut self) -> origin::Producer {
        let downstream = self.origin();
        let (from, to) = (downstream.consume(), self.upstream.clone());
        let ends = self.ends(from, to, Role::Subscriber);
        self.tasks
            .push(follow(ends, Flow::FromPeer, self.horizon.clone()));
        downstream
    }

    /// Relays until the shared origin is gone; dropping the future, when the session ended,
    /// closes every guard it had open.
    ///
    /// Needs a tokio runtime, or a browser, for the timers of the origins.
    pub fn run(self) -> BoxFuture<'static, ()> {
        let Self {
            presence, tasks, ..
        } = self;
        Box::pin(async move {
            tasks.finish().await;
            drop(presence);
        })
    }

    /// An origin for this session alone, with the policy of the shared one.
    fn origin(&mut self) -> origin::Producer {
        let mut config = self.upstream.config();
        // The shared origin's cursor has held each update back already.
        config.update_hold = Duration::ZERO;
        let (producer, driver) = origin::Producer::new(config);
        self.tasks.push(async move {
            time::run(driver).await;
        });
        producer
    }

    fn ends(&self, from: origin::Consumer, to: origin::Producer, role: Role) -> Ends {
        let gauge = Box::new(Guards {
            stats: self.stats.clone(),
            role,
        });
        let moment = match role {
            Role::Publisher => Moment::Taking,
            Role::Subscriber => Moment::Arrival,
        };
        let root = self.upstream.root().to_owned();
        Ends {
            from,
            to,
            gauge,
            moment,
            root,
        }
    }
}
