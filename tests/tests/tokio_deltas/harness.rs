//! A reader of a track of patches, and a sink that takes what it is told to.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use bytes::Bytes;
use serde_json::Value;
use streamgauge_tests::merge;
use streamgauge_tokio::{Config, Deltas, Form, Frame, Inflate, Sink, SinkError, Stats};

/// What a reader of one track knows.
#[derive(Debug)]
pub(crate) struct Reader {
    inflate: Inflate,
    pub(crate) value: Value,
    /// The last frame, unpacked.
    pub(crate) last: Vec<u8>,
    pub(crate) keyframes: usize,
    pub(crate) patches: usize,
    pub(crate) bytes: usize,
}

impl Reader {
    pub(crate) fn new() -> Self {
        Self {
            inflate: Inflate::new(64 << 20),
            value: Value::Null,
            last: Vec::new(),
            keyframes: 0,
            patches: 0,
            bytes: 0,
        }
    }

    pub(crate) fn keyframe(&mut self, packed: &[u8]) {
        self.inflate.begin_group();
        self.value = self.unpack(packed);
        self.keyframes += 1;
    }

    pub(crate) fn patch(&mut self, packed: &[u8]) {
        let patch = self.unpack(packed);
        merge(&mut self.value, &patch);
        self.patches += 1;
    }

    fn unpack(&mut self, packed: &[u8]) -> Value {
        self.bytes += packed.len();
        let plain = self.inflate.frame(packed).unwrap();
        self.last = plain.to_vec();
        serde_json::from_slice(plain).unwrap()
    }
}

/// By track, what was read in each form.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) whole: BTreeMap<String, Bytes>,
    pub(crate) packed: BTreeMap<String, Reader>,
}

impl Read {
    fn take(&mut self, frame: &Frame) {
        let name = frame.name.to_string();
        let Some(track) = name.strip_suffix(".z") else {
            assert_eq!(frame.form, Form::Whole);
            self.whole.insert(name, frame.payload.clone());
            return;
        };
        let reader = self.packed.entry(track.into()).or_insert_with(Reader::new);
        match frame.form {
            Form::Whole => panic!("{name} has a whole frame"),
            Form::Keyframe => reader.keyframe(&frame.payload),
            Form::Patch => reader.patch(&frame.payload),
        }
    }

    /// In all tracks, keyframes and patches make the whole frame.
    #[track_caller]
    pub(crate) fn check(&self) {
        assert_eq!(self.whole.len(), self.packed.len());
        for (track, whole) in &self.whole {
            let whole: Value = serde_json::from_slice(whole).unwrap();
            assert_eq!(self.packed[track].value, whole, "{track}");
        }
    }

    /// The same but for when frames were made: one that is owed is made anew.
    #[track_caller]
    pub(crate) fn check_numbers(&self) {
        assert_eq!(self.whole.len(), self.packed.len());
        for (track, whole) in &self.whole {
            let whole = serde_json::from_slice(whole).unwrap();
            let packed = self.packed[track].value.clone();
            let [packed, whole] = [packed, whole].map(without_time);
            assert_eq!(packed, whole, "{track}");
        }
    }

    pub(crate) fn track(&self, name: &str) -> &Reader {
        &self.packed[name]
    }
}

fn without_time(mut frame: Value) -> Value {
    frame.as_object_mut().unwrap().remove("ts_ms");
    frame
}

/// A sink of either kind.
struct Taker {
    read: Arc<Mutex<Read>>,
    refused: Arc<AtomicU32>,
    offered: Arc<AtomicU32>,
}

impl Sink for Taker {
    fn write(&mut self, frame: &Frame) -> Result<(), SinkError> {
        let place = self.offered.fetch_add(1, Ordering::Relaxed);
        if self.refused.load(Ordering::Relaxed) >> (place % 32) & 1 == 1 {
            return Err(SinkError::Busy);
        }
        self.read.lock().unwrap().take(frame);
        Ok(())
    }
}

/// A node that says what changed, and what a sink took of it.
pub(crate) struct Node {
    pub(crate) stats: Stats,
    pub(crate) read: Arc<Mutex<Read>>,
    /// The frames of a tick that are refused, by their place, one bit each.
    refused: Arc<AtomicU32>,
    offered: Arc<AtomicU32>,
}

impl Node {
    pub(crate) fn new(deltas: Deltas) -> Self {
        Self::with(deltas, Config::new())
    }

    pub(crate) fn with(deltas: Deltas, config: Config) -> Self {
        Self::of(deltas, config, Config::with_sink)
    }

    /// One whose sink takes the frames of levels and groups.
    pub(crate) fn beside(deltas: Deltas, config: Config) -> Self {
        Self::of(deltas, config, Config::with_side_sink)
    }

    fn of(deltas: Deltas, config: Config, with: fn(Config, Taker) -> Config) -> Self {
        let (read, refused) = (Arc::<Mutex<Read>>::default(), Arc::<AtomicU32>::default());
        let offered = Arc::<AtomicU32>::default();
        let sink = Taker {
            read: read.clone(),
            refused: refused.clone(),
            offered: offered.clone(),
        };
        let config = with(config, sink).with_deltas(deltas);
        Self {
            stats: Stats::spawn(config).unwrap(),
            read,
            refused,
            offered,
        }
    }

    /// Ticks, with a sink that takes all.
    pub(crate) async fn tick(&self) {
        self.tick_refusing(0).await;
    }

    pub(crate) async fn tick_refusing(&self, refused: u32) {
        self.refused.store(refused, Ordering::Relaxed);
        self.offered.store(0, Ordering::Relaxed);
        self.stats.flush().await;
    }

    #[track_caller]
    pub(crate) fn check(&self) {
        self.read.lock().unwrap().check();
    }

    pub(crate) fn with_track<T>(&self, name: &str, f: impl FnOnce(&Reader) -> T) -> T {
        f(self.read.lock().unwrap().track(name))
    }
}
