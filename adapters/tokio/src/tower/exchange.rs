//! One call, from its request to the end of its response.

use std::{any::Any, fmt, sync::Arc};

use http::{HeaderMap, StatusCode, response::Parts};
use streamgauge_core::{Call, Handler, StreamStats};
use tokio::time::Instant;

use super::{gate::Pass, grpc, layer::Settings};
use crate::{CallOutcome, FamilyMeter, Rpc, ServiceStats};

type Meter = FamilyMeter<Rpc>;

/// What counts the call, until it ends.
pub(super) enum Guard {
    Handler {
        handler: Handler<Meter>,
        /// Counts the chunks, from the first on.
        stream: Option<Box<StreamStats<Meter>>>,
    },
    Caller(Call<Meter>),
    Gate {
        service: ServiceStats,
        pass: Pass,
    },
}

impl Guard {
    pub(super) fn handler(handler: Handler<Meter>) -> Self {
        let stream = None;
        Self::Handler { handler, stream }
    }
}

/// A call under way. Dropped before it ended, it was given up.
pub(super) struct Exchange {
    /// Nothing once it has ended.
    guard: Option<Guard>,
    began: Instant,
    settings: Arc<Settings>,
    outcome: CallOutcome,
    /// Whether the trailers are to tell the outcome.
    awaits_trailers: bool,
    /// Whether the request was for a head alone, so that no body will be read.
    head: bool,
    /// Whether the wrapped service is running; one that never returned has panicked.
    inside: bool,
}

impl Exchange {
    /// A call begins; `head` says that it is for a head alone.
    pub(super) fn new(guard: Guard, settings: Arc<Settings>, head: bool) -> Self {
        Self {
            guard: Some(guard),
            began: Instant::now(),
            settings,
            outcome: CallOutcome::Ok,
            awaits_trailers: false,
            head,
            inside: false,
        }
    }

    /// Runs what the wrapped service does.
    pub(super) fn inside<T>(&mut self, f: impl FnOnce() -> T) -> T {
        self.inside = true;
        let done = f();
        self.inside = false;
        done
    }

    /// A response came; says whether it may have a body of which something is to be known.
    pub(super) fn responded(&mut self, response: &Parts) -> bool {
        let status = response.status;
        match &self.guard {
            Some(Guard::Caller(_)) => {
                self.outcome = (self.settings.status)(status);
                if grpc::is_response(&response.headers) {
                    self.responded_in_grpc(&response.headers);
                }
            }
            Some(Guard::Gate { service, pass }) => {
                if (self.settings.denied)(response) && pass.close() {
                    service.capability_denied();
                }
                return false;
            }
            Some(Guard::Handler { .. }) | None => {}
        }
        let bodiless = status.is_informational()
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        !self.head && !bodiless
    }

    /// Where the head has no status the trailers have one, and if they have not that is as good as an error.
    fn responded_in_grpc(&mut self, headers: &HeaderMap) {
        let status = grpc::status(headers);
        self.awaits_trailers = status.is_none();
        if status.is_some() || self.outcome == CallOutcome::Ok {
            self.outcome = (self.settings.grpc_status)(status.unwrap_or(grpc::UNKNOWN));
        }
    }

    /// Whether the trailers, which are still to come, tell the outcome.
    pub(super) const fn awaits_trailers(&self) -> bool {
        self.awaits_trailers
    }

    /// The trailers of a response came.
    pub(super) fn trailers(&mut self, trailers: &HeaderMap) {
        if let Some(status) = grpc::status(trailers).filter(|_| self.awaits_trailers) {
            self.outcome = (self.settings.grpc_status)(status);
        }
    }

    /// One more chunk of a response that streams went out.
    pub(super) fn chunk(&mut self) {
        if let Some(Guard::Handler { handler, stream }) = &mut self.guard {
            let stream = stream.get_or_insert_with(|| Box::new(handler.stream()));
            stream.emitted();
        }
    }

    /// An error came instead of a response.
    pub(super) fn failed(&mut self, error: &dyn Any) {
        self.outcome = (self.settings.errors)(error);
        self.end();
    }

    /// An error came in the midst of the response.
    pub(super) fn broke(&mut self) {
        self.outcome = CallOutcome::Transport;
        self.end();
    }

    /// The response has ended.
    pub(super) fn end(&mut self) {
        let took = self.began.elapsed().into();
        match &mut self.guard {
            Some(Guard::Handler { handler, .. }) => handler.returned(took),
            Some(Guard::Caller(call)) => call.record(self.outcome, took),
            Some(Guard::Gate { .. }) | None => {}
        }
        self.guard = None;
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if let Some(Guard::Handler { handler, .. }) = self.guard.as_mut().filter(|_| self.inside) {
            handler.panicked(self.began.elapsed().into());
        }
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("ended", &self.guard.is_none())
            .finish_non_exhaustive()
    }
}
