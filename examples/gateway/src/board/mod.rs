//! The boards. Each brings its clock's rate, its UARTs, and what its interrupts do.

#[cfg(feature = "lm3s6965")]
mod lm3s6965;
#[cfg(feature = "lm3s6965")]
pub(crate) use lm3s6965::*;

#[cfg(feature = "microbit")]
mod microbit;
#[cfg(feature = "microbit")]
pub(crate) use microbit::*;
