//! `/healthz`.

use axum::http::StatusCode;
use streamgauge_tokio::{Config, Stats};
use tokio::{runtime, time};

use crate::client::{get, node};

#[tokio::test(start_paused = true)]
async fn a_node_that_ticks_is_well_and_says_when_it_did() {
    let (stats, _track) = node(Config::new()).await;
    time::sleep(std::time::Duration::from_millis(1_250)).await;
    let answer = get(&stats, "/healthz", &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.text(), "last tick 250 ms ago, every 1000 ms\n");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test(start_paused = true)]
async fn a_node_is_not_well_before_its_first_tick() {
    let stats = Stats::spawn(Config::new()).expect("a node");
    let answer = get(&stats, "/healthz", &[]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    stats.flush().await;
    assert_eq!(get(&stats, "/healthz", &[]).await.status, StatusCode::OK);
}

#[test]
fn a_node_whose_runtime_is_gone_is_not_well() {
    let start = || runtime::Builder::new_current_thread().enable_all().build();
    let (first, second) = (start().unwrap(), start().unwrap());
    let (stats, _track) = first.block_on(node(Config::new()));
    let healthz = || second.block_on(get(&stats, "/healthz", &[])).status;
    assert_eq!(healthz(), StatusCode::OK);
    drop(first);
    assert_eq!(healthz(), StatusCode::SERVICE_UNAVAILABLE);
    let answer = second.block_on(get(&stats, "/metrics", &[]));
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_node_that_counts_nothing_is_not_well() {
    let answer = get(&Stats::disabled(), "/healthz", &[]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}
