//! What the tests of text for scrapers share: a scene to show, what is meant by it, and a reader of the
//! text that knows nothing of the encoder.

mod book;
mod check;
mod decimal;
mod meant;
mod parse;
mod probe;
mod scene;

pub use book::Book;
pub use check::{check, falls};
pub use decimal::Decimal;
pub use meant::{Kind, LabelSet, Metric, Point, le, meant};
pub use parse::parse;
pub use probe::Probe;
pub use scene::{Random, Scene, Step};
