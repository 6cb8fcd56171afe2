//! Histograms: all buckets, the sum and the count of each series.

use super::{
    Format,
    decimal::{bound, decimal},
    exposition::{Cursor, Item, Page},
    line::{Kind, Moment, Name, SHORT, Start, Stem, Tail, end_of_labels},
};
use crate::{
    encode::{Out, Whole, Window, number::inlined_number},
    key::KeyWords,
    schema::{Distribution, Family, Histogram},
};

/// What the lines of a histogram in a lane have in common.
pub(crate) struct Buckets<'a> {
    format: Format,
    histogram: &'static Histogram,
    places: u8,
    /// Whether the lines have no label but that of a bucket's bound.
    bare: bool,
    /// The beginning of a bucket's line; in `OpenMetrics` 2.0, of the only one.
    bucket: Start<'a>,
    /// Those of the lines that follow the buckets.
    others: [Option<Start<'a>>; 3],
    bounds: [Bound; CACHED],
    moment: Moment,
    /// No line is longer than this, names apart.
    longest: usize,
}

/// Among the lines that follow the buckets.
const SUM: usize = 0;
const CREATED: usize = 2;

/// Bounds that are written once and copied for each series; those after them are written each time.
const CACHED: usize = 16;

/// Room for a bound, three numbers and a moment with what stands around them.
const SLACK: usize = 256;

/// Bytes of the longest bound and what stands around it.
const BOUND: usize = 40;

#[derive(Clone, Copy)]
struct Bound {
    text: [u8; BOUND],
    len: usize,
}

impl<'a> Buckets<'a> {
    pub(crate) fn new(
        stem: Stem<'a>,
        format: Format,
        histogram: &'static Histogram,
        places: u8,
    ) -> Self {
        let start = |suffix| Some(Start::new(stem.with(suffix)));
        let created = (format == Format::OpenMetrics1).then_some("_created");
        let (bucket, others) = match format {
            Format::OpenMetrics2 => ("", [None, None, None]),
            _ => (
                "_bucket",
                [start("_sum"), start("_count"), created.and_then(start)],
            ),
        };
        let mut buckets = Self {
            format,
            histogram,
            places,
            bare: stem.is_bare(),
            bucket: Start::new(stem.with(bucket)),
            others,
            bounds: [Bound {
                text: [0; BOUND],
                len: 0,
            }; CACHED],
            moment: Moment::new(Tail::of(Kind::Histogram, format), stem.is_bare()),
            longest: 0,
        };
        for place in 0..CACHED.min(histogram.bounds.len() + 1) {
            buckets.bounds[place] = buckets.bound(place);
        }
        let others = buckets.others.iter().flatten().map(Start::longest);
        buckets.longest = others.fold(buckets.bucket.longest(), usize::max) + SLACK;
        buckets
    }

    /// The next series began at this moment.
    pub(crate) fn begin(&mut self, since: u64) {
        self.moment.become_moment(since);
    }

    #[inline(never)]
    fn bound(&self, place: usize) -> Bound {
        let mut text = [0; BOUND];
        let mut out = Window::new(&mut text, 0);
        self.write_bound(&mut out, place);
        let len = out.written();
        Bound { text, len }
    }

    fn write_bound(&self, out: &mut impl Out, place: usize) {
        let [before, after]: [&[u8]; 2] = match self.format {
            Format::OpenMetrics2 => [b"", b":"],
            _ if self.bare => [b"{le=\"", b"\"} "],
            _ => [b"\",le=\"", b"\"} "],
        };
        out.put(before);
        match self.histogram.bounds.get(place) {
            Some(n) => bound(out, *n, self.places, self.format),
            None => out.put(b"+Inf"),
        }
        out.put(after);
    }

    #[expect(clippy::inline_always, reason = "speed: see `Item::write`")]
    #[inline(always)]
    fn put_bound(&self, out: &mut impl Out, place: usize) {
        if let Some(bound) = self.bounds.get(place) {
            out.put_padded(&bound.text, bound.len);
        } else {
            let bound = self.bound(place);
            out.put_padded(&bound.text, bound.len);
        }
    }
}

/// The histogram of one series.
pub(crate) struct Bars<'a, F: Family, K: KeyWords> {
    buckets: &'a Buckets<'a>,
    name: Name<'a, F, K>,
    values: Distribution<'a>,
    /// What a bucket's line begins with, if it is short: written once and copied for each.
    beginning: [u8; ROOM],
    len: Option<usize>,
}

/// Room for a short beginning, and for the rest of padded copies.
const ROOM: usize = 2 * SHORT;

impl<'a, F: Family, K: KeyWords> Bars<'a, F, K> {
    pub(crate) fn new(buckets: &'a Buckets<'a>, name: Name<'a, F, K>, words: &'a [u64]) -> Self {
        let mut bars = Self {
            buckets,
            name,
            values: buckets.histogram.read(words),
            beginning: [0; ROOM],
            len: None,
        };
        if buckets.bucket.longest() + name.longest() <= ROOM {
            let mut out = Whole::new(&mut bars.beginning);
            buckets.bucket.put(&mut out);
            name.put(&mut out);
            bars.len = Some(out.written()).filter(|len| *len <= SHORT);
        }
        bars
    }

