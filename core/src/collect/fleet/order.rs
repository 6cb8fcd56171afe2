//! Where frames stand, and which of them were read before.

use serde::{Deserialize, Serialize};

use super::Refused;

/// Where a frame stands in its track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameAt {
    /// The sequence of its group.
    pub group: u64,
    /// Its place in the group: the first, 0, shows all series, and each that follows is a merge patch of
    /// what those before it made.
    pub frame: u64,
    /// It came on the track's sibling with patches (`.json.z`), whose groups have numbers of their own.
    pub on_sibling: bool,
}

impl FrameAt {
    /// The first frame of a group, which shows all series.
    #[must_use]
    pub const fn first(group: u64) -> Self {
        Self {
            group,
            frame: 0,
            on_sibling: false,
        }
    }

    /// The same place on the track itself, or on its sibling with patches.
    #[must_use]
    pub const fn on_sibling(mut self, on_sibling: bool) -> Self {
        self.on_sibling = on_sibling;
        self
    }

    const fn place(self) -> (u64, u64) {
        (self.group, self.frame)
    }
}

/// How far a track was read since its node arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) at: FrameAt,
    pub(super) state: ReadingState,
    /// That frame had been read before.
    pub(super) again: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadingState {
    /// Nothing was read.
    Fresh,
    /// That frame was read, so that a patch of it can be.
    Whole,
    /// That frame was not read to its end.
    Broken,
}

impl Reading {
    pub(super) const NOTHING: Self = Self {
        at: FrameAt::first(0),
        state: ReadingState::Fresh,
        again: false,
    };

    /// How far the track is read while the frame there is.
    pub(super) fn next(&self, at: FrameAt, read: &Bookmarks) -> Result<Self, Refused> {
        let again = read.has(at);
        let same = self.state != ReadingState::Fresh && self.at.on_sibling == at.on_sibling;
        let (last, next) = (self.at.place(), at.place());
        let is_old = match self.state {
            ReadingState::Fresh => false,
            _ if !same => again,
            ReadingState::Whole => next <= last,
            ReadingState::Broken => next < last,
        };
        if is_old {
            return Err(Refused::Old);
        }
        let follows =
            same && self.state == ReadingState::Whole && next == (last.0, last.1.saturating_add(1));
        if at.frame > 0 && !follows {
            return Err(Refused::Gap);
        }
        Ok(Self {
            at,
            state: ReadingState::Broken,
            again,
        })
    }
}

/// How far a track, and its sibling, were ever read: in the last two lives of the node, as groups are
/// numbered from the clock anew in each.
///
/// A relay gives a reader who connects anew what it has kept: groups from before, or all of a group of
/// patches of which a part was read. Rows in there may be of lives that are over and were counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bookmarks {
    track: [Bookmark; 2],
    sibling: [Bookmark; 2],
    /// After which arrival of the node the newest frame was read.
    arrival: u32,
}

impl Bookmarks {
    pub(super) const NONE: Self = Self {
        track: [Bookmark::NONE; 2],
        sibling: [Bookmark::NONE; 2],
        arrival: 0,
    };

    /// Whether a frame was read, or one that is newer.
    pub(super) fn has(&self, at: FrameAt) -> bool {
        let [now, before] = if at.on_sibling {
            &self.sibling
        } else {
            &self.track
        };
        now.covers(at) || before.covers(at)
    }

    /// After which arrival of the node the newest frame was read: what frames that were read tell was
    /// counted by then.
    pub(super) const fn arrival(&self) -> u32 {
        self.arrival
    }

    /// Notes that a frame was read to its end, after this arrival of the node, which none before had told of.
    pub(super) fn note(&mut self, at: FrameAt, arrival: u32) {
        self.arrival = arrival;
        let [now, before] = if at.on_sibling {
            &mut self.sibling
        } else {
            &mut self.track
        };
        if let Some(distance) = now.distance(at.group) {
            now.span = now.span.saturating_add(distance);
        } else {
            if now.frames > 0 {
                *before = now.closed();
            }
            now.span = 0;
        }
        now.group = at.group;
        now.frames = u32::try_from(at.frame.saturating_add(1)).unwrap_or(u32::MAX);
    }

    /// Whether a frame is the newest that was read.
    pub(super) fn ends_at(&self, at: FrameAt) -> bool {
        let [now, _] = if at.on_sibling {
            &self.sibling
        } else {
            &self.track
        };
        now.group == at.group && u64::from(now.frames) == at.frame.saturating_add(1)
    }

    /// The node arrives: numbers that are not from a clock may begin anew.
    pub(super) fn arrive(&mut self) {
        for mark in self.track.iter_mut().chain(&mut self.sibling) {
            if mark.group < CLOCKED {
                *mark = Bookmark::NONE;
            }
        }
    }
}

/// Numbers of groups from here on come from a clock that counts microseconds, and rise in all lives of a
/// node, unless somebody sets the clock back.
const CLOCKED: u64 = 1_000_000_000_000;

/// Groups so far apart are of two lives: a life adds one with each frame, while the clock goes on.
const APART: u64 = 1_000_000;

/// So many groups at most that came before the first that was read are given to another reader.
const REPEATED: u64 = 1_000;

/// How far a track was read in one life of its node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Bookmark {
    /// The newest group of which a frame was read.
    group: u64,
    /// How far it is from the first.
    span: u32,
    /// How many of its frames were read; zero if nothing was.
    frames: u32,
}

impl Bookmark {
    const NONE: Self = Self {
        group: 0,
        span: 0,
        frames: 0,
    };

    fn covers(&self, at: FrameAt) -> bool {
        let least = self.group.saturating_sub(u64::from(self.span) + REPEATED);
        let newest = (self.group, u64::from(self.frames));
        self.frames > 0 && at.group >= least && at.place() < newest
    }

    /// How far a group is from the newest, if it is of the same life.
    fn distance(&self, group: u64) -> Option<u32> {
        let distance = group.checked_sub(self.group)?;
        let near = self.frames > 0 && distance < APART;
        u32::try_from(distance).ok().filter(|_| near)
    }

    /// The same when the node's life is over: nothing more is read of it.
    const fn closed(mut self) -> Self {
        self.frames = u32::MAX;
        self
    }
}
