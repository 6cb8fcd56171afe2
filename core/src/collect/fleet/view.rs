//! What a fleet has to tell.

use super::{
    Fleet, FleetRoom, SourceId,
    epoch::close,
    list,
    live::Live,
    rate::Growth,
    room::FleetTables,
    rows::{self, RowKind, RowSlot, excess},
};
use crate::{
    key::{Key, KeyWords},
    schema::Family,
    time::{Duration, Instant},
};

/// What all nodes told of one name, or of all names under one prefix.
#[derive(Clone, Copy, Debug)]
pub struct RowView<'a, F: Family, K: KeyWords> {
    slot: &'a RowSlot<F, K>,
    window: Duration,
}

impl<'a, F: Family, K: KeyWords> RowView<'a, F, K> {
    /// The name, or the prefix.
    pub const fn key(&self) -> &'a Key<K> {
        &self.slot.key
    }

    /// The lane.
    pub const fn lane(&self) -> usize {
        self.slot.lane as usize
    }

    /// All that was ever counted, by all nodes in all of their epochs. Only rises, to no more than 2^64 - 1.
    /// Gauges are not in it.
    pub fn totals(&self) -> F {
        F::from_words(self.slot.totals.as_ref())
    }

    /// The numbers of those nodes that are there and have the series now, added up; opening words less
    /// their closing ones are what is open. Gauges are the sum of what was set. What passes 2^64 - 1 is shown as
    /// that, and closing words as what leaves open what is.
    pub fn live(&self) -> F {
        self.slot.live.shown()
    }

    /// The totals as a frame shows them: closed is what is not open now, so that what was open in nodes
    /// that departed is closed. Where such a node returns, that falls.
    pub fn shown(&self) -> F {
        shown(&self.slot.totals, &self.slot.live)
    }

    /// What was counted in the last window.
    pub fn growth(&self, now: Instant) -> Growth<F> {
        self.slot.marks.growth(now, self.window, &self.slot.totals)
    }

    /// Whether some of it came without a `since`, so that restarts had to be inferred.
    pub const fn is_inferred(&self) -> bool {
        self.slot.inferred
    }

    /// Whether any node has told of it lately: whether it has series, or is a prefix of such.
    pub const fn is_held(&self) -> bool {
        self.slot.refs > 0
    }
}

/// What all nodes told of one lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LaneView<F> {
    /// All that was ever counted. Only rises, to no more than 2^64 - 1. The names that are not forgotten,
    /// `forgotten` and `unnamed` add up to it, as far as it can rise.
    pub total: F,
    /// What of it has no name: it was lost with a frame, or found no room. The node's own totals tell it.
    pub unnamed: F,
    /// What of it was counted under names that are forgotten.
    pub forgotten: F,
    /// The numbers of all series that are present.
    pub live: F,
    /// What was counted in the last window.
    pub growth: Growth<F>,
}

/// What is known of one node.
#[derive(Clone, Copy, Debug)]
pub struct SourceView<'a, F, K: KeyWords> {
    /// Its handle.
    pub id: SourceId,
    /// Its name.
    pub name: &'a Key<K>,
    /// Whether it publishes.
    pub is_here: bool,
    /// Its epoch, once `node.json` told.
    pub epoch: Option<u64>,
    family: core::marker::PhantomData<fn(F)>,
}

