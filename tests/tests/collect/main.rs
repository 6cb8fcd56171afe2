//! The reading side: frames of any publisher, any bytes, and the counters of many nodes in one account.
#![cfg(not(any(loom, shuttle)))]
#![forbid(unsafe_code)]

mod any_bytes;
mod fleet;
mod huge;
mod moves;
mod parser;
mod parts;
mod relay;
mod replay;
mod room;
mod siblings;
mod simulation;
mod world;
