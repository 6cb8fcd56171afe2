//! What a reporter writes down so that it can count on after a reset, and how it is read back.
//!
//! The bytes that [`Reporter::save`](crate::Reporter::save) writes and
//! [`Reporter::restore`](crate::Reporter::restore) reads, numbers as LEB128 unless said otherwise:
//!
//! ```text
//! version    one byte
//! schema     four bytes, little-endian: a hash of the families' words, the lanes and the tiers' names
//! health     epoch, since, ts_ms, and the counts of ticks, frames and boots
//! folded     keys and guards, of traffic and of presence
//! totals     the words of each lane of traffic, then of presence
//! series     of traffic, then of presence, each list ended by a zero byte:
//!            lane + 1 (one byte), length of the name, name, ts_ms - since, words
//! ```
//!
//! Totals stand for all that was ever counted, so a series that is left out, for want of room there or
//! here, is in the retired account by that alone. There is no checksum: whoever keeps the bytes adds one.

use core::{fmt, marker::PhantomData};

use crate::{
    families::{Presence, Traffic},
    key::{Key, KeyWords},
    label::{Role, Tier},
    node::Names,
    schema::{Family, Source, Totals},
    sync::{AtomicWords, add, zero_words},
};

/// The form of the bytes.
const VERSION: u8 = 1;

/// Ends a list of series.
const END: u8 = 0;

/// Lists of series.
const LISTS: usize = 2;

/// What was written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// Bytes written.
    pub bytes: usize,
    /// Series that were written down.
    pub series: usize,
    /// Series that there was no room for: after a reset they are in the retired account.
    pub folded: usize,
}

/// What was read back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// The life that goes on.
    pub epoch: u64,
    /// Series that go on.
    pub series: usize,
    /// Series that there was no room for: they are in the retired account.
    pub folded: usize,
}

/// There is no room for the totals, let alone for series. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoom {
    /// Bytes that the totals take now, without any series.
    pub needed: usize,
}

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the totals alone take {} bytes", self.needed)
    }
}

impl core::error::Error for NoRoom {}

/// Why saved bytes were not restored. Nothing of them was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestoreError {
    /// The reporter has ticked, or was restored before.
    Late,
    /// The bytes have a form that this version of the crate does not know.
    Version(u8),
    /// The bytes are of a node with other words, lanes or tiers.
    Schema,
    /// The bytes are no whole block.
    Malformed,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late => f.write_str("the reporter is already counting"),
            Self::Version(found) => write!(f, "version {found} is not version {VERSION}"),
            Self::Schema => f.write_str("it is of a node with other words, lanes or tiers"),
            Self::Malformed => f.write_str("it is no whole block"),
        }
    }
}

impl core::error::Error for RestoreError {}

/// Tells nodes apart whose totals do not mean the same.
pub(crate) fn schema<N: Names + ?Sized>(names: &N, traffic: usize, presence: usize) -> u32 {
    let hash = mix_family::<Traffic>(0x811c_9dc5, traffic);
    let hash = mix_family::<Presence>(hash, presence);
    let tiers = traffic.div_ceil(Role::ALL.len()).max(presence);
    (0..tiers)
        .filter_map(Tier::from_index)
        .fold(hash, |hash, tier| mix(hash, names.tier(tier).as_bytes()))
}

fn mix_family<F: Family>(hash: u32, lanes: usize) -> u32 {
    let hash = mix(mix(hash, &lanes.to_le_bytes()[..2]), F::NAME.as_bytes());
    F::WORDS.iter().fold(hash, |hash, word| {
        let source = match word.source {
            Source::Bump(_) => 0,
            Source::Opened(event) => 0x10 | event as u8,
            Source::Closed(event) => 0x20 | event as u8,
        };
        mix(mix(hash, word.name.as_bytes()), &[source])
    })
}

