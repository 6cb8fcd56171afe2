//! The node's frames in parts, by the first segments of paths: a broadcast for each group of them.

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;
use streamgauge_core::{Instant, OVERFLOW};

use crate::{
    Config,
    members::{Member, leading, members, unescaped},
    side::Side,
    sink::Outlet,
};

/// The groups of one node, and where they are published.
pub(crate) struct Groups {
    depth: usize,
    linger: Duration,
    /// How many groups there may be besides that of what finds no room.
    room: usize,
    prefix: String,
    node: String,
    side: Side,
    /// Tracks of each group.
    tracks: usize,
    /// The groups that there are, by name as frames have it.
    places: HashMap<Vec<u8>, usize>,
    slots: Vec<Option<Group>>,
    free: Vec<usize>,
    /// Groups that were opened in this tick.
    opened: Vec<usize>,
    /// Whether one found no room since the last tick.
    short: bool,
}

/// One group: its broadcast stays while it has rows, and for the linger after that.
struct Group {
    name: Vec<u8>,
    /// By track, the newest frame.
    last: Vec<Bytes>,
    /// By track, whether a sink has yet to accept it.
    owed: Vec<bool>,
    /// The frame that is being put together.
    next: Vec<u8>,
    idle: Option<Instant>,
}

/// A frame of no rows.
const EMPTY: &[u8] = b"{}";

impl Groups {
    /// Nothing unless the configuration asks for groups. `names` are those of the tracks to part; sinks know
    /// the parts from `first` on.
    pub(crate) fn new(config: &Config, names: &[String], first: usize) -> Option<Self> {
        (config.depth > 0).then(|| Self {
            depth: config.depth,
            linger: config.group_linger,
            room: config.group_room,
            prefix: config.prefix.clone(),
            node: config.node.clone(),
            side: Side::new(&config.origins, config.deltas, names, first),
            tracks: names.len(),
            places: HashMap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            opened: Vec::new(),
            short: false,
        })
    }

    /// Whether the frames of a track are published in parts.
    pub(crate) fn has(&self, track: usize) -> bool {
        track < self.tracks
    }

    /// Parts a frame of one of the tracks, and publishes the parts that changed; says whether nothing is owed
    /// to any sink.
    pub(crate) fn offer(
        &mut self,
        outlets: &mut [Outlet],
        track: usize,
        (ts_ms, frame): (u64, &[u8]),
    ) -> bool {
        for row in members(frame) {
            self.put(&row);
        }
        let mut all = true;
        for (slot, group) in self.slots.iter_mut().enumerate() {
            let Some(group) = group else { continue };
            let changed = group.finish(track);
            let part = (ts_ms, group.last[track].clone());
            let sent = |_, _| {};
            let accepted = self.side.offer(outlets, (slot, track), part, changed, sent);
            group.owed[track] = !accepted;
            all &= accepted;
        }
        all
    }

    /// Announces the groups that came, and ends those that have been empty for the linger: after the frames of
    /// a tick.
    pub(crate) fn settle(&mut self, now: Instant) {
        for slot in self.opened.drain(..) {
            self.side.announce(slot);
        }
        let linger = if std::mem::take(&mut self.short) {
            Duration::ZERO
        } else {
            self.linger
        };
        for slot in 0..self.slots.len() {
            let group = self.slots[slot].as_mut();
            if group.is_some_and(|group| group.is_over(now, linger.into())) {
                self.close(slot);
            }
        }
    }

    /// Adds a row to its group's next frame. The row of the empty path is in none.
    fn put(&mut self, row: &Member<'_>) {
        let name = leading(row.key, self.depth);
        if name.is_empty() {
            return;
        }
        let slot = self.find_or_open(if is_mistakable(name) {
            OVERFLOW.as_bytes()
        } else {
            name
        });
        if let Some(Some(group)) = self.slots.get_mut(slot) {
            group.put(row.bytes);
        }
    }

    /// The slot of a group, which is opened if there is none; where there is no room, of the group of all
    /// that finds none.
    fn find_or_open(&mut self, name: &[u8]) -> usize {
        if let Some(slot) = self.places.get(name) {
            return *slot;
        }
        let spare = OVERFLOW.as_bytes();
        let others = self.places.len() - usize::from(self.places.contains_key(spare));
        if others >= self.room && name != spare {
            self.short = true;
            return self.find_or_open(spare);
        }
        self.open(name)
    }

    fn open(&mut self, name: &[u8]) -> usize {
        let slot = self.free.pop().unwrap_or(self.slots.len());
        if self.slots.len() <= slot {
            self.slots.resize_with(slot + 1, || None);
        }
        self.slots[slot] = Some(Group::new(name, self.tracks));
        self.places.insert(name.to_vec(), slot);
        let path = format!("{}/{}/node/{}", self.prefix, unescaped(name), self.node);
        let path = path.trim_end_matches('/').to_owned();
        self.side.open(slot, path);
        self.opened.push(slot);
        slot
    }

    fn close(&mut self, slot: usize) {
        if let Some(group) = self.slots[slot].take() {
            self.places.remove(&group.name);
            self.side.close(slot);
            self.free.push(slot);
        }
    }
}

/// Whether the path of a group's broadcast would read like that of another group, of a node, or of a level.
fn is_mistakable(group: &[u8]) -> bool {
    let mut segments = group.split(|byte| *byte == b'/').enumerate();
    segments.any(|(at, segment)| segment == b"node" || (at == 0 && segment == b"prefix"))
}

impl Group {
    fn new(name: &[u8], tracks: usize) -> Self {
        Self {
            name: name.to_vec(),
            last: vec![Bytes::from_static(EMPTY); tracks],
            owed: vec![false; tracks],
            next: vec![b'{'],
            idle: None,
        }
    }

    fn put(&mut self, row: &[u8]) {
        if self.next.len() > 1 {
            self.next.push(b',');
        }
        self.next.extend_from_slice(row);
    }

    /// Ends the frame that was put together; says whether it differs from the track's last.
    fn finish(&mut self, track: usize) -> bool {
        self.next.push(b'}');
        let changed = self.last[track] != self.next;
        if changed {
            self.last[track] = Bytes::copy_from_slice(&self.next);
        }
        self.next.truncate(1);
        changed
    }

    /// Whether no track has had a row for so long, and every sink knows. A clock that jumped back begins the linger anew.
    fn is_over(&mut self, now: Instant, linger: streamgauge_core::Duration) -> bool {
        if self.last.iter().any(|frame| frame != EMPTY) {
            self.idle = None;
            return false;
        }
        let idle = self.idle.filter(|idle| *idle <= now).unwrap_or(now);
        self.idle = Some(idle);
        now.saturating_since(idle) >= linger && !self.owed.contains(&true)
    }
}
