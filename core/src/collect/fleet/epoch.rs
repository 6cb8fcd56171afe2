//! What a node counted in one lane, epoch by epoch.

use super::{
    KeptEpoch,
    rows::{add, excess},
};
use crate::{
    ledger::summed,
    schema::{Family, Totals},
};

/// What was counted in one epoch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Epoch<F: Family> {
    /// The total that the node told.
    told: F::Totals,
    /// The sum of its series.
    pub(super) seen: F::Totals,
}

impl<F: Family> Epoch<F> {
    const NOTHING: Self = Self {
        told: F::Totals::ZERO,
        seen: F::Totals::ZERO,
    };

    /// What was certainly counted: each word only rises, in the total as in the sum. A series that was
    /// forgotten while it was open may close in another epoch than it opened in.
    fn known(&self) -> F::Totals {
        let mut known = self.told;
        raise(&mut known, &self.seen);
        trim::<F>(&mut known);
        known
    }

    /// The same when it is over: what was open is closed.
    fn ended(&self) -> F::Totals {
        let mut known = self.known();
        close::<F>(&mut known);
        known
    }

    fn kept(&self, arrivals: u32) -> KeptEpoch<F> {
        KeptEpoch {
            arrivals,
            told: F::from_words(self.told.as_ref()),
            seen: F::from_words(self.seen.as_ref()),
        }
    }

    fn restored(kept: &KeptEpoch<F>) -> Self {
        Self {
            told: kept.told.words(),
            seen: kept.seen.words(),
        }
    }

    /// Both as one.
    fn with(&self, other: &Self) -> Self {
        let mut both = *self;
        raise(&mut both.told, &other.told);
        add(&mut both.seen, &other.seen);
        both
    }
}

fn raise<T: Totals>(words: &mut T, least: &T) {
    for (word, least) in words.as_mut().iter_mut().zip(least.as_ref()) {
        *word = (*word).max(*least);
    }
}

/// Closes what is open.
pub(super) fn close<F: Family>(words: &mut F::Totals) {
    let words = words.as_mut();
    for [opened, closed] in F::PAIRS {
        let opened = words.get(*opened).copied().unwrap_or(0);
        if let Some(closed) = words.get_mut(*closed) {
            *closed = opened.max(*closed);
        }
    }
}

/// Lets no more be closed than was opened.
pub(super) fn trim<F: Family>(words: &mut F::Totals) {
    let words = words.as_mut();
    for [opened, closed] in F::PAIRS {
        let opened = words.get(*opened).copied().unwrap_or(0);
        if let Some(closed) = words.get_mut(*closed) {
            *closed = opened.min(*closed);
        }
    }
}

/// The epochs of a node, the last two apart.
///
/// A node that arrives may be in the same epoch as when it departed: that is taken for granted until
/// `node.json` tells, so that nothing is ever counted twice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Epochs<F: Family> {
    /// What was counted in epochs before the last two, and what these tell of no more.
    base: F::Totals,
    before: Epoch<F>,
    now: Epoch<F>,
    /// How many times the node arrived in each of the two.
    arrivals: [u32; 2],
    /// They may be one.
    open: bool,
}

impl<F: Family> Epochs<F> {
    pub(super) const NONE: Self = Self {
        base: F::Totals::ZERO,
        before: Epoch::NOTHING,
        now: Epoch::NOTHING,
        arrivals: [0, 1],
        open: false,
    };

    /// All that the node is known to have counted.
    pub(super) fn total(&self) -> F::Totals {
        let mut total = self.base;
        if self.open {
            add(&mut total, &self.before.with(&self.now).known());
        } else {
            add(&mut total, &self.before.ended());
            add(&mut total, &self.now.known());
        }
        trim::<F>(&mut total);
        total
    }

    /// Keeps the total from falling beneath what it was: of sums that could not be held whole, less may be left
    /// as epochs part.
    pub(super) fn hold(&mut self, least: &F::Totals) {
        let lost = excess(least, &self.total());
        add(&mut self.base, &lost);
    }

