//! A `MoQ` relay over QUIC that counts what it carries.
//!
//! [`server`] is the relay: sessions metered by streamgauge, their totals published as a
//! broadcast of its own. [`client`] publishes and subscribes. [`demo`] puts both together
//! on loopback and checks every count.

pub mod check;
pub mod cli;
pub mod client;
pub mod commands;
pub mod demo;
pub mod file;
pub mod metrics;
mod parties;
pub mod receive;
pub mod send;
pub mod server;
pub mod table;
pub mod totals;
