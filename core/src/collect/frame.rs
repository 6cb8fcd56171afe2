//! Frames as rows: an object of series, each an object of counters.

use super::{
    error::{Expected, ParseError},
    row::{Field, ReadRow},
    scan::{Scanner, Token},
};
use crate::schema::Family;

/// What a frame says of one series.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a, F: Family> {
    /// The series' name; nothing if it is longer than the reader's room.
    pub key: Option<&'a str>,
    /// Its counters; nothing if a patch removes it.
    pub row: Option<ReadRow<F>>,
}

/// Reads frames and merge patches of one family as they come in, in pieces of any size. Names of series
/// longer than `KEY` bytes are reported without their name.
///
/// Of a member that comes twice the last number stands; a series that comes twice is reported twice.
///
/// Bounded: it keeps a name and a row. What it has reported stands even if the rest of the frame turns
/// out to be cut short or wrong.
///
/// ```
/// use streamgauge_core::{Traffic, collect::FrameReader};
///
/// let mut reader = FrameReader::<Traffic, 96>::new();
/// let mut bytes = 0;
/// for piece in [r#"{"demo/bbb":{"bytes":12"#, r#"00,"frames":1}}"#] {
///     reader.push(piece.as_bytes(), |entry| bytes += entry.row.map_or(0, |row| row.words().bytes))?;
/// }
/// reader.finish()?;
/// assert_eq!(bytes, 1200);
/// # Ok::<(), streamgauge_core::collect::ParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct FrameReader<F: Family, const KEY: usize> {
    scanner: Scanner<KEY>,
    rows: Rows<F, KEY>,
}

impl<F: Family, const KEY: usize> FrameReader<F, KEY> {
    /// Before the first byte of a frame. `KEY` is at least 32, for the names of counters.
    pub const fn new() -> Self {
        const { assert!(KEY >= 32, "there is room for the name of a counter") };
        Self {
            scanner: Scanner::new(),
            rows: Rows::new(),
        }
    }

    /// Before the first byte of a frame that is one row by itself, as roll-ups of a prefix are: it is
    /// reported under this name, or without one if that is longer than `KEY`.
    #[must_use]
    pub fn of_row(name: &str) -> Self {
        let mut reader = Self::new();
        reader.rows.begin_row(Some(name));
        reader.rows.place = Place::Row;
        reader
    }

    /// Reads the next piece of the frame; `report` is called for each series as soon as it is read.
    ///
    /// # Errors
    /// What is wrong, and where. The reader is of no more use then: it is to be made anew.
    pub fn push(
        &mut self,
        piece: &[u8],
        mut report: impl FnMut(Entry<'_, F>),
    ) -> Result<(), ParseError> {
        let rows = &mut self.rows;
        self.scanner
            .push(piece, &mut |token| rows.take(token, &mut report))
    }

    /// Says that the frame has no more pieces. The reader is as one made by [`new`](Self::new) then.
    ///
    /// # Errors
    /// When the frame is not whole.
    pub fn finish(&mut self) -> Result<(), ParseError> {
        let rows = &mut self.rows;
        let mut none = |_: Entry<'_, F>| {};
        self.scanner
            .finish(&mut |token| rows.take(token, &mut none))?;
        *self = Self::new();
        Ok(())
    }
}

impl<F: Family, const KEY: usize> Default for FrameReader<F, KEY> {
    fn default() -> Self {
        Self::new()
    }
}

/// Where among the rows of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before the frame's brace.
    Frame,
    /// Before a series' name, or the end.
    Names,
    /// Behind a series' name.
    Row,
    /// Before a member's name, or the end of the row.
    Members,
    /// Behind a member's name.
    Member,
    /// Before the name of a part of a histogram, or its end.
    Parts,
    /// Behind that name.
    Part(Part),
    /// Before the bucket of this number, or the end of the buckets.
    Bucket(usize),
    /// So deep in a value that means nothing to us, and whether that is in a histogram.
    Skip(u32, bool),
}

/// A part of a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Buckets,
    Sum,
    Unknown,
}

impl Part {
    fn named(name: Option<&str>) -> Self {
        match name {
            Some("buckets") => Self::Buckets,
            Some("sum") => Self::Sum,
            _ => Self::Unknown,
        }
    }
}

/// Makes rows of tokens.
#[derive(Clone, Debug)]
pub(super) struct Rows<F: Family, const KEY: usize> {
    place: Place,
    field: Field,
    key: [u8; KEY],
    /// The length of the key, if there was room for it.
    len: Option<usize>,
    row: ReadRow<F>,
}

