//! Tracks between tasks: who writes, who reads, who is woken, and how broadcasts of them are found.
#![cfg(not(any(loom, shuttle)))]

mod broadcasts;
mod cancelling;
mod closing;
mod fan_out;
mod frames;
mod groups;
mod harness;
mod idling;
mod origins;
mod stats;
mod uses;
mod waking;
