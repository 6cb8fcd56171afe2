//! The way to the store.

use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::{Duration, sleep, timeout};
use url::Url;

use super::Queue;
use crate::backoff::Backoff;

/// So long may an answer take.
const PATIENCE: Duration = Duration::from_secs(30);

/// So much of an answer is read.
const ANSWER: usize = 4 << 10;

/// No `Retry-After` makes it wait longer.
const LONGEST: Duration = Duration::from_mins(10);

/// A store, and how to speak to it.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: String,
    headers: HeaderMap,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The store has taken it.
    Taken,
    /// The store will never take it; what it says.
    Refused(String),
    /// It is to be sent again, after this time at least; why.
    Later(Duration, String),
}

impl Store {
    /// The store at this URL, of `http` or `https`.
    ///
    /// # Errors
    ///
    /// When it is no such URL, or the machine has no certificates to trust.
    pub fn new(url: &Url, token: Option<&str>) -> Result<Self> {
        if !matches!(url.scheme(), "http" | "https") {
            bail!(
                "--remote-write takes a URL such as http://127.0.0.1:8428/api/v1/write, and not {url}"
            );
        }
        let mut bare = url.clone();
        // They go in a header; a URL that cannot have them has none.
        let _ = bare.set_username("");
        let _ = bare.set_password(None);
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector(url)?),
            url: bare.into(),
            headers: headers(url, token)?,
        })
    }

    /// Sends a request.
    pub async fn write(&self, body: Vec<u8>) -> Answer {
        match timeout(PATIENCE, self.post(body)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => Answer::Later(Duration::ZERO, format!("{error:#}")),
            Err(_) => Answer::Later(Duration::ZERO, "no answer".into()),
        }
    }

    async fn post(&self, body: Vec<u8>) -> Result<Answer> {
        let mut request = Request::post(&self.url).body(Full::from(body))?;
        *request.headers_mut() = self.headers.clone();
        let answer = self.client.request(request).await?;
        let (status, after) = (answer.status(), retry_after(answer.headers()));
        let text = Limited::new(answer.into_body(), ANSWER).collect().await;
        let text = text.map_or_else(|_| Bytes::new(), http_body_util::Collected::to_bytes);
        let text = format!("{status}: {}", String::from_utf8_lossy(&text).trim());
        Ok(if status.is_success() {
            Answer::Taken
        } else if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS {
            Answer::Refused(text)
        } else {
            Answer::Later(after, text)
        })
    }
}

fn connector(url: &Url) -> Result<HttpsConnector<HttpConnector>> {
    let builder = HttpsConnectorBuilder::new();
    let ring = rustls::crypto::ring::default_provider();
    let builder = if url.scheme() == "https" {
        builder
            .with_provider_and_native_roots(ring)
            .context("this machine has no certificates to trust")?
    } else {
        let config = ClientConfig::builder_with_provider(Arc::new(ring));
        let config = config.with_safe_default_protocol_versions()?;
        let config = config.with_root_certificates(RootCertStore::empty());
        builder.with_tls_config(config.with_no_client_auth())
    };
    Ok(builder.https_or_http().enable_http1().build())
}

fn headers(url: &Url, token: Option<&str>) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    let fixed = [
        ("content-encoding", "snappy"),
        ("content-type", "application/x-protobuf"),
        ("x-prometheus-remote-write-version", "0.1.0"),
        (
            "user-agent",
            concat!("streamgauge-collector/", env!("CARGO_PKG_VERSION")),
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let user = format!("{}:{}", url.username(), url.password().unwrap_or_default());
    let authorization = match token {
        Some(token) => format!("Bearer {token}"),
        None if user != ":" => format!("Basic {}", STANDARD.encode(user)),
        None => return Ok(headers),
    };
    let mut value =
        HeaderValue::from_str(&authorization).context("the token is no text for a header")?;
    value.set_sensitive(true);
    headers.insert(header::AUTHORIZATION, value);
    Ok(headers)
}

/// In seconds, or as a date.
fn retry_after(headers: &HeaderMap) -> Duration {
    let text = headers
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    let Some(text) = text else {
        return Duration::ZERO;
    };
    let pause = match text.trim().parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(text)
            .ok()
            .and_then(|date| date.duration_since(SystemTime::now()).ok())
            .unwrap_or_default(),
    };
    pause.min(LONGEST)
}

/// Sends what is queued, in order, until the queue is closed and empty.
pub(super) async fn send(store: Store, queue: Arc<Queue>) {
    let mut backoff = Backoff::new();
    while let Some(request) = queue.next().await {
        loop {
            match store.write(request.clone()).await {
                Answer::Taken => queue.sent(),
                Answer::Refused(error) => {
                    tracing::warn!("the store refused a request: {error}");
                    queue.refused();
                }
                Answer::Later(after, error) => {
                    tracing::warn!("the store could not take a request: {error}");
                    queue.retried();
                    sleep(backoff.failed().max(after)).await;
                    continue;
                }
            }
            backoff.reset();
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(value: &str) -> Duration {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, value.parse().unwrap());
        retry_after(&headers)
    }

    #[test]
    fn a_store_may_ask_for_time_in_seconds_or_by_date() {
        assert_eq!(after("7"), Duration::from_secs(7));
        assert_eq!(after("soon"), Duration::ZERO);
        assert_eq!(after("Thu, 01 Jan 1970 00:00:00 GMT"), Duration::ZERO);
        assert_eq!(after("99999999"), LONGEST);
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
        assert!((98..=100).contains(&after(&soon).as_secs()));
    }

    #[test]
    fn names_and_passwords_go_into_a_header_and_nowhere_else() {
        let url = "http://me:secret@localhost/write".parse().unwrap();
        let store = Store::new(&url, None).unwrap();
        assert_eq!(store.url, "http://localhost/write");
        assert_eq!(store.headers[header::AUTHORIZATION], "Basic bWU6c2VjcmV0");
        assert!(Store::new(&"ftp://localhost".parse().unwrap(), None).is_err());
    }
}
