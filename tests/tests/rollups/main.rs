//! Traffic by prefix: exact sums, their levels, and when those are announced.
#![cfg(not(loom))]
#![forbid(unsafe_code)]

mod announcing;
mod desk;
mod frames;
mod laws;
mod levels;
mod odd;
mod room;
mod truth;
