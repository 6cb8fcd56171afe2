//! One call, from its request to the end of its response.

use std::{any::Any, fmt, sync::Arc};

use http::StatusCode;
use streamgauge_core::{Call, Handler, StreamStats};
use tokio::time::Instant;

use super::layer::Settings;
use crate::{CallOutcome, FamilyMeter, Rpc};

type Meter = FamilyMeter<Rpc>;

/// What counts the call, until it ends.
pub(super) enum Guard {
    Handler {
        handler: Handler<Meter>,
        /// Counts the chunks, from the first on.
        stream: Option<Box<StreamStats<Meter>>>,
    },
    Caller(Call<Meter>),
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

    /// A response came; says whether it may have a body.
    pub(super) fn responded(&mut self, status: StatusCode) -> bool {
        self.outcome = (self.settings.status)(status);
        let bodiless = status.is_informational()
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        !self.head && !bodiless
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
            None => {}
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
