//! What a track's cache does, as its producers and readers see it.
#![cfg(not(loom))]

mod budgets;
mod frames;
mod harness;
