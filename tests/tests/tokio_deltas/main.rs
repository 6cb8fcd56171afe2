//! Tracks of keyframes and patches under tokio.
#![cfg(not(any(loom, shuttle)))]

mod bandwidth;
mod groups;
mod harness;
mod packing;
mod refusing;
mod sides;
mod tracks;
