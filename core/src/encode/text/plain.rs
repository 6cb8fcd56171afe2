//! Counters and gauges: a sample for each series.

use super::{
    Format,
    exposition::Item,
    line::{Kind, MOMENT, Moment, Name, Start, Stem, Tail, value},
};
use crate::{encode::Out, key::KeyWords, schema::Family};

/// What the lines of an entry in a lane have in common.
pub(crate) struct Lines<'a> {
    start: Start<'a>,
    created: Option<Start<'a>>,
    tail: Tail,
    places: u8,
    moment: Moment,
    /// No line is longer than this, names apart.
    longest: usize,
}

/// Room for a number and a moment with what stands around them.
const SLACK: usize = 64 + MOMENT;

impl<'a> Lines<'a> {
    pub(crate) fn new(stem: &'a Stem<'a>, kind: Kind, format: Format, places: u8) -> Self {
        let tail = Tail::of(kind, format);
        let created = (tail == Tail::Created).then_some("_created");
        let mut lines = Self {
            start: Start::new(stem, kind.suffix()),
            created: created.map(|suffix| Start::new(stem, suffix)),
            tail,
            places,
            moment: Moment::new(tail, false),
            longest: 0,
        };
        let line = |start: &Start| start.longest() + SLACK;
        lines.longest = line(&lines.start) + lines.created.as_ref().map_or(0, line);
        lines
    }

    /// The next series began at this moment.
    #[inline]
    pub(crate) fn begin(&mut self, since: u64) {
        if self.tail != Tail::None {
            self.moment.become_moment(since);
        }
    }
}

/// A plain sample, with what the format says of its beginning.
pub(crate) struct Sample<'a, F: Family, K: KeyWords> {
    lines: &'a Lines<'a>,
    name: Name<'a, F, K>,
    n: u64,
}

impl<'a, F: Family, K: KeyWords> Sample<'a, F, K> {
    #[inline]
    pub(crate) const fn new(lines: &'a Lines<'a>, name: Name<'a, F, K>, n: u64) -> Self {
        Self { lines, name, n }
    }
}

impl<F: Family, K: KeyWords> Item for Sample<'_, F, K> {
    #[expect(clippy::inline_always, reason = "speed: see `Item::write`")]
    #[inline(always)]
    fn write(&self, out: &mut impl Out) {
        let Self { lines, name, n } = self;
        lines.start.put(out);
        name.put(out);
        value(out, *n, lines.places, lines.tail.after_value());
        if lines.tail == Tail::Start {
            lines.moment.put(out);
        } else if let Some(created) = &lines.created {
            created.put(out);
            name.put(out);
            lines.moment.put(out);
        }
    }

    #[inline]
    fn longest(&self) -> usize {
        self.lines.longest + 2 * self.name.longest()
    }
}