    #[expect(clippy::inline_always, reason = "speed: see `Item::write`")]
    #[inline(always)]
    fn put_beginning(&self, out: &mut impl Out) {
        let beginning = self.beginning.first_chunk::<SHORT>();
        if let Some((len, beginning)) = self.len.zip(beginning) {
            out.put_padded(beginning, len);
        } else {
            self.buckets.bucket.put(out);
            self.name.put(out);
        }
    }

    /// Writes what is left of it, and says whether that was all.
    pub(crate) fn write(&self, at: &mut Cursor, page: &mut Page<'_>) -> bool {
        let items = self.items();
        let longest = items.saturating_mul(self.longest());
        if at.item == 0 && page.put_whole(at, longest, |out| self.write_whole(out)) {
            return true;
        }
        while at.item < items {
            let bar = self.bar(at.item, at.below);
            if !page.put(at, &bar) {
                return false;
            }
            (at.item, at.below) = (bar.item + 1, bar.upto);
        }
        (at.item, at.below) = (0, 0);
        true
    }

    /// Writes all of it into a buffer that surely holds it, which is faster.
    #[expect(clippy::inline_always, reason = "speed: see `Item::write`")]
    #[inline(always)]
    fn write_whole(&self, out: &mut Whole<'_>) {
        let (mut below, buckets) = (0, self.values.buckets.len());
        if self.buckets.format == Format::OpenMetrics2 {
            for item in 0..buckets {
                let bar = self.bar(item, below);
                bar.composite(out);
                below = bar.upto;
            }
            return;
        }
        for item in 0..buckets {
            let bar = self.bar(item, below);
            bar.bucket(out);
            below = bar.upto;
        }
        for other in 0..self.items() - buckets {
            self.bar(buckets + other, below).other(out, other);
        }
    }

    /// How many lines there are, or parts of the one line.
    fn items(&self) -> usize {
        self.values.buckets.len() + self.buckets.others.iter().flatten().count()
    }

    /// No line is longer than this.
    fn longest(&self) -> usize {
        self.buckets.longest + self.name.longest()
    }

    fn bar(&self, item: usize, below: u64) -> Bar<'_, F, K> {
        Bar {
            bars: self,
            item,
            upto: below.wrapping_add(self.bucket(item)),
        }
    }

    /// How many values fell into a bucket; none into what follows the buckets.
    fn bucket(&self, item: usize) -> u64 {
        self.values.buckets.get(item).copied().unwrap_or(0)
    }

    fn put_sum(&self, out: &mut impl Out) {
        decimal(out, self.values.sum, self.buckets.places);
    }
}

/// One line of a histogram, or the part of one that tells of one bucket.
struct Bar<'a, F: Family, K: KeyWords> {
    bars: &'a Bars<'a, F, K>,
    item: usize,
    /// How many values fell into this bucket or one before.
    upto: u64,
}

impl<F: Family, K: KeyWords> Item for Bar<'_, F, K> {
    fn write(&self, out: &mut impl Out) {
        let Bars {
            buckets, values, ..
        } = self.bars;
        match self.item.checked_sub(values.buckets.len()) {
            None if buckets.format == Format::OpenMetrics2 => self.composite(out),
            None => self.bucket(out),
            Some(other) => self.other(out, other),
        }
    }

    fn longest(&self) -> usize {
        self.bars.longest()
    }
}

impl<F: Family, K: KeyWords> Bar<'_, F, K> {
    /// A line of its own for the bucket.
    #[expect(clippy::inline_always, reason = "speed: see `Item::write`")]
    #[inline(always)]
    fn bucket(&self, out: &mut impl Out) {
        self.bars.put_beginning(out);
        self.bars.buckets.put_bound(out, self.item);
        inlined_number(out, self.upto);
        out.put(b"\n");
    }

    /// The bucket's part of the one line that tells all.
    fn composite(&self, out: &mut impl Out) {
        let Bars {
            buckets, values, ..
        } = self.bars;
        if self.item == 0 {
            self.bars.put_beginning(out);
            out.put(end_of_labels(buckets.bare));
            out.put(b"{count:");
            inlined_number(out, values.count());
            out.put(b",sum:");
            self.bars.put_sum(out);
            out.put(b",bucket:[");
        }
        buckets.put_bound(out, self.item);
        inlined_number(out, self.upto);
        if self.item + 1 < values.buckets.len() {
            out.put(b",");
        } else {
            out.put(b"]} ");
            buckets.moment.put(out);
        }
    }

    /// A line that follows the buckets.
    fn other(&self, out: &mut impl Out, other: usize) {
        let Bars { buckets, name, .. } = self.bars;
        if let Some(Some(start)) = buckets.others.get(other) {
            start.put(out);
            name.put(out);
        }
        if other == CREATED {
            buckets.moment.put(out);
            return;
        }
        out.put(end_of_labels(buckets.bare));
        match other {
            SUM => self.bars.put_sum(out),
            _ => inlined_number(out, self.upto),
        }
        out.put(b"\n");
    }
}