    /// The epoch that a series counts in which was last told after this arrival of the node; nothing if that
    /// is over for good.
    #[inline]
    pub(super) fn of(&mut self, arrival: u32, now: u32) -> Option<&mut Epoch<F>> {
        match self.ago(arrival, now) {
            0 => Some(&mut self.now),
            1 => Some(&mut self.before),
            _ => None,
        }
    }

    /// Whether the node told a total since it arrived.
    pub(super) fn is_told(&self) -> bool {
        self.now.told.as_ref().iter().any(|word| *word > 0)
    }

    /// Takes in the total that the node told. Says whether that is news.
    pub(super) fn tell(&mut self, told: &F::Totals) -> bool {
        let mut is_news = false;
        let ours = self.now.told.as_mut().iter_mut().zip(told.as_ref());
        for (ours, told) in ours.take(summed::<F>()) {
            is_news |= told > ours;
            *ours = (*ours).max(*told);
        }
        is_news
    }

    /// As it is kept: what was counted in epochs before the last two, those two, and whether they may be one.
    pub(super) fn kept(&self) -> (F, [KeptEpoch<F>; 2], bool) {
        let [before, last] = self.arrivals;
        let epochs = [self.before.kept(before), self.now.kept(last)];
        (F::from_words(self.base.as_ref()), epochs, self.open)
    }

    /// Goes on from there.
    pub(super) fn restore(&mut self, over: &F, [before, last]: &[KeptEpoch<F>; 2], open: bool) {
        *self = Self {
            base: over.words(),
            before: Epoch::restored(before),
            now: Epoch::restored(last),
            arrivals: [before.arrivals, last.arrivals],
            open,
        };
    }

    /// How many epochs ago that arrival of the node was; two for all that are over for good.
    #[inline]
    pub(super) fn ago(&self, arrival: u32, now: u32) -> u8 {
        let [before, last] = self.arrivals;
        match now.wrapping_sub(arrival) {
            ago if ago < last => 0,
            ago if ago < last.saturating_add(before) => 1,
            _ => 2,
        }
    }

    /// The node arrived, in the same epoch as before or in another.
    pub(super) fn begin(&mut self) {
        if self.open {
            self.join();
        }
        self.shift();
        self.open = true;
    }

    /// The epoch is the same as before the node arrived. Says whether that is news.
    pub(super) fn join(&mut self) -> bool {
        let is_news = self.open;
        if is_news {
            self.now = self.before.with(&self.now);
            self.before = Epoch::NOTHING;
            let [before, last] = self.arrivals;
            self.arrivals = [0, last.saturating_add(before)];
            self.open = false;
        }
        is_news
    }

    /// Whether the last two may be one.
    pub(super) const fn is_open(&self) -> bool {
        self.open
    }

    /// The epoch is another than before; whether that began when the node arrived.
    pub(super) fn part(&mut self) -> bool {
        core::mem::take(&mut self.open)
    }

    /// So much of what was counted in the epoch before was in this one.
    pub(super) fn bring(&mut self, carried: &F::Totals) {
        self.before.seen = excess(&self.before.seen, carried);
        add(&mut self.now.seen, carried);
    }

    /// No more than this was counted in the epoch: the rest was in the one before.
    pub(super) fn leave(&mut self, ours: &F::Totals) {
        let late = excess(&self.now.seen, ours);
        add(&mut self.before.seen, &late);
        self.now.seen = excess(&self.now.seen, &late);
    }

    /// Another epoch began, unnoticed, and so much was counted in it already.
    pub(super) fn part_from(&mut self, carried: &F::Totals) {
        self.now.seen = excess(&self.now.seen, carried);
        self.shift();
        self.now.seen = *carried;
        self.open = false;
    }

    /// The node is forgotten: all of its epochs are over.
    pub(super) fn end(&mut self) {
        if self.open {
            self.join();
        }
        self.shift();
        self.open = false;
    }

    fn shift(&mut self) {
        let long_over = core::mem::replace(&mut self.before, self.now).ended();
        add(&mut self.base, &long_over);
        self.now = Epoch::NOTHING;
        self.arrivals = [self.arrivals[1], 1];
    }
}
