//! A family's metrics over all its series.

use core::fmt;

use super::{
    LaneLabels, Visitor,
    exposition::{Cursor, Page, Section, Style, sealed},
    histogram::{Bars, Bounds, Buckets},
    line::{Name, Stem, Tail},
    lone::Lone,
    metric::{Entry, Number},
    plain::{Lines, Sample},
};
use crate::{
    ledger::{Account, Books, Ledger},
    meter::Meter,
    schema::Family,
    storage::Storage,
    sync::{Id, widen},
};

/// A series' name, and what it has added up to.
type Series<'a, F, K> = (Name<'a, F, K>, &'a Account<F>);

/// The metrics of one family: all series of a ledger that have not retired, whether they moved or not, and
/// the overflow series once it counted something.
///
/// Then what each lane has counted in all, in series that are there, the overflow series, and series that
/// have ended: the same counters and histograms without the series' label, called `streamgauge_node_` and
/// their names (`streamgauge_node_traffic_bytes_total`), from zero on. They never fall while the ledger
/// lives, so that rates and sums are exact in them; a sum over series lacks what those that ended brought.
pub struct FamilySection<'a, F, B, S, L = ()> {
    pub(super) ledger: &'a Ledger<F, B>,
    pub(super) meter: &'a Meter<F, S>,
    pub(super) lanes: L,
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

    /// Writes what is left of an entry's lines of one lane's series, and says whether that was all.
    fn write_lane(
        &self,
        style: &Style<'_>,
        entry: &Entry,
        bounds: &mut Bounds,
        at: &mut Cursor,
        page: &mut Page<'_>,
    ) -> bool {
        match entry.number {
            Number::Word(word) => {
                let read = |account: &Account<F>| account.words().get(word).copied();
                self.write_plain(style, entry, read, at, page)
            }
            Number::Gauge(gauge) => {
                let read = |account: &Account<F>| account.gauge(gauge);
                self.write_plain(style, entry, read, at, page)
            }
            Number::Histogram(histogram) => {
                bounds.become_of(histogram, entry.places());
                let stem = self.stem(style, entry, at.lane);
                self.write_histogram(Buckets::new(&stem, histogram, bounds), at, page)
            }
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
        let rows = self.ledger.lane_rows(at.lane).get(at.row..);
        let rows = rows.unwrap_or_default();
        if rows.is_empty() {
            return true;
        }
        let stem = self.stem(style, entry, at.lane);
        let mut lines = Lines::new(&stem, entry.head.kind, style.format, entry.places());
        for id in rows {
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

    fn write_histogram(
        &self,
        mut buckets: Buckets<'_>,
        at: &mut Cursor,
        page: &mut Page<'_>,
    ) -> bool {
        let rows = self.ledger.lane_rows(at.lane);
        for id in rows.get(at.row..).unwrap_or_default() {
            if let Some((name, account)) = self.series(*id) {
                buckets.begin(&name, account.since());
                if !Bars::new(&buckets, name, account.words()).write(at, page) {
                    return false;
                }
            }
            at.row += 1;
        }
        true
    }

    /// Writes what is left of an entry's lines of one lane in all, and says whether that was all of it.
    fn write_total(
        &self,
        style: &Style<'_>,
        entry: &Entry,
        bounds: &mut Bounds,
        at: &mut Cursor,
        page: &mut Page<'_>,
    ) -> bool {
        let (stem, began) = (self.stem(style, entry, at.lane), self.ledger.began());
        let words = self.ledger.lane_words(at.lane);
        match entry.number {
            _ if !stem.is_named() => true,
            Number::Gauge(_) => true,
            Number::Word(word) => page.put(
                at,
                &Lone {
                    stem,
                    kind: entry.head.kind,
                    tail: Tail::of(entry.head.kind, style.format),
                    n: words.get(word).copied().unwrap_or(0),
                    places: entry.places(),
                    since: began,
                },
            ),
            Number::Histogram(histogram) => {
                bounds.become_of(histogram, entry.places());
                let mut buckets = Buckets::new(&stem, histogram, bounds);
                let name = Name::<F, S::Key>::NONE;
                buckets.begin(&name, began);
                Bars::new(&buckets, name, words).write(at, page)
            }
        }
    }

    fn stem<'s>(&'s self, style: &Style<'s>, entry: &Entry, lane: usize) -> Stem<'s> {
        Stem {
            name: entry.head.name(),
            labels: style.labels,
            lanes: &self.lanes,
            lane,
            fixed: entry.label.map(|label| (label.name, label.value)),
            key: F::KEY,
            has_key: !entry.head.is_of_node,
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
        let mut bounds = Bounds::new(style.format);
        while let Some(entry) = Entry::at::<F>(at.entry) {
            if !at.opened && entry.first && !page.put(at, &entry.head.with(style.format)) {
                return false;
            }
            at.opened = true;
            while at.lane < self.ledger.lanes() {
                let whole = if entry.head.is_of_node {
                    self.write_total(style, &entry, &mut bounds, at, page)
                } else {
                    self.write_lane(style, &entry, &mut bounds, at, page)
                };
                if !whole {
                    return false;
                }
                (at.lane, at.row) = (at.lane + 1, 0);
            }
            *at = Cursor::entry(at.entry + 1);
        }
        true
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        self.visit_all(visitor);
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