impl<F: Family, const KEY: usize> Rows<F, KEY> {
    pub(super) const fn new() -> Self {
        Self {
            place: Place::Frame,
            field: Field::Unknown,
            key: [0; KEY],
            len: None,
            row: ReadRow::EMPTY,
        }
    }

    pub(super) fn take(
        &mut self,
        token: Token<'_>,
        report: &mut impl FnMut(Entry<'_, F>),
    ) -> Result<(), Expected> {
        self.place = match (self.place, token) {
            (Place::Frame, Token::Open { object: true }) => Place::Names,
            (Place::Frame, _) => return Err(Expected::Frame),
            (Place::Names, Token::Name(name)) => self.begin_row(name),
            (Place::Names, _) => Place::Names,
            (Place::Row, Token::Open { object: true }) => Place::Members,
            (Place::Row, Token::Null) => self.end_row(false, report),
            (Place::Row, _) => return Err(Expected::Row),
            (Place::Members, Token::Name(name)) => {
                self.field = name.map_or(Field::Unknown, Field::named::<F>);
                Place::Member
            }
            (Place::Members, _) => self.end_row(true, report),
            (Place::Member, token) => self.member(token)?,
            (Place::Skip(depth, in_part), token) => skipped(depth, in_part, token),
            (place, token) => self.histogram(place, token)?,
        };
        Ok(())
    }

    fn begin_row(&mut self, name: Option<&str>) -> Place {
        self.row = ReadRow::EMPTY;
        self.len = name.and_then(|name| {
            let room = self.key.get_mut(..name.len())?;
            room.copy_from_slice(name.as_bytes());
            Some(name.len())
        });
        Place::Row
    }

    fn end_row(&self, kept: bool, report: &mut impl FnMut(Entry<'_, F>)) -> Place {
        let key = self.len.and_then(|len| self.key.get(..len));
        report(Entry {
            key: key.and_then(|key| str::from_utf8(key).ok()),
            row: kept.then_some(self.row),
        });
        Place::Names
    }

    fn member(&mut self, token: Token<'_>) -> Result<Place, Expected> {
        match (self.field, token) {
            (Field::Unknown, Token::Open { .. }) => return Ok(Place::Skip(1, false)),
            (Field::Unknown, _) => {}
            (Field::Histogram(_), Token::Open { object: true }) => return Ok(Place::Parts),
            (Field::Histogram(place), Token::Null) => {
                self.row.begin_buckets(place);
                self.row.set_sum(place, 0);
            }
            (Field::Histogram(_), _) => return Err(Expected::Histogram),
            (field, Token::Number(Some(value))) => self.row.set(field, Some(value)),
            (field, Token::Null) => self.row.set(field, None),
            _ => return Err(Expected::Counter),
        }
        Ok(Place::Members)
    }

    fn histogram(&mut self, place: Place, token: Token<'_>) -> Result<Place, Expected> {
        let Field::Histogram(at) = self.field else {
            return Ok(Place::Members);
        };
        match (place, token) {
            (Place::Parts, Token::Name(name)) => return Ok(Place::Part(Part::named(name))),
            (Place::Parts, _) => return Ok(Place::Members),
            (Place::Part(Part::Unknown), Token::Open { .. }) => return Ok(Place::Skip(1, true)),
            (Place::Part(Part::Buckets), Token::Open { object: false }) => {
                self.row.begin_buckets(at);
                return Ok(Place::Bucket(0));
            }
            (Place::Part(Part::Sum), Token::Number(Some(sum))) => self.row.set_sum(at, sum),
            (Place::Bucket(bucket), Token::Number(Some(n))) => {
                self.row.set_bucket(at, bucket, n);
                return Ok(Place::Bucket(bucket.saturating_add(1)));
            }
            (Place::Part(Part::Unknown), _) | (Place::Bucket(_), Token::Close) => {}
            _ => return Err(Expected::Histogram),
        }
        Ok(Place::Parts)
    }
}

/// Where a token leaves us in a value that means nothing to us.
fn skipped(depth: u32, in_part: bool, token: Token<'_>) -> Place {
    match (depth, token) {
        (depth, Token::Open { .. }) => Place::Skip(depth + 1, in_part),
        (1, Token::Close) if in_part => Place::Parts,
        (1, Token::Close) => Place::Members,
        (depth, Token::Close) => Place::Skip(depth - 1, in_part),
        (depth, _) => Place::Skip(depth, in_part),
    }
}
