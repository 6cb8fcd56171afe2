//! Calls through a tower layer, on either side.

use std::{
    borrow::Cow,
    collections::HashMap,
    convert::Infallible,
    future::{pending, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderValue, Method, Request, Response, StatusCode, header::CONTENT_LENGTH},
    routing::get,
};
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use streamgauge_tokio::{
    CallOutcome, Config, FamilyMeter, Rpc, ServiceStats, Stats,
    tower::{RpcBody, RpcLayer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task, time,
};
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};

/// A node that counts calls.
pub(crate) struct Node {
    stats: Stats,
    pub(crate) rpc: FamilyMeter<Rpc>,
    /// Frames show what is held.
    users: ServiceStats,
}

impl Node {
    pub(crate) fn new() -> Self {
        Self::with_room(8)
    }

    fn with_room(services: usize) -> Self {
        let rpc = FamilyMeter::new(services);
        let stats = Stats::spawn(Config::new().with_family(&rpc)).expect("a node");
        let users = rpc.service("users");
        Self { stats, rpc, users }
    }

    /// What every service counted that did, or is held, by name.
    async fn counts(&self) -> HashMap<String, Rpc> {
        self.stats.flush().await;
        let frame = self.stats.latest("rpc.json").unwrap().frame().unwrap();
        serde_json::from_slice(&frame.payload).unwrap()
    }

    pub(crate) async fn users(&self) -> Rpc {
        let users = self.users.clone();
        let counts = self.counts().await;
        drop(users);
        counts["users"]
    }

    pub(crate) fn handler(&self) -> RpcLayer {
        RpcLayer::handler(&self.rpc, "users")
    }

    pub(crate) fn caller(&self) -> RpcLayer {
        RpcLayer::caller(&self.rpc, "users")
    }
}

type Chunks = mpsc::Sender<Result<Bytes, BoxError>>;

/// A body of unknown length, and its source.
fn stream() -> (
    Chunks,
    impl http_body::Body<Data = Bytes, Error = BoxError> + Unpin,
) {
    let (sender, mut chunks) = mpsc::channel(8);
    let chunks = futures_like(move |cx| chunks.poll_recv(cx));
    (sender, chunks)
}

/// A body whose frames come from a function.
fn futures_like(
    poll: impl FnMut(&mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> + Unpin,
) -> impl http_body::Body<Data = Bytes, Error = BoxError> + Unpin {
    struct Polled<F>(F);
    impl<F> http_body::Body for Polled<F>
    where
        F: FnMut(&mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> + Unpin,
    {
        type Data = Bytes;
        type Error = BoxError;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<http_body::Frame<Bytes>, BoxError>>> {
            let data = |data: Result<Bytes, _>| data.map(http_body::Frame::data);
            (self.0)(cx).map(|next| next.map(data))
        }
    }
    Polled(poll)
}

pub(crate) fn request(path: &str) -> Request<Empty<Bytes>> {
    Request::get(path).body(Empty::new()).unwrap()
}

/// Calls a service that answers with this body.
pub(crate) async fn respond<B: http_body::Body>(
    layer: &RpcLayer,
    response: Response<B>,
) -> Response<RpcBody<B>> {
    let mut response = Some(response);
    let service = service_fn(move |_: Request<Empty<Bytes>>| {
        let response = response.take().expect("one call");
        async { Ok::<_, Infallible>(response) }
    });
    layer.layer(service).oneshot(request("/")).await.unwrap()
}

fn with_status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from("x"));
    *response.status_mut() = status;
    response
}

