//! One node: whether it is there, and what it told.

use std::collections::{BTreeMap, BTreeSet};

use streamgauge_core::{Presence, Role, Traffic};

use super::series::Track;
use super::words;
use crate::source::SourceId;
use crate::view::Tier;

/// A node that is known.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The sources that have it.
    pub(super) holders: BTreeSet<SourceId>,
    /// Which of its stays this is.
    pub(super) stay: u64,
    /// When it left, or was heard last, in milliseconds since the Unix epoch.
    pub(super) heard_ms: u64,
    /// It has been away for so long that what was open on it was counted as closed.
    pub(super) shut: bool,
    /// When its life began, likewise, if it says so.
    pub(super) since: Option<u64>,
    /// Its traffic.
    pub(super) traffic: BTreeMap<(Tier, Role), Track<Traffic>>,
    /// Its sessions.
    pub(super) sessions: BTreeMap<Tier, Track<Presence>>,
}

impl Node {
    /// Whether any source has it.
    pub(super) fn is_present(&self) -> bool {
        !self.holders.is_empty()
    }

    /// A source has it. Says whether it is back, or new.
    pub(super) fn came(&mut self, source: SourceId) -> bool {
        let back = !self.is_present();
        self.holders.insert(source);
        if back {
            self.stay += 1;
            self.shut = false;
        }
        back
    }

    /// A source has it no more. Says whether it is gone.
    pub(super) fn left(&mut self, source: SourceId) -> bool {
        self.holders.remove(&source) && !self.is_present()
    }

    /// All that flowed in a role, and how much a second.
    pub(super) fn flow(&self, role: Role) -> (Traffic, f64) {
        let tracks = self.traffic.iter().filter(|((_, of), _)| *of == role);
        tracks.fold((Traffic::default(), 0.0), |(total, rate), (_, track)| {
            let total = words::plus(total, track.total);
            (total, rate + track.rate.per_second())
        })
    }

    /// Sessions now.
    pub(super) fn open_sessions(&self) -> u64 {
        let lives = self
            .sessions
            .values()
            .flat_map(|track| track.lives.values());
        let live = lives.filter(|kept| !kept.away && !kept.life.shut);
        live.map(|kept| words::named(words::closing(kept.life.last), "sessions_closed"))
            .sum()
    }

    /// How many series it has.
    pub(super) fn series(&self) -> usize {
        let traffic = self.traffic.values().map(|track| track.lives.len());
        let sessions = self.sessions.values().map(|track| track.lives.len());
        traffic.chain(sessions).sum()
    }
}
