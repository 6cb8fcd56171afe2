//! UTF-8 that comes in pieces.

use super::error::Expected;

/// How much of a character is still to come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Utf8 {
    left: u8,
    /// What the next byte may be.
    next: (u8, u8),
}

impl Utf8 {
    /// Between two characters.
    pub(super) const START: Self = Self {
        left: 0,
        next: (0, 0),
    };

    /// Goes over bytes; how many were right, if not all.
    #[inline]
    pub(super) fn pass(&mut self, bytes: &[u8]) -> Result<(), usize> {
        if self.left == 0 && bytes.is_ascii() {
            return Ok(());
        }
        for (at, byte) in bytes.iter().enumerate() {
            *self = self.after(*byte).ok_or(at)?;
        }
        Ok(())
    }

    /// Whether a text may end here.
    pub(super) const fn end(self) -> Result<(), Expected> {
        match self.left {
            0 => Ok(()),
            _ => Err(Expected::Utf8),
        }
    }

    /// The table of well-formed sequences (Unicode, section 3.9).
    const fn after(self, byte: u8) -> Option<Self> {
        const ANY: (u8, u8) = (0x80, 0xbf);
        let (left, next) = match (self.left, byte) {
            (0, 0..=0x7f) => (0, ANY),
            (0, 0xc2..=0xdf) => (1, ANY),
            (0, 0xe0) => (2, (0xa0, 0xbf)),
            (0, 0xed) => (2, (0x80, 0x9f)),
            (0, 0xe1..=0xef) => (2, ANY),
            (0, 0xf0) => (3, (0x90, 0xbf)),
            (0, 0xf1..=0xf3) => (3, ANY),
            (0, 0xf4) => (3, (0x80, 0x8f)),
            (1.., byte) if self.next.0 <= byte && byte <= self.next.1 => (self.left - 1, ANY),
            _ => return None,
        };
        Some(Self { left, next })
    }
}
