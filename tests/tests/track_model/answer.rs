//! What a reader is told, by the cache or by the reference, in one form.

use std::{fmt::Debug, rc::Rc, task::Poll};

use streamgauge_core::track::TrackError;

/// A frame's payload: its number, and a count of who holds it.
pub(crate) type Payload = Rc<u64>;

/// What a reader is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer<T> {
    /// It is to wait.
    Wait,
    /// The next one.
    Next(T),
    /// There is no more.
    End,
    /// There is no more, and why.
    Error(TrackError),
}

impl<T: Debug> Answer<T> {
    pub(crate) fn of(polled: Poll<Result<Option<T>, TrackError>>) -> Self {
        match polled {
            Poll::Pending => Self::Wait,
            Poll::Ready(Ok(Some(next))) => Self::Next(next),
            Poll::Ready(Ok(None)) => Self::End,
            Poll::Ready(Err(error)) => Self::Error(error),
        }
    }

    pub(crate) fn of_one(polled: Poll<Result<T, TrackError>>) -> Self {
        Self::of(polled.map_ok(Some))
    }

    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> Answer<U> {
        match self {
            Self::Wait => Answer::Wait,
            Self::Next(next) => Answer::Next(f(next)),
            Self::End => Answer::End,
            Self::Error(error) => Answer::Error(error),
        }
    }
}
