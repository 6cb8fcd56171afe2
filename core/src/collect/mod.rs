//! The reading side: frames of any publisher, back into counters.

mod error;
mod frame;
mod scan;

pub use error::{Expected, ParseError};
pub use frame::{Entry, FrameReader, ReadRow};
