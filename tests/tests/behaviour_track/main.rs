//! What a track's cache does, as its producers and readers see it.
#![cfg(not(loom))]

mod ageing;
mod budgets;
mod clocks;
mod frames;
mod harness;
mod many;
mod rooms;
