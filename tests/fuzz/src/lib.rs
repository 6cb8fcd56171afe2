//! What the programs in `src/bin` share. Each looks for bytes that a reader gets wrong, guided by the code that
//! they reach; `tests/fuzz/run` runs them.

pub mod fleet;
pub mod frames;
mod json;
pub mod node;
pub mod packets;
mod pieces;

use json::Json;

/// Bytes that readers have room for in a name.
const KEY: usize = 32;
