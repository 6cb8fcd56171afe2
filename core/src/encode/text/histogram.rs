//! Histograms: all buckets, the sum and the count of each series.

use super::{
    Format,
    decimal::{bound, decimal},
    exposition::{Cursor, Item, Page},
    line::{Kind, Moment, Name, Start, Stem, Tail, end_of_labels},
};
use crate::{
    encode::{Out, Whole, number::inlined_number},
    key::KeyWords,
    schema::{Distribution, Family, Histogram},
};

/// The bounds of buckets as they are written, once for all histograms that have them in common.
pub(crate) struct Bounds {
    format: Format,
    places: u8,
    of: &'static [u64],
    /// The first of them; those after them are written each time.
    texts: [Text; CACHED],
}

const CACHED: usize = 16;

/// Bytes of the longest bound and what follows it.
const BOUND: usize = 32;

#[derive(Clone, Copy)]
struct Text {
    text: [u8; BOUND],
    len: usize,
}

impl Text {
    const NONE: Self = Self {
        text: [0; BOUND],
        len: 0,
    };
}

impl Bounds {
    pub(crate) const fn new(format: Format) -> Self {
        Self {
            format,
            places: 0,
            of: &[],
            texts: [Text::NONE; CACHED],
        }
    }

    /// Makes these the bounds of this histogram, if they are not.
    pub(crate) fn become_of(&mut self, histogram: &Histogram, places: u8) {
        if self.of == histogram.bounds && self.places == places {
            return;
        }
        (self.of, self.places) = (histogram.bounds, places);
        for place in 0..CACHED.min(self.of.len() + 1) {
            self.texts[place] = self.write(place);
        }
    }

    /// What stands before a bound; in `OpenMetrics` 2.0, nothing.
    const fn before(&self, bare: bool) -> &'static [u8] {
        match self.format {
            Format::OpenMetrics2 => b"",
            _ if bare => b"{le=\"",
            _ => b"\",le=\"",
        }
    }

    #[inline(never)]
    fn write(&self, place: usize) -> Text {
        let mut text = [0; BOUND];
        let mut out = Whole::new(&mut text);
        match self.of.get(place) {
            Some(n) => bound(&mut out, *n, self.places, self.format),
            None => out.put(b"+Inf"),
        }
        if self.format == Format::OpenMetrics2 {
            out.put(b":");
        } else {
            out.put(b"\"} ");
        }
        let len = out.written();
        Text { text, len }
    }

    #[expect(clippy::inline_always, reason = "speed: see `Item::write`")]
    #[inline(always)]
    fn put(&self, out: &mut impl Out, place: usize) {
        if let Some(Text { text, len }) = self.texts.get(place) {
            out.put_padded(text, *len);
        } else {
            let Text { text, len } = self.write(place);
            out.put_padded(&text, len);
        }
    }
}

/// What the lines of a histogram in a lane have in common.
pub(crate) struct Buckets<'a> {
    histogram: &'static Histogram,
    /// Whether the lines have no label but that of a bucket's bound.
    bare: bool,
    /// The beginning of a bucket's line; in `OpenMetrics` 2.0, of the only one.
    bucket: Start<'a>,
    /// The length of it up to the bound, if that is short: it has the series' name then.
    named: Option<usize>,
    /// Those of the lines that follow the buckets.
    others: [Option<Start<'a>>; 3],
    bounds: &'a Bounds,
    moment: Moment,
    /// No line is longer than this, names apart.
    longest: usize,
}

/// Among the lines that follow the buckets.
const SUM: usize = 0;
const CREATED: usize = 2;

/// Room for a bound, three numbers and a moment with what stands around them.
const SLACK: usize = 256;

impl<'a> Buckets<'a> {
    /// Those of a histogram with these bounds.
    pub(crate) fn new(
        stem: &'a Stem<'a>,
        histogram: &'static Histogram,
        bounds: &'a Bounds,
    ) -> Self {
        let start = |suffix| Some(Start::new(stem, suffix));
        let format = bounds.format;
        let created = (format == Format::OpenMetrics1).then_some("_created");
        let (bucket, others) = match format {
            Format::OpenMetrics2 => ("", [None, None, None]),
            _ => (
                "_bucket",
                [start("_sum"), start("_count"), created.and_then(start)],
            ),
        };
        let mut buckets = Self {
            histogram,
            bare: stem.is_bare(),
            bucket: Start::new(stem, bucket),
            named: None,
            others,
            bounds,
            moment: Moment::new(Tail::of(Kind::Histogram, format), stem.is_bare()),
            longest: 0,
        };
        let others = buckets.others.iter().flatten().map(Start::longest);
        buckets.longest = others.fold(buckets.bucket.longest(), usize::max) + SLACK;
        buckets
    }

    /// The next series has this name, and began at this moment.
    pub(crate) fn begin<F: Family, K: KeyWords>(&mut self, name: &Name<'_, F, K>, since: u64) {
        self.named = self.bucket.set_name(name, self.bounds.before(self.bare));
        self.moment.become_moment(since);
    }

    /// Writes what a bucket's line begins with, up to the bound.
    #[expect(clippy::inline_always, reason = "speed: see `Item::write`")]
    #[inline(always)]
    fn put_beginning<F: Family, K: KeyWords>(&self, out: &mut impl Out, name: &Name<'_, F, K>) {
        if let Some(len) = self.named {
            self.bucket.put_named(out, len);
        } else {
            self.bucket.put(out);
            name.put(out);
            out.put(self.bounds.before(self.bare));
        }
    }
}

/// The histogram of one series.
pub(crate) struct Bars<'a, F: Family, K: KeyWords> {
    buckets: &'a Buckets<'a>,
    name: Name<'a, F, K>,
    values: Distribution<'a>,
}

impl<'a, F: Family, K: KeyWords> Bars<'a, F, K> {
    /// That of the series with which the lines began.
    pub(crate) fn new(buckets: &'a Buckets<'a>, name: Name<'a, F, K>, words: &'a [u64]) -> Self {
        let values = buckets.histogram.read(words);
        Self {
            buckets,
            name,
            values,
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
        if self.buckets.bounds.format == Format::OpenMetrics2 {
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

    #[expect(clippy::inline_always, reason = "speed: see `Item::write`")]
    #[inline(always)]
    fn put_sum(&self, out: &mut impl Out) {
        decimal(out, self.values.sum, self.buckets.bounds.places);
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
            None if buckets.bounds.format == Format::OpenMetrics2 => self.composite(out),
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
        self.bars.buckets.put_beginning(out, &self.bars.name);
        self.bars.buckets.bounds.put(out, self.item);
        inlined_number(out, self.upto);
        out.put(b"\n");
    }

    /// The bucket's part of the one line that tells all.
    #[expect(clippy::inline_always, reason = "speed: see `Item::write`")]
    #[inline(always)]
    fn composite(&self, out: &mut impl Out) {
        let Bars {
            buckets, values, ..
        } = self.bars;
        if self.item == 0 {
            self.bars.buckets.put_beginning(out, &self.bars.name);
            out.put(end_of_labels(buckets.bare));
            out.put(b"{count:");
            inlined_number(out, values.count());
            out.put(b",sum:");
            self.bars.put_sum(out);
            out.put(b",bucket:[");
        }
        buckets.bounds.put(out, self.item);
        inlined_number(out, self.upto);
        if self.item + 1 < values.buckets.len() {
            out.put(b",");
        } else {
            out.put(b"]} ");
            buckets.moment.put(out);
        }
    }

    /// A line that follows the buckets.
    #[expect(clippy::inline_always, reason = "speed: see `Item::write`")]
    #[inline(always)]
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
