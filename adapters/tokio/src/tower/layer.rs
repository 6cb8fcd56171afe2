//! What is counted, and under which name.

use std::{any::Any, borrow::Cow, fmt, sync::Arc};

use http::{Method, StatusCode, request::Parts, response};
use tower_layer::Layer;

use super::{
    RpcService,
    exchange::{Exchange, Guard},
    gate::{self, Pass},
    grpc,
};
use crate::{CallOutcome, FamilyMeter, Rpc, ServiceStats};

/// Wraps HTTP services, or clients, so that their calls are counted.
#[derive(Clone, Debug)]
pub struct RpcLayer(Arc<Settings>);

/// What all calls through one layer have in common.
#[derive(Clone)]
pub(super) struct Settings {
    meter: FamilyMeter<Rpc>,
    side: Side,
    name: Name,
    pub(super) status: fn(StatusCode) -> CallOutcome,
    pub(super) grpc_status: fn(u32) -> CallOutcome,
    pub(super) denied: fn(&response::Parts) -> bool,
    pub(super) errors: Errors,
}

/// The outcome of a call by its error, of whatever type.
type Errors = Arc<dyn Fn(&dyn Any) -> CallOutcome + Send + Sync>;

#[derive(Clone, Copy, Debug)]
enum Side {
    Handler,
    Caller,
    Gate,
}

#[derive(Clone)]
enum Name {
    /// Found when the layer was made.
    Fixed(ServiceStats),
    /// Found for each request.
    Each(Arc<NameOf>),
}

type NameOf = dyn for<'a> Fn(&'a Parts) -> Cow<'a, str> + Send + Sync;

impl RpcLayer {
    /// Counts what a server handles as this service: invocations, panics, in flight, duration, chunks.
    pub fn handler(meter: &FamilyMeter<Rpc>, service: &str) -> Self {
        Self::new(meter, Side::Handler, service)
    }

    /// Counts the calls that a client makes to this service: calls, errors by kind, in flight, latency.
    pub fn caller(meter: &FamilyMeter<Rpc>, service: &str) -> Self {
        Self::new(meter, Side::Caller, service)
    }

    /// Counts the calls to this service that are refused before any handler runs, as `capability_denied`, and
    /// nothing else. It goes around whatever refuses them, and a [`handler`](Self::handler)'s layer within that,
    /// so that what a handler answers by itself is not taken for a refusal. One allocation a call.
    ///
    /// ```
    /// use axum::{Router, extract::Request, http::StatusCode, middleware::{Next, from_fn}, routing::get};
    /// use streamgauge_tokio::{FamilyMeter, Rpc, tower::RpcLayer};
    ///
    /// let rpc = FamilyMeter::<Rpc>::default();
    /// let users = Router::<()>::new()
    ///     .route("/users", get(|| async { "nobody\n" }))
    ///     .layer(RpcLayer::handler(&rpc, "users"))
    ///     .layer(from_fn(async |_: Request, _: Next| StatusCode::FORBIDDEN))
    ///     .layer(RpcLayer::gate(&rpc, "users"));
    /// # let _ = users;
    /// ```
    pub fn gate(meter: &FamilyMeter<Rpc>, service: &str) -> Self {
        Self::new(meter, Side::Gate, service)
    }

    fn new(meter: &FamilyMeter<Rpc>, side: Side, service: &str) -> Self {
        Self(Arc::new(Settings {
            meter: meter.clone(),
            side,
            name: Name::Fixed(meter.service(service)),
            status: of_status,
            grpc_status: grpc::outcome,
            denied: gate::is_denied,
            errors: Arc::new(|_| CallOutcome::Transport),
        }))
    }

    /// The same with the service's name taken from each request. Finding it takes one lock more. Names that
    /// the meter has no room for, and those longer than [`KEY_BYTES`](crate::KEY_BYTES), count in its overflow
    /// series, so that no client can take memory; let none of them name what does not exist.
    #[must_use]
    pub fn with_name(
        self,
        name: impl for<'a> Fn(&'a Parts) -> Cow<'a, str> + Send + Sync + 'static,
    ) -> Self {
        self.change(|settings| settings.name = Name::Each(Arc::new(name)))
    }

    /// Chooses the outcome of a client's call by the status of its response. That of gRPC goes before it: see
    /// [`with_grpc_status`](Self::with_grpc_status).
    #[must_use]
    pub fn with_status(self, status: fn(StatusCode) -> CallOutcome) -> Self {
        self.change(|settings| settings.status = status)
    }

    /// Chooses the outcome of a client's call by its gRPC status; one that the server left out is 2, unless the
    /// HTTP status says already that the call failed.
    #[must_use]
    pub fn with_grpc_status(self, status: fn(u32) -> CallOutcome) -> Self {
        self.change(|settings| settings.grpc_status = status)
    }

    /// Chooses which responses a [gate](Self::gate) takes for a refusal, instead of those with the HTTP status
    /// 401 or 403, or with the gRPC status 7 or 16 in their head.
    #[must_use]
    pub fn with_denied(self, denied: fn(&response::Parts) -> bool) -> Self {
        self.change(|settings| settings.denied = denied)
    }

    /// Chooses the outcome of a client's call that got no response, by its error of type `E`. Errors of
    /// another type remain `transport`.
    #[must_use]
    pub fn with_errors<E: 'static>(
        self,
        outcome: impl Fn(&E) -> CallOutcome + Send + Sync + 'static,
    ) -> Self {
        let errors = move |error: &dyn Any| {
            let ours = error.downcast_ref();
            ours.map_or(CallOutcome::Transport, &outcome)
        };
        self.change(|settings| settings.errors = Arc::new(errors))
    }

    fn change(mut self, f: impl FnOnce(&mut Settings)) -> Self {
        f(Arc::make_mut(&mut self.0));
        self
    }
}

impl<S> Layer<S> for RpcLayer {
    type Service = RpcService<S>;

    fn layer(&self, inner: S) -> RpcService<S> {
        RpcService::new(inner, self.0.clone())
    }
}

impl Settings {
    /// A call of this request begins.
    pub(super) fn begin(self: &Arc<Self>, request: &mut Parts) -> Exchange {
        let guard = match &self.name {
            Name::Fixed(service) => self.guard(service, request),
            Name::Each(name) => {
                let service = ServiceStats::open(self.meter.clone(), &name(request));
                self.guard(&service, request)
            }
        };
        Exchange::new(guard, self.clone(), request.method == Method::HEAD)
    }

    fn guard(&self, service: &ServiceStats, request: &mut Parts) -> Guard {
        match self.side {
            Side::Handler => {
                Pass::note_handler(request);
                Guard::handler(service.handler())
            }
            Side::Caller => Guard::Caller(service.call()),
            Side::Gate => Guard::Gate {
                service: service.clone(),
                pass: Pass::of(request),
            },
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("side", &self.side)
            .finish_non_exhaustive()
    }
}

fn of_status(status: StatusCode) -> CallOutcome {
    match status.as_u16() {
        ..=399 => CallOutcome::Ok,
        408 | 504 => CallOutcome::Timeout,
        502 => CallOutcome::NoRoute,
        _ => CallOutcome::Server,
    }
}
