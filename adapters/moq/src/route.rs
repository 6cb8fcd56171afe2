//! Serves what one announced route covers.

use std::sync::{Arc, Weak};
use std::task::Poll;

use moq_net::kio::{Queue, Waiter};
use moq_net::origin::{Dynamic, Request, Route};
use moq_net::{Error, PathOwned, broadcast, kio, track};

use crate::direction::Ends;
use crate::guard::Announcement;
use crate::tasks::Tasks;
use crate::track::Counting;

/// Keeps a route announced; dropping it withdraws the route.
pub(crate) struct Announced(Queue<Route>);

impl Announced {
    /// Announces `prefix` and returns the future that serves it.
    pub(crate) fn new(
        ends: Arc<Ends>,
        prefix: &PathOwned,
        route: Route,
    ) -> Result<(Self, impl Future<Output = ()> + Send + 'static), Error> {
        let dynamic = ends.to.dynamic(prefix, route)?;
        let path = ends.absolute(prefix);
        let guard = ends.gauge.announce(path.as_str());
        let updates = Queue::new();
        let serving = Serving {
            ends,
            path,
            guard,
            dynamic,
            updates: updates.clone(),
        };
        Ok((Self(updates), serving.run()))
    }

    /// Hops or cost of the route changed.
    pub(crate) fn update(&self, route: Route) {
        // The queue is open for as long as this lives.
        let _ = self.0.try_push(route);
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        self.0.close();
    }
}

struct Serving {
    ends: Arc<Ends>,
    path: PathOwned,
    guard: Arc<dyn Announcement>,
    dynamic: Dynamic,
    updates: Queue<Route>,
}

enum Step {
    Update(Option<Route>),
    Request(Result<Request, Error>),
}

impl Serving {
    async fn run(self) {
        let mut broadcasts = Tasks::default();
        loop {
            match kio::wait(|waiter| self.poll(&mut broadcasts, waiter)).await {
                Step::Update(Some(route)) => {
                    if self.dynamic.update(route).is_err() {
                        break;
                    }
                }
                Step::Request(Ok(request)) => broadcasts.push(self.broadcast(request)),
                Step::Update(None) | Step::Request(Err(_)) => break,
            }
        }
        drop(self);
        // What is in flight runs to its own end.
        broadcasts.finish().await;
    }

    fn poll(&self, broadcasts: &mut Tasks, waiter: &Waiter) -> Poll<Step> {
        let _ = broadcasts.poll(waiter);
        if let Poll::Ready(update) = self.updates.poll_pop(waiter) {
            return Poll::Ready(Step::Update(update.ok()));
        }
        self.dynamic
            .poll_requested_broadcast(waiter)
            .map(Step::Request)
    }

    fn broadcast(&self, request: Request) -> impl Future<Output = ()> + Send + 'static {
        let path = request.path().to_owned();
        let guard = (path == self.path).then(|| Arc::downgrade(&self.guard));
        serve(Arc::clone(&self.ends), request, path, guard)
    }
}

/// Answers a request for a broadcast and serves it for as long as its source lives.
async fn serve(
    ends: Arc<Ends>,
    request: Request,
    path: PathOwned,
    guard: Option<Weak<dyn Announcement>>,
) {
    match ends.from.request_broadcast(ends.relative(&path)).await {
        Ok(source) => {
            let sink = ends.broadcast(&path);
            let dynamic = sink.dynamic();
            request.accept(&sink);
            Broadcast {
                ends,
                source,
                dynamic,
                path,
                guard,
            }
            .run()
            .await;
        }
        Err(error) => request.reject(error),
    }
}

struct Broadcast {
    ends: Arc<Ends>,
    source: broadcast::Consumer,
    dynamic: broadcast::Dynamic,
    path: PathOwned,
    guard: Option<Weak<dyn Announcement>>,
}

impl Broadcast {
    async fn run(mut self) {
        let mut tracks = Tasks::default();
        while let Some(request) = kio::wait(|waiter| self.poll(&mut tracks, waiter)).await {
            let source = self.source.track(request.name());
            let counting = self.counting(request.name());
            tracks.push(crate::track::relay(request, source, counting));
        }
        drop(self);
        tracks.finish().await;
    }

    /// The next track asked for, or none once the source is gone.
    fn poll(&mut self, tracks: &mut Tasks, waiter: &Waiter) -> Poll<Option<track::Request>> {
        let _ = tracks.poll(waiter);
        if self.source.poll_closed(waiter).is_ready() {
            return Poll::Ready(None);
        }
        self.dynamic.poll_requested_track(waiter).map(Result::ok)
    }

    fn counting(&self, name: &str) -> Counting {
        let (ends, path, guard) = (
            Arc::clone(&self.ends),
            self.path.clone(),
            self.guard.clone(),
        );
        let (name, moment) = (name.to_owned(), ends.moment);
        let open = move || match guard.as_ref().and_then(Weak::upgrade) {
            Some(guard) => guard.track(&name),
            None => ends.gauge.track(path.as_str(), &name),
        };
        Counting {
            open: Box::new(open),
            moment,
        }
    }
}
