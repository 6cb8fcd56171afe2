//! Live tracks between tasks: the core's cache of a track behind a lock, and seats for who waits.
//!
//! ```text
//! TrackProducer, GroupProducer ──> state (cache, seats) <── TrackConsumer, GroupConsumer
//!                                    └── sweeper (empties idle tracks)
//! ```

mod config;
mod consumer;
mod group;
mod producer;
mod reader;
mod room;
mod seats;
mod shared;
mod state;
mod sweeper;
mod sync;
mod weak;

pub use config::TrackConfig;
pub use consumer::TrackConsumer;
pub use group::{GroupConsumer, GroupProducer};
pub use producer::TrackProducer;
pub use weak::TrackWeak;
