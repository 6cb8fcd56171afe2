//! Receives a file and proves that it is whole.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};

use bytes::Bytes;
use moq_net::track::{Position, Subscriber, Subscription};
use moq_net::{Error, group};
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use crate::file::{Manifest, Mark, hex};
use crate::send::MAX_AGE;
use crate::totals::Volume;

/// Everything from the first group on, however late it comes.
pub fn everything() -> Subscription {
    Subscription::default()
        .with_max_age(MAX_AGE)
        .with_start(Position::group(0))
}

/// What a subscriber got.
#[derive(Clone, Copy, Debug, Default)]
pub struct Received {
    /// All of it, marks included.
    pub volume: Volume,
    /// How often the whole file was in it.
    pub passes: u64,
}

/// Reads a file track to its end mark, and writes each pass out as it comes.
///
/// # Errors
///
/// When a byte is missing, too much or different.
pub async fn receive(
    subscriber: &mut Subscriber,
    output: impl Write + Send,
) -> Result<Received, ReceiveError> {
    let mut assembly = Assembly::new(output);
    let mut reading = JoinSet::new();
    // Groups come in any order, and each has a stream of its own.
    while !assembly.ended {
        tokio::select! {
            next = subscriber.recv_group() => match next? {
                Some(group) => drop(reading.spawn(read(group))),
                None => return Err(ReceiveError::Cut(assembly.received.volume)),
            },
            Some(read) = reading.join_next() => {
                let (sequence, frames) = read.map_err(io::Error::other)??;
                assembly.insert(sequence, frames)?;
            }
        }
    }
    Ok(assembly.received)
}

async fn read(mut group: group::Consumer) -> Result<(u64, Vec<Bytes>), Error> {
    let mut frames = Vec::new();
    while let Some(frame) = group.read_frame().await? {
        frames.push(frame.payload);
    }
    Ok((group.sequence, frames))
}

/// Puts groups in order and checks them against their mark.
struct Assembly<W> {
    output: W,
    early: BTreeMap<u64, Vec<Bytes>>,
    next: u64,
    pass: Option<Pass>,
    received: Received,
    ended: bool,
}

/// A pass that is not complete.
struct Pass {
    manifest: Manifest,
    groups: u64,
    bytes: u64,
    hash: Sha256,
}

impl<W: Write> Assembly<W> {
    fn new(output: W) -> Self {
        Self {
            output,
            early: BTreeMap::new(),
            next: 0,
            pass: None,
            received: Received::default(),
            ended: false,
        }
    }

    fn insert(&mut self, sequence: u64, frames: Vec<Bytes>) -> Result<(), ReceiveError> {
        if sequence < self.next || self.early.insert(sequence, frames).is_some() {
            return Err(ReceiveError::Twice { sequence });
        }
        while let Some(frames) = self.early.remove(&self.next) {
            self.next += 1;
            self.group(&frames)?;
        }
        Ok(())
    }

    fn group(&mut self, frames: &[Bytes]) -> Result<(), ReceiveError> {
        self.received.volume.groups += 1;
        for frame in frames {
            self.received.volume.frame(frame.len());
        }
        match &mut self.pass {
            Some(pass) => pass.group(frames, &mut self.output)?,
            None => self.mark(frames)?,
        }
        self.complete()
    }

    fn mark(&mut self, frames: &[Bytes]) -> Result<(), ReceiveError> {
        let sequence = self.next - 1;
        let mark = match frames {
            [mark] => Mark::decode(mark).map_err(|_| ReceiveError::NoMark { sequence })?,
            _ => return Err(ReceiveError::NoMark { sequence }),
        };
        match mark {
            Mark::Pass(manifest) => self.pass = Some(Pass::new(manifest)),
            Mark::End => self.ended = true,
        }
        Ok(())
    }

    /// Closes the pass when all of its groups are there.
    fn complete(&mut self) -> Result<(), ReceiveError> {
        if let Some(pass) = self
            .pass
            .take_if(|pass| pass.groups == pass.manifest.groups)
        {
            pass.check()?;
            self.output.flush()?;
            self.received.passes += 1;
        }
        Ok(())
    }
}

