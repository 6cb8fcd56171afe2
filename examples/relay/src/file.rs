//! A file as groups and frames, with its size and hash in band.
//!
//! A track's groups carry passes: one group with a [`Mark`] that tells what follows, then
//! the groups of the file. The last group is a mark that says so, as the end of a track
//! proves nothing.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The track that files are published on.
pub const TRACK: &str = "file";

/// Bytes in a frame; the last one of a file has what is left.
pub const FRAME_BYTES: usize = 16 * 1024;

/// Frames in a group; the last one of a file has what is left.
pub const GROUP_FRAMES: usize = 16;

/// What the groups after a mark are.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// The file, once.
    Pass(Manifest),
    /// Nothing.
    End,
}

/// What a whole file is.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// Groups that hold it.
    pub groups: u64,
    /// Bytes in it.
    pub bytes: u64,
    /// Its SHA-256, in hex.
    pub sha256: String,
}

impl Mark {
    /// The payload of the mark's only frame.
    ///
    /// # Panics
    ///
    /// Never: numbers and text make JSON.
    pub fn encode(&self) -> Bytes {
        serde_json::to_vec(self).expect("a mark is JSON").into()
    }

    /// Reads a mark back.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn decode(payload: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(payload)
    }
}

/// A file in memory.
#[derive(Clone, Debug)]
pub struct File {
    data: Bytes,
    manifest: Manifest,
}

impl File {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn read(path: &Path) -> Result<Self> {
        let read = tokio::fs::read(path).await;
        Ok(Self::new(
            read.with_context(|| format!("cannot read {}", path.display()))?
                .into(),
        ))
    }

    /// A file of these bytes.
    pub fn new(data: Bytes) -> Self {
        let manifest = Manifest {
            groups: data.len().div_ceil(FRAME_BYTES * GROUP_FRAMES) as u64,
            bytes: data.len() as u64,
            sha256: hex(&Sha256::digest(&data)),
        };
        Self { data, manifest }
    }

    /// What it is.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Its groups, each as its frames, without a copy.
    pub fn groups(&self) -> impl Iterator<Item = impl Iterator<Item = Bytes>> {
        let starts = (0..self.data.len()).step_by(FRAME_BYTES * GROUP_FRAMES);
        starts.map(|start| self.frames(start, FRAME_BYTES * GROUP_FRAMES))
    }

    fn frames(&self, start: usize, length: usize) -> impl Iterator<Item = Bytes> {
        let end = self.data.len().min(start + length);
        let frames = (start..end).step_by(FRAME_BYTES);
        frames.map(move |start| self.data.slice(start..end.min(start + FRAME_BYTES)))
    }
}

/// Bytes as hex digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_hold_the_file_in_order_and_nothing_else() {
        for length in [0, 1, FRAME_BYTES, FRAME_BYTES * GROUP_FRAMES, 1_000_003] {
            let data: Vec<u8> = (0..length)
                .map(|at| u8::try_from(at % 251).unwrap())
                .collect();
            let file = File::new(data.clone().into());
            let groups: Vec<Vec<Bytes>> = file.groups().map(Iterator::collect).collect();
            assert_eq!(groups.len() as u64, file.manifest().groups);
            assert!(groups.iter().all(|frames| frames.len() <= GROUP_FRAMES));
            assert_eq!(groups.concat().concat(), data);
        }
    }

    #[test]
    fn a_mark_survives_its_encoding() {
        let file = File::new(Bytes::from_static(b"data"));
        for mark in [Mark::Pass(file.manifest().clone()), Mark::End] {
            assert_eq!(Mark::decode(&mark.encode()).unwrap(), mark);
        }
    }
}
