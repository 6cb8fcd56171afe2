//! Sinks that remember, and a way to read what they were given.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use streamgauge_tokio::{Frame, Sink, SinkError};

/// The default time between ticks.
pub(crate) const TICK: Duration = Duration::from_secs(1);

/// What a [`Recorder`] does with a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mood {
    #[default]
    Accept,
    Busy,
    Fail,
    Close,
}

/// The outside of a [`Recorder`].
#[derive(Clone, Default)]
pub(crate) struct Record {
    mood: Arc<Mutex<Mood>>,
    accepted: Arc<Mutex<Vec<Frame>>>,
    offered: Arc<Mutex<Vec<Frame>>>,
    dropped: Arc<AtomicBool>,
}

/// A sink that keeps every frame.
pub(crate) struct Recorder(Record);

impl Record {
    pub(crate) fn sink(&self) -> Recorder {
        Recorder(self.clone())
    }

    pub(crate) fn mood(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// The accepted frames of a track.
    pub(crate) fn accepted(&self, track: &str) -> Vec<Value> {
        parsed(&self.accepted.lock().unwrap(), track)
    }

    /// The frames of a track that were offered, taken or not.
    pub(crate) fn offered(&self, track: &str) -> Vec<Value> {
        parsed(&self.offered.lock().unwrap(), track)
    }

    /// Whether the sink was dropped.
    pub(crate) fn is_dropped(&self) -> bool {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl Sink for Recorder {
    fn write(&mut self, frame: &Frame) -> Result<(), SinkError> {
        self.0.offered.lock().unwrap().push(frame.clone());
        match *self.0.mood.lock().unwrap() {
            Mood::Accept => {}
            Mood::Busy => return Err(SinkError::Busy),
            Mood::Fail => return Err(SinkError::Failed("out of ink".into())),
            Mood::Close => return Err(SinkError::Closed),
        }
        self.0.accepted.lock().unwrap().push(frame.clone());
        Ok(())
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.0.dropped.store(true, Ordering::Relaxed);
    }
}

/// The frames of one track, as JSON.
fn parsed(frames: &[Frame], track: &str) -> Vec<Value> {
    let ours = frames.iter().filter(|frame| &*frame.name == track);
    ours.map(json).collect()
}

/// A frame's payload as JSON.
pub(crate) fn json(frame: &Frame) -> Value {
    serde_json::from_slice(&frame.payload).unwrap()
}
