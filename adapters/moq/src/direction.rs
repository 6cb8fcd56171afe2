//! One direction of a session: what is announced at one origin is announced at the other.

use std::collections::HashMap;
use std::sync::Arc;
use std::task::Poll;

use moq_net::announce::{Consumer as Announcements, Update};
use moq_net::{PathOwned, broadcast, kio, origin};

use crate::guard::Gauge;
use crate::horizon::Horizon;
use crate::route::Announced;
use crate::tally::Moment;
use crate::tasks::Tasks;

/// The two origins and the guards of what passes between them.
pub(crate) struct Ends {
    pub(crate) from: origin::Consumer,
    pub(crate) to: origin::Producer,
    pub(crate) gauge: Box<dyn Gauge>,
    pub(crate) moment: Moment,
    /// What the relay's own origin prepends to every path.
    pub(crate) root: PathOwned,
}

impl Ends {
    /// The name a path is counted under, whatever part of it this session sees.
    pub(crate) fn absolute(&self, path: &PathOwned) -> PathOwned {
        self.root.join(path)
    }

    /// A requested path as both ends name it.
    pub(crate) fn relative(&self, requested: &PathOwned) -> PathOwned {
        let stripped = requested.strip_prefix(self.to.root());
        stripped.map_or_else(|| requested.clone(), |path| path.to_owned())
    }

    /// A broadcast of its own that keeps to the cache policy of its origin.
    pub(crate) fn broadcast(&self, path: &PathOwned) -> broadcast::Producer {
        let config = self.to.config();
        let mut info = broadcast::Info::new();
        info.pool = config.pool;
        info.cache_duration = config.cache_duration;
        info.path = path.clone();
        info.produce()
    }
}

/// Whose content passes in this direction.
pub(crate) enum Flow {
    /// The relay's: whatever the peer has itself is left out.
    ToPeer,
    /// The peer's.
    FromPeer,
}

/// Follows the announcements at one end until that origin is gone.
pub(crate) async fn follow(ends: Ends, flow: Flow, horizon: Horizon) {
    let announcements = ends.from.clone().with_hidden(true).announced();
    let follower = Follower {
        ends: Arc::new(ends),
        flow,
        horizon,
        announced: HashMap::new(),
        routes: Tasks::default(),
    };
    follower.run(announcements).await;
}

struct Follower {
    ends: Arc<Ends>,
    flow: Flow,
    horizon: Horizon,
    announced: HashMap<PathOwned, Announced>,
    routes: Tasks,
}

impl Follower {
    async fn run(mut self, mut announcements: Announcements) {
        while let Some(update) = kio::wait(|waiter| self.poll(&mut announcements, waiter)).await {
            if self.is_offered(&update) {
                self.offer(update);
            } else {
                self.announced.remove(&update.prefix);
            }
        }
    }

    fn poll(
        &mut self,
        announcements: &mut Announcements,
        waiter: &kio::Waiter,
    ) -> Poll<Option<Update>> {
        let _ = self.routes.poll(waiter);
        announcements.poll_next(waiter)
    }

    fn is_offered(&self, update: &Update) -> bool {
        let active = update.kind.is_active();
        match self.flow {
            Flow::ToPeer => active && self.horizon.admits(&update.prefix, &update.route),
            Flow::FromPeer => {
                // Before the other direction can see it.
                self.horizon
                    .note(&update.prefix, active.then_some(&update.route));
                active
            }
        }
    }

    fn offer(&mut self, update: Update) {
        let Update { prefix, route, .. } = update;
        if let Some(announced) = self.announced.get(&prefix) {
            return announced.update(route);
        }
        match Announced::new(Arc::clone(&self.ends), &prefix, route) {
            Ok((announced, serving)) => {
                self.routes.push(serving);
                self.announced.insert(prefix, announced);
            }
            Err(error) => tracing::warn!(%prefix, %error, "a route cannot be relayed"),
        }
    }
}
