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
            (true, true) => self.join(spans, at - 1),
            (true, false) => change(spans, at - 1, |span| span.last = sequence),
            (false, true) => change(spans, at, |span| span.first = sequence),
            (false, false) => return self.insert_apart(spans, at, sequence),
        }
        false
    }

    /// Adds a stretch of one sequence at this place.
    fn insert_apart(&mut self, spans: &mut [GoneSpan], at: usize, sequence: u64) -> bool {
        let full = self.len >= spans.len();
        match at {
            _ if !full => self.make(spans, at, sequence),
            // It is below the lowest gap, or above the lowest of all: that gap is closed.
            0 => change(spans, 0, |span| span.first = sequence),
            1 => change(spans, 0, |span| span.last = sequence),
            _ => {
                self.join(spans, 0);
                self.make(spans, at - 1, sequence);
            }
        }
        full
    }

    /// Makes one stretch of this and the next, with all between them.
    fn join(&mut self, spans: &mut [GoneSpan], at: usize) {
        let [span, above @ ..] = spans.get_mut(at..self.len).unwrap_or_default() else {
            return;
        };
        // One by one: few ever move, and on a microcontroller a copy of all at once costs flash.
        let mut next = GoneSpan::EMPTY;
        for above in above.iter_mut().rev() {
            next = core::mem::replace(above, next);
        }
        span.last = next.last;
        self.len -= 1;
    }

    fn make(&mut self, spans: &mut [GoneSpan], at: usize, sequence: u64) {
        let mut made = GoneSpan {
            first: sequence,
            last: sequence,
        };
        for span in spans.get_mut(at..=self.len).unwrap_or_default() {
            made = core::mem::replace(span, made);
        }
        self.len += 1;
    }
}

fn change(spans: &mut [GoneSpan], at: usize, how: impl FnOnce(&mut GoneSpan)) {
    if let Some(span) = spans.get_mut(at) {
        how(span);
    }
}
