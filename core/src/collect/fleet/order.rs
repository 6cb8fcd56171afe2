//! Where frames stand, and which of them were read before.

use serde::{Deserialize, Serialize};

use super::Refused;
use crate::time::{Duration, Instant};

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
    /// It may be older than what was read on the other of track and sibling.
    pub(super) doubtful: bool,
    /// When the first frame in a row on this one of the two was read.
    begun: Instant,
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
        doubtful: false,
        begun: Instant::from_micros(0),
    };

    /// How far the track is read while the frame there is.
    pub(super) fn next(
        &self,
        at: FrameAt,
        read: &Bookmarks,
        now: Instant,
    ) -> Result<Self, Refused> {
        let again = read.has(at);
        let same = self.goes_on(at);
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
        let begun = if same { self.begun } else { now };
        let is_early = now <= begun.saturating_add(BACKLOG);
        Ok(Self {
            at,
            state: ReadingState::Broken,
            again,
            doubtful: !again && is_early && read.is_behind(at),
            begun,
        })
    }

    /// Whether a frame is on the one of track and sibling on which the last one was.
    pub(super) fn goes_on(&self, at: FrameAt) -> bool {
        self.state != ReadingState::Fresh && self.at.on_sibling == at.on_sibling
    }
}

/// A relay gives a new reader within this time what it has kept.
const BACKLOG: Duration = Duration::from_secs(60);

/// How far a track, and its sibling, were ever read: in the last two lives of the node, as groups are
/// numbered from the clock anew in each.
///
/// A relay gives a reader who connects anew what it has kept: groups from before, or all of a group of
/// patches of which a part was read. Rows in there may be of lives that are over and were counted.
///
/// The numbers of a track and of its sibling cannot be compared, but they begin together in each life of the node.
/// So frames of the one that was read less far are doubtful at first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bookmarks {
    track: [Bookmark; 2],
    sibling: [Bookmark; 2],
    /// After which arrival of the node the newest frame was read.
    arrival: u32,
    /// Whether that was on the sibling; nothing if frames were read since that may be newer.
    sibling_leads: Option<bool>,
    /// After which arrival of the node the first frame of the newest life was read.
    began: u32,
}

impl Bookmarks {
    pub(super) const NONE: Self = Self {
        track: [Bookmark::NONE; 2],
        sibling: [Bookmark::NONE; 2],
        arrival: 0,
        sibling_leads: None,
        began: 0,
    };

    /// Whether a frame was read, or one that is newer.
    pub(super) fn has(&self, at: FrameAt) -> bool {
        self.of(at.on_sibling).iter().any(|mark| mark.covers(at))
    }

    /// Whether a frame may be older than what was read on the other of track and sibling.
    fn is_behind(&self, at: FrameAt) -> bool {
        let [ours, _] = self.of(at.on_sibling);
        let leads = self.is_led_by(at) && ours.distance(at.group).is_some();
        let mut others = self.of(!at.on_sibling).iter();
        !leads && others.any(|mark| mark.is_beside(at.group))
    }

    /// Whether the newest frame was read on the same one of track and sibling.
    pub(super) fn is_led_by(&self, at: FrameAt) -> bool {
        self.sibling_leads == Some(at.on_sibling)
    }

    /// Whether a frame is of the life before the newest, by what was read on the other of track and sibling.
    pub(super) fn is_former(&self, at: FrameAt) -> bool {
        let [now, before] = self.of(!at.on_sibling);
        let [from_now, from_before] = [now, before].map(|mark| mark.group.abs_diff(at.group));
        before.frames > 0 && from_before < from_now.min(APART)
    }

    /// Whether it is of the newest.
    fn is_newest(&self, at: FrameAt) -> bool {
        let [now, _] = self.of(!at.on_sibling);
        now.is_beside(at.group) && !self.is_former(at)
    }

    /// After which arrival of the node the first frame of the newest life was read.
    pub(super) const fn began(&self) -> u32 {
        self.began
    }

    const fn of(&self, on_sibling: bool) -> &[Bookmark; 2] {
        if on_sibling {
            &self.sibling
        } else {
            &self.track
        }
    }

    /// After which arrival of the node the newest frame was read: what frames that were read tell was
    /// counted by then.
    pub(super) const fn arrival(&self) -> u32 {
        self.arrival
    }

    /// A frame tells more than any that was read before, after this arrival of the node.
    pub(super) fn lead(&mut self, at: FrameAt, arrival: u32) {
        let [ours, theirs] = [at.on_sibling, !at.on_sibling].map(|which| self.of(which)[0]);
        if ours.distance(at.group).is_none() && !theirs.is_beside(at.group) {
            self.began = arrival;
        }
        self.arrival = arrival;
        self.sibling_leads = Some(at.on_sibling);
    }

    /// Notes that a frame was read to its end, after this arrival of the node, which none before had told of.
    pub(super) fn note(&mut self, &Reading { at, doubtful, .. }: &Reading, arrival: u32) {
        if !doubtful {
            self.lead(at, arrival);
        } else if !self.is_led_by(at) && !self.is_former(at) {
            self.sibling_leads = None;
        }
        let last = FrameAt::first(self.of(at.on_sibling)[0].group).on_sibling(at.on_sibling);
        let is_former = doubtful && self.is_former(at) && self.is_newest(last);
        let [now, before] = if at.on_sibling {
            &mut self.sibling
        } else {
            &mut self.track
        };
        if is_former {
            before.read(at);
            return;
        }
        if now.frames > 0 && now.distance(at.group).is_none() {
            *before = now.closed();
        }
        now.read(at);
    }

    /// Whether a frame is the newest that was read.
    pub(super) fn ends_at(&self, at: FrameAt) -> bool {
        let [now, _] = self.of(at.on_sibling);
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

/// The numbers of a track and of its sibling differ by less in one life of the node: they count frames from the same
/// moment on, in groups of one or of many.
const BESIDE: u64 = 60_000_000;

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

    /// Whether a group of the other of track and sibling may be of the same life.
    const fn is_beside(&self, group: u64) -> bool {
        self.frames > 0 && self.group.abs_diff(group) < BESIDE
    }

    /// How far a group is from the newest, if it is of the same life.
    fn distance(&self, group: u64) -> Option<u32> {
        let distance = group.checked_sub(self.group)?;
        let near = self.frames > 0 && distance < APART;
        u32::try_from(distance).ok().filter(|_| near)
    }

    /// A frame was read, of the same life or of another.
    fn read(&mut self, at: FrameAt) {
        self.span = self
            .distance(at.group)
            .map_or(0, |distance| self.span.saturating_add(distance));
        self.group = at.group;
        self.frames = u32::try_from(at.frame.saturating_add(1)).unwrap_or(u32::MAX);
    }

    /// The same when the node's life is over: nothing more is read of it.
    const fn closed(mut self) -> Self {
        self.frames = u32::MAX;
        self
    }
}
