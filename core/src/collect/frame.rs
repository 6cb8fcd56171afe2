//! Frames as rows: an object of series, each an object of counters.

use super::{
    error::{Expected, ParseError},
    scan::{Scanner, Token},
};
use crate::schema::{Family, Totals};

/// What a frame says of one series.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a, F: Family> {
    /// The series' name; nothing if it is longer than the reader's room.
    pub key: Option<&'a str>,
    /// Its counters; nothing if a patch removes it.
    pub row: Option<ReadRow<F>>,
}

/// The counters that a frame has of one series.
#[derive(Clone, Copy, Debug)]
pub struct ReadRow<F: Family> {
    words: F::Totals,
    /// By word, whether the frame has it.
    present: u64,
    /// When this life of the series began, in milliseconds since the Unix epoch, if the frame says so.
    pub since: Option<u64>,
}

impl<F: Family> ReadRow<F> {
    const EMPTY: Self = Self {
        words: F::Totals::ZERO,
        present: 0,
        since: None,
    };

    /// The counters, zero where the frame has none.
    pub fn words(&self) -> F {
        F::from_words(self.words.as_ref())
    }

    /// Puts the counters that the frame has in the place of others, as a merge patch means it.
    pub fn patch(&self, words: &mut F::Totals) {
        let read = self.words.as_ref().iter().zip(words.as_mut());
        for (word, (from, to)) in read.enumerate() {
            if self.has(word) {
                *to = *from;
            }
        }
    }

    fn has(&self, word: usize) -> bool {
        self.present & bit(word) != 0
    }

    fn set(&mut self, field: Field, value: u64) {
        match field {
            // Where a publisher writes both spellings, ours is taken, whichever comes first.
            Field::Word { at, alias } if !(alias && self.has(at)) => {
                if let Some(word) = self.words.as_mut().get_mut(at) {
                    *word = value;
                    self.present |= bit(at);
                }
            }
            Field::Since => self.since = Some(value),
            Field::Word { .. } | Field::Unknown => {}
        }
    }
}

const fn bit(word: usize) -> u64 {
    if word < 64 { 1 << word } else { 0 }
}

/// What a member of a row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Word { at: usize, alias: bool },
    Since,
    Unknown,
}

impl Field {
    fn named<F: Family>(name: &str) -> Self {
        let word = |name: &str| F::WORDS.iter().position(|word| word.name == name);
        if let Some(at) = word(name) {
            return Self::Word { at, alias: false };
        }
        if name == "since" {
            return Self::Since;
        }
        let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
        match alias.and_then(|(_, ours)| word(ours)) {
            Some(at) => Self::Word { at, alias: true },
            None => Self::Unknown,
        }
    }
}

/// The names that moq-stats 0.2 publishes for words that it had under our names before.
const ALIASES: [(&str, &str); 8] = [
    ("announces_started", "announced"),
    ("announces_ended", "announced_closed"),
    ("broadcasts_started", "broadcasts"),
    ("broadcasts_ended", "broadcasts_closed"),
    ("subscriptions_started", "subscriptions"),
    ("subscriptions_ended", "subscriptions_closed"),
    ("sessions_started", "sessions"),
    ("sessions_ended", "sessions_closed"),
];

/// Reads frames and merge patches of one family as they come in, in pieces of any size. Names of series
/// longer than `KEY` bytes are reported without their name.
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
            rows: Rows {
                place: Place::Frame,
                field: Field::Unknown,
                key: [0; KEY],
                len: None,
                row: ReadRow::EMPTY,
            },
        }
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

    /// Says that the frame has no more pieces. The reader is ready for the next one.
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
    /// Before a counter's name, or the end of the row.
    Fields,
    /// Behind a counter's name.
    Value,
    /// So deep in a value that means nothing to us.
    Skip(u32),
}

/// Makes rows of tokens.
#[derive(Clone, Debug)]
struct Rows<F: Family, const KEY: usize> {
    place: Place,
    field: Field,
    key: [u8; KEY],
    /// The length of the key, if there was room for it.
    len: Option<usize>,
    row: ReadRow<F>,
}

impl<F: Family, const KEY: usize> Rows<F, KEY> {
    fn take(
        &mut self,
        token: Token<'_>,
        report: &mut impl FnMut(Entry<'_, F>),
    ) -> Result<(), Expected> {
        self.place = match (self.place, token) {
            (Place::Frame, Token::Open { object: true }) => Place::Names,
            (Place::Frame, _) => return Err(Expected::Frame),
            (Place::Names, Token::Name(name)) => self.begin_row(name),
            (Place::Row, Token::Open { object: true }) => Place::Fields,
            (Place::Row, Token::Null) => self.end_row(false, report),
            (Place::Row, _) => return Err(Expected::Row),
            (Place::Fields, Token::Name(name)) => {
                self.field = name.map_or(Field::Unknown, Field::named::<F>);
                Place::Value
            }
            (Place::Fields, _) => self.end_row(true, report),
            (Place::Value, token) => self.value(token)?,
            (Place::Skip(depth), Token::Open { .. }) => Place::Skip(depth + 1),
            (Place::Skip(1), Token::Close) => Place::Fields,
            (Place::Skip(depth), Token::Close) => Place::Skip(depth - 1),
            (place @ (Place::Skip(_) | Place::Names), _) => place,
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

    fn value(&mut self, token: Token<'_>) -> Result<Place, Expected> {
        match (self.field, token) {
            (Field::Unknown, Token::Open { .. }) => return Ok(Place::Skip(1)),
            (Field::Unknown, _) => {}
            (field, Token::Number(Some(value))) => self.row.set(field, value),
            // A patch that takes a counter away leaves it at nothing.
            (field, Token::Null) => self.row.set(field, 0),
            _ => return Err(Expected::Counter),
        }
        Ok(Place::Fields)
    }
}
