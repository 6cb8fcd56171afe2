//! The tokio adapter: its driver, its readers and its sinks.

mod config;
mod file;
mod harness;
mod latest;
mod runtime;
mod shutdown;
mod sinks;
mod small_stack;
