//! Which sequences were evicted, in bounded memory.

/// A stretch of sequences that cannot come (again).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GoneSpan {
    first: u64,
    last: u64,
}

impl GoneSpan {
    pub(super) const EMPTY: Self = Self { first: 0, last: 0 };
}

/// The evicted sequences as stretches, in order and apart from each other, in a slice of any length.
///
/// When there are more stretches than fit, the gap between the lowest two is closed: a group that was
/// never there, and is older than nearly all that was evicted, is then taken for evicted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gone {
    len: usize,
}

impl Gone {
    pub(super) const fn new() -> Self {
        Self { len: 0 }
    }

    pub(super) fn contains(self, spans: &[GoneSpan], sequence: u64) -> bool {
        let spans = spans.get(..self.len).unwrap_or_default();
        let at = spans.partition_point(|span| span.last < sequence);
        spans.get(at).is_some_and(|span| span.first <= sequence)
    }

    /// Adds a sequence; says whether a gap had to be closed for it. Cost: O(1) for the next one up,
    /// otherwise a search and a move of the spans.
    pub(super) fn insert(&mut self, spans: &mut [GoneSpan], sequence: u64) -> bool {
        let used = spans.get(..self.len).unwrap_or_default();
        let at = match used.last() {
            Some(top) if top.last < sequence => self.len,
            _ => used.partition_point(|span| span.last < sequence),
        };
        let below = at.checked_sub(1).and_then(|below| used.get(below));
        let above = used.get(at);
        if above.is_some_and(|above| above.first <= sequence) {
            return false;
        }
        let joins_below = below.is_some_and(|below| below.last + 1 == sequence);
        let joins_above = above.is_some_and(|above| above.first - 1 == sequence);
        match (joins_below, joins_above) {
            (true, true) => {
                self.join(spans, at - 1);
                false
            }
            (true, false) => {
                spans[at - 1].last = sequence;
                false
            }
            (false, true) => {
                spans[at].first = sequence;
                false
            }
            (false, false) => self.insert_apart(spans, at, sequence),
        }
    }

    /// Adds a stretch of one sequence at this place.
    fn insert_apart(&mut self, spans: &mut [GoneSpan], at: usize, sequence: u64) -> bool {
        let full = self.len >= spans.len();
        match at {
            _ if !full => self.make(spans, at, sequence),
            // It is below the lowest gap, or above the lowest of all: that gap is closed.
            0 => spans
                .iter_mut()
                .take(1)
                .for_each(|span| span.first = sequence),
            1 => spans[0].last = sequence,
            _ => {
                self.join(spans, 0);
                self.make(spans, at - 1, sequence);
            }
        }
        full
    }

    /// Makes one stretch of this and the next, with all between them.
    fn join(&mut self, spans: &mut [GoneSpan], at: usize) {
        spans[at].last = spans[at + 1].last;
        spans.copy_within(at + 2..self.len, at + 1);
        self.len -= 1;
    }

    fn make(&mut self, spans: &mut [GoneSpan], at: usize, sequence: u64) {
        spans.copy_within(at..self.len, at + 1);
        spans[at] = GoneSpan {
            first: sequence,
            last: sequence,
        };
        self.len += 1;
    }
}
