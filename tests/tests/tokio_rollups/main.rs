//! Traffic by prefix under tokio: broadcasts that come and go, their frames, and sinks for those.
#![cfg(not(any(loom, shuttle)))]
#![forbid(unsafe_code)]

#[path = "../tokio_adapter/harness.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod harness;

mod announcing;
mod frames;
mod groups;
mod sinks;
mod told;
