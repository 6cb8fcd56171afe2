//! A node, its reporter and a reader of what a sink of choice accepts.

use std::collections::HashMap;

use streamgauge_core::{Chunk, Duration, Instant, Told, TrackId, Traffic};

use crate::{Node, Patched, Reader, Reporter, Room, TIER_NAMES, track_name};

/// What a sink does with the frames of one tick.
#[derive(Clone, Copy, Debug)]
pub enum Sink {
    /// Takes all.
    Accept,
    /// Takes none.
    Refuse,
    /// Takes the frames whose bit is set, in order.
    Some(u32),
    /// Takes the beginning of each frame, so many buffers, and then refuses it unless it was whole.
    Break(u8),
    /// Takes so many frames, and then nothing until the next tick.
    Stall(u8),
}

/// A node with its reporter and reader.
#[derive(Debug)]
pub struct Gauge {
    /// The node.
    pub node: Node,
    /// Its reporter.
    pub reporter: Reporter,
    /// The reader of what was accepted.
    pub reader: Reader,
    /// What the clock shows.
    pub now: Instant,
    /// The reader of patches, if they are made.
    pub patched: Option<Patched>,
    told: Told,
    /// By track, the last frame that was drained whole, taken or not.
    last: HashMap<TrackId, Vec<u8>>,
}

impl Gauge {
    /// The time between two ticks.
    pub const INTERVAL: Duration = Duration::from_secs(1);

    /// What the wall clock shows when the reporter's shows zero.
    pub const START_MS: u64 = 1_000_000;

    /// A fresh node at time zero.
    #[must_use]
    pub fn new(room: Room) -> Self {
        let node = Node::new(room);
        Self {
            reporter: node.reporter(Self::INTERVAL, Self::START_MS),
            reader: Reader::default(),
            now: Instant::from_micros(0),
            patched: room.marks.then(Patched::default),
            told: Told::NOTHING,
            last: HashMap::new(),
            node,
        }
    }

    /// Ticks an interval later, with a sink that takes all.
    pub fn tick(&mut self) {
        self.now = self.now.saturating_add(Self::INTERVAL);
        self.tick_into(Sink::Accept, 4096);
    }

    /// Ticks now, and drains into the sink through a buffer of `room` bytes.
    pub fn tick_into(&mut self, sink: Sink, room: usize) {
        self.collect();
        self.drain(sink, room);
    }

    /// Ticks now, and drains nothing yet.
    pub fn collect(&mut self) {
        self.reporter.tick(self.node.meters(), self.now);
    }

    /// Calls the reporter now, and says whether it ticked.
    pub fn call(&mut self) -> bool {
        let meters = self.node.meters();
        self.reporter.handle_timeout(meters, self.now)
    }

    /// Drains what is due into the sink, through a buffer of `room` bytes.
    pub fn drain(&mut self, sink: Sink, room: usize) {
        let mut place = 0;
        while let Some(track) = self.reporter.poll_track() {
            if matches!(sink, Sink::Stall(frames) if place >= usize::from(frames)) {
                return;
            }
            let frame = self.frame(track, sink, room);
            let told = frame.as_ref().is_some_and(|frame| {
                self.patched.is_none() || self.tell(track, frame, (sink, place), room)
            });
            match frame {
                // What the reader of patches does not take is owed to both.
                Some(frame) if told && takes(sink, place) => {
                    self.reader.read(&track_name(track), &frame);
                    self.reporter.accept(self.node.meters());
                }
                _ => self.reporter.refuse(),
            }
            place += 1;
        }
    }

    /// Everything collected in a lane of traffic.
    #[must_use]
    pub fn total(&self, lane: usize) -> Traffic {
        self.reporter.traffic().total(lane)
    }

    /// Tells the reader of patches of a track, by a patch or by the frame; whether the sink took it.
    fn tell(
        &mut self,
        track: TrackId,
        frame: &[u8],
        (sink, place): (Sink, usize),
        room: usize,
    ) -> bool {
        self.reporter.restart();
        let moved = self.reporter.has_patch();
        let patch = self.patch(room);
        let Some(patched) = &mut self.patched else {
            return true;
        };
        let name = track_name(track);
        let keyframe = !patched.knows(&name) || matches!(sink, Sink::Some(bits) if bits >> 31 == 1);
        if !takes_patch(sink, place) {
            return !moved && !keyframe;
        }
        if keyframe {
            patched.keyframe(&name, frame);
            self.reporter.accept_keyframe(&mut self.told);
        } else {
            patched.patch(&name, &patch, frame);
            assert!(moved || patch == b"{}", "{name}: a patch without a change");
            self.reporter.accept_patch(&mut self.told);
        }
        true
    }

    fn patch(&mut self, room: usize) -> Vec<u8> {
        let (reporter, meters) = (&mut self.reporter, self.node.meters());
        let told = &self.told;
        drained(room, |buf| {
            Some(reporter.poll_patch(told, meters, &TIER_NAMES[..], buf))
        })
        .unwrap_or_default()
    }

    /// One whole frame, unless the sink breaks it off.
    fn frame(&mut self, track: TrackId, sink: Sink, room: usize) -> Option<Vec<u8>> {
        let (reporter, meters) = (&mut self.reporter, self.node.meters());
        let last = self.last.entry(track).or_default();
        let mut pieces = 0;
        let frame = drained(room, |buf| {
            let stops = matches!(sink, Sink::Break(after) if pieces >= usize::from(after));
            pieces += 1;
            let names = &TIER_NAMES[..];
            (!stops).then(|| reporter.poll_frame_after(meters, names, last, buf))
        })?;
        last.clone_from(&frame);
        Some(frame)
    }
}

/// All pieces, through a buffer of `room` bytes; nothing if one does not come.
fn drained(room: usize, mut piece: impl FnMut(&mut [u8]) -> Option<Chunk>) -> Option<Vec<u8>> {
    let (mut frame, mut buf) = (Vec::new(), vec![0; room.max(1)]);
    loop {
        let chunk = piece(&mut buf)?;
        frame.extend_from_slice(&buf[..chunk.len]);
        if chunk.end {
            return Some(frame);
        }
        assert_eq!(chunk.len, buf.len(), "an unfinished frame fills the buffer");
    }
}

fn takes(sink: Sink, place: usize) -> bool {
    match sink {
        Sink::Refuse => false,
        Sink::Some(bits) => bits >> (place % 32) & 1 == 1,
        Sink::Accept | Sink::Break(_) | Sink::Stall(_) => true,
    }
}

/// Independent of what becomes of the frame.
fn takes_patch(sink: Sink, place: usize) -> bool {
    match sink {
        Sink::Refuse => false,
        Sink::Some(bits) => bits.rotate_left(13) >> (place % 32) & 1 == 1,
        Sink::Accept | Sink::Break(_) | Sink::Stall(_) => true,
    }
}