#[tokio::test(start_paused = true)]
async fn a_handler_runs_until_the_body_of_its_response_has_ended() {
    let node = Node::new();
    let (sender, body) = stream();
    let mut response = respond(&node.handler(), Response::new(body)).await;
    let users = node.users().await;
    assert_eq!((users.handler_invocations, users.handlers_ended), (1, 0));
    for _ in 0..3 {
        sender.send(Ok("chunk".into())).await.unwrap();
        response.frame().await.unwrap().unwrap();
    }
    time::advance(Duration::from_millis(70)).await;
    assert_eq!(node.users().await.handler_in_flight(), 1);
    drop(sender);
    assert!(response.frame().await.is_none());
    let users = node.users().await;
    assert_eq!(
        (users.handler_in_flight(), users.streaming_chunks_emitted),
        (0, 3)
    );
    let duration = users.handler_duration_us();
    assert_eq!((duration.count(), users.handler_panics), (1, 0));
    assert!((70_000..80_000).contains(&duration.sum), "{}", duration.sum);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_nobody_reads_to_the_end_ends_without_a_duration() {
    let node = Node::new();
    let (sender, body) = stream();
    let mut response = respond(&node.handler(), Response::new(body)).await;
    sender.send(Ok("chunk".into())).await.unwrap();
    response.frame().await.unwrap().unwrap();
    drop(response);
    let users = node.users().await;
    assert_eq!((users.handler_invocations, users.handlers_ended), (1, 1));
    assert_eq!(users.handler_duration_us().count(), 0);
    assert_eq!(
        (users.streaming_chunks_emitted, users.handler_panics),
        (1, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_before_its_response_is_in_flight_no_more() {
    let node = Node::new();
    for layer in [node.handler(), node.caller()] {
        let service = layer.layer(service_fn(|_: Request<Empty<Bytes>>| {
            pending::<Result<Response<Full<Bytes>>, Infallible>>()
        }));
        let call = service.oneshot(request("/"));
        assert!(time::timeout(Duration::from_secs(1), call).await.is_err());
    }
    let users = node.users().await;
    assert_eq!((users.handler_invocations, users.handlers_ended), (1, 1));
    assert_eq!((users.calls_started, users.calls_ended), (1, 1));
    assert_eq!((users.calls, users.handler_duration_us().count()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn panics_are_counted_wherever_the_service_panics() {
    let node = Node::new();
    let in_call = node
        .handler()
        .layer(service_fn(|request: Request<Empty<Bytes>>| {
            assert!(request.uri() != "/", "in call");
            async { Ok::<_, Infallible>(with_status(StatusCode::OK)) }
        }));
    let in_future = node
        .handler()
        .layer(service_fn(async |request: Request<Empty<Bytes>>| {
            assert!(request.uri() != "/", "in future");
            Ok::<_, Infallible>(with_status(StatusCode::OK))
        }));
    task::spawn(async { in_call.oneshot(request("/")).await.is_ok() })
        .await
        .unwrap_err();
    assert_eq!(node.users().await.handler_panics, 1);
    task::spawn(async { in_future.oneshot(request("/")).await.is_ok() })
        .await
        .unwrap_err();
    assert_eq!(node.users().await.handler_panics, 2);
    let body = futures_like(|_| panic!("in body"));
    let mut response = respond(&node.handler(), Response::new(body)).await;
    task::spawn(async move { response.frame().await.is_some() })
        .await
        .unwrap_err();
    let users = node.users().await;
    assert_eq!((users.handler_panics, users.handler_invocations), (3, 3));
    assert_eq!(
        (
            users.handler_in_flight(),
            users.handler_duration_us().count()
        ),
        (0, 3)
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_while_its_owner_panics_has_not_panicked_itself() {
    let node = Node::new();
    let service = node.handler().layer(service_fn(|_: Request<Empty<Bytes>>| {
        pending::<Result<Response<Full<Bytes>>, Infallible>>()
    }));
    let owner = task::spawn(async move {
        let mut call = pin!(service.oneshot(request("/")));
        poll_fn(|cx| {
            assert!(call.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        panic!("the owner");
    });
    owner.await.unwrap_err();
    let users = node.users().await;
    assert_eq!((users.handlers_ended, users.handler_panics), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_body_of_known_length_ends_with_its_last_byte_though_nobody_asks_for_more() {
    let node = Node::new();
    let mut response = respond(&node.handler(), Response::new(Full::<Bytes>::from("12345"))).await;
    assert_eq!(node.users().await.handler_in_flight(), 1);
    response.frame().await.unwrap().unwrap();
    assert_eq!(node.users().await.handler_in_flight(), 0);
    let (sender, body) = stream();
    let mut response = Response::new(body);
    let length = HeaderValue::from_static("5");
    response.headers_mut().insert(CONTENT_LENGTH, length);
    let mut response = respond(&node.handler(), response).await;
    for chunk in ["123", "45"] {
        assert_eq!(node.users().await.handler_in_flight(), 1);
        sender.send(Ok(chunk.into())).await.unwrap();
        response.frame().await.unwrap().unwrap();
    }
    let users = node.users().await;
    assert_eq!(
        (
            users.handler_in_flight(),
            users.handler_duration_us().count()
        ),
        (0, 2)
    );
    assert_eq!(users.streaming_chunks_emitted, 0, "nothing streamed");
}

#[tokio::test(start_paused = true)]
async fn trailers_end_a_body() {
    let node = Node::new();
    let frames = [
        Ok::<_, Infallible>(http_body::Frame::data(Bytes::from("x"))),
        Ok(http_body::Frame::trailers(axum::http::HeaderMap::new())),
    ];
    let body = StreamBody::new(tokio_stream(frames));
    let mut response = respond(&node.handler(), Response::new(body)).await;
    response.frame().await.unwrap().unwrap();
    assert_eq!(node.users().await.handler_in_flight(), 1);
    response.frame().await.unwrap().unwrap();
    assert_eq!(node.users().await.handler_in_flight(), 0);
    assert_eq!(node.users().await.streaming_chunks_emitted, 1);
}

pub(crate) fn tokio_stream<T>(
    items: impl IntoIterator<Item = T>,
) -> impl futures_util::Stream<Item = T> {
    futures_util::stream::iter(items)
}

#[tokio::test(start_paused = true)]
async fn what_has_no_body_ends_with_its_head() {
    let node = Node::new();
    for status in [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED] {
        drop(respond(&node.handler(), with_status(status)).await);
    }
    drop(respond(&node.handler(), Response::new(Empty::<Bytes>::new())).await);
    let head = Request::builder()
        .method(Method::HEAD)
        .uri("/")
        .body(Empty::<Bytes>::new());
    let service = service_fn(async |_| Ok::<_, Infallible>(with_status(StatusCode::OK)));
    drop(node.handler().layer(service).oneshot(head.unwrap()).await);
    let users = node.users().await;
    assert_eq!(
        (users.handlers_ended, users.handler_duration_us().count()),
        (4, 4)
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_has_its_outcome_from_the_status() {
    for (status, name) in [
        (200, ""),
        (304, ""),
        (404, "server"),
        (500, "server"),
        (503, "server"),
        (408, "timeout"),
        (504, "timeout"),
        (502, "no_route"),
    ] {
        let node = Node::new();
        let status = StatusCode::from_u16(status).unwrap();
        let response = respond(&node.caller(), with_status(status)).await;
        time::advance(Duration::from_millis(30)).await;
        response.collect().await.unwrap();
        let users = node.users().await;
        assert_eq!((users.calls, users.in_flight_calls()), (1, 0), "{status}");
        let errors = [
            ("no_route", users.errors_no_route),
            ("timeout", users.errors_timeout),
            ("server", users.errors_server),
            ("transport", users.errors_transport),
        ];
        for (other, n) in errors {
            assert_eq!(n, u64::from(other == name), "{status} {other}");
        }
        assert_eq!(users.call_latency_us().count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn errors_are_of_transport_unless_told_otherwise() {
    #[derive(Debug)]
    enum Error {
        Late,
        Broken,
    }
    let node = Node::new();
    let late = node.caller().with_errors(|error| match error {
        Error::Late => CallOutcome::Timeout,
        Error::Broken => CallOutcome::Transport,
    });
    let calls = [
        (node.caller(), Error::Late),
        (late.clone(), Error::Late),
        (late.clone(), Error::Broken),
    ];
    for (layer, error) in calls {
        let mut error = Some(error);
        let service = service_fn(move |_: Request<Empty<Bytes>>| {
            let error = error.take().expect("one call");
            async { Err::<Response<Full<Bytes>>, _>(error) }
        });
        layer
            .layer(service)
            .oneshot(request("/"))
            .await
            .unwrap_err();
    }
    let (sender, body) = stream();
    let mut response = respond(&late, Response::new(body)).await;
    sender.send(Err("reset".into())).await.unwrap();
    response.frame().await.unwrap().unwrap_err();
    let users = node.users().await;
    assert_eq!(
        (users.calls, users.errors_timeout, users.errors_transport),
        (4, 1, 3)
    );
    assert_eq!(users.in_flight_calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_status_means_what_the_layer_is_told() {
    let node = Node::new();
    let layer = node.caller().with_status(|status| match status {
        StatusCode::NOT_FOUND => CallOutcome::NoRoute,
        _ => CallOutcome::Ok,
    });
    for status in [StatusCode::NOT_FOUND, StatusCode::BAD_GATEWAY] {
        let response = respond(&layer, with_status(status)).await;
        response.collect().await.unwrap();
    }
    let users = node.users().await;
    assert_eq!(
        (users.calls, users.errors_no_route, users.errors_server),
        (2, 1, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn names_that_clients_choose_take_no_more_room_than_there_is() {
    let node = Node::with_room(3);
    let layer = node
        .handler()
        .with_name(|request| Cow::Borrowed(request.uri.path()));
    let mut service = layer.layer(service_fn(async |_| {
        Ok::<_, Infallible>(with_status(StatusCode::OK))
    }));
    for n in 0..100 {
        let call = service
            .ready()
            .await
            .unwrap()
            .call(request(&format!("/{n}")));
        call.await.unwrap().collect().await.unwrap();
    }
    let long = format!("/{}", "x".repeat(500));
    let call = service.ready().await.unwrap().call(request(&long));
    call.await.unwrap().collect().await.unwrap();
    assert!(node.rpc.usage().series <= 3);
    let counts = node.counts().await;
    assert_eq!(counts["/0"].handlers_ended, 1);
    assert!(counts.len() <= 4, "with the overflow series");
    let all: u64 = counts.values().map(|service| service.handlers_ended).sum();
    assert_eq!(all, 101);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_from_many_tasks_are_each_counted_once() {
    let node = Node::new();
    let app = Router::<()>::new()
        .route("/", get(async || "hello"))
        .layer(node.handler());
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let app = node.caller().layer(app.clone());
            task::spawn(async move {
                for _ in 0..500 {
                    let request = Request::get("/").body(Body::empty()).unwrap();
                    let response = app.clone().oneshot(request).await.unwrap();
                    let body = response.into_body().collect().await.unwrap();
                    assert_eq!(body.to_bytes(), "hello");
                }
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    let users = node.users().await;
    assert_eq!(
        (users.handler_invocations, users.handlers_ended),
        (4_000, 4_000)
    );
    assert_eq!((users.calls_started, users.calls_ended), (4_000, 4_000));
    assert_eq!((users.calls, users.errors_server), (4_000, 0));
    assert_eq!(users.handler_duration_us().count(), 4_000);
}

#[tokio::test]
async fn a_real_server_ends_every_kind_of_response() {
    let node = Node::new();
    let streamed = async || {
        let chunks = ["a", "b"].map(|chunk| Ok::<_, Infallible>(Bytes::from(chunk)));
        Body::from_stream(futures_util::stream::iter(chunks))
    };
    let app = Router::new()
        .route("/whole", get(async || "hello"))
        .route("/none", get(async || StatusCode::NO_CONTENT))
        .route("/stream", get(streamed))
        .layer(node.handler());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = task::spawn(async move { axum::serve(listener, app).await });
    for request in [
        "GET /whole",
        "HEAD /whole",
        "GET /none",
        "GET /stream",
        "HEAD /stream",
    ] {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let request = format!("{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        socket.read_to_end(&mut Vec::new()).await.unwrap();
    }
    server.abort();
    server.await.unwrap_err();
    let users = node.users().await;
    assert_eq!((users.handler_invocations, users.handlers_ended), (5, 5));
    assert_eq!(users.handler_duration_us().count(), 5, "each to its end");
    assert_eq!(users.streaming_chunks_emitted, 2);
}
