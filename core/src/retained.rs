//! What a reporter writes down so that it can count on after a reset, and how it is read back.
//!
//! The bytes that [`Reporter::save`](crate::Reporter::save) writes and
//! [`Reporter::restore`](crate::Reporter::restore) reads, numbers as LEB128 unless said otherwise:
//!
//! ```text
//! version    one byte
//! schema     four bytes, little-endian: a hash of the families' words, the lanes and the tiers' names
//! health     epoch, since, ts_ms, and the counts of ticks, frames and boots
//! folded     keys, guards and events, of traffic and of presence
//! totals     the words of each lane of traffic, then of presence
//! series     of traffic, then of presence, each list ended by a zero byte:
//!            1 + 2 * lane, length of the name, name, ts_ms - since, words
//!            2 + 2 * lane, ts_ms - since, words: the lane's overflow series
//! ```
//!
//! Totals stand for all that was ever counted, so a series that is left out, for want of room there or
//! here, is in the retired account by that alone. There is no checksum: whoever keeps the bytes adds one.

use core::fmt;

use crate::{
    families::{Presence, Traffic},
    key::{Key, KeyWords},
    label::{Role, Tier},
    node::Names,
    schema::{Family, Histogram, Source, Totals},
    sync::{AtomicWords, add, zero_words},
};

/// The form of the bytes.
const VERSION: u8 = 2;

/// Ends a list of series.
const END: u8 = 0;

/// The mark of the first lane's series that have a name of their own.
const FIRST: u64 = END as u64 + 1;

/// Lists of series.
const LISTS: usize = 2;

/// Bytes of the longest number.
const LONGEST: usize = u64::BITS.div_ceil(7) as usize;

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
    let mut hash = const { mix_family::<Presence>(mix_family::<Traffic>(0x811c_9dc5)) };
    for lanes in [traffic, presence] {
        hash = mix(hash, &lanes.to_le_bytes()[..2]);
    }
    let tiers = traffic.div_ceil(Role::ALL.len()).max(presence);
    (0..tiers)
        .filter_map(Tier::from_index)
        .fold(hash, |hash, tier| mix(hash, names.tier(tier).as_bytes()))
}

/// Mixes what a family counts in. Done when the family is compiled: its texts are not for firmware.
const fn mix_family<F: Family>(hash: u32) -> u32 {
    let mut hash = mix(hash, F::NAME.as_bytes());
    let mut i = 0;
    while i < F::WORDS.len() {
        let source = match F::WORDS[i].source {
            Source::Bump(_) => 0,
            Source::Opened(event) => 0x10 | event as u8,
            Source::Closed(event) => 0x20 | event as u8,
            Source::Begun(_) => 0x30,
            Source::Ended(_) => 0x40,
        };
        hash = mix(mix(hash, F::WORDS[i].name.as_bytes()), &[source]);
        i += 1;
    }
    mix_histograms(hash, F::HISTOGRAMS)
}

const fn mix_histograms(mut hash: u32, histograms: &[Histogram]) -> u32 {
    let mut i = 0;
    while i < histograms.len() {
        hash = mix(hash, histograms[i].name.as_bytes());
        let (bounds, mut j) = (histograms[i].bounds, 0);
        while j < bounds.len() {
            hash = mix(hash, &bounds[j].to_le_bytes());
            j += 1;
        }
        i += 1;
    }
    hash
}

/// A step of FNV-1a for each byte, and one for the end, which no text contains.
const fn mix(mut hash: u32, bytes: &[u8]) -> u32 {
    let mut rest = bytes;
    while let [byte, after @ ..] = rest {
        hash = step(hash, *byte);
        rest = after;
    }
    step(hash, 0xff)
}

const fn step(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as u32).wrapping_mul(0x0100_0193)
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

    /// Writes all of something, or nothing of it if that does not fit. It is written twice, the first time
    /// to see how long it is, unless there is room for the longest that it can be.
    pub(crate) fn whole(
        &mut self,
        longest: usize,
        write: &dyn Fn(&mut Writer<'_>),
    ) -> Result<(), NoRoom> {
        let left = self.room.saturating_sub(self.written);
        if longest > left {
            let needed = length(write);
            if needed > left {
                let needed = needed + LISTS;
                return Err(NoRoom { needed });
            }
        }
        write(self);
        Ok(())
    }

    /// Begins a series of this lane, with its name or the overflow series.
    pub(crate) fn record<K: KeyWords>(&mut self, lane: u8, key: Option<&Key<K>>) {
        self.number(FIRST + (u64::from(lane) << 1 | u64::from(key.is_none())));
        if let Some(key) = key {
            self.number(key.len() as u64);
            key.bytes().for_each(|byte| self.byte(byte));
        }
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

/// Which series was written down, and since when it lived.
pub(crate) struct Record<K> {
    pub(crate) lane: u8,
    pub(crate) name: RecordName<K>,
    pub(crate) since: u64,
}

/// The name of a series that was written down.
pub(crate) enum RecordName<K> {
    /// The lane's overflow series.
    Overflow,
    /// A name of its own.
    Key(Key<K>),
    /// A name longer than a key.
    TooLong,
}

/// No series takes more bytes than this.
pub(crate) const fn longest_record<F: Family>(name: usize) -> usize {
    let (mark, numbers) = (2, 2 + F::Totals::LEN);
    mark + name + numbers * LONGEST
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

    pub(crate) fn numbers(&mut self, numbers: &mut [u64]) -> Result<(), RestoreError> {
        for number in numbers {
            *number = self.number()?;
        }
        Ok(())
    }

    pub(crate) fn words<F: Family>(&mut self) -> Result<F::Totals, RestoreError> {
        let mut words = F::Totals::ZERO;
        self.numbers(words.as_mut())?;
        Ok(words)
    }

    /// Reads which series is next in a list written at `stamp`; its words follow. Nothing at the list's
    /// end.
    pub(crate) fn record<K: KeyWords>(
        &mut self,
        stamp: u64,
    ) -> Result<Option<Record<K>>, RestoreError> {
        let Some(mark) = self.number()?.checked_sub(FIRST) else {
            return Ok(None);
        };
        let lane = u8::try_from(mark >> 1).map_err(|_| RestoreError::Malformed)?;
        let name = match mark & 1 {
            0 => self.key()?.map_or(RecordName::TooLong, RecordName::Key),
            _ => RecordName::Overflow,
        };
        Ok(Some(Record {
            lane,
            name,
            since: stamp.wrapping_sub(self.number()?),
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
