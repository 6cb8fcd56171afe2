//! `/stats/<track>`: the newest frame of a track, unless the client has it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::SNIFF_NOT;
use crate::{Stats, clock::Clock, frame::quoted};

const JSON: (HeaderName, &str) = (header::CONTENT_TYPE, "application/json");

/// What a track shows before its first frame.
const EMPTY: &str = "{}";

/// Answers with the names of all tracks.
pub(super) async fn names(State(stats): State<Stats>) -> Response {
    let names: Vec<_> = stats.tracks().iter().map(|name| quoted(name)).collect();
    ([JSON, SNIFF_NOT], format!("[{}]", names.join(","))).into_response()
}

/// Answers with the newest frame, or with 304 if the client has it.
pub(super) async fn newest(
    State(stats): State<Stats>,
    Path(track): Path<String>,
    headers: HeaderMap,
) -> Response {
    let (Some(latest), Some(clock)) = (stats.latest(&track), stats.clock()) else {
        return (StatusCode::NOT_FOUND, "no such track; see /stats\n").into_response();
    };
    let Some(frame) = latest.frame() else {
        return ([JSON, SNIFF_NOT], EMPTY).into_response();
    };
    let version = Version::new(clock, frame.ts_ms);
    let head = version.headers();
    if version.is_known(&headers) {
        return (StatusCode::NOT_MODIFIED, head).into_response();
    }
    ([JSON, SNIFF_NOT], head, frame.payload).into_response()
}

/// Which version of a track a frame is, in the two ways in which clients say what they have.
struct Version {
    etag: String,
    /// When the frame was made, in seconds since the Unix epoch.
    made: u64,
    /// The second before this one.
    past: u64,
}

impl Version {
    fn new(clock: &Clock, ts_ms: u64) -> Self {
        Self {
            // Weak, since it may be compressed or not.
            etag: format!("W/\"{:x}-{ts_ms:x}\"", clock.schedule.epoch),
            made: ts_ms / 1_000,
            past: (clock.now_ms() / 1_000).saturating_sub(1),
        }
    }

    /// A track may change several times in a second, so that a date tells of it only when its second is
    /// over. Until then it is the second before, to which no client can hold the newest frame.
    fn headers(&self) -> [(HeaderName, String); 3] {
        let modified = at(self.made.min(self.past));
        [
            (header::ETAG, self.etag.clone()),
            (header::LAST_MODIFIED, httpdate::fmt_http_date(modified)),
            (header::CACHE_CONTROL, "no-cache".into()),
        ]
    }

    /// Whether the client has this version. Where there are tags they decide, and not the date.
    fn is_known(&self, headers: &HeaderMap) -> bool {
        if headers.contains_key(header::IF_NONE_MATCH) {
            let mut values = headers.get_all(header::IF_NONE_MATCH).iter();
            return values.any(|value| value.to_str().is_ok_and(|tags| self.is_among(tags)));
        }
        let since = headers.get(header::IF_MODIFIED_SINCE);
        let since = since.and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        since.is_some_and(|since| at(self.made) <= since)
    }

    fn is_among(&self, tags: &str) -> bool {
        let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let mut tags = tags.split(',').map(strong);
        let ours = strong(&self.etag);
        tags.any(|tag| tag == "*" || tag == ours)
    }
}

/// A moment in seconds since the Unix epoch; the epoch for one that no date can tell.
fn at(seconds: u64) -> SystemTime {
    let last = 253_402_300_799; // the end of the year 9999
    UNIX_EPOCH + Duration::from_secs(seconds.min(last))
}
