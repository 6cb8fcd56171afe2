//! Counts the calls of an axum application, and of a client.

use axum::{Router, body::Body, http::Request, routing::get};
use streamgauge_tokio::{Config, FamilyMeter, Format, Rpc, Stats, tower::RpcLayer};
use tower::{Layer, ServiceExt};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rpc = FamilyMeter::<Rpc>::default();
    let stats = Stats::spawn(Config::new().with_family(&rpc))?;
    let users = Router::new()
        .route("/users/{id}", get(|| async { "nobody\n" }))
        .layer(RpcLayer::handler(&rpc, "users"));
    let client = RpcLayer::caller(&rpc, "users").layer(users);

    let response = client
        .oneshot(Request::get("/users/1").body(Body::empty())?)
        .await?;
    let body = axum::body::to_bytes(Body::new(response.into_body()), 1 << 20).await?;
    println!("{}", String::from_utf8_lossy(&body));

    let text = stats.scrape(Format::Prometheus).await;
    let text = String::from_utf8_lossy(&text);
    text.lines()
        .filter(|line| line.starts_with("nrpc"))
        .for_each(|line| println!("{line}"));
    Ok(())
}
