//! What is wrong with a frame.

use core::fmt;

/// Why a frame could not be read, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Bytes of the frame before the one that is wrong.
    pub offset: u64,
    /// What should be there.
    pub expected: Expected,
}

/// What a frame should have had in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// A JSON value.
    Value,
    /// The name of a member, in quotes.
    Name,
    /// A colon behind a member's name.
    Colon,
    /// A comma, or the end of the object.
    CommaOrBrace,
    /// A comma, or the end of the array.
    CommaOrBracket,
    /// A digit of a number.
    Digit,
    /// A hexadecimal digit of an escape.
    Hex,
    /// A control character, or a backslash, escaped as JSON has it.
    Escape,
    /// The first half of a pair of surrogates before the second.
    HighSurrogate,
    /// The second half of a pair of surrogates behind the first.
    LowSurrogate,
    /// UTF-8.
    Utf8,
    /// Values that lie no more than 64 deep in each other.
    LessDepth,
    /// Nothing more behind the frame.
    End,
    /// More of the frame.
    More,
    /// An object of series.
    Frame,
    /// The object that a reporter tells its state in.
    Node,
    /// An object of counters, or `null` in a patch.
    Row,
    /// A whole number from 0 to 2^64 - 1.
    Counter,
    /// A histogram: an object of its buckets and their sum.
    Histogram,
}

impl Expected {
    const fn text(self) -> &'static str {
        match self {
            Self::Value => "a JSON value",
            Self::Name => "a name in quotes",
            Self::Colon => "a colon",
            Self::CommaOrBrace => "a comma or `}`",
            Self::CommaOrBracket => "a comma or `]`",
            Self::Digit => "a digit",
            Self::Hex => "a hexadecimal digit",
            Self::Escape => "an escape that JSON has",
            Self::HighSurrogate => "a high surrogate before this low one",
            Self::LowSurrogate => "a low surrogate behind the high one",
            Self::Utf8 => "UTF-8",
            Self::LessDepth => "no more than 64 levels of nesting",
            Self::End => "the end of the frame",
            Self::More => "more: the frame is cut short",
            Self::Frame => "an object of series",
            Self::Node => "the state of a reporter",
            Self::Row => "an object of counters, or null",
            Self::Counter => "a whole number from 0 to 2^64 - 1",
            Self::Histogram => "a histogram of buckets and their sum",
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = self.expected.text();
        write!(f, "byte {} of the frame: expected {expected}", self.offset)
    }
}

impl core::error::Error for ParseError {}
