//! The host of the gateway: speaks to it over its serial lines, drives traffic through it, and checks
//! that every byte arrives and every counter is what was sent.
//!
//! [`host`] is what a host says and keeps book of; [`check`] are the trials that it puts the gateway
//! to; [`model`] says what the counters must be, and [`gauges`] what they are.

pub mod check;
pub mod cli;
pub mod delivery;
pub mod gauges;
pub mod host;
pub mod inbox;
pub mod line;
pub mod model;
pub mod origin;
