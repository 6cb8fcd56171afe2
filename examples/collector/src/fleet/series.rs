//! Series by name: those of one track of a node, and their sums over all nodes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use streamgauge_core::Family;

use super::life::{Birth, CLOCKED, Life};
use super::rate::Rate;
use super::words;

/// One tier and role on one node.
#[derive(Clone, Debug)]
pub(super) struct Track<F: Family> {
    /// The lives of its series.
    pub(super) lives: HashMap<Arc<str>, Kept<F>>,
    /// All that was ever counted here.
    pub(super) total: F,
    /// How fast that grows.
    pub(super) rate: Rate,
    /// The newest frame, and the stay of the node that it came in.
    pub(super) newest: (u64, u64),
}

/// A series on a node.
#[derive(Clone, Debug)]
pub(super) struct Kept<F> {
    /// Its life.
    pub(super) life: Life<F>,
    /// The node is not there, so that what is open here is not counted as live.
    pub(super) away: bool,
    /// When it was told last, in milliseconds since the Unix epoch.
    pub(super) told_ms: u64,
}

/// One tier and role on all nodes.
#[derive(Clone, Debug)]
pub(super) struct Lane<F: Family> {
    /// Sums over nodes.
    pub(super) series: BTreeMap<Arc<str>, Sum<F>>,
    /// All that was ever counted, whatever was forgotten since included.
    pub(super) total: F,
}

/// A series on all nodes.
#[derive(Clone, Debug)]
pub(super) struct Sum<F> {
    /// All that was counted.
    pub(super) total: F,
    /// What is open on nodes that are not there, at the words that count closings.
    pub(super) away: F,
    /// When it began to be counted, in milliseconds since the Unix epoch.
    pub(super) since: u64,
    /// When it grew last, likewise.
    pub(super) moved_ms: u64,
    /// How fast its bytes grow.
    pub(super) rate: Rate,
    /// How many nodes have it.
    pub(super) holders: usize,
}

/// When a row was told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    /// The stay of its node and the place of its frame in it.
    pub(super) place: (u64, u64),
    /// Milliseconds since the Unix epoch.
    pub(super) ms: u64,
}

impl<F: Family> Default for Track<F> {
    fn default() -> Self {
        Self {
            lives: HashMap::new(),
            total: F::default(),
            rate: Rate::default(),
            newest: (0, 0),
        }
    }
}

impl<F: Family> Default for Lane<F> {
    fn default() -> Self {
        Self {
            series: BTreeMap::new(),
            total: F::default(),
        }
    }
}

impl<F: Family> Sum<F> {
    /// A series that has counted nothing yet.
    pub(super) fn new(ms: u64) -> Self {
        Self {
            total: F::default(),
            away: F::default(),
            since: ms,
            moved_ms: ms,
            rate: Rate::default(),
            holders: 0,
        }
    }
}

impl<F: Family> Track<F> {
    /// Takes in a row of a frame. Says whether there was room: `room` is for one more series.
    pub(super) fn row(
        &mut self,
        lane: &mut Lane<F>,
        name: &str,
        (birth, row): (Birth, F),
        told: Told,
        room: bool,
    ) -> bool {
        if !self.lives.contains_key(name) {
            if !room {
                return false;
            }
            self.add(lane, name, birth, told.ms);
        }
        let Some(kept) = self.lives.get_mut(name) else {
            return false;
        };
        let before = words::closing(kept.life.last);
        let shut = kept.life.shut;
        let Some(growth) = kept.life.update(birth, row, told.place) else {
            return true;
        };
        kept.told_ms = told.ms;
        let back = std::mem::take(&mut kept.away) && !shut;
        if let Some(sum) = lane.series.get_mut(name) {
            if back {
                sum.away = words::minus(sum.away, before);
            }
            sum.grow(growth, told.ms);
        }
        self.total = words::plus(self.total, growth);
        lane.total = words::plus(lane.total, growth);
        true
    }

    /// A frame has been read to its end, with so many rows of which something is open. What is open and is
    /// not in the newest frame has ended, and the frame that said so was lost.
    pub(super) fn framed(&mut self, lane: &mut Lane<F>, told: Told, listed: usize) {
        let (stay, newest) = self.newest;
        let anew = told.place.0 > stay && newest < CLOCKED;
        if told.place.1 <= newest && !anew {
            return;
        }
        self.newest = told.place;
        let open = |kept: &Kept<F>| !kept.life.shut && !words::is_zero(words::open(kept.life.last));
        if self.lives.values().filter(|kept| open(kept)).count() <= listed {
            return;
        }
        let total = &mut self.total;
        for (name, kept) in &mut self.lives {
            if kept.life.told < told.place {
                let ended = kept.life.end_before(told.place);
                kept.closed(lane, name, ended, told.ms);
                *total = words::plus(*total, ended);
            }
        }
    }

