//! Requests to the routes without a network, and over a socket byte by byte.

use std::{io::Read, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Request, StatusCode},
};
use flate2::read::GzDecoder;
use http_body_util::BodyExt;
use streamgauge_tokio::{Stats, Tier, http};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tower::ServiceExt;

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("text"))
    }

    /// The values of all headers of this name.
    pub(crate) fn all(&self, name: &str) -> String {
        let values = self.headers.get_all(name).iter();
        let values: Vec<_> = values.map(|value| value.to_str().expect("text")).collect();
        values.join(", ")
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub(crate) fn unzipped(&self) -> String {
        let mut text = String::new();
        GzDecoder::new(&self.body[..])
            .read_to_string(&mut text)
            .expect("gzip");
        text
    }
}

/// Asks the routes of a node.
pub(crate) async fn get(stats: &Stats, path: &str, headers: &[(&str, &str)]) -> Answer {
    ask(http::router(stats), "GET", path, headers).await
}

pub(crate) async fn ask(
    routes: Router,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Answer {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    let response = routes
        .oneshot(request.body(Body::empty()).expect("a request"))
        .await
        .expect("an answer");
    let (parts, body) = response.into_parts();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: body.collect().await.expect("a body").to_bytes(),
    }
}

/// A server on any port, with timeouts that no test waits for unless it means to.
pub(crate) fn config() -> http::Config {
    let long = Duration::from_mins(10);
    http::Config::new()
        .with_address(([127, 0, 0, 1], 0))
        .with_read_timeout(long)
        .with_write_timeout(long)
        .with_grace(long)
}

pub(crate) async fn serve(stats: &Stats, config: http::Config) -> http::Server {
    http::Server::start(stats, &config).await.expect("a server")
}

pub(crate) async fn connect(server: &http::Server) -> TcpStream {
    TcpStream::connect(server.address())
        .await
        .expect("a connection")
}

/// Sends bytes, and reads until the server closes the connection.
pub(crate) async fn exchange(server: &http::Server, bytes: impl AsRef<[u8]>) -> String {
    let mut stream = connect(server).await;
    // An error means that it has answered and closed before it had read all.
    let _ = stream.write_all(bytes.as_ref()).await;
    rest(&mut stream).await
}

/// Reads until the server closes the connection, however it does.
pub(crate) async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = within(stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Waits until the server answers others.
pub(crate) async fn answers(server: &http::Server) {
    let request = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let answered = async {
        while !exchange(server, request)
            .await
            .starts_with("HTTP/1.1 200 OK\r\n")
        {}
    };
    within(answered).await;
}

/// What does not come about fails, and does not hang.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(20);
    tokio::time::timeout(limit, future).await.expect("in time")
}

/// A node that ticked once, with a broadcast that goes on.
pub(crate) async fn node(config: streamgauge_tokio::Config) -> (Stats, Counting) {
    let stats = Stats::spawn(config).expect("a node");
    let handle = stats.tier(Tier::External);
    let mut track = handle.broadcast("demo/bbb").publisher_track("v");
    track.whole_frame(1200);
    stats.flush().await;
    (stats, track)
}

pub(crate) type Counting = streamgauge_tokio::PublisherTrack;
