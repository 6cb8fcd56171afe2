//! Where frames go.

use core::fmt;

use embedded_io_async::ErrorKind;
use streamgauge_core::{Chunk, TrackId};

/// A frame on its way out, to be read in pieces of any size.
///
/// A JSON object, encoded as it is read: the sink's own buffer is all the memory it takes.
pub trait Frame {
    /// The track that it is a frame of.
    fn track(&self) -> TrackId;

    /// The boot that it is from, as [`Config::with_epoch`](crate::Config::with_epoch) tells.
    fn epoch(&self) -> u64;

    /// Whether it is a JSON merge patch (RFC 7396) of the track's frame before, and not all there is to say;
    /// see [`Patches`](crate::Patches).
    fn is_patch(&self) -> bool {
        false
    }

    /// Writes the next piece into `buf`, and says how long it is and whether it is the last.
    ///
    /// Any buffer will do; one that holds a whole row of some 300 bytes spares encoding rows twice.
    fn read(&mut self, buf: &mut [u8]) -> Chunk;

    /// Begins again: the next piece is the first.
    fn restart(&mut self);
}

/// A place for frames.
///
/// A sink may take its time: the node waits, skips ticks if need be, and counts on; it gives up after
/// [`Config::with_patience`](crate::Config::with_patience), by dropping the future of `send`. A frame
/// that was refused or given up is said again with the next tick: refusing loses no count, because
/// frames are cumulative.
///
/// `(A, B)` is a sink that sends to `A` and then to `B`, and accepts what both accept.
#[allow(
    async_fn_in_trait,
    reason = "the future runs where the runner does and need not be `Send`"
)]
pub trait Sink {
    /// Reads the frame to its end and sends it.
    ///
    /// # Errors
    /// When the sink does not take the frame; see [`SinkError`].
    async fn send<F: Frame>(&mut self, frame: &mut F) -> Result<(), SinkError>;
}

impl<S: Sink> Sink for &mut S {
    async fn send<F: Frame>(&mut self, frame: &mut F) -> Result<(), SinkError> {
        S::send(self, frame).await
    }
}

impl<A: Sink, B: Sink> Sink for (A, B) {
    async fn send<F: Frame>(&mut self, frame: &mut F) -> Result<(), SinkError> {
        let first = self.0.send(frame).await;
        frame.restart();
        let second = self.1.send(frame).await;
        first.and(second)
    }
}

/// Why a sink refused a frame; it is tried again with the next tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SinkError {
    /// No room now.
    Busy,
    /// The frame is longer than the sink can take.
    TooLong {
        /// The most bytes it takes.
        capacity: usize,
    },
    /// It is a patch, and the sink shows whole frames.
    Patch,
    /// It took longer than the node has patience for.
    TimedOut,
    /// The link failed.
    Link(ErrorKind),
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("the sink has no room for a frame now"),
            Self::TooLong { capacity } => {
                write!(
                    f,
                    "the frame is longer than the {capacity} bytes the sink takes"
                )
            }
            Self::Patch => f.write_str("the frame is a patch, and the sink shows whole frames"),
            Self::TimedOut => f.write_str("the sink did not take the frame in time"),
            Self::Link(kind) => write!(f, "the sink's link failed: {kind:?}"),
        }
    }
}

impl core::error::Error for SinkError {}
