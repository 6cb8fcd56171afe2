//! JSON a byte at a time, as RFC 8259 has it: no recursion, no allocation, any pieces.

use super::{
    error::{Expected, ParseError},
    utf8::Utf8,
};

/// How deep values may lie in each other.
const MAX_DEPTH: u32 = u64::BITS;

/// What the scanner has come upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// An object or an array begins.
    Open {
        /// Which of them.
        object: bool,
    },
    /// It ends.
    Close,
    /// A member's name; nothing if it is longer than the scanner's room.
    Name(Option<&'a str>),
    /// A number; nothing if it is no `u64`.
    Number(Option<u64>),
    /// A text as a value.
    Text,
    /// `null`.
    Null,
    /// `true` or `false`.
    Truth,
}

/// Where in the text the scanner stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before a value.
    Value,
    /// Behind the bracket that opens an array.
    FirstValue,
    /// Behind the brace that opens an object.
    FirstName,
    /// Behind a comma in an object.
    Name,
    /// Behind a member's name.
    Colon,
    /// Behind a value.
    Behind,
    /// In a string, plain.
    String,
    /// Behind a backslash.
    Escape,
    /// In the hexadecimal digits of an escape: how many are left, and their value so far.
    Unicode(u8, u16),
    /// Behind a high surrogate, before the backslash of the low one.
    LowEscape,
    /// Behind that backslash.
    LowU,
    /// In the digits of the low one.
    Low(u8, u16),
    /// In a number.
    Number(Digits),
    /// In a literal: what is left of it.
    Literal(&'static [u8]),
}

/// Where in a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Digits {
    /// Behind a minus.
    Minus,
    /// Behind a leading zero.
    Zero,
    /// In the whole part.
    Whole,
    /// Behind the point.
    Point,
    /// In the digits behind the point.
    Fraction,
    /// Behind the letter of the exponent.
    Letter,
    /// Behind its sign.
    Sign,
    /// In its digits.
    Exponent,
}

/// Scans one JSON text that comes in pieces, with room for names of `TEXT` bytes.
#[derive(Clone, Debug)]
pub(super) struct Scanner<const TEXT: usize> {
    state: State,
    /// Bytes before the piece that is being scanned.
    offset: u64,
    depth: u32,
    /// By level, whether it is an object.
    objects: u64,
    /// The string is a member's name.
    naming: bool,
    text: [u8; TEXT],
    /// The string's length, also past the room.
    len: usize,
    /// How far the string is in a character.
    utf8: Utf8,
    /// The first half of a pair of surrogates.
    high: u16,
    /// The number, as long as it is a `u64`.
    number: Option<u64>,
    /// What the literal stands for.
    literal: Token<'static>,
}

impl<const TEXT: usize> Scanner<TEXT> {
    pub(super) const fn new() -> Self {
        Self {
            state: State::Value,
            offset: 0,
            depth: 0,
            objects: 0,
            naming: false,
            text: [0; TEXT],
            len: 0,
            utf8: Utf8::START,
            high: 0,
            number: None,
            literal: Token::Null,
        }
    }

