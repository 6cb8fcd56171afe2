//! What a track tells: who is to look again, and what happened.

/// Who is to look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wake {
    /// Who waits for a group, or for the end of the track.
    Track,
    /// Who waits for a frame, or for the end, of the group in this [slot](super::GroupId::slot).
    Group {
        /// The slot.
        slot: usize,
    },
}

/// Why groups were evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// They were older than the policy allows.
    Age,
    /// There were as many as the policy allows, or as there are slots.
    Groups,
    /// Every slot for frames was taken.
    Frames,
    /// The bytes that the policy allows were needed for others.
    Bytes,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Age, Self::Groups, Self::Frames, Self::Bytes];
}

/// How much came or went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Groups.
    pub groups: u64,
    /// Frames.
    pub frames: u64,
    /// Bytes of payload.
    pub bytes: u64,
}

impl Amount {
    const NONE: Self = Self {
        groups: 0,
        frames: 0,
        bytes: 0,
    };

    /// The bytes, which lie in memory.
    #[allow(clippy::cast_possible_truncation, reason = "they lie in memory")]
    pub(super) const fn size(&self) -> usize {
        self.bytes as usize
    }

    fn add(&mut self, other: Self) {
        self.groups = self.groups.wrapping_add(other.groups);
        self.frames = self.frames.wrapping_add(other.frames);
        self.bytes = self.bytes.wrapping_add(other.bytes);
    }

    fn take(&mut self) -> Option<Self> {
        let taken = core::mem::take(self);
        (taken != Self::NONE).then_some(taken)
    }
}

/// What happened, as often as it did since it was last told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrackEvent {
    /// Groups were created and frames written.
    Written(Amount),
    /// Groups were evicted, with their frames.
    Evicted(Reason, Amount),
    /// Groups that were asked for by their sequence were there.
    Hit(u64),
    /// Groups that were asked for by their sequence were not there.
    Miss(u64),
    /// Groups were created after one with a higher sequence.
    Late(u64),
    /// Groups were refused because there was one with their sequence.
    Duplicate(u64),
}

/// What was not told yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct News {
    track_changed: bool,
    /// Whether there is anything below.
    any: bool,
    written: Amount,
    evicted: [Amount; Reason::ALL.len()],
    hits: u64,
    misses: u64,
    late: u64,
    duplicates: u64,
}

impl News {
    pub(super) const fn new() -> Self {
        Self {
            track_changed: false,
            any: false,
            written: Amount::NONE,
            evicted: [Amount::NONE; Reason::ALL.len()],
            hits: 0,
            misses: 0,
            late: 0,
            duplicates: 0,
        }
    }

    #[inline]
    pub(super) fn track_changed(&mut self) {
        self.track_changed = true;
    }

    #[inline]
    pub(super) fn take_track_changed(&mut self) -> bool {
        core::mem::take(&mut self.track_changed)
    }

    #[inline]
    pub(super) fn group_created(&mut self, late: bool) {
        self.any = true;
        self.written.groups = self.written.groups.wrapping_add(1);
        self.late = self.late.wrapping_add(u64::from(late));
    }

    #[inline]
    pub(super) fn frame_written(&mut self, bytes: usize) {
        self.any = true;
        self.written.frames = self.written.frames.wrapping_add(1);
        self.written.bytes = self.written.bytes.wrapping_add(bytes as u64);
    }

    #[inline]
    pub(super) fn evicted(&mut self, reason: Reason, amount: Amount) {
        self.any = true;
        if let Some(evicted) = self.evicted.get_mut(reason as usize) {
            evicted.add(amount);
        }
    }

    pub(super) fn duplicate(&mut self) {
        self.any = true;
        self.duplicates = self.duplicates.wrapping_add(1);
    }

    pub(super) fn asked(&mut self, hit: bool) {
        self.any = true;
        let count = if hit {
            &mut self.hits
        } else {
            &mut self.misses
        };
        *count = count.wrapping_add(1);
    }

    pub(super) fn poll(&mut self) -> Option<TrackEvent> {
        if !self.any {
            return None;
        }
        let event = self.next();
        self.any = event.is_some();
        event
    }

    fn next(&mut self) -> Option<TrackEvent> {
        if let Some(amount) = self.written.take() {
            return Some(TrackEvent::Written(amount));
        }
        for (reason, amount) in Reason::ALL.into_iter().zip(&mut self.evicted) {
            if let Some(amount) = amount.take() {
                return Some(TrackEvent::Evicted(reason, amount));
            }
        }
        take(&mut self.hits)
            .map(TrackEvent::Hit)
            .or_else(|| take(&mut self.misses).map(TrackEvent::Miss))
            .or_else(|| take(&mut self.late).map(TrackEvent::Late))
            .or_else(|| take(&mut self.duplicates).map(TrackEvent::Duplicate))
    }
}

fn take(count: &mut u64) -> Option<u64> {
    let taken = core::mem::take(count);
    (taken != 0).then_some(taken)
}
