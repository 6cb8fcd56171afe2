//! A family's metrics over all its series.

use core::fmt;

use super::{
    LaneLabels,
    exposition::{Cursor, Page, Section, Style, sealed},
    histogram::{Bars, Buckets},
    line::{Name, Start, Stem, Tail},
    metric::{Entry, Number},
    plain::{Lines, Sample},
};
use crate::{
    ledger::{Account, Books, Ledger},
    meter::Meter,
    schema::{Family, Histogram},
    storage::Storage,
    sync::{Id, widen},
};

/// A series' name, and what it has added up to.
type Series<'a, F, K> = (Name<'a, F, K>, &'a Account<F>);

/// The metrics of one family: all series of a ledger that have not retired, whether they moved or not;
/// the overflow series once it counted something; and [`RETIRED`](super::RETIRED) for what those that
/// have retired brought.
pub struct FamilySection<'a, F, B, S, L = ()> {
    ledger: &'a Ledger<F, B>,
    meter: &'a Meter<F, S>,
    lanes: L,
}

impl<'a, F: Family, B: Books<F>, S: Storage<F>> FamilySection<'a, F, B, S> {
    /// Shows the ledger of this meter, of a family with a single lane.
    pub const fn new(ledger: &'a Ledger<F, B>, meter: &'a Meter<F, S>) -> Self {
        Self::with_lanes(ledger, meter, ())
    }
}

impl<'a, F: Family, B: Books<F>, S: Storage<F>, L: LaneLabels> FamilySection<'a, F, B, S, L> {
    /// Shows the ledger of this meter, whose lanes have these labels.
    pub const fn with_lanes(ledger: &'a Ledger<F, B>, meter: &'a Meter<F, S>, lanes: L) -> Self {
        Self {
            ledger,
            meter,
            lanes,
        }
    }

    /// Writes what is left of an entry's lines in one lane, and says whether that was all of it.
    fn write_lane(
        &self,
        style: &Style<'_>,
        entry: &Entry,
        at: &mut Cursor,
        page: &mut Page<'_>,
    ) -> bool {
        match entry.number {
            Number::Word(word) => {
                let read = |account: &Account<F>| account.words().get(word).copied();
                self.write_plain(style, entry, read, at, page)
                    && self.write_retired(style, entry, word, at, page)
            }
            Number::Gauge(gauge) => {
                let read = |account: &Account<F>| account.gauge(gauge);
                self.write_plain(style, entry, read, at, page)
            }
            Number::Histogram(histogram) => self.write_histogram(style, entry, histogram, at, page),
        }
    }

    /// The lines of the series, of an entry with a sample for each.
    #[inline]
    fn write_plain(
        &self,
        style: &Style<'_>,
        entry: &Entry,
        read: impl Fn(&Account<F>) -> Option<u64>,
        at: &mut Cursor,
        page: &mut Page<'_>,
    ) -> bool {
        let rows = self.ledger.lane_rows(at.lane);
        let mut lines = self.lines(style, entry, at.lane);
        for id in rows.get(at.row..).unwrap_or_default() {
            if let Some((name, account)) = self.series(*id)
                && let Some(n) = read(account)
            {
                lines.begin(account.since());
                if !page.put(at, &Sample::new(&lines, name, n)) {
                    return false;
                }
            }
            at.row += 1;
        }
        true
    }

    /// The line of the series that have retired. They have no gauges: nothing of them is there.
    fn write_retired(
        &self,
        style: &Style<'_>,
        entry: &Entry,
        word: usize,
        at: &mut Cursor,
        page: &mut Page<'_>,
    ) -> bool {
        let words = self.ledger.retired_words(at.lane, word..word + 1);
        match words.as_ref().get(word) {
            None | Some(0) => true,
            Some(n) => {
                let mut lines = self.lines(style, entry, at.lane);
                lines.begin(style.since);
                page.put(at, &Sample::<F, S::Key>::new(&lines, Name::RETIRED, *n))
            }
        }
    }

    fn write_histogram(
        &self,
        style: &Style<'_>,
        entry: &Entry,
        histogram: &'static Histogram,
        at: &mut Cursor,
        page: &mut Page<'_>,
    ) -> bool {
        let stem = self.stem(style, entry, at.lane);
        let mut buckets = Buckets::new(stem, style.format, histogram, entry.places());
        let rows = self.ledger.lane_rows(at.lane);
        for id in rows.get(at.row..).unwrap_or_default() {
            if let Some((name, account)) = self.series(*id) {
                buckets.begin(account.since());
                if !Bars::new(&buckets, name, account.words()).write(at, page) {
                    return false;
                }
            }
            at.row += 1;
        }
        let retired = self.ledger.retired_words(at.lane, histogram.words());
        buckets.begin(style.since);
        let bars = Bars::<F, S::Key>::new(&buckets, Name::RETIRED, retired.as_ref());
        bars.is_empty() || bars.write(at, page)
    }

    fn lines<'s>(&'s self, style: &Style<'s>, entry: &Entry, lane: usize) -> Lines<'s> {
        let (kind, stem) = (entry.head.kind, self.stem(style, entry, lane));
        let tail = Tail::of(kind, style.format);
        let start = Start::new(stem.with(kind.suffix()));
        let created = (tail == Tail::Created).then(|| Start::new(stem.with("_created")));
        Lines::new(start, created, tail, entry.places())
    }

    fn stem<'s>(&'s self, style: &Style<'s>, entry: &Entry, lane: usize) -> Stem<'s> {
        Stem {
            name: [entry.head.name, ""],
            labels: style.labels,
            lanes: &self.lanes,
            lane,
            fixed: entry.label.map(|label| (label.name, label.value)),
            key: F::KEY,
        }
    }

    #[inline]
    fn series(&self, id: Id) -> Option<Series<'_, F, S::Key>> {
        let account = self.ledger.account(widen(id))?;
        Some((Name::of(self.meter.row(widen(id))?), account))
    }
}

impl<F: Family, B: Books<F>, S: Storage<F>, L: LaneLabels> sealed::Section
    for FamilySection<'_, F, B, S, L>
{
    fn write(&self, style: &Style<'_>, at: &mut Cursor, page: &mut Page<'_>) -> bool {
        while let Some(entry) = Entry::at::<F>(at.entry) {
            if !at.opened && entry.first && !page.put(at, &entry.head.with(style.format)) {
                return false;
            }
            at.opened = true;
            while at.lane < self.ledger.lanes() {
                if !self.write_lane(style, &entry, at, page) {
                    return false;
                }
                (at.lane, at.row) = (at.lane + 1, 0);
            }
            *at = Cursor::entry(at.entry + 1);
        }
        true
    }
}

impl<F: Family, B: Books<F>, S: Storage<F>, L: LaneLabels> Section
    for FamilySection<'_, F, B, S, L>
{
}

impl<F: Family, B, S, L> fmt::Debug for FamilySection<'_, F, B, S, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FamilySection")
            .field("family", &F::NAME)
            .finish_non_exhaustive()
    }
}
