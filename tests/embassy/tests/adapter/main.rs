//! The embassy adapter under a clock that stands until it is moved.
#![forbid(unsafe_code)]

mod config;
mod latest;
mod patches;
mod resets;
mod serial;
mod sinks;
mod threads;
mod ticks;
mod udp;
