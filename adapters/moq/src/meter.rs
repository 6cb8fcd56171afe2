//! Metering by interposition: a session gets origins of its own, and what passes between
//! them and the relay's origin is counted.

use std::time::Duration;

use futures_util::future::BoxFuture;
use moq_net::{Hop, origin, time};
use streamgauge_core::{Handle, Role, SessionStats, StatsHandle};

use crate::direction::{Ends, Flow, follow};
use crate::guard::Guards;
use crate::horizon::Horizon;
use crate::tally::Counted;
use crate::tasks::Tasks;

/// Meters the sessions of a relay around one shared origin.
///
/// Cloning is cheap. Every broadcast a peer publishes ends up in the shared origin and
/// every peer reads from it, so that many sessions share one upstream subscription.
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
/// ```ignore
/// let mut metered = meter.session(&stats, request.path());
/// let session = request
///     .with_publisher(metered.egress())
///     .with_subscriber(metered.ingress())
///     .ok()
///     .await?;
/// tokio::select! {
///     () = metered.run() => {}
///     _ = session.closed() => {}
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

    /// Relays until both of the session's origins are gone; dropping the future closes
    /// every guard of the session.
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
        let counted = match role {
            Role::Publisher => Counted::OnceTaken,
            Role::Subscriber => Counted::OnArrival,
        };
        let root = self.upstream.root().to_owned();
        Ends {
            from,
            to,
            gauge,
            counted,
            root,
        }
    }
}
