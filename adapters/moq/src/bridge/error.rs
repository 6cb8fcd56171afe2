//! What ends a bridge, and how an end on one side is told on the other.

use std::fmt;

use moq_net::{BoundsExceeded, Error, StreamError};
use streamgauge_core::track::TrackError;

/// Where the codes of applications begin in the registries of the wire.
const APPLICATION: u32 = 64;

/// Why a bridge stopped before the end of its track.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BridgeError {
    /// Streamgauge's track takes or gives no more.
    Track(TrackError),
    /// moq-net's track takes or gives no more.
    Moq(Error),
}

impl fmt::Display for BridgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Track(error) => write!(f, "the track ended: {error}"),
            Self::Moq(error) => write!(f, "the MoQ track ended: {error}"),
        }
    }
}

impl std::error::Error for BridgeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Track(error) => Some(error),
            Self::Moq(error) => Some(error),
        }
    }
}

impl From<TrackError> for BridgeError {
    fn from(error: TrackError) -> Self {
        Self::Track(error)
    }
}

impl From<Error> for BridgeError {
    fn from(error: Error) -> Self {
        Self::Moq(error)
    }
}

/// How moq-net is told why a track or a group ended.
pub(super) fn to_moq(error: TrackError) -> Error {
    match error {
        TrackError::Duplicate => Error::Duplicate,
        TrackError::Closed => Error::Closed,
        TrackError::BoundsExceeded => BoundsExceeded.into(),
        TrackError::Evicted => Error::Evicted,
        TrackError::Full => Error::GroupTooLarge,
        TrackError::Aborted(code) => application(code),
        // `Dropped`, and what may be added.
        _ => Error::Dropped,
    }
}

/// moq-net names codes of 16 bits; a longer one goes as it is on the wire, past the reserved ones.
fn application(code: u32) -> Error {
    match u16::try_from(code) {
        Ok(code) => Error::App(code),
        Err(_) => StreamError::Unknown(code.saturating_add(APPLICATION)).into(),
    }
}

/// How streamgauge's readers are told why a track or a group ended.
pub(super) fn to_track(error: &Error) -> TrackError {
    match error {
        Error::Duplicate => TrackError::Duplicate,
        Error::Closed => TrackError::Closed,
        Error::BoundsExceeded(_) => TrackError::BoundsExceeded,
        // The frames that are missing cannot come any more.
        Error::Evicted | Error::Old | Error::Lagged => TrackError::Evicted,
        Error::GroupTooLarge | Error::FrameTooLarge => TrackError::Full,
        Error::App(code) => TrackError::Aborted(u32::from(*code)),
        Error::Stream(error) => from_stream(error),
        _ => TrackError::Dropped,
    }
}

fn from_stream(error: &StreamError) -> TrackError {
    match error {
        StreamError::Evicted | StreamError::Old | StreamError::TooFarBehind => TrackError::Evicted,
        StreamError::GroupTooLarge | StreamError::FrameTooLarge => TrackError::Full,
        StreamError::App(code) => TrackError::Aborted(u32::from(*code)),
        StreamError::Unknown(code) if *code >= APPLICATION => {
            TrackError::Aborted(code - APPLICATION)
        }
        _ => TrackError::Dropped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As it arrives at a peer.
    fn over_the_wire(error: &Error) -> Error {
        StreamError::from_code(StreamError::from(error).to_code()).into()
    }

    #[test]
    fn codes_of_applications_come_back_as_they_were() {
        let most = u32::MAX - APPLICATION;
        for code in [0, 1, 63, 64, 65_535, 65_536, 65_599, 65_600, 1 << 20, most] {
            let error = to_moq(TrackError::Aborted(code));
            assert_eq!(to_track(&error), TrackError::Aborted(code));
            let received = over_the_wire(&error);
            assert_eq!(to_track(&received), TrackError::Aborted(code));
        }
    }

    #[test]
    fn ends_in_one_process_come_back_as_they_were() {
        for error in [
            TrackError::Duplicate,
            TrackError::Closed,
            TrackError::BoundsExceeded,
            TrackError::Evicted,
            TrackError::Full,
            TrackError::Dropped,
        ] {
            assert_eq!(to_track(&to_moq(error)), error);
        }
    }

    #[test]
    fn eviction_and_lack_of_room_are_told_to_a_peer() {
        for error in [TrackError::Evicted, TrackError::Full] {
            assert_eq!(to_track(&over_the_wire(&to_moq(error))), error);
        }
    }

    #[test]
    fn what_is_not_known_of_a_peer_is_a_drop() {
        for error in [Error::Timeout, Error::Remote(70), Error::SessionClosed] {
            assert_eq!(to_track(&error), TrackError::Dropped);
        }
        let reserved = StreamError::from_code(40).into();
        assert_eq!(to_track(&reserved), TrackError::Dropped);
    }
}
