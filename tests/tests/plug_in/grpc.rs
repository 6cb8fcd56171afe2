//! Calls of gRPC through a tower layer: their outcome is not in the HTTP status.

use std::convert::Infallible;

use axum::{
    body::Bytes,
    http::{
        HeaderMap, HeaderValue, Response, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, StreamBody};
use streamgauge_tokio::{CallOutcome, Rpc, tower::RpcLayer};

use crate::tower::{Node, respond, tokio_stream};

type Frames = Vec<Result<Frame<Bytes>, Infallible>>;

/// The header fields that tell a status.
fn status(status: &'static str) -> HeaderMap {
    HeaderMap::from_iter([("grpc-status".parse().unwrap(), status.parse().unwrap())])
}

/// A response with a message, and then these trailers.
fn streams(
    trailers: Option<HeaderMap>,
) -> Response<StreamBody<impl futures_util::Stream<Item = Result<Frame<Bytes>, Infallible>> + Unpin>>
{
    let message = Frame::data(Bytes::from("message"));
    let trailers = trailers.map(Frame::trailers);
    let frames: Frames = [message].into_iter().chain(trailers).map(Ok).collect();
    with_type(
        "application/grpc+proto",
        StreamBody::new(tokio_stream(frames)),
    )
}

/// A response that has nothing but its head.
fn bare(head: HeaderMap) -> Response<Empty<Bytes>> {
    let mut response = with_type("application/grpc", Empty::new());
    response.headers_mut().extend(head);
    response
}

fn with_type<B>(kind: &'static str, body: B) -> Response<B> {
    let mut response = Response::new(body);
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

async fn count<B>(node: &Node, layer: RpcLayer, response: Response<B>) -> Rpc
where
    B: http_body::Body<Data = Bytes, Error = Infallible> + Unpin,
{
    respond(&layer, response).await.collect().await.unwrap();
    node.users().await
}

/// Calls that ended, and those that failed, by kind: no route, in time, at the server, in transport.
fn outcomes(rpc: &Rpc) -> (u64, [u64; 4]) {
    let errors = [
        rpc.errors_no_route,
        rpc.errors_timeout,
        rpc.errors_server,
        rpc.errors_transport,
    ];
    (rpc.calls, errors)
}

const NO_ROUTE: [u64; 4] = [1, 0, 0, 0];
const TIMEOUT: [u64; 4] = [0, 1, 0, 0];
const SERVER: [u64; 4] = [0, 0, 1, 0];
const TRANSPORT: [u64; 4] = [0, 0, 0, 1];

const STATUSES: [(&str, [u64; 4]); 10] = [
    ("0", [0; 4]),
    ("1", SERVER),
    ("2", SERVER),
    ("4", TIMEOUT),
    ("5", SERVER),
    ("7", SERVER),
    ("12", NO_ROUTE),
    ("14", TRANSPORT),
    ("16", SERVER),
    ("none", SERVER),
];

#[tokio::test(start_paused = true)]
async fn a_call_has_its_outcome_from_the_trailers() {
    for (code, errors) in STATUSES {
        let node = Node::new();
        let rpc = count(&node, node.caller(), streams(Some(status(code)))).await;
        assert_eq!(outcomes(&rpc), (1, errors), "{code}");
        assert_eq!(
            (rpc.in_flight_calls(), rpc.call_latency_us().count()),
            (0, 1)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_has_its_outcome_from_the_head_where_there_is_nothing_else() {
    for (code, errors) in STATUSES {
        let node = Node::new();
        let rpc = count(&node, node.caller(), bare(status(code))).await;
        assert_eq!(outcomes(&rpc), (1, errors), "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_status_that_is_left_out_is_an_error_of_the_server() {
    let node = Node::new();
    count(&node, node.caller(), streams(None)).await;
    count(&node, node.caller(), streams(Some(HeaderMap::new()))).await;
    let rpc = count(&node, node.caller(), bare(HeaderMap::new())).await;
    assert_eq!(outcomes(&rpc), (3, [0, 0, 3, 0]));
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_with_its_trailers_and_not_with_the_last_byte() {
    let node = Node::new();
    let mut response = streams(Some(status("14")));
    let length = HeaderValue::from_static("7");
    response.headers_mut().insert(CONTENT_LENGTH, length);
    let mut response = respond(&node.caller(), response).await;
    assert!(response.frame().await.unwrap().unwrap().is_data());
    assert_eq!(node.users().await.in_flight_calls(), 1);
    assert!(response.frame().await.unwrap().unwrap().is_trailers());
    let rpc = node.users().await;
    assert_eq!((rpc.in_flight_calls(), outcomes(&rpc)), (0, (1, TRANSPORT)));
}

#[tokio::test(start_paused = true)]
async fn a_body_of_no_length_has_trailers_all_the_same() {
    let node = Node::new();
    let frames: Frames = vec![Ok(Frame::trailers(status("4")))];
    let body = StreamBody::new(tokio_stream(frames));
    let mut response = with_type("application/grpc;charset=x", body);
    let length = HeaderValue::from_static("0");
    response.headers_mut().insert(CONTENT_LENGTH, length);
    let rpc = count(&node, node.caller(), response).await;
    assert_eq!(outcomes(&rpc), (1, TIMEOUT));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_before_its_trailers_has_no_outcome() {
    let node = Node::new();
    let mut response = respond(&node.caller(), streams(Some(status("4")))).await;
    response.frame().await.unwrap().unwrap();
    drop(response);
    let rpc = node.users().await;
    assert_eq!((rpc.calls_ended, outcomes(&rpc)), (1, (0, [0; 4])));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_grpc_has_its_outcome_from_the_http_status() {
    for kind in [
        "application/grpc-web+proto",
        "application/json",
        "text/plain",
    ] {
        let node = Node::new();
        let body = StreamBody::new(tokio_stream::<Result<_, Infallible>>([
            Ok(Frame::data(Bytes::from("x"))),
            Ok(Frame::trailers(status("4"))),
        ]));
        let rpc = count(&node, node.caller(), with_type(kind, body)).await;
        assert_eq!(outcomes(&rpc), (1, [0; 4]), "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_http_status_that_says_that_the_call_failed_stands_where_grpc_says_nothing() {
    let node = Node::new();
    let mut response = streams(None);
    *response.status_mut() = StatusCode::GATEWAY_TIMEOUT;
    let rpc = count(&node, node.caller(), response).await;
    assert_eq!(outcomes(&rpc), (1, TIMEOUT));
    let mut response = streams(Some(status("12")));
    *response.status_mut() = StatusCode::GATEWAY_TIMEOUT;
    let rpc = count(&node, node.caller(), response).await;
    assert_eq!(outcomes(&rpc), (2, [1, 1, 0, 0]));
}

#[tokio::test(start_paused = true)]
async fn the_grpc_status_means_what_the_layer_is_told() {
    let node = Node::new();
    let layer = node
        .caller()
        .with_status(|_| CallOutcome::Ok)
        .with_grpc_status(|status| match status {
            5 => CallOutcome::NoRoute,
            2 => CallOutcome::Transport,
            _ => CallOutcome::Ok,
        });
    count(&node, layer.clone(), streams(Some(status("5")))).await;
    count(&node, layer.clone(), bare(status("4"))).await;
    let rpc = count(&node, layer, streams(None)).await;
    assert_eq!(outcomes(&rpc), (3, [1, 0, 0, 1]));
}

#[tokio::test(start_paused = true)]
async fn a_handler_of_grpc_counts_as_any_other() {
    let node = Node::new();
    let rpc = count(&node, node.handler(), streams(Some(status("13")))).await;
    assert_eq!((rpc.handlers_ended, rpc.handler_panics), (1, 0));
    assert_eq!((rpc.streaming_chunks_emitted, rpc.calls), (1, 0));
    assert_eq!(rpc.handler_duration_us().count(), 1);
}