    /// Scans the next piece, and gives what it comes upon to `out`.
    pub(super) fn push(
        &mut self,
        piece: &[u8],
        out: &mut impl FnMut(Token<'_>) -> Result<(), Expected>,
    ) -> Result<(), ParseError> {
        let mut at = 0;
        loop {
            if self.state == State::String {
                let plain = self.plain(piece.get(at..).unwrap_or_default());
                at += plain.map_err(|wrong| self.error(at + wrong, Expected::Utf8))?;
            }
            let Some(byte) = piece.get(at) else { break };
            match self.step(*byte, out) {
                Ok(true) => at += 1,
                Ok(false) => {}
                Err(expected) => return Err(self.error(at, expected)),
            }
        }
        self.offset = self.offset.saturating_add(piece.len() as u64);
        Ok(())
    }

    /// Says that there are no more pieces: the text must be whole.
    pub(super) fn finish(
        &mut self,
        out: &mut impl FnMut(Token<'_>) -> Result<(), Expected>,
    ) -> Result<(), ParseError> {
        // A number has no end of its own.
        if let State::Number(digits) = self.state {
            let ended = self.digit(digits, b' ', out);
            ended.map_err(|expected| match expected {
                Expected::Digit => self.error(0, Expected::More),
                expected => self.error(0, expected),
            })?;
        }
        match self.state {
            State::Behind if self.depth == 0 => Ok(()),
            _ => Err(self.error(0, Expected::More)),
        }
    }

    fn error(&self, at: usize, expected: Expected) -> ParseError {
        ParseError {
            offset: self.offset.saturating_add(at as u64),
            expected,
        }
    }

    /// Takes in the plain bytes at the beginning of `rest`; how many, or which is no UTF-8.
    fn plain(&mut self, rest: &[u8]) -> Result<usize, usize> {
        let special = |byte: &u8| matches!(*byte, b'"' | b'\\' | 0..=0x1f);
        let run = rest.iter().position(special).unwrap_or(rest.len());
        let plain = rest.get(..run).unwrap_or_default();
        self.utf8.pass(plain)?;
        self.append(plain);
        Ok(run)
    }

    fn append(&mut self, bytes: &[u8]) {
        if self.naming
            && let Some(room) = self.text.get_mut(self.len..)
        {
            for (to, from) in room.iter_mut().zip(bytes) {
                *to = *from;
            }
        }
        self.len = self.len.saturating_add(bytes.len());
    }

    /// Takes a byte in, if it does not end a number; says whether it did.
    fn step(
        &mut self,
        byte: u8,
        out: &mut impl FnMut(Token<'_>) -> Result<(), Expected>,
    ) -> Result<bool, Expected> {
        match self.state {
            State::Number(digits) => return self.digit(digits, byte, out),
            State::String => self.quoted(byte, out)?,
            State::Escape => self.escaped(byte)?,
            State::Unicode(left, value) => self.unicode(left, value, byte)?,
            State::LowEscape if byte == b'\\' => self.state = State::LowU,
            State::LowU if byte == b'u' => self.state = State::Low(4, 0),
            State::LowEscape | State::LowU => return Err(Expected::LowSurrogate),
            State::Low(left, value) => self.low(left, value, byte)?,
            State::Literal(rest) => self.literal(rest, byte, out)?,
            _ if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') => {}
            State::FirstValue if byte == b']' => self.close(out)?,
            State::Value | State::FirstValue => self.value(byte, out)?,
            State::FirstName if byte == b'}' => self.close(out)?,
            State::FirstName | State::Name if byte == b'"' => self.begin_string(true),
            State::FirstName | State::Name => return Err(Expected::Name),
            State::Colon if byte == b':' => self.state = State::Value,
            State::Colon => return Err(Expected::Colon),
            State::Behind => self.behind(byte, out)?,
        }
        Ok(true)
    }

    fn value(
        &mut self,
        byte: u8,
        out: &mut impl FnMut(Token<'_>) -> Result<(), Expected>,
    ) -> Result<(), Expected> {
        match byte {
            b'{' => self.open(true, out)?,
            b'[' => self.open(false, out)?,
            b'"' => self.begin_string(false),
            b'-' => self.begin_number(None, Digits::Minus),
            b'0' => self.begin_number(Some(0), Digits::Zero),
            b'1'..=b'9' => self.begin_number(Some(u64::from(byte - b'0')), Digits::Whole),
            b'n' => self.begin_literal(b"ull", Token::Null),
            b't' => self.begin_literal(b"rue", Token::Truth),
            b'f' => self.begin_literal(b"alse", Token::Truth),
            _ => return Err(Expected::Value),
        }
        Ok(())
    }

    fn open(
        &mut self,
        object: bool,
        out: &mut impl FnMut(Token<'_>) -> Result<(), Expected>,
    ) -> Result<(), Expected> {
        if self.depth >= MAX_DEPTH {
            return Err(Expected::LessDepth);
        }
        self.depth += 1;
        self.objects = self.objects << 1 | u64::from(object);
        self.state = if object {
            State::FirstName
        } else {
            State::FirstValue
        };
        out(Token::Open { object })
    }

    fn close(
        &mut self,
        out: &mut impl FnMut(Token<'_>) -> Result<(), Expected>,
    ) -> Result<(), Expected> {
        self.depth = self.depth.saturating_sub(1);
        self.objects >>= 1;
        self.state = State::Behind;
        out(Token::Close)
    }

    fn behind(
        &mut self,
        byte: u8,
        out: &mut impl FnMut(Token<'_>) -> Result<(), Expected>,
    ) -> Result<(), Expected> {
        let object = self.objects & 1 == 1;
        match byte {
            _ if self.depth == 0 => Err(Expected::End),
            b',' => {
                self.state = if object { State::Name } else { State::Value };
                Ok(())
            }
            b'}' if object => self.close(out),
            b']' if !object => self.close(out),
            _ if object => Err(Expected::CommaOrBrace),
            _ => Err(Expected::CommaOrBracket),
        }
    }

    fn begin_string(&mut self, naming: bool) {
        self.naming = naming;
        self.len = 0;
        self.state = State::String;
    }

    fn quoted(
        &mut self,
        byte: u8,
        out: &mut impl FnMut(Token<'_>) -> Result<(), Expected>,
    ) -> Result<(), Expected> {
        self.utf8.end()?;
        match byte {
            b'\\' => {
                self.state = State::Escape;
                Ok(())
            }
            b'"' if self.naming => {
                self.state = State::Colon;
                let name = self.text.get(..self.len).map(str::from_utf8);
                let name = name.transpose().map_err(|_| Expected::Utf8)?;
                out(Token::Name(name))
            }
            b'"' => {
                self.state = State::Behind;
                out(Token::Text)
            }
            _ => Err(Expected::Escape),
        }
    }

    fn escaped(&mut self, byte: u8) -> Result<(), Expected> {
        let plain = match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                self.state = State::Unicode(4, 0);
                return Ok(());
            }
            _ => return Err(Expected::Escape),
        };
        self.append(&[plain]);
        self.state = State::String;
        Ok(())
    }

    fn unicode(&mut self, left: u8, value: u16, byte: u8) -> Result<(), Expected> {
        let value = value << 4 | hex(byte)?;
        self.state = match (left - 1, value) {
            (0, 0xd800..=0xdbff) => {
                self.high = value;
                State::LowEscape
            }
            (0, 0xdc00..=0xdfff) => return Err(Expected::HighSurrogate),
            (0, _) => self.character(u32::from(value)),
            (left, _) => State::Unicode(left, value),
        };
        Ok(())
    }

    fn low(&mut self, left: u8, value: u16, byte: u8) -> Result<(), Expected> {
        let value = value << 4 | hex(byte)?;
        self.state = match (left - 1, value) {
            (0, 0xdc00..=0xdfff) => {
                let high = u32::from(self.high - 0xd800);
                self.character(0x1_0000 + (high << 10 | u32::from(value - 0xdc00)))
            }
            (0, _) => return Err(Expected::LowSurrogate),
            (left, _) => State::Low(left, value),
        };
        Ok(())
    }

    fn character(&mut self, code: u32) -> State {
        let mut utf8 = [0; 4];
        let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        self.append(character.encode_utf8(&mut utf8).as_bytes());
        State::String
    }

    fn begin_literal(&mut self, rest: &'static [u8], token: Token<'static>) {
        self.literal = token;
        self.state = State::Literal(rest);
    }

    fn literal(
        &mut self,
        rest: &'static [u8],
        byte: u8,
        out: &mut impl FnMut(Token<'_>) -> Result<(), Expected>,
    ) -> Result<(), Expected> {
        match rest.split_first() {
            Some((first, [])) if *first == byte => {
                self.state = State::Behind;
                out(self.literal)
            }
            Some((first, rest)) if *first == byte => {
                self.state = State::Literal(rest);
                Ok(())
            }
            _ => Err(Expected::Value),
        }
    }

    fn begin_number(&mut self, number: Option<u64>, digits: Digits) {
        self.number = number;
        self.state = State::Number(digits);
    }

    /// Takes in a byte of a number, or ends it; says which.
    fn digit(
        &mut self,
        digits: Digits,
        byte: u8,
        out: &mut impl FnMut(Token<'_>) -> Result<(), Expected>,
    ) -> Result<bool, Expected> {
        let next = match (digits, byte) {
            (Digits::Minus, b'0') => Digits::Zero,
            (Digits::Minus, b'1'..=b'9') => Digits::Whole,
            (Digits::Whole, b'0'..=b'9') => {
                let digit = u64::from(byte - b'0');
                let tens = self.number.and_then(|number| number.checked_mul(10));
                self.number = tens.and_then(|tens| tens.checked_add(digit));
                Digits::Whole
            }
            (Digits::Zero | Digits::Whole, b'.') => Digits::Point,
            (Digits::Point | Digits::Fraction, b'0'..=b'9') => Digits::Fraction,
            (Digits::Zero | Digits::Whole | Digits::Fraction, b'e' | b'E') => Digits::Letter,
            (Digits::Letter, b'+' | b'-') => Digits::Sign,
            (Digits::Letter | Digits::Sign | Digits::Exponent, b'0'..=b'9') => Digits::Exponent,
            (Digits::Zero | Digits::Whole | Digits::Fraction | Digits::Exponent, _) => {
                self.state = State::Behind;
                out(Token::Number(self.number))?;
                return Ok(false);
            }
            _ => return Err(Expected::Digit),
        };
        if !matches!(next, Digits::Zero | Digits::Whole) {
            self.number = None;
        }
        self.state = State::Number(next);
        Ok(true)
    }
}

fn hex(byte: u8) -> Result<u16, Expected> {
    match byte {
        b'0'..=b'9' => Ok(u16::from(byte - b'0')),
        b'a'..=b'f' => Ok(u16::from(byte - b'a') + 10),
        b'A'..=b'F' => Ok(u16::from(byte - b'A') + 10),
        _ => Err(Expected::Hex),
    }
}
