//! `/metrics`: all that was counted until now.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::SNIFF_NOT;
use crate::{Stats, negotiate};

/// Answers with the format that the request's `Accept` asks for.
pub(super) async fn text(State(stats): State<Stats>, headers: HeaderMap) -> Response {
    let format = negotiate(&accepted(&headers));
    let text = stats.scrape(format).await;
    if text.is_empty() {
        return (StatusCode::SERVICE_UNAVAILABLE, "nothing counts here\n").into_response();
    }
    let head = [
        SNIFF_NOT,
        (header::CONTENT_TYPE, format.content_type()),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "accept"),
    ];
    (head, text).into_response()
}

/// All `Accept` headers as one; what is not ASCII says nothing.
fn accepted(headers: &HeaderMap) -> String {
    let values = headers.get_all(header::ACCEPT).iter();
    let values: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
    values.join(",")
}
