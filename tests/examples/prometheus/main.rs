//! Lets a real Prometheus server scrape a node and a relay while traffic runs, and compares what its
//! queries say with what was sent.
//!
//! ```text
//! cargo run -p streamgauge-tests --example prometheus -- PROMETHEUS RELAY DIRECTORY
//! ```
//!
//! The arguments are the two programs, and a directory that is made anew for what they write.
#![allow(
    clippy::cast_precision_loss,
    reason = "Prometheus has floats only, and all that is counted here is exact in them"
)]

mod check;
mod node;
mod program;
mod relay;
mod server;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [prometheus, relay, directory] = arguments.as_slice() else {
        eprintln!("usage: prometheus PROMETHEUS RELAY DIRECTORY");
        return std::process::ExitCode::FAILURE;
    };
    if run(prometheus, relay, directory.as_ref()).await {
        println!("\nPrometheus says what was sent");
        std::process::ExitCode::SUCCESS
    } else {
        eprintln!("\nPrometheus says something else than what was sent");
        std::process::ExitCode::FAILURE
    }
}

/// Says whether everything agrees.
async fn run(prometheus: &str, relay: &str, directory: &std::path::Path) -> bool {
    // An error means that there was none yet.
    let _ = std::fs::remove_dir_all(directory);
    std::fs::create_dir_all(directory).expect("a directory");
    let node = node::Node::start().await;
    let relay = relay::Relay::start(relay, directory);
    let targets = [("node", node.address()), ("relay", relay.metrics())];
    let server = server::Server::start(prometheus, directory, &targets);
    server.until("two targets are up", "sum(up)", 2.0).await;
    let (counted, sent) = tokio::join!(node.count(), relay.run());
    let end = check::settle(&server, &counted, &sent).await;
    check::all(&server, end, &counted, &sent).await
}
