//! One family's frames: the ledger, and the frame that is on its way out.

use crate::{
    encode::{
        Whole, Window,
        json::{self, Since},
        patch,
    },
    ledger::{Books, Change, Ledger, MAX_LANES, Series},
    meter::Meter,
    schema::Family,
    storage::Storage,
    sync::widen,
};

/// A piece of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Bytes written into the buffer.
    pub len: usize,
    /// Whether the frame is complete.
    pub end: bool,
}

/// How far a frame has gone out.
#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    stage: Stage,
    /// The next row, among the lane's rows; of a patch, the next row by its id, plus one.
    row: usize,
    /// Whether a row has gone out.
    began: bool,
    /// Bytes that went out before the next row.
    sent: usize,
    /// Bytes of the next row that have gone out.
    skip: usize,
    /// The length of the frame that the spans in the books tell of; zero if there is none.
    last: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Open,
    Rows,
    Closed,
}

/// Publishes one family: collects its meter, and encodes each lane whose frame has changed.
///
/// ```text
/// collect ─> for each lane that has_moved: encode until end, then accept (or reset)
/// ```
#[derive(Debug)]
pub struct Feed<F, B> {
    ledger: Ledger<F, B>,
    cursor: Cursor,
    /// By lane, the length of the last frame, if that was encoded whole; otherwise zero, because one
    /// that was broken off has moved some of the spans.
    lengths: [usize; MAX_LANES],
    /// How the last row that was encoded ends.
    since: Since,
}

impl<F: Family, B: Books<F>> Feed<F, B> {
    /// Publishes from this ledger.
    pub const fn new(ledger: Ledger<F, B>) -> Self {
        let cursor = Cursor {
            stage: Stage::Open,
            row: 0,
            began: false,
            sent: 0,
            skip: 0,
            last: 0,
        };
        Self {
            ledger,
            cursor,
            lengths: [0; MAX_LANES],
            since: Since::NONE,
        }
    }

    /// The ledger.
    pub const fn ledger(&self) -> &Ledger<F, B> {
        &self.ledger
    }

    /// The ledger, for what outlived a reset; no frame is on its way out.
    pub(crate) fn ledger_mut(&mut self) -> &mut Ledger<F, B> {
        &mut self.ledger
    }

    /// Takes in what guards counted; see [`Ledger::collect`]. A frame on its way out starts again.
    pub fn collect<S: Storage<F>>(&mut self, meter: &Meter<F, S>, now_ms: u64) {
        self.reset();
        self.ledger.collect(meter, now_ms);
    }

    /// Writes the next piece of a lane's frame as JSON into `buf`.
    ///
    /// Any buffer will do; one that holds a whole row spares encoding rows twice. `last` is the last
    /// frame of this lane that was encoded whole: given that and [`Span`](crate::Span)s in the books,
    /// what did not move is copied. An empty one will do.
    pub fn encode<S: Storage<F>>(
        &mut self,
        meter: &Meter<F, S>,
        lane: usize,
        last: &[u8],
        buf: &mut [u8],
    ) -> Chunk {
        if self.cursor.stage == Stage::Open
            && let Some(length) = self.lengths.get_mut(lane)
        {
            self.cursor.last = core::mem::take(length);
        }
        let known = self.cursor.last == last.len();
        let last = if known { last } else { &[] };
        let mut len = 0;
        while self.cursor.stage != Stage::Closed {
            let room = buf.get_mut(len..).unwrap_or_default();
            if room.is_empty() {
                break;
            }
            len += self.step(meter, lane, last, room);
        }
        let end = self.cursor.stage == Stage::Closed;
        if let Some(length) = self.lengths.get_mut(lane).filter(|_| end) {
            *length = self.cursor.sent;
        }
        Chunk { len, end }
    }

