//! How a gRPC call ended: its HTTP status is always 200, and what counts comes behind the body.

use http::{HeaderMap, header::CONTENT_TYPE};

use crate::CallOutcome;

/// Of what a server must say and did not.
pub(super) const UNKNOWN: u32 = 2;

const DEADLINE_EXCEEDED: u32 = 4;
const PERMISSION_DENIED: u32 = 7;
const UNIMPLEMENTED: u32 = 12;
const UNAVAILABLE: u32 = 14;
const UNAUTHENTICATED: u32 = 16;

/// Whether these are the headers of a gRPC response. One of gRPC-Web, which has its status in the body, is none.
pub(super) fn is_response(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .map_or(&[][..], |kind| kind.as_bytes());
    let rest = kind.strip_prefix(b"application/grpc");
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

/// The status in trailers, or in the headers of a response that has nothing else; what is no number is unknown.
pub(super) fn status(fields: &HeaderMap) -> Option<u32> {
    let status = fields.get("grpc-status")?.to_str();
    Some(status.map_or(UNKNOWN, |status| status.parse().unwrap_or(UNKNOWN)))
}

pub(super) fn outcome(status: u32) -> CallOutcome {
    match status {
        0 => CallOutcome::Ok,
        DEADLINE_EXCEEDED => CallOutcome::Timeout,
        UNIMPLEMENTED => CallOutcome::NoRoute,
        UNAVAILABLE => CallOutcome::Transport,
        _ => CallOutcome::Server,
    }
}

/// Whether the status says that the caller may not do what it wants.
pub(super) fn is_denied(status: u32) -> bool {
    matches!(status, PERMISSION_DENIED | UNAUTHENTICATED)
}
