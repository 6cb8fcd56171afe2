//! Families of the user under tokio: their meters, frames and nodes.

#[path = "../tokio_adapter/harness.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod harness;

mod built_in;
mod cache;
mod frames;
mod nodes;
mod refusals;
mod sensor;
mod threads;