    /// Writes the next piece of a JSON merge patch (RFC 7396) into `buf`: it makes what the reader of patches
    /// was last told into the lane's frame as it is now. Without [`Mark`](crate::Mark)s in the books an
    /// empty one. The order of its members means nothing.
    ///
    /// A gauge that was never set, which is `null` in frames, is not there for who applies patches.
    ///
    /// Begins after a [`reset`](Self::reset). Cost: O(series that changed).
    pub fn encode_patch<S: Storage<F>>(
        &mut self,
        meter: &Meter<F, S>,
        lane: usize,
        buf: &mut [u8],
    ) -> Chunk {
        let mut len = 0;
        while self.cursor.stage != Stage::Closed {
            let room = buf.get_mut(len..).unwrap_or_default();
            if room.is_empty() {
                break;
            }
            len += self.step_patch(meter, lane, room);
        }
        Chunk {
            len,
            end: self.cursor.stage == Stage::Closed,
        }
    }

    /// Notes that the reader of patches was told of the lane's frame as it is now, by a patch. To be called
    /// before [`accept`](Self::accept).
    pub fn accept_patch(&mut self, lane: usize) {
        self.ledger.ack_patch(lane);
    }

    /// The same, by a whole frame.
    pub fn accept_keyframe(&mut self, lane: usize) {
        self.ledger.ack_keyframe(lane);
    }

    /// Notes that there is no reader of patches any more, or another.
    pub fn forget_patches(&mut self, lane: usize) {
        self.ledger.forget_patches(lane);
    }

    /// Notes that the sink accepted the lane's whole frame.
    pub fn accept<S: Storage<F>>(&mut self, meter: &Meter<F, S>, lane: usize) {
        self.reset();
        self.ledger.ack(meter, lane);
    }

    /// Gives up the frame on its way out: the next piece is a frame's first again.
    pub fn reset(&mut self) {
        self.cursor = Cursor::default();
    }

    /// Writes the next thing, or the piece of it that fits; at least one byte, or the stage moves on.
    fn step<S: Storage<F>>(
        &mut self,
        meter: &Meter<F, S>,
        lane: usize,
        last: &[u8],
        room: &mut [u8],
    ) -> usize {
        match self.cursor.stage {
            Stage::Open => self.brace(b'{', Stage::Rows, room),
            Stage::Closed => 0,
            Stage::Rows => match self.copy(lane, last, room) {
                0 => self.row(meter, lane, room),
                copied => copied,
            },
        }
    }

    fn step_patch<S: Storage<F>>(
        &mut self,
        meter: &Meter<F, S>,
        lane: usize,
        room: &mut [u8],
    ) -> usize {
        match self.cursor.stage {
            Stage::Open => {
                self.cursor.row = plus_one(self.ledger.first_change(lane));
                self.brace(b'{', Stage::Rows, room)
            }
            Stage::Closed => 0,
            Stage::Rows => self.change(meter, room),
        }
    }

    /// Encodes what there is to say of the next series, or the piece of it that fits; the closing brace when
    /// there is none.
    fn change<S: Storage<F>>(&mut self, meter: &Meter<F, S>, room: &mut [u8]) -> usize {
        let Some((id, change)) = next_change(&self.ledger, self.cursor.row) else {
            return self.brace(b'}', Stage::Closed, room);
        };
        let (first, skip) = (!self.cursor.began, self.cursor.skip);
        let Some(series) = self.ledger.series(meter, id) else {
            return self.brace(b'}', Stage::Closed, room);
        };
        self.since.become_since(series.since);
        let fits = skip == 0 && room.len() >= json::longest_row::<F>(series.key.len());
        let (written, whole) = if fits {
            let mut out = Whole::new(room);
            patch::row::<F, _>(&mut out, &series, change, &self.since, first);
            (out.written(), true)
        } else {
            let mut out = Window::new(room, skip);
            patch::row::<F, _>(&mut out, &series, change, &self.since, first);
            (out.written(), out.is_complete())
        };
        self.cursor.skip = if whole { 0 } else { skip + written };
        self.cursor.row = plus_one(if whole {
            self.ledger.change_after(id)
        } else {
            Some(id)
        });
        self.cursor.began |= whole;
        written
    }

