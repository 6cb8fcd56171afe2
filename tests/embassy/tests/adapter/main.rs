//! The embassy adapter under a clock that stands until it is moved.
#![forbid(unsafe_code)]

mod serial;
