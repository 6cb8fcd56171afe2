//! A link to write to, and what came out of it.

use std::{cell::RefCell, rc::Rc};

use embassy_time::{Duration, Timer};
use embedded_io_async::{ErrorKind, ErrorType, Write};

/// How a link treats what is written to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Takes all of it at once.
    Fast,
    /// Takes so many bytes at a time, and so long for each time.
    Slow(usize, Duration),
    /// Takes so many bytes more, and then fails.
    Fails(usize),
    /// Takes nothing, and says so.
    Full,
    /// Never says anything.
    Dead,
}

/// The writing end of a link; clones are the same link.
#[derive(Clone, Debug)]
pub struct Link(Rc<RefCell<State>>);

#[derive(Debug)]
struct State {
    mood: Mood,
    bytes: Vec<u8>,
}

impl Link {
    /// A fast link.
    #[must_use]
    pub fn new() -> Self {
        Self(Rc::new(RefCell::new(State {
            mood: Mood::Fast,
            bytes: Vec::new(),
        })))
    }

    /// Changes how it treats what is written to it from now on.
    pub fn mood(&self, mood: Mood) {
        self.0.borrow_mut().mood = mood;
    }

    /// Takes what came out so far.
    #[must_use]
    pub fn drain(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.borrow_mut().bytes)
    }

    fn push(&self, bytes: &[u8]) -> usize {
        self.0.borrow_mut().bytes.extend_from_slice(bytes);
        bytes.len()
    }
}

impl Default for Link {
    fn default() -> Self {
        Self::new()
    }
}

impl ErrorType for Link {
    type Error = ErrorKind;
}

impl Write for Link {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        let mood = self.0.borrow().mood;
        match mood {
            Mood::Fast => Ok(self.push(buf)),
            Mood::Slow(n, span) => {
                Timer::after(span).await;
                Ok(self.push(&buf[..n.min(buf.len())]))
            }
            Mood::Fails(0) => Err(ErrorKind::BrokenPipe),
            Mood::Fails(left) => {
                let taken = left.min(buf.len());
                self.mood(Mood::Fails(left - taken));
                Ok(self.push(&buf[..taken]))
            }
            Mood::Full => Ok(0),
            Mood::Dead => std::future::pending().await,
        }
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}
