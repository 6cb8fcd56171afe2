//! Every interleaving, and every order of relaxed loads that the memory model allows, of writers and
//! the one collector, up to a bound of preemptions.
//!
//! `RUSTFLAGS="--cfg loom" cargo test --profile proof -p streamgauge-tests --test loom`; a higher bound is
//! set with `LOOM_MAX_PREEMPTIONS`.
#![cfg(loom)]
#![forbid(unsafe_code)]

mod counting;
mod family;
mod node;
mod release;
mod viewing;
