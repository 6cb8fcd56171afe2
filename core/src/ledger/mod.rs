//! The owned half: what every series has added up to, in plain `u64`, and what moved since a sink
//! last accepted it.

mod books;
mod diff;
mod folded;
mod idle;
mod levels;
mod marks;
mod order;
mod patch;
mod retain;
mod reuse;

pub use books::{Account, Books, InlineBooks, Lane, Pages, Span, Split};
pub(crate) use levels::summed;
pub use marks::Mark;
pub(crate) use marks::{Change, Fields};
use marks::{Marks, field_of};
pub(crate) use retain::check_series;

use crate::{
    key::{Key, KeyWords},
    meter::{Drained, Meter},
    schema::{Distribution, Family, Gauge, Histogram, Totals},
    storage::Storage,
    sync::{AtomicWords, Id, narrow, widen},
};

/// The most lanes that a ledger keeps apart.
pub const MAX_LANES: usize = 16;

/// The ledger knows the series: it stands in the order of frames.
const KNOWN: u8 = 1;
/// Something is open in the series.
const LIVE: u8 = 2;
/// The series moved since the sink last accepted it.
const MOVED: u8 = 4;
/// The series, of a family whose series are kept, was idle when this was last looked at, and nobody has
/// held it since.
const IDLE: u8 = 8;
/// The series' lane stands above the flags.
const LANE_SHIFT: u32 = 4;

/// Totals of one family, collected from one meter.
///
/// A row of the meter that the books have no element for is counted in the first lane's retired
/// account, and a lane they lack in the last they have: give the books what the meter has.
#[derive(Debug)]
pub struct Ledger<F, B> {
    books: B,
    /// Rows in the order of frames.
    ordered: usize,
    /// Rows met in this collect.
    met: usize,
    /// When its life began, in milliseconds.
    began: u64,
    /// When the last collect was, in milliseconds; strictly rising.
    stamp: u64,
    /// When it was last looked at which series are idle, in milliseconds.
    looked: u64,
    family: core::marker::PhantomData<fn(F)>,
}

/// How a row of the ledger stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// No series has it.
    Gone,
    /// Its series has not moved since the sink last accepted it.
    Still,
    /// Its series has.
    Moved {
        /// The series' lane.
        lane: usize,
    },
}

/// One series as plain data.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a, K: KeyWords> {
    /// Its name.
    pub key: Key<K>,
    /// Its words, in the family's order, then those of histograms and gauges.
    pub words: &'a [u64],
    /// When this life of it began at the earliest, in milliseconds since the Unix epoch: the tick
    /// before it was first seen.
    pub since: u64,
    /// Whether the name has bytes that a JSON string must escape.
    pub(crate) escape: bool,
}

impl<'a, K: KeyWords> Series<'a, K> {
    /// The value of one of its family's gauges; nothing if it was never set.
    #[must_use]
    pub fn gauge(&self, gauge: &Gauge) -> Option<u64> {
        gauge.read(self.words)
    }

    /// What one of its family's histograms recorded.
    #[must_use]
    pub fn histogram(&self, histogram: &Histogram) -> Distribution<'a> {
        histogram.read(self.words)
    }

    /// The series as its family's plain snapshot.
    #[must_use]
    pub fn snapshot<F: Family>(&self) -> F {
        F::from_words(self.words)
    }
}

impl<F: Family, B: Books<F>> Ledger<F, B> {
    /// A ledger whose life begins at `epoch_ms`, in milliseconds since the Unix epoch.
    pub const fn new(books: B, epoch_ms: u64) -> Self {
        Self {
            books,
            ordered: 0,
            met: 0,
            began: epoch_ms,
            stamp: epoch_ms,
            looked: epoch_ms,
            family: core::marker::PhantomData,
        }
    }