/// A step of FNV-1a for each byte, and one for the end, which no text contains.
fn mix(hash: u32, bytes: &[u8]) -> u32 {
    bytes.iter().chain(&[0xff]).fold(hash, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

/// Writes bytes down, and counts them.
pub(crate) struct Writer<'a> {
    put: &'a mut dyn FnMut(u8),
    written: usize,
    room: usize,
}

impl<'a> Writer<'a> {
    /// A writer of at most `room` bytes, some of them kept for the ends of lists.
    pub(crate) fn new(put: &'a mut dyn FnMut(u8), room: usize) -> Self {
        Self {
            put,
            written: 0,
            room: room.saturating_sub(LISTS),
        }
    }

    /// Writes the first bytes of a block.
    pub(crate) fn begin(&mut self, schema: u32) {
        self.byte(VERSION);
        schema.to_le_bytes().into_iter().for_each(|b| self.byte(b));
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        (self.put)(byte);
        self.written += 1;
    }

    pub(crate) fn number(&mut self, mut n: u64) {
        while n > 0x7f {
            self.byte(0x80 | n.to_le_bytes()[0]);
            n >>= 7;
        }
        self.byte(n.to_le_bytes()[0]);
    }

    pub(crate) fn numbers(&mut self, numbers: &[u64]) {
        for number in numbers {
            self.number(*number);
        }
    }

    /// Writes all of something, or nothing of it if that does not fit.
    pub(crate) fn whole(&mut self, write: &dyn Fn(&mut Writer<'_>)) -> Result<(), NoRoom> {
        let needed = length(write);
        if self.written + needed > self.room {
            let needed = needed + LISTS;
            return Err(NoRoom { needed });
        }
        write(self);
        Ok(())
    }

    /// Ends a list of series; there is room for it.
    pub(crate) fn end(&mut self) {
        self.room += 1;
        self.byte(END);
    }

    pub(crate) fn written(&self) -> usize {
        self.written
    }
}

fn length(write: &dyn Fn(&mut Writer<'_>)) -> usize {
    let mut put = |_| {};
    let mut dry = Writer::new(&mut put, 0);
    write(&mut dry);
    dry.written
}

/// A series that was written down.
pub(crate) struct Record<F: Family, K> {
    pub(crate) lane: u8,
    /// Nothing if the name is longer than a key.
    pub(crate) key: Option<Key<K>>,
    pub(crate) since: u64,
    pub(crate) words: F::Totals,
    family: PhantomData<F>,
}

/// Reads bytes back. Whatever they are, it ends with them and never panics.
#[derive(Clone)]
pub(crate) struct Reader<I>(pub(crate) I);

impl<I: Iterator<Item = u8>> Reader<I> {
    /// Reads the first bytes of a block.
    pub(crate) fn begin(&mut self, schema: u32) -> Result<(), RestoreError> {
        match self.byte()? {
            VERSION => {}
            found => return Err(RestoreError::Version(found)),
        }
        for ours in schema.to_le_bytes() {
            if self.byte()? != ours {
                return Err(RestoreError::Schema);
            }
        }
        Ok(())
    }

    pub(crate) fn byte(&mut self) -> Result<u8, RestoreError> {
        self.0.next().ok_or(RestoreError::Malformed)
    }

    pub(crate) fn number(&mut self) -> Result<u64, RestoreError> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            number |= part << shift;
            if part << shift >> shift != part {
                break;
            }
            if byte == byte & 0x7f {
                return Ok(number);
            }
        }
        Err(RestoreError::Malformed)
    }

    /// Reads a number that went up by one at a time, and can still go up.
    pub(crate) fn count(&mut self) -> Result<u64, RestoreError> {
        let counted = self.number()?;
        let plausible = Some(counted).filter(|n| n >> (u64::BITS - 1) == 0);
        plausible.ok_or(RestoreError::Malformed)
    }

    /// Reads a number that was a word of the machine.
    pub(crate) fn word(&mut self) -> Result<usize, RestoreError> {
        let number = self.number()?;
        usize::try_from(number).map_err(|_| RestoreError::Malformed)
    }

    pub(crate) fn words<F: Family>(&mut self) -> Result<F::Totals, RestoreError> {
        let mut words = F::Totals::ZERO;
        for word in words.as_mut() {
            *word = self.number()?;
        }
        Ok(words)
    }

    /// Reads the next series of a list written at `stamp`; nothing at the list's end.
    pub(crate) fn record<F: Family, K: KeyWords>(
        &mut self,
        stamp: u64,
    ) -> Result<Option<Record<F, K>>, RestoreError> {
        let Some(lane) = self.byte()?.checked_sub(END + 1) else {
            return Ok(None);
        };
        Ok(Some(Record {
            lane,
            key: self.key()?,
            since: stamp.wrapping_sub(self.number()?),
            words: self.words::<F>()?,
            family: PhantomData,
        }))
    }

    /// Reads a name, which is text; nothing if it is longer than a key.
    fn key<K: KeyWords>(&mut self) -> Result<Option<Key<K>>, RestoreError> {
        const WORD: usize = size_of::<usize>();
        let len = self.number()?;
        let (words, mut at) = (zero_words!(K::Atomic), 0);
        let mut character = Character::default();
        for _ in 0..len {
            let byte = self.byte()?;
            character.push(byte)?;
            if let Some(word) = words.words().get(at / WORD) {
                add(word, usize::from(byte) << (8 * (at % WORD)));
            }
            at = at.saturating_add(1);
        }
        character.end()?;
        let fits = at <= words.words().len() * WORD;
        let len = u16::try_from(at).ok().filter(|_| fits);
        Ok(len.map(|len| Key::load(&words, len)))
    }

    /// There must be nothing left.
    pub(crate) fn end(&mut self) -> Result<(), RestoreError> {
        match self.0.next() {
            Some(_) => Err(RestoreError::Malformed),
            None => Ok(()),
        }
    }
}

/// The bytes of a character, as they come.
#[derive(Default)]
struct Character {
    bytes: [u8; 4],
    len: usize,
}

impl Character {
    fn push(&mut self, byte: u8) -> Result<(), RestoreError> {
        let next = self.bytes.get_mut(self.len);
        *next.ok_or(RestoreError::Malformed)? = byte;
        self.len += 1;
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        if core::str::from_utf8(bytes).is_ok() {
            self.len = 0;
        }
        Ok(())
    }

    fn end(&self) -> Result<(), RestoreError> {
        match self.len {
            0 => Ok(()),
            _ => Err(RestoreError::Malformed),
        }
    }
}
