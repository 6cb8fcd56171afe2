//! Counters carried over a warm reset: what was saved is neither lost nor doubled, whatever the moment
//! of the reset, and what is damaged is refused.
#![cfg(not(loom))]
#![forbid(unsafe_code)]

mod blocks;
mod board;
mod damage;

mod ram;
mod resets;
mod series;