impl<F: Family, R: FleetRoom<F>> Fleet<F, R> {
    /// The row of a name.
    pub fn row(&self, lane: usize, name: &str) -> Option<RowView<'_, F, R::Key>> {
        self.find(lane, name, RowKind::Name)
    }

    /// The sum of all names under a prefix of as many segments as the policy says, or fewer: also of those
    /// that are forgotten.
    pub fn prefix(&self, lane: usize, prefix: &str) -> Option<RowView<'_, F, R::Key>> {
        self.find(lane, prefix, RowKind::Prefix)
    }

    /// All rows of names, in no order.
    pub fn rows(&self) -> impl Iterator<Item = RowView<'_, F, R::Key>> {
        self.of_kind(RowKind::Name)
    }

    /// All rows of prefixes, in no order.
    pub fn prefixes(&self) -> impl Iterator<Item = RowView<'_, F, R::Key>> {
        self.of_kind(RowKind::Prefix)
    }

    /// The rows of a lane that grew fastest in one word, the fastest first: as many as there is room for in
    /// `top`. Says how many there are. Cost: a look at each row.
    pub fn top<'a>(
        &'a self,
        lane: usize,
        now: Instant,
        word: impl Fn(&F) -> u64,
        top: &mut [Option<RowView<'a, F, R::Key>>],
    ) -> usize {
        let mut len = 0;
        let rate = |row: &RowView<'a, F, R::Key>| row.growth(now).per_second(&word);
        for row in self.rows().filter(|row| row.lane() == lane) {
            let fast = rate(&row);
            let best = top.get(..len).unwrap_or_default();
            let at = best.partition_point(|other| other.as_ref().is_some_and(|o| rate(o) >= fast));
            if fast == 0 || at >= top.len() {
                continue;
            }
            len = (len + 1).min(top.len());
            if let Some(moved) = top.get_mut(at..len) {
                moved.rotate_right(1);
                moved[0] = Some(row);
            }
        }
        len
    }

    /// What all nodes told of a lane.
    pub fn lane(&self, lane: usize, now: Instant) -> Option<LaneView<F>> {
        let slot = self.room.tables().lanes.get(lane).copied()?;
        let unnamed = excess(&slot.total, &slot.named);
        Some(LaneView {
            total: F::from_words(slot.total.as_ref()),
            unnamed: F::from_words(unnamed.as_ref()),
            forgotten: F::from_words(slot.forgotten.as_ref()),
            live: slot.live.shown(),
            growth: slot
                .marks
                .growth(now, self.state.policy.window, &slot.total),
        })
    }

    /// All nodes that are known.
    pub fn sources(&self) -> impl Iterator<Item = SourceView<'_, F, R::Key>> {
        let slots = self.room.tables().sources.iter().enumerate();
        slots
            .filter(|(_, slot)| slot.used && slot.owner.slot().is_none())
            .filter_map(|(at, slot)| {
                Some(SourceView {
                    id: SourceId {
                        at: u32::try_from(at).ok()?,
                        generation: slot.generation,
                    },
                    name: &slot.name,
                    is_here: slot.here,
                    epoch: slot.epoch,
                    family: core::marker::PhantomData,
                })
            })
    }

    /// All that a node is known to have counted in a lane, in all of its epochs. Only rises, to no more than
    /// 2^64 - 1.
    pub fn source_total(&self, source: SourceId, lane: usize) -> Option<F> {
        let tables = self.room.tables();
        let slot = tables.sources.get(source.at as usize)?;
        if !slot.used || slot.generation != source.generation || lane >= tables.lanes.len() {
            return None;
        }
        let track = source.at as usize * tables.lanes.len() + lane;
        let track = tables.tracks.get(track)?;
        Some(F::from_words(track.shown.as_ref()))
    }

    fn find(&self, lane: usize, name: &str, kind: RowKind) -> Option<RowView<'_, F, R::Key>> {
        let FleetTables {
            rows, row_buckets, ..
        } = self.room.tables();
        let key = Key::read(name).ok()?;
        let lane = u8::try_from(lane).ok()?;
        let at = list::find(
            row_buckets,
            rows,
            rows::hash(&key, self.state.seed, lane, kind),
            |row| row.chain,
            |row| row.kind == kind && row.lane == lane && row.key.is(&key),
        )?;
        Some(self.view(rows.get(at)?))
    }

    fn of_kind(&self, kind: RowKind) -> impl Iterator<Item = RowView<'_, F, R::Key>> {
        let rows = self.room.tables().rows.iter();
        rows.filter(move |row| row.kind == kind)
            .map(|row| self.view(row))
    }

    const fn view<'a>(&self, slot: &'a RowSlot<F, R::Key>) -> RowView<'a, F, R::Key> {
        RowView {
            slot,
            window: self.state.policy.window,
        }
    }
}

fn shown<F: Family>(totals: &F::Totals, live: &Live<F>) -> F {
    let mut words = *totals;
    close::<F>(&mut words);
    for [opened, closed] in F::PAIRS {
        if let Some(word) = words.as_mut().get_mut(*closed) {
            *word = word.saturating_sub(live.open(*opened, *closed));
        }
    }
    F::from_words(words.as_ref())
}