    /// Takes in all that guards counted since the last call. `now_ms` is in milliseconds since the
    /// Unix epoch; a clock that stands or jumps back is read as one millisecond later.
    ///
    /// Cost: a scan of the cells ever used, a lock for each series that opened or closed something,
    /// and a sort of the new ones.
    pub fn collect<S: Storage<F>>(&mut self, meter: &Meter<F, S>, now_ms: u64) {
        let began = self.stamp;
        self.stamp = now_ms.max(began.saturating_add(1));
        meter.drain_cells(|id, slot, n| {
            self.meet(id, || meter.row(id).map(crate::Row::lane), began);
            self.sum(id, F::SLOTS.get(slot).copied(), n as u64);
        });
        meter.drain_rows(|id, row, drained| match drained {
            Drained::Row => {
                self.meet(id, || Some(row.lane()), began);
                row.take_deltas(|word, n| self.sum(id, Some(word), n));
                self.settle(id, meter.is_held(row));
            }
            Drained::Grown(slot, n) => self.sum(id, F::SLOTS.get(slot).copied(), n as u64),
        });
        self.sort_in(meter);
        if F::Set::COUNT > 0 {
            self.read_levels(meter);
        }
        self.sweep_idle(meter);
        self.release_idle(meter);
    }

    /// Everything ever collected in a lane: never falls.
    pub fn total(&self, lane: usize) -> F {
        F::from_words(self.lane_words(lane))
    }

    /// What the series of a lane that have ended brought.
    pub fn retired(&self, lane: usize) -> F {
        let mut retired = self.lane(lane).map_or(F::Totals::ZERO, |lane| lane.total);
        let accounts = self.books.accounts();
        for id in self.lane_rows(lane) {
            let Some(account) = accounts.get(*id as usize) else {
                continue;
            };
            let words = account.totals.as_ref().iter().take(summed::<F>());
            for (retired, word) in retired.as_mut().iter_mut().zip(words) {
                *retired = retired.wrapping_sub(*word);
            }
        }
        F::from_words(retired.as_ref())
    }

    /// How many lanes there are.
    pub fn lanes(&self) -> usize {
        self.books.lanes().len().min(MAX_LANES)
    }

