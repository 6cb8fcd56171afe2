//! What the tests of the embassy adapter share: a clock that stands until it is moved, an executor
//! that runs until there is nothing to do, links with a mood, and a reader at their far end.
#![forbid(unsafe_code)]

mod bench;
mod inbox;
mod link;

pub use bench::{Bench, TICK};
pub use inbox::{Inbox, merge};
pub use link::{Link, Mood};

use streamgauge_embassy::{Config, Handle, Runner, Stats, key, lanes, marks, roots, rows};

/// Room for eight series and cells, and two roots.
pub type Gauge = Stats<{ rows(8) }, 8, { key(32) }, { roots(2) }>;

/// A node of its own for a test.
#[must_use]
pub fn gauge() -> &'static Gauge {
    Box::leak(Box::new(Gauge::new()))
}

const ROWS: usize = rows(8);
const ROOTS: usize = roots(2);

/// The same for a node that says what changed.
pub type Patching = Stats<
    ROWS,
    8,
    { key(32) },
    ROOTS,
    2,
    { lanes(2) },
    { marks(ROWS, lanes(2)) },
    { marks(ROOTS, 2) },
>;

/// The two halves of a node of its own that says what changed.
///
/// # Panics
/// When the configuration cannot be.
#[must_use]
pub fn split_patching(config: Config) -> (Handle<Patching>, Runner<Patching>) {
    let node: &'static Patching = Box::leak(Box::new(Patching::new()));
    node.split(config).expect("a node that can be")
}

/// The two halves of a node of its own.
///
/// # Panics
/// When the configuration cannot be.
#[must_use]
pub fn split(config: Config) -> (Handle<Gauge>, Runner<Gauge>) {
    gauge().split(config).expect("a node that can be")
}
