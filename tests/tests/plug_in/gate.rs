//! Calls that are refused before any handler runs.

use std::convert::Infallible;

use axum::{
    body::Bytes,
    http::{HeaderValue, Request, Response, StatusCode, header::CONTENT_TYPE},
};
use http_body_util::Empty;
use streamgauge_tokio::{Rpc, tower::RpcLayer};
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::tower::{Node, request};

type Reply = Response<Empty<Bytes>>;

fn reply(status: StatusCode) -> Reply {
    let mut reply = Response::new(Empty::new());
    *reply.status_mut() = status;
    reply
}

fn in_grpc(status: &'static str) -> Reply {
    let mut reply = reply(StatusCode::OK);
    let kind = HeaderValue::from_static("application/grpc");
    reply.headers_mut().insert(CONTENT_TYPE, kind);
    let status = HeaderValue::from_static(status);
    reply.headers_mut().insert("grpc-status", status);
    reply
}

fn gate(node: &Node) -> RpcLayer {
    RpcLayer::gate(&node.rpc, "users")
}

/// A service behind a gate that refuses what is not for `/open`, and itself answers so.
async fn call(node: &Node, gate: &RpcLayer, path: &str, answer: impl Fn() -> Reply + Clone) -> Rpc {
    let refusal = answer.clone();
    let handler = service_fn(move |_: Request<Empty<Bytes>>| {
        let answer = answer();
        async { Ok::<_, Infallible>(answer) }
    });
    let handler = node.handler().layer(handler);
    let guarded = service_fn(move |request: Request<Empty<Bytes>>| {
        let (mut handler, refusal) = (handler.clone(), refusal.clone());
        async move {
            if request.uri().path() == "/open" {
                let reply = handler.call(request).await?;
                return Ok(reply.map(|_| Empty::new()));
            }
            Ok::<_, Infallible>(refusal())
        }
    });
    let reply = gate.layer(guarded).oneshot(request(path)).await;
    drop(reply.unwrap());
    node.users().await
}

/// Calls that were refused, and handlers that ran.
fn counts(rpc: &Rpc) -> (u64, u64) {
    (rpc.capability_denied, rpc.handler_invocations)
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_refused_before_its_handler_is_denied() {
    let node = Node::new();
    let gate = gate(&node);
    let refusals: [fn() -> Reply; 4] = [
        || reply(StatusCode::UNAUTHORIZED),
        || reply(StatusCode::FORBIDDEN),
        || in_grpc("7"),
        || in_grpc("16"),
    ];
    for (denied, refusal) in (1..).zip(refusals) {
        let rpc = call(&node, &gate, "/", refusal).await;
        assert_eq!(counts(&rpc), (denied, 0));
    }
    let rpc = node.users().await;
    assert_eq!((rpc.calls_started, rpc.handlers_ended), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_a_handler_answers_is_no_refusal() {
    let node = Node::new();
    let gate = gate(&node);
    call(&node, &gate, "/open", || reply(StatusCode::FORBIDDEN)).await;
    let rpc = call(&node, &gate, "/open", || in_grpc("7")).await;
    assert_eq!(counts(&rpc), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn no_other_answer_is_a_refusal() {
    let node = Node::new();
    let gate = gate(&node);
    let answers: [fn() -> Reply; 4] = [
        || reply(StatusCode::OK),
        || reply(StatusCode::NOT_FOUND),
        || in_grpc("0"),
        || in_grpc("5"),
    ];
    for answer in answers {
        let rpc = call(&node, &gate, "/", answer).await;
        assert_eq!(counts(&rpc), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_means_what_the_layer_is_told() {
    let node = Node::new();
    let gate = gate(&node).with_denied(|reply| reply.status == StatusCode::NOT_FOUND);
    let rpc = call(&node, &gate, "/", || reply(StatusCode::NOT_FOUND)).await;
    assert_eq!(counts(&rpc), (1, 0));
    let rpc = call(&node, &gate, "/", || reply(StatusCode::FORBIDDEN)).await;
    assert_eq!(counts(&rpc), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_behind_two_gates_is_counted_once() {
    let node = Node::new();
    let outer = gate(&node);
    let inner = gate(&node);
    let refusing = service_fn(async |_: Request<Empty<Bytes>>| {
        Ok::<_, Infallible>(reply(StatusCode::FORBIDDEN))
    });
    let both = outer.layer(inner.layer(refusing));
    drop(both.oneshot(request("/")).await.unwrap());
    assert_eq!(counts(&node.users().await), (1, 0));
    let handler = node
        .handler()
        .layer(service_fn(async |_: Request<Empty<Bytes>>| {
            Ok::<_, Infallible>(reply(StatusCode::FORBIDDEN))
        }));
    let both = outer.layer(inner.layer(handler));
    drop(both.oneshot(request("/")).await.unwrap());
    assert_eq!(counts(&node.users().await), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn without_a_handlers_layer_each_refusal_counts() {
    let node = Node::new();
    let refusing = service_fn(async |_: Request<Empty<Bytes>>| {
        Ok::<_, Infallible>(reply(StatusCode::UNAUTHORIZED))
    });
    let mut service = gate(&node).layer(refusing);
    for _ in 0..3 {
        drop(service.ready().await.unwrap().call(request("/")).await);
    }
    assert_eq!(counts(&node.users().await), (3, 0));
}
