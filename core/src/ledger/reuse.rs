//! What did not move is copied from the last frame instead of being encoded again.

use core::ops::Range;

use super::{Books, LIVE, Ledger, MOVED, Span, Split};
use crate::schema::Family;

/// Neighbours in the last frame that are neighbours in the next one too.
#[derive(Debug)]
pub(crate) struct Run {
    /// Rows of the lane that it covers, with those in between that do not show.
    pub(crate) rows: usize,
    /// Its bytes in the last frame, the commas in between included.
    pub(crate) bytes: Range<usize>,
}

impl<F: Family, B: Books<F>> Ledger<F, B> {
    /// The longest run that begins with the row at `from` of a lane and has at most `room` bytes;
    /// notes that it will stand at `start` in the next frame. Nothing if the row moved.
    pub(crate) fn take_run(
        &mut self,
        lane: usize,
        from: usize,
        start: usize,
        room: usize,
    ) -> Option<Run> {
        let range = self.lane_range(lane);
        let Split {
            flags,
            order,
            spans,
            ..
        } = self.books.split();
        let rows = order.get(range)?.get(from..)?;
        // What stands past the reach of a span is encoded anew.
        let room = room.min((u32::MAX as usize).saturating_sub(start));
        let mut run = Run {
            rows: 0,
            bytes: 0..0,
        };
        for (at, id) in rows.iter().enumerate() {
            let id = *id as usize;
            match flags.get(id).map_or(0, |flags| flags & (LIVE | MOVED)) {
                0 => continue,
                LIVE => {}
                _ => break,
            }
            let Some(span) = spans.get_mut(id).filter(|span| span.len > 0) else {
                break;
            };
            if !run.extend(*span, room) {
                break;
            }
            let Ok(moved_to) = u32::try_from(start + (span.start as usize - run.bytes.start))
            else {
                break;
            };
            span.start = moved_to;
            run.rows = at + 1;
        }
        (run.rows > 0).then_some(run)
    }

    /// Notes where a row stands in the next frame.
    pub(crate) fn note_span(&mut self, lane: usize, row: usize, start: usize, len: usize) {
        let at = self.lane_range(lane).start + row;
        let Split { order, spans, .. } = self.books.split();
        let span = order.get(at).and_then(|id| spans.get_mut(*id as usize));
        if let Some(span) = span {
            let fits = u32::try_from(start).ok().zip(u32::try_from(len).ok());
            *span = fits.map_or(Span::default(), |(start, len)| Span { start, len });
        }
    }
}

impl Run {
    /// Takes a neighbour in, if it is one and there is room.
    fn extend(&mut self, span: Span, room: usize) -> bool {
        let begin = span.start as usize;
        let end = begin + span.len as usize;
        if self.bytes.is_empty() {
            self.bytes = begin..begin;
        } else if self.bytes.end + 1 != begin {
            return false;
        }
        if end - self.bytes.start > room {
            return false;
        }
        self.bytes.end = end;
        true
    }
}
