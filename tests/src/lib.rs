//! What the tests of the laws share: a node without a host, a reader that takes nothing on trust,
//! and a naive model of what guards counted.
#![cfg(not(loom))]
#![forbid(unsafe_code)]

mod desk;
mod gauge;
#[cfg(doctest)]
pub mod misuse;
mod model;
mod node;
mod patched;
mod reader;
mod rows;
pub mod text;
mod words;
mod world;

pub use desk::{Desk, DeskRoom, Drawer};
pub use gauge::{Gauge, Sink};
pub use model::{Model, Name, Viewing};
pub use node::{
    Boxed, KEY_BYTES, KeyWords, Ledgers, Lent, Node, NodeMeters, Reporter, Room, TIER_NAMES,
};
pub use patched::{Patched, merge};
pub use reader::Reader;
pub use rows::{Row, rows};
pub use words::{Words, close, minus, plus, shown_name, track_name, words_of};
pub use world::{Op, World};

/// The code in the README is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
