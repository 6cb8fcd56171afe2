//! One family's frames: the ledger, and the frame that is on its way out.

use crate::{
    encode::{Whole, Window, json},
    ledger::{Books, Ledger, Series},
    meter::Meter,
    schema::Family,
    storage::Storage,
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
    /// The next row, among the lane's rows.
    row: usize,
    /// Whether a row has gone out.
    began: bool,
    /// Bytes of the next row that have gone out.
    skip: usize,
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
}

impl<F: Family, B: Books<F>> Feed<F, B> {
    /// Publishes from this ledger.
    pub const fn new(ledger: Ledger<F, B>) -> Self {
        let cursor = Cursor {
            stage: Stage::Open,
            row: 0,
            began: false,
            skip: 0,
        };
        Self { ledger, cursor }
    }

    /// The ledger.
    pub const fn ledger(&self) -> &Ledger<F, B> {
        &self.ledger
    }

    /// Takes in what guards counted; see [`Ledger::collect`]. A frame on its way out starts again.
    pub fn collect<S: Storage<F>>(&mut self, meter: &Meter<F, S>, now_ms: u64) {
        self.reset();
        self.ledger.collect(meter, now_ms);
    }

    /// Writes the next piece of a lane's frame as JSON into `buf`.
    ///
    /// Any buffer will do; one that holds a whole row spares encoding rows twice.
    pub fn encode<S: Storage<F>>(
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
            len += self.step(meter, lane, room);
        }
        Chunk {
            len,
            end: self.cursor.stage == Stage::Closed,
        }
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

    /// Writes as many whole rows as surely fit, or a piece of the next thing; at least one byte, or
    /// the stage moves on.
    fn step<S: Storage<F>>(&mut self, meter: &Meter<F, S>, lane: usize, room: &mut [u8]) -> usize {
        match self.cursor.stage {
            Stage::Open => self.brace(b'{', Stage::Rows, room),
            Stage::Closed => 0,
            Stage::Rows => match next_series(&self.ledger, &mut self.cursor.row, meter, lane) {
                Some(series) => {
                    let (written, cursor) = write_row::<F, _>(&series, self.cursor, room);
                    self.cursor = cursor;
                    written
                }
                None => self.brace(b'}', Stage::Closed, room),
            },
        }
    }

    fn brace(&mut self, brace: u8, then: Stage, room: &mut [u8]) -> usize {
        let Some(first) = room.first_mut() else {
            return 0;
        };
        *first = brace;
        self.cursor.stage = then;
        1
    }
}

/// The series at `row` of a lane, past those that do not show.
fn next_series<'a, F: Family, B: Books<F>, S: Storage<F>>(
    ledger: &'a Ledger<F, B>,
    row: &mut usize,
    meter: &Meter<F, S>,
    lane: usize,
) -> Option<Series<'a, S::Key>> {
    let rows = ledger.lane_rows(lane).get(*row..)?;
    let skipped = rows.iter().position(|id| ledger.is_shown(*id))?;
    *row += skipped;
    ledger.series(meter, *rows.get(skipped)?)
}

/// Writes a row, or the piece of it that fits, and says where that leads.
fn write_row<F: Family, K: crate::KeyWords>(
    series: &Series<'_, K>,
    cursor: Cursor,
    room: &mut [u8],
) -> (usize, Cursor) {
    let first = !cursor.began;
    let done = Cursor {
        row: cursor.row + 1,
        began: true,
        skip: 0,
        ..cursor
    };
    if cursor.skip == 0 && room.len() >= json::longest_row::<F>(series.key.len()) {
        let mut out = Whole::new(room);
        json::row::<F, K>(&mut out, series, first);
        return (out.written(), done);
    }
    let mut out = Window::new(room, cursor.skip);
    json::row::<F, K>(&mut out, series, first);
    let written = out.written();
    let partly = Cursor {
        skip: cursor.skip + written,
        ..cursor
    };
    (written, if out.is_complete() { done } else { partly })
}
