//! What a track's cache does, as its producers and readers see it.
#![cfg(not(loom))]

mod ageing;
mod budgets;
mod clocks;
mod ends;
mod events;
mod frames;
mod gone;
mod groups;
mod harness;
mod many;
mod payloads;
mod reading;
mod restarts;
mod rooms;
mod sizes;
mod wakes;
