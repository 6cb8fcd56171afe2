//! Frames of nodes, as they come from the network.

use std::fmt;

use serde::Deserialize;
use streamgauge_core::Family;
use streamgauge_core::collect::{FrameReader, ParseError};

/// A longer name of a series is not taken.
const NAME: usize = 1024;

/// What is wrong with a frame.
#[derive(Debug)]
pub(super) enum Error {
    /// It is none.
    Frame(ParseError),
    /// It is no `node.json`.
    Node(serde_json::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(error) => write!(f, "{error}"),
            Self::Node(error) => write!(f, "{error}"),
        }
    }
}

/// Reads the rows of a frame; how many had a name too long. What was reported stands even if the frame
/// ends wrong: each row is true by itself.
pub(super) fn rows<F: Family>(
    payload: &[u8],
    mut report: impl FnMut(&str, Option<u64>, F),
) -> Result<u64, Error> {
    let mut reader = FrameReader::<F, NAME>::new();
    let mut long = 0;
    let read = reader.push(payload, |entry| match (entry.key, entry.row) {
        // Zero stands for a clock that was never set.
        (Some(key), Some(row)) => report(key, row.since.filter(|since| *since > 0), row.words()),
        (None, _) => long += 1,
        (Some(_), None) => {}
    });
    read.and_then(|()| reader.finish()).map_err(Error::Frame)?;
    Ok(long)
}

/// What matters of `node.json`.
#[derive(Deserialize)]
pub(super) struct NodeState {
    /// When its life began.
    #[serde(default)]
    pub(super) since: Option<u64>,
}

impl NodeState {
    pub(super) fn read(payload: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(payload).map_err(Error::Node)
    }
}