    /// Every series of a lane that has not retired, in order.
    pub fn all<'a, S: Storage<F>>(
        &'a self,
        meter: &'a Meter<F, S>,
        lane: usize,
    ) -> impl Iterator<Item = Series<'a, S::Key>> + 'a {
        self.lane_rows(lane)
            .iter()
            .filter_map(|id| self.series(meter, widen(*id)))
    }

    /// When its life began, in milliseconds since the Unix epoch: from then on its totals never fell. What
    /// was restored after a reset began with the life that goes on.
    pub const fn began(&self) -> u64 {
        self.began
    }

    /// When the last collect was, in milliseconds since the Unix epoch.
    pub const fn stamp(&self) -> u64 {
        self.stamp
    }

    /// The rows of a lane, in the order of frames.
    pub(crate) fn lane_rows(&self, lane: usize) -> &[Id] {
        self.books
            .order()
            .get(self.lane_range(lane))
            .unwrap_or_default()
    }

    #[inline]
    pub(crate) fn series<'a, S: Storage<F>>(
        &'a self,
        meter: &Meter<F, S>,
        id: u32,
    ) -> Option<Series<'a, S::Key>> {
        let account = self.books.accounts().get(id as usize)?;
        let row = meter.row(id)?;
        Some(Series {
            key: row.key(),
            escape: row.needs_escape(),
            words: account.totals.as_ref(),
            since: account.since,
        })
    }

    /// What a row has added up to.
    #[inline]
    pub(crate) fn account(&self, id: u32) -> Option<&Account<F>> {
        self.books.accounts().get(id as usize)
    }

    /// How a row stands.
    #[inline]
    pub(crate) fn standing(&self, id: u32) -> Standing {
        match self.books.flags().get(id as usize) {
            Some(flags) if *flags & KNOWN == 0 => Standing::Gone,
            None => Standing::Gone,
            Some(flags) if *flags & MOVED == 0 => Standing::Still,
            Some(flags) => Standing::Moved {
                lane: usize::from(*flags >> LANE_SHIFT),
            },
        }
    }

    /// The words of [`total`](Self::total).
    pub(crate) fn lane_words(&self, lane: usize) -> &[u64] {
        self.lane(lane).map_or(&[], |lane| lane.total.as_ref())
    }

    fn lane(&self, lane: usize) -> Option<&Lane<F>> {
        self.books.lanes().get(lane)
    }

    fn lane_range(&self, lane: usize) -> core::ops::Range<usize> {
        let lanes = self.books.lanes();
        let before = lanes
            .iter()
            .take(lane)
            .map(|lane| lane.series as usize)
            .sum::<usize>();
        before..before + lanes.get(lane).map_or(0, |lane| lane.series as usize)
    }

    /// Makes the acquaintance of a row, if it is new.
    #[inline]
    fn meet(&mut self, id: u32, lane: impl FnOnce() -> Option<u8>, began: u64) {
        let Split {
            accounts,
            flags,
            order,
            fresh,
            lanes,
            spans,
            ..
        } = self.books.split();
        let at = id as usize;
        let (Some(account), Some(flags)) = (accounts.get_mut(at), flags.get_mut(at)) else {
            return;
        };
        if *flags & KNOWN != 0 || at >= order.len() {
            return;
        }
        let Some(slot) = fresh.get_mut(self.met) else {
            return;
        };
        *flags = KNOWN | clamp(lane(), lanes.len()) << LANE_SHIFT;
        if let Some(span) = spans.get_mut(at) {
            *span = Span::default();
        }
        account.since = began;
        *slot = narrow(id);
        self.met += 1;
    }

    /// Adds to one word of a row and of its lane.
    #[inline]
    fn sum(&mut self, id: u32, word: Option<usize>, n: u64) {
        let Some(word) = word.filter(|_| n != 0) else {
            return;
        };
        let Split {
            accounts,
            flags,
            lanes,
            marks,
            ..
        } = self.books.split();
        let rows = accounts.len();
        let known = flags
            .get_mut(id as usize)
            .filter(|flags| **flags & KNOWN != 0);
        let known = known.zip(accounts.get_mut(id as usize));
        let place = known
            .as_ref()
            .map_or(0, |(flags, _)| usize::from(**flags >> LANE_SHIFT));
        if B::MARKS
            && let Some(mut marks) = Marks::new(marks, rows, lanes.len())
        {
            let field = field_of::<F>(word);
            match known {
                Some(_) => marks.note(place, id, Some(field)),
                None => marks.note_total(place, field),
            }
        }
        let Some(lane) = lanes.get_mut(place) else {
            return;
        };
        lane.told = false;
        grow(&mut lane.total, word, n);
        if let Some((flags, account)) = known {
            *flags |= MOVED;
            grow(&mut account.totals, word, n);
        }
    }

    /// Sees whether anything is open in a row that was touched. In a family that has no pairs, or keeps its
    /// series, a handle that is held counts as open.
    fn settle(&mut self, id: u32, held: bool) {
        let Split {
            accounts,
            flags,
            lanes,
            marks,
            ..
        } = self.books.split();
        let rows = accounts.len();
        let row = accounts.get(id as usize).zip(flags.get_mut(id as usize));
        let Some((account, flags)) = row else { return };
        if F::KEPT {
            *flags &= !IDLE;
        }
        let by_handle = const { F::KEPT || F::PAIRS.is_empty() };
        let open = if by_handle {
            held
        } else {
            is_open::<F>(account.totals.as_ref())
        };
        if by_handle && open != (*flags & LIVE != 0) {
            // No word tells of it, but the next frame must.
            *flags |= MOVED;
            let place = usize::from(*flags >> LANE_SHIFT);
            if B::MARKS
                && let Some(mut marks) = Marks::new(marks, rows, lanes.len())
            {
                marks.note(place, id, None);
            }
            if let Some(lane) = lanes.get_mut(place) {
                lane.told = false;
            }
        }
        if open {
            *flags |= LIVE;
            return;
        }
        *flags &= !LIVE;
        if *flags & MOVED == 0
            && let Some(lane) = lanes.get_mut(usize::from(*flags >> LANE_SHIFT))
        {
            lane.ended = true;
        }
    }
}

/// A lane that the books have, for the lane of a row.
fn clamp(lane: Option<u8>, lanes: usize) -> u8 {
    let last = u8::try_from(lanes.clamp(1, MAX_LANES) - 1).unwrap_or(0);
    lane.unwrap_or(0).min(last)
}

fn grow(totals: &mut impl AsMut<[u64]>, word: usize, n: u64) {
    if let Some(total) = totals.as_mut().get_mut(word) {
        *total = total.wrapping_add(n);
    }
}

/// Whether any pair of a series is open.
fn is_open<F: Family>(words: &[u64]) -> bool {
    let mut pairs = F::PAIRS.iter();
    pairs.any(|[begun, ended]| words.get(*begun) != words.get(*ended))
}