    fn add(&mut self, lane: &mut Lane<F>, name: &str, birth: Birth, ms: u64) {
        let known = lane.series.get_key_value(name);
        let name = known.map_or_else(|| Arc::from(name), |(name, _)| Arc::clone(name));
        let sum = lane.series.entry(Arc::clone(&name));
        let sum = sum.or_insert_with(|| Sum::new(ms));
        sum.holders += 1;
        sum.rate.begin(birth.since, ms);
        let kept = Kept {
            life: Life::new(birth),
            away: false,
            told_ms: ms,
        };
        self.lives.insert(name, kept);
    }

    /// The node is gone: what is open on it is not live any more.
    pub(super) fn leave(&mut self, lane: &mut Lane<F>) {
        for (name, kept) in &mut self.lives {
            if !std::mem::replace(&mut kept.away, true)
                && !kept.life.shut
                && let Some(sum) = lane.series.get_mut(name)
            {
                sum.away = words::plus(sum.away, words::closing(kept.life.last));
            }
        }
    }

    /// The node is gone for so long that what was open on it is counted as closed.
    pub(super) fn shut(&mut self, lane: &mut Lane<F>, ms: u64) {
        for (name, kept) in &mut self.lives {
            let ended = kept.end(lane, name, ms);
            self.total = words::plus(self.total, ended);
        }
    }

    /// Forgets the series that nobody told anything of since then, other than those that are in the newest
    /// frame: they are live, and no frame comes while nothing changes. Totals stay in the sums.
    pub(super) fn forget(&mut self, lane: &mut Lane<F>, before_ms: u64, ms: u64) {
        let (total, newest) = (&mut self.total, self.newest);
        self.lives.retain(|name, kept| {
            let stays = kept.told_ms >= before_ms || kept.life.told >= newest;
            if !stays {
                *total = words::plus(*total, kept.forget(lane, name, ms));
            }
            stays
        });
    }

    /// Forgets all its series.
    pub(super) fn end(&mut self, lane: &mut Lane<F>, ms: u64) {
        for (name, mut kept) in self.lives.drain() {
            kept.forget(lane, &name, ms);
        }
    }
}

impl<F: Family> Kept<F> {
    /// Leaves what is counted of it to the sums; what that adds to them.
    fn forget(&mut self, lane: &mut Lane<F>, name: &str, ms: u64) -> F {
        let ended = self.end(lane, name, ms);
        if let Some(sum) = lane.series.get_mut(name) {
            sum.holders = sum.holders.saturating_sub(1);
        }
        ended
    }

    fn end(&mut self, lane: &mut Lane<F>, name: &str, ms: u64) -> F {
        let ended = self.life.end();
        self.closed(lane, name, ended, ms);
        ended
    }

    /// So much has closed.
    fn closed(&self, lane: &mut Lane<F>, name: &str, ended: F, ms: u64) {
        if words::is_zero(ended) {
            return;
        }
        if let Some(sum) = lane.series.get_mut(name) {
            if self.away {
                sum.away = words::minus(sum.away, ended);
            }
            sum.grow(ended, ms);
        }
        lane.total = words::plus(lane.total, ended);
    }
}

impl<F: Family> Lane<F> {
    /// Forgets the series that no node has, and that have not grown since then. They stay in the total.
    pub(super) fn forget(&mut self, before_ms: u64) {
        let stays = |sum: &Sum<F>| sum.holders > 0 || sum.moved_ms >= before_ms;
        self.series.retain(|_, sum| stays(sum));
    }
}

impl<F: Family> Sum<F> {
    fn grow(&mut self, growth: F, ms: u64) {
        if !words::is_zero(growth) {
            self.total = words::plus(self.total, growth);
            self.moved_ms = ms;
        }
    }

    /// How many are open on nodes that are there, of the pair that ends with this word.
    pub(super) fn live(&self, closing: &str) -> u64 {
        let of = |row: F| words::named(row, closing);
        of(words::closing(self.total)).saturating_sub(of(self.away))
    }
}
