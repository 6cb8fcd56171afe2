//! Where frames go.

use std::fmt;

use crate::Frame;

/// A place for frames.
///
/// A closure `FnMut(&Frame) -> Result<(), SinkError>` is a sink. `write` is called on the driver task
/// and must not block: a sink that has no room refuses, and is offered the track's newest frame with
/// the next tick. Refusing loses no count: frames are cumulative.
pub trait Sink: Send {
    /// Takes the frame, or refuses it.
    ///
    /// # Errors
    /// When the sink does not take the frame; see [`SinkError`].
    fn write(&mut self, frame: &Frame) -> Result<(), SinkError>;
}

impl<F: FnMut(&Frame) -> Result<(), SinkError> + Send> Sink for F {
    fn write(&mut self, frame: &Frame) -> Result<(), SinkError> {
        self(frame)
    }
}

/// Why a sink refused a frame.
#[derive(Debug)]
#[non_exhaustive]
pub enum SinkError {
    /// No room now; the newest frame is offered again with the next tick.
    Busy,
    /// Something failed that may pass; the newest frame is offered again with the next tick.
    Failed(Box<dyn std::error::Error + Send + Sync>),
    /// The sink takes no more frames, and is dropped.
    Closed,
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => write!(f, "the sink has no room for a frame now"),
            Self::Failed(error) => write!(f, "the sink could not take the frame: {error}"),
            Self::Closed => write!(f, "the sink is closed"),
        }
    }
}

impl std::error::Error for SinkError {}

/// A sink, and what it has accepted of each track.
pub(crate) struct Outlet {
    sink: Box<dyn Sink>,
    accepted: Vec<u64>,
    refusing: bool,
    closed: bool,
}

impl Outlet {
    pub(crate) fn new(sink: Box<dyn Sink>) -> Self {
        Self {
            sink,
            accepted: Vec::new(),
            refusing: false,
            closed: false,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.closed
    }

    /// Offers a frame unless the sink has accepted this version of the track; says whether nothing
    /// is owed to it.
    pub(crate) fn offer(&mut self, frame: &Frame, version: u64) -> bool {
        if self.accepted.len() <= frame.track {
            self.accepted.resize(frame.track + 1, 0);
        }
        if self.closed || self.accepted[frame.track] == version {
            return true;
        }
        let result = self.sink.write(frame);
        if result.is_ok() {
            self.accepted[frame.track] = version;
        }
        self.note(frame, result)
    }

    /// Tells the operator when a sink begins or ceases to refuse, not each time.
    fn note(&mut self, frame: &Frame, result: Result<(), SinkError>) -> bool {
        match result {
            Ok(()) => {
                if std::mem::take(&mut self.refusing) {
                    tracing::info!(track = %frame.name, "a stats sink accepts frames again");
                }
                true
            }
            Err(SinkError::Closed) => {
                tracing::info!(track = %frame.name, "a stats sink is closed and takes no more frames");
                self.closed = true;
                true
            }
            Err(error) => {
                if !std::mem::replace(&mut self.refusing, true) {
                    tracing::warn!(track = %frame.name, %error, "a stats sink refuses frames; they are tried again");
                }
                false
            }
        }
    }
}
