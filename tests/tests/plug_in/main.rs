//! What a node counts, where users plug it in.

#[path = "../tokio_adapter/harness.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod harness;

mod gate;
mod grpc;
mod metrics;
mod node;
mod opentelemetry;
mod prometheus_client;
mod snapshot;
mod tower;
