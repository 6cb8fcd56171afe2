//! The newest frame of each track, for readers that come at any time.

use std::sync::Arc;

use tokio::sync::watch;

use crate::Frame;

/// A node's tracks and their newest frames.
#[derive(Debug)]
pub(crate) struct Board {
    pub(crate) path: String,
    pub(crate) names: Vec<Arc<str>>,
    frames: Vec<watch::Receiver<Option<Frame>>>,
}

/// The driver's end of a [`Board`]; readers see the end of their tracks when it drops.
pub(crate) struct Poster(Vec<watch::Sender<Option<Frame>>>);

impl Board {
    pub(crate) fn new(path: String, names: Vec<Arc<str>>) -> (Self, Poster) {
        let (senders, frames) = names.iter().map(|_| watch::channel(None)).unzip();
        (
            Self {
                path,
                names,
                frames,
            },
            Poster(senders),
        )
    }

    pub(crate) fn latest(&self, name: &str) -> Option<Latest> {
        let place = self.names.iter().position(|other| **other == *name)?;
        Some(Latest {
            frames: self.frames.get(place)?.clone(),
            given: None,
        })
    }
}

impl Poster {
    /// The frame shown on a track.
    pub(crate) fn shown(&self, track: usize) -> Option<Frame> {
        self.0.get(track)?.borrow().clone()
    }

    /// Shows a frame in place of the one before, which is returned.
    pub(crate) fn show(&self, frame: Frame) -> Option<Frame> {
        self.0.get(frame.track)?.send_replace(Some(frame))
    }
}

/// Follows one track: always the newest frame, whatever was missed in between.
#[derive(Clone, Debug)]
pub struct Latest {
    frames: watch::Receiver<Option<Frame>>,
    /// The time of the frame that was given last; a track has one frame at a time at most.
    given: Option<u64>,
}

impl Latest {
    /// The newest frame, if there was one yet.
    pub fn frame(&self) -> Option<Frame> {
        self.frames.borrow().clone()
    }

    /// Waits for a frame that this reader has not been given yet: the newest there is, at first.
    /// Nothing once the node's driver has ended and its last frame was given. Cancel-safe.
    pub async fn next(&mut self) -> Option<Frame> {
        loop {
            let newest = self.frames.borrow_and_update().clone();
            if let Some(frame) = newest.filter(|frame| self.given != Some(frame.ts_ms)) {
                self.given = Some(frame.ts_ms);
                return Some(frame);
            }
            self.frames.changed().await.ok()?;
        }
    }
}
