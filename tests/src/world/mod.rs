//! A node and its model side by side: every operation is done to both.

mod check;
mod close;
mod open;

use std::collections::BTreeMap;

use streamgauge_core::{
    Duration, Instant, PublisherStats, PublisherTrack, Role, SessionStats, Tier,
};

use crate::{Gauge, Model, Name, Node, Room, Sink, Viewing, Words};

/// Something that happens to a node. Guards are picked by a number, modulo how many are open.
#[derive(Clone, Debug)]
pub enum Op {
    /// Announces a broadcast.
    Announce(Tier, Role, String),
    /// Subscribes without an announce guard.
    Subscribe(Tier, Role, String),
    /// Subscribes under an announce guard.
    View(usize),
    /// Asks a subscription, or a writer, for another writer.
    Write(usize),
    /// A session begins.
    Connect(Tier, String),
    /// Counts bytes, a frame, a group, or a whole frame.
    Bump(usize, u8, usize),
    /// Drops an announce guard.
    Unannounce(usize),
    /// Drops a subscription or a writer.
    Leave(usize),
    /// Drops a session.
    Disconnect(usize),
    /// Ticks, and drains into a sink through a buffer of so many bytes.
    Tick(Sink, usize),
    /// Ticks, and drains nothing yet.
    Collect,
    /// Drains what the last tick left.
    Drain(Sink, usize),
    /// Calls the reporter, whether a tick is due or not, and drains if there was one.
    Call(Sink, usize),
    /// Time goes on, by microseconds.
    Sleep(u64),
    /// The clock jumps back, by microseconds.
    JumpBack(u64),
}

/// A node, its model, and the guards that are open.
#[derive(Debug)]
pub struct World {
    /// The node.
    pub gauge: Gauge,
    /// The truth.
    pub model: Model,
    announces: Vec<Announced>,
    writers: Vec<Writer>,
    sessions: Vec<(SessionStats<Node>, Name)>,
    /// Open subscriptions that make up one viewer, by announce guard.
    together: BTreeMap<usize, u64>,
    /// Announce guards ever opened.
    announced: usize,
}

#[derive(Debug)]
struct Announced {
    guard: PublisherStats<Node>,
    /// Nothing if it counts nothing.
    name: Option<Name>,
    id: usize,
}

#[derive(Debug)]
struct Writer {
    guard: PublisherTrack<Node>,
    /// Nothing if it counts nothing.
    name: Option<Name>,
    /// Its announce guard and standing, if it is a subscription.
    subscription: Option<(usize, Viewing)>,
    /// What the guard may still keep in itself.
    held: Words,
    /// Bumps since it last handed over what it kept; nothing if it was given a cell at once.
    unflushed: Option<u32>,
}

impl World {
    /// A node with this much room, and nothing counted.
    #[must_use]
    pub fn new(room: Room) -> Self {
        Self {
            gauge: Gauge::new(room),
            model: Model::default(),
            announces: Vec::new(),
            writers: Vec::new(),
            sessions: Vec::new(),
            together: BTreeMap::new(),
            announced: 0,
        }
    }

    /// Does an operation to node and model, and checks the laws.
    ///
    /// # Panics
    /// When a law is broken.
    pub fn apply(&mut self, op: &Op) {
        match op {
            Op::Announce(tier, role, path) => self.announce(*tier, *role, path),
            Op::Subscribe(tier, role, path) => self.subscribe(*tier, *role, path),
            Op::Connect(tier, root) => self.connect(*tier, root),
            Op::View(pick) => self.view(*pick),
            Op::Write(pick) => self.write(*pick),
            Op::Bump(pick, what, n) => self.bump(*pick, *what, *n),
            Op::Unannounce(pick) => self.unannounce(*pick),
            Op::Leave(pick) => self.leave(*pick),
            Op::Disconnect(pick) => self.disconnect(*pick),
            Op::Tick(sink, room) => self.tick(*sink, *room),
            Op::Collect => self.collect(),
            Op::Drain(sink, room) => self.gauge.drain(*sink, *room),
            Op::Call(sink, room) => self.call(*sink, *room),
            Op::Sleep(span) => self.sleep(*span),
            Op::JumpBack(span) => self.jump_back(*span),
        }
        self.check_bounds();
    }

    /// Drops all guards, and checks that everything was told and all room given back.
    ///
    /// # Panics
    /// When a law is broken.
    pub fn finish(mut self) {
        while !self.writers.is_empty() {
            self.leave(self.announced);
        }
        while !self.announces.is_empty() {
            self.unannounce(0);
        }
        while !self.sessions.is_empty() {
            self.disconnect(0);
        }
        // The first says the last, the second says that it is over.
        for _ in 0..2 {
            self.sleep(Gauge::INTERVAL.as_micros());
            self.tick(Sink::Accept, 512);
        }
        self.check_quiet();
    }

    fn sleep(&mut self, micros: u64) {
        let span = Duration::from_micros(micros);
        self.gauge.now = self.gauge.now.saturating_add(span);
    }

    fn jump_back(&mut self, micros: u64) {
        let now = self.gauge.now.as_micros().saturating_sub(micros);
        self.gauge.now = Instant::from_micros(now);
    }

    fn collect(&mut self) {
        self.gauge.collect();
        self.check_collected();
    }

    fn tick(&mut self, sink: Sink, room: usize) {
        self.gauge.collect();
        self.drain(sink, room);
    }

    fn call(&mut self, sink: Sink, room: usize) {
        if self.gauge.call() {
            self.drain(sink, room);
        }
    }

    /// Drains at once after a tick: nothing was counted in between.
    fn drain(&mut self, sink: Sink, room: usize) {
        self.gauge.drain(sink, room);
        self.check_collected();
        if matches!(sink, Sink::Accept) {
            self.check_told();
        }
    }
}
