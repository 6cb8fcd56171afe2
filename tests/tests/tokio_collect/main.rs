//! The collector under tokio: it reads the nodes of an origin as they come and go.
#![cfg(not(any(loom, shuttle)))]
#![forbid(unsafe_code)]

mod follow;
mod handles;
mod parts;
