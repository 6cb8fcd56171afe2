//! Calls that are refused before a handler runs.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use http::{StatusCode, request, response};

use super::grpc;

/// Goes with a request: whether a handler ran, or its refusal was counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Pass(Arc<AtomicBool>);

impl Pass {
    /// That of a request, which gets one if it has none.
    pub(super) fn of(request: &mut request::Parts) -> Self {
        let pass = request.extensions.get_or_insert_default::<Self>();
        pass.clone()
    }

    /// Notes that a handler runs, if anybody asks for that.
    pub(super) fn note_handler(request: &request::Parts) {
        if let Some(pass) = request.extensions.get::<Self>() {
            pass.close();
        }
    }

    /// Says whether this is the first that is heard of the request.
    pub(super) fn close(&self) -> bool {
        !self.0.swap(true, Ordering::Relaxed)
    }
}

/// Whether a response says that the caller may not do what it wants.
pub(super) fn is_denied(response: &response::Parts) -> bool {
    let by_status = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&response.status);
    let by_grpc = || {
        grpc::is_response(&response.headers)
            && grpc::status(&response.headers).is_some_and(grpc::is_denied)
    };
    by_status || by_grpc()
}
