//! A family's metrics over all its series.

use core::fmt;

use super::{
    LaneLabels,
    exposition::{Cursor, Item, Page, Section, Style, sealed},
    line::{Kind, MOMENT, Moment, Name, Start, Stem, Tail, value},
    metric::{Entry, Number, entry},
};
use crate::{
    encode::Out,
    key::KeyWords,
    ledger::{Books, Ledger},
    meter::Meter,
    row::Row,
    schema::Family,
    storage::Storage,
    sync::{Id, widen},
};

/// The metrics of one family: all series of a ledger that have not retired, whether they moved or not;
/// the overflow series once it counted something; and [`RETIRED`](super::RETIRED) for what those that
/// have retired brought.
pub struct FamilySection<'a, F, B, S, L = ()> {
    ledger: &'a Ledger<F, B>,
    meter: &'a Meter<F, S>,
    lanes: L,
}

impl<'a, F: Family, B: Books<F>, S: Storage<F>> FamilySection<'a, F, B, S> {
    /// Shows the ledger of this meter, in which lanes make no difference: a family with a single one.
    pub const fn new(ledger: &'a Ledger<F, B>, meter: &'a Meter<F, S>) -> Self {
        Self {
            ledger,
            meter,
            lanes: (),
        }
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

    fn stem<'s>(
        &'s self,
        style: &Style<'s>,
        entry: &Entry,
        lane: usize,
        suffix: &'s str,
    ) -> Stem<'s> {
        let [prefix, name] = entry.head.name;
        Stem {
            name: [prefix, name, suffix],
            labels: style.labels,
            lanes: &self.lanes,
            lane,
            fixed: entry.fixed,
            key: "series",
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
                let retired = self.ledger.retired_word(at.lane, word);
                let retired = Some(retired).filter(|n| *n > 0);
                let read = |words: &[u64]| words.get(word).copied();
                self.write_plain(style, entry, (read, retired), at, page)
            }
        }
    }

    /// The same for entries with a sample per series.
    #[inline]
    fn write_plain(
        &self,
        style: &Style<'_>,
        entry: &Entry,
        (read, retired): (impl Fn(&[u64]) -> Option<u64>, Option<u64>),
        at: &mut Cursor,
        page: &mut Page<'_>,
    ) -> bool {
        let kind = entry.head.kind;
        let start = Start::new(self.stem(style, entry, at.lane, kind.suffix()));
        let tail = Tail::of(kind, style.format);
        let created = (tail == Tail::Created)
            .then(|| Start::new(self.stem(style, entry, at.lane, "_created")));
        let mut ends = Lines {
            longest: start.longest() + SLACK,
            start,
            created,
            places: entry.places,
            moment: Moment::new(tail),
            end: if tail == Tail::Start { b' ' } else { b'\n' },
        };
        let rows = self.ledger.lane_rows(at.lane);
        for id in rows.get(at.row..).unwrap_or_default() {
            if let Some((name, words, since)) = self.series(*id)
                && let Some(n) = read(words)
            {
                if tail != Tail::None {
                    ends.moment.become_moment(since);
                }
                if !page.put(
                    at,
                    &Plain {
                        lines: &ends,
                        name,
                        n,
                    },
                ) {
                    return false;
                }
            }
            at.row += 1;
        }
        let Some(n) = retired else { return true };
        ends.moment.become_moment(style.since);
        page.put(
            at,
            &Plain::<F, S::Key> {
                lines: &ends,
                name: Name::RETIRED,
                n,
            },
        )
    }

    #[inline]
    fn series(&self, id: Id) -> Option<(Name<'_, F, S::Key>, &[u64], u64)> {
        let (words, since) = self.ledger.account(widen(id))?;
        Some((Name::of(self.meter.row(widen(id))?), words, since))
    }
}

impl<F: Family, B: Books<F>, S: Storage<F>, L: LaneLabels> sealed::Section
    for FamilySection<'_, F, B, S, L>
{
    fn write(&self, style: &Style<'_>, at: &mut Cursor, page: &mut Page<'_>) -> bool {
        while let Some(entry) = entry::<F>(at.entry) {
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

/// What the lines of an entry in a lane have in common.
struct Lines<'a> {
    start: Start<'a>,
    created: Option<Start<'a>>,
    places: u8,
    moment: Moment,
    end: u8,
    longest: usize,
}

/// A plain sample, with what the format says of its beginning.
struct Plain<'a, F: Family, K: KeyWords> {
    lines: &'a Lines<'a>,
    name: Name<'a, F, K>,
    n: u64,
}

impl<F: Family, K: KeyWords> Item for Plain<'_, F, K> {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        let Self { lines, name, n } = self;
        lines.start.put(out);
        name.put(out);
        value(out, *n, lines.places, lines.end);
        if lines.end != b'\n' {
            lines.moment.put(out);
        } else if let Some(created) = &lines.created {
            created.put(out);
            name.put(out);
            lines.moment.put(out);
        }
    }

    #[inline]
    fn longest(&self) -> usize {
        2 * (self.lines.longest + self.name.longest())
    }
}

/// Room for a number and a moment with what stands around them.
const SLACK: usize = 64 + MOMENT;