impl Pass {
    fn new(manifest: Manifest) -> Self {
        Self {
            manifest,
            groups: 0,
            bytes: 0,
            hash: Sha256::new(),
        }
    }

    fn group(&mut self, frames: &[Bytes], output: &mut impl Write) -> io::Result<()> {
        self.groups += 1;
        for frame in frames {
            self.bytes += frame.len() as u64;
            self.hash.update(frame);
            output.write_all(frame)?;
        }
        Ok(())
    }

    fn check(self) -> Result<(), ReceiveError> {
        let expected = (self.manifest.bytes, self.manifest.sha256);
        let got = (self.bytes, hex(&self.hash.finalize()));
        if expected == got {
            Ok(())
        } else {
            Err(ReceiveError::Different { expected, got })
        }
    }
}

/// The file did not arrive as it was sent.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReceiveError {
    /// The track ended before its end mark.
    Cut(Volume),
    /// A group came a second time.
    Twice {
        /// Its number.
        sequence: u64,
    },
    /// A group that should tell what follows does not.
    NoMark {
        /// Its number.
        sequence: u64,
    },
    /// The bytes are others, or fewer, or more.
    Different {
        /// Bytes and SHA-256 as announced.
        expected: (u64, String),
        /// Bytes and SHA-256 as received.
        got: (u64, String),
    },
    /// The track or a group failed.
    Track(Error),
    /// What was received could not be written.
    Output(io::Error),
}

impl fmt::Display for ReceiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut(volume) => write!(f, "the track ended too early, after {volume}"),
            Self::Twice { sequence } => write!(f, "group {sequence} came twice"),
            Self::NoMark { sequence } => write!(f, "group {sequence} does not tell what follows"),
            Self::Different { expected, got } => write!(
                f,
                "{} bytes with SHA-256 {} were sent, {} bytes with {} received",
                expected.0, expected.1, got.0, got.1
            ),
            Self::Track(error) => write!(f, "the track failed: {error}"),
            Self::Output(error) => write!(f, "cannot write what was received: {error}"),
        }
    }
}

impl std::error::Error for ReceiveError {}

impl From<Error> for ReceiveError {
    fn from(error: Error) -> Self {
        Self::Track(error)
    }
}

impl From<io::Error> for ReceiveError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::File;

    /// A file as the groups that carry it.
    fn groups(data: &'static [u8]) -> Vec<Vec<Bytes>> {
        let file = File::new(Bytes::from_static(data));
        let mut groups = vec![vec![Mark::Pass(file.manifest().clone()).encode()]];
        groups.extend(file.groups().map(Iterator::collect::<Vec<_>>));
        groups.push(vec![Mark::End.encode()]);
        groups
    }

    #[test]
    fn groups_may_come_in_any_order() {
        let mut output = Vec::new();
        let mut assembly = Assembly::new(&mut output);
        for (sequence, frames) in groups(b"the file").into_iter().enumerate().rev() {
            assembly.insert(sequence as u64, frames).unwrap();
        }
        assert!(assembly.ended);
        assert_eq!(assembly.received.passes, 1);
        assert_eq!(output, b"the file");
    }

    #[test]
    fn an_empty_file_is_a_file() {
        let mut assembly = Assembly::new(io::sink());
        for (sequence, frames) in groups(b"").into_iter().enumerate() {
            assembly.insert(sequence as u64, frames).unwrap();
        }
        assert!(assembly.ended);
        assert_eq!(assembly.received.passes, 1);
    }

    #[test]
    fn a_changed_byte_is_found() {
        let mut groups = groups(b"the file");
        groups[1] = vec![Bytes::from_static(b"the fils")];
        let mut assembly = Assembly::new(io::sink());
        assembly.insert(0, groups[0].clone()).unwrap();
        let error = assembly.insert(1, groups[1].clone()).unwrap_err();
        assert!(matches!(error, ReceiveError::Different { .. }), "{error}");
    }

    #[test]
    fn a_group_that_comes_twice_is_found() {
        let groups = groups(b"the file");
        let mut assembly = Assembly::new(io::sink());
        assembly.insert(0, groups[0].clone()).unwrap();
        assert!(matches!(
            assembly.insert(0, groups[0].clone()),
            Err(ReceiveError::Twice { sequence: 0 })
        ));
    }
}
