//! The routes in an application of the user's own.

use axum::{Router, http::StatusCode, routing::get};
use streamgauge_tokio::{Config, http};

use crate::client::{ask, node};

#[tokio::test(start_paused = true)]
async fn the_routes_can_be_merged_into_an_application_with_state() {
    let (stats, _track) = node(Config::new()).await;
    let own = get(|state: axum::extract::State<u32>| async move { state.0.to_string() });
    let app = || {
        Router::<u32>::new()
            .route("/", own.clone())
            .merge(http::router(&stats))
            .with_state(7)
    };
    assert_eq!(ask(app(), "GET", "/", &[]).await.text(), "7");
    let answer = ask(app(), "GET", "/metrics", &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn the_routes_can_be_nested() {
    let (stats, _track) = node(Config::new()).await;
    let app = || Router::new().nest("/node", http::router(&stats));
    for path in [
        "/node/metrics",
        "/node/stats",
        "/node/stats/node.json",
        "/node/healthz",
    ] {
        let answer = ask(app(), "GET", path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
    }
    let answer = ask(app(), "GET", "/metrics", &[]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn head_has_the_headers_of_get_and_no_body() {
    let (stats, _track) = node(Config::new()).await;
    for path in ["/metrics", "/stats", "/stats/publisher.json", "/healthz"] {
        let get = ask(http::router(&stats), "GET", path, &[]).await;
        let head = ask(http::router(&stats), "HEAD", path, &[]).await;
        assert_eq!(head.status, get.status, "{path}");
        assert!(head.body.is_empty());
        for name in ["content-type", "etag", "vary", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_can_be_written() {
    let (stats, _track) = node(Config::new()).await;
    for method in [
        "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PURGE",
    ] {
        let answer = ask(http::router(&stats), method, "/metrics", &[]).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.header("allow"), "GET,HEAD");
    }
}
