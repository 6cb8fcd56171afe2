//! What the tests of the embassy adapter share: a clock that stands until it is moved, an executor
//! that runs until there is nothing to do, and links with a mood.
#![forbid(unsafe_code)]

mod bench;
mod link;

pub use bench::{Bench, TICK};
pub use link::{Link, Mood};
