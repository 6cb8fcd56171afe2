//! Interleavings of who writes, reads, drops and waits on a track of the tokio adapter, at every turn of
//! its lock: thousands at random, and thousands more that keep to few switches.
//!
//! `RUSTFLAGS="--cfg shuttle" cargo test --profile proof -p streamgauge-tests --test shuttle`
#![cfg(shuttle)]
#![forbid(unsafe_code)]

mod ends;
mod harness;
mod uses;
mod wakes;