    fn brace(&mut self, brace: u8, then: Stage, room: &mut [u8]) -> usize {
        let Some(first) = room.first_mut() else {
            return 0;
        };
        *first = brace;
        self.cursor.stage = then;
        self.cursor.sent += 1;
        1
    }

    /// Copies the rows that stand as they did in the last frame, up to one that does not.
    fn copy(&mut self, lane: usize, last: &[u8], room: &mut [u8]) -> usize {
        let comma = usize::from(self.cursor.began);
        if last.is_empty() || self.cursor.skip > 0 || room.len() <= comma {
            return 0;
        }
        let (row, start) = (self.cursor.row, self.cursor.sent + comma);
        let Some(run) = self.ledger.take_run(lane, row, start, room.len() - comma) else {
            return 0;
        };
        let len = comma + run.bytes.len();
        let copied = room.get_mut(..len).zip(last.get(run.bytes));
        let Some((to, from)) = copied else { return 0 };
        let (first, rest) = to.split_at_mut(comma);
        first.fill(b',');
        rest.copy_from_slice(from);
        self.cursor = Cursor {
            row: row + run.rows,
            began: true,
            sent: self.cursor.sent + len,
            ..self.cursor
        };
        len
    }

    /// Encodes the next row, or the piece of it that fits; the closing brace when there is none.
    fn row<S: Storage<F>>(&mut self, meter: &Meter<F, S>, lane: usize, room: &mut [u8]) -> usize {
        let series = next_series(&self.ledger, &mut self.cursor.row, meter, lane);
        let Some(series) = series else {
            return self.brace(b'}', Stage::Closed, room);
        };
        let Cursor {
            row,
            began,
            sent,
            skip,
            ..
        } = self.cursor;
        self.since.become_since(series.since);
        let (written, whole) = write_row::<F, _>(&series, &self.since, !began, skip, room);
        let out = skip + written;
        if whole {
            let comma = usize::from(began);
            self.ledger.note_span(lane, row, sent + comma, out - comma);
            self.cursor = Cursor {
                row: row + 1,
                began: true,
                sent: sent + out,
                skip: 0,
                ..self.cursor
            };
        } else {
            self.cursor.skip = out;
        }
        written
    }
}

/// The series at `row`, an id plus one, or the next after it that changed.
#[inline]
fn next_change<F: Family, B: Books<F>>(ledger: &Ledger<F, B>, row: usize) -> Option<(u32, Change)> {
    let mut next = u32::try_from(row).ok()?.checked_sub(1);
    while let Some(id) = next {
        if let Some(change) = ledger.change(id) {
            return Some((id, change));
        }
        next = ledger.change_after(id);
    }
    None
}

fn plus_one(id: Option<u32>) -> usize {
    id.map_or(0, |id| id as usize + 1)
}

/// The series at `row` of a lane, past those that do not show.
fn next_series<'a, F: Family, B: Books<F>, S: Storage<F>>(
    ledger: &'a Ledger<F, B>,
    row: &mut usize,
    meter: &Meter<F, S>,
    lane: usize,
) -> Option<Series<'a, S::Key>> {
    let rows = ledger.lane_rows(lane).get(*row..)?;
    let skipped = rows.iter().position(|id| ledger.is_shown(widen(*id)))?;
    *row += skipped;
    ledger.series(meter, widen(*rows.get(skipped)?))
}

/// Writes what is left of a row, or the piece of that that fits; says how much, and whether it was all.
fn write_row<F: Family, K: crate::KeyWords>(
    series: &Series<'_, K>,
    since: &Since,
    first: bool,
    skip: usize,
    room: &mut [u8],
) -> (usize, bool) {
    if skip == 0 && room.len() >= json::longest_row::<F>(series.key.len()) {
        let mut out = Whole::new(room);
        json::row::<F, K>(&mut out, series, since, first);
        return (out.written(), true);
    }
    let mut out = Window::new(room, skip);
    json::row::<F, K>(&mut out, series, since, first);
    (out.written(), out.is_complete())
}
