//! The wire format: what a reader makes of links that lose, damage, repeat and mix bytes.
#![forbid(unsafe_code)]

mod datagrams;
mod format;
mod sent;
mod stream;
