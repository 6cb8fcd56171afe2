//! Names of series: bounded, inline, and kept as little-endian words, so that copying words copies
//! names.

use core::{cmp::Ordering as Order, fmt};

use crate::{
    encode::Out,
    sync::{AtomicUsize, AtomicWords, Ordering, PlainWords},
};

/// Bytes in one word of a key.
pub(crate) const WORD: usize = size_of::<usize>();

/// The name under which a lane counts what found no free series or cell.
pub const OVERFLOW: &str = "__overflow__";

/// The room for a key: `[usize; N]` holds `N * size_of::<usize>()` bytes.
pub trait KeyWords: PlainWords {
    /// The same room in a shared table.
    type Atomic: AtomicWords;
}

impl<const N: usize> KeyWords for [usize; N] {
    type Atomic = [AtomicUsize; N];
}

/// A name that does not fit the key's room. What it names is counted in the overflow series: a name
/// is never cut short, since two long names must not become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTooLong {
    /// The bytes that there is room for.
    pub capacity: usize,
}

impl fmt::Display for KeyTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the name is longer than the {} bytes a key holds",
            self.capacity
        )
    }
}

impl core::error::Error for KeyTooLong {}

/// The name of a series, at most `N * size_of::<usize>()` bytes of UTF-8 for `K = [usize; N]`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key<K> {
    words: K,
    len: u16,
}

impl<K: KeyWords> Key<K> {
    /// The key of a broadcast path or session root: `path` without its empty segments.
    ///
    /// # Errors
    /// When the path is longer than the key's room.
    pub fn path(path: &str) -> Result<Self, KeyTooLong> {
        let mut key = Self::EMPTY;
        key.set_path(path)?;
        Ok(key)
    }

    /// Makes this the key of `path`, in place: keys are large to move. It must be empty before.
    #[inline]
    pub(crate) fn set_path(&mut self, path: &str) -> Result<(), KeyTooLong> {
        match self.fill(path.as_bytes()) {
            Some(()) if !is_reserved(path.as_bytes()) => Ok(()),
            _ => self.join(path),
        }
    }

    /// The same for a path that has empty segments, or is reserved, or longer than a key perhaps.
    #[cold]
    fn join(&mut self, path: &str) -> Result<(), KeyTooLong> {
        *self = Self::EMPTY;
        if is_reserved_path(path) {
            self.push(b'_')?;
        }
        for (place, segment) in segments(path).enumerate() {
            if place > 0 {
                self.push(b'/')?;
            }
            segment.iter().try_for_each(|byte| self.push(*byte))?;
        }
        Ok(())
    }

    /// The key of any name, as it is.
    ///
    /// A name that reads like [`OVERFLOW`] gets one more underscore in front, so that no real series
    /// is ever taken for the overflow series; other names stay as they are.
    ///
    /// # Errors
    /// When the name is longer than the key's room.
    pub fn new(name: &str) -> Result<Self, KeyTooLong> {
        let mut key = Self::EMPTY;
        match key.copy(name.as_bytes(), |_| Some(())) {
            Some(()) if !is_reserved(name.as_bytes()) => Ok(key),
            _ => Self::spell(name),
        }
    }

    /// The same for a name that is reserved, or longer than a key.
    #[cold]
    fn spell(name: &str) -> Result<Self, KeyTooLong> {
        let mut key = Self::EMPTY;
        if is_reserved(name.as_bytes()) {
            key.push(b'_')?;
        }
        name.bytes().try_for_each(|byte| key.push(byte))?;
        Ok(key)
    }

    /// The key of a name that was a key before: the overflow series keeps its name.
    pub(crate) fn read(name: &str) -> Result<Self, KeyTooLong> {
        let mut key = Self::EMPTY;
        if key.fill(name.as_bytes()).is_none() {
            key = Self::EMPTY;
            name.bytes().try_for_each(|byte| key.push(byte))?;
        }
        Ok(key)
    }

    /// Whether the other is the same name.
    #[inline]
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.len == other.len && self.used_words() == other.used_words()
    }

    /// The empty name.
    pub(crate) const EMPTY: Self = Self {
        words: K::ZERO,
        len: 0,
    };

    /// The key of a lane's overflow series.
    pub(crate) fn overflow() -> Self {
        let mut key = Self::EMPTY;
        // Tables are not built with less room than the name takes.
        for byte in OVERFLOW.bytes() {
            if key.push(byte).is_err() {
                break;
            }
        }
        key
    }

    /// Reads a key back from a shared table.
    pub(crate) fn load(from: &K::Atomic, len: u16) -> Self {
        let mut words = K::ZERO;
        let used = usize::from(len).div_ceil(WORD);
        for (word, shared) in words.as_mut().iter_mut().zip(from.words()).take(used) {
            *word = shared.load(Ordering::Relaxed);
        }
        Self { words, len }
    }

    /// Writes the key into a shared table; the caller holds the lock.
    pub(crate) fn store(&self, to: &K::Atomic) {
        for (shared, word) in to.words().iter().zip(self.words.as_ref()) {
            shared.store(*word, Ordering::Relaxed);
        }
    }

    /// Whether a shared table holds this key's words.
    #[inline]
    pub(crate) fn equals(&self, shared: &K::Atomic) -> bool {
        let mut words = self.used_words().iter().zip(shared.words());
        words.all(|(word, shared)| shared.load(Ordering::Relaxed) == *word)
    }

    /// A hash that an outsider who does not know `seed` cannot steer.
    #[inline]
    pub(crate) fn hash(&self, seed: usize, lane: usize) -> u32 {
        let mut hasher = Hasher::new(self.len(), seed, lane);
        let (pairs, odd) = self.used_words().as_chunks();
        pairs.iter().for_each(|[a, b]| hasher.pair(*a, *b));
        odd.iter().for_each(|word| hasher.pair(*word, 0));
        hasher.finish()
    }

    #[inline]
    fn used_words(&self) -> &[usize] {
        let words = self.words.as_ref();
        let used = self.len().div_ceil(WORD).min(words.len());
        words.get(..used).unwrap_or_default()
    }

    /// The key of a path's first segments, so many of them; nothing if it has fewer. One that would read
    /// like [`OVERFLOW`] gets one more underscore in front, as a path of its own does.
    pub(crate) fn leading(&self, segments: usize) -> Option<Self> {
        let mut slashes = (0..).zip(self.bytes()).filter(|(_, byte)| *byte == b'/');
        let last = segments.checked_sub(1)?;
        if let Some((end, _)) = slashes.nth(last) {
            return self.up_to(end);
        }
        let slashes = self.bytes().filter(|byte| *byte == b'/').count();
        (slashes == last && !self.is_empty()).then_some(*self)
    }

    /// The key of a path's first bytes, which end with a segment.
    fn up_to(&self, end: usize) -> Option<Self> {
        let bytes = || self.bytes().take(end);
        let marks = bytes().take_while(|byte| *byte == b'_').count();
        let mut key = Self::EMPTY;
        if marks >= 2 && bytes().skip(marks).eq(OVERFLOW_TAIL.iter().copied()) {
            key.push(b'_').ok()?;
        }
        bytes().try_for_each(|byte| key.push(byte)).ok()?;
        Some(key)
    }

    /// The name's length in bytes.
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Whether the name is empty.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the name has bytes that a JSON string must escape.
    pub fn needs_escape(&self) -> bool {
        self.bytes().any(escapes)
    }

    /// The name's bytes, a word at a time; the last word is filled up with zeros.
    fn chunks(&self) -> impl Iterator<Item = [u8; WORD]> + '_ {
        self.used_words().iter().map(|word| word.to_le_bytes())
    }

    /// Writes the name as it is.
    #[inline]
    pub(crate) fn put(&self, out: &mut impl Out) {
        let mut left = self.len();
        for chunk in self.chunks() {
            let len = left.min(chunk.len());
            out.put_padded(&chunk, len);
            left -= len;
        }
    }

    /// The name's bytes.
    pub fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        let words = self.words.as_ref();
        (0..self.len()).map_while(|at| {
            let [byte, ..] = (words.get(at / WORD)? >> (8 * (at % WORD))).to_le_bytes();
            Some(byte)
        })
    }

    /// The name as text, in `buf`.
    ///
    /// # Errors
    /// When `buf` is shorter than [`len`](Self::len).
    pub fn to_str<'a>(&self, buf: &'a mut [u8]) -> Result<&'a str, KeyTooLong> {
        let capacity = buf.len();
        let out = buf.get_mut(..self.len()).ok_or(KeyTooLong { capacity })?;
        for (slot, byte) in out.iter_mut().zip(self.bytes()) {
            *slot = byte;
        }
        // The bytes came from a `&str`, so this cannot fail; a cut overflow name is ASCII.
        core::str::from_utf8(out).map_err(|_| KeyTooLong { capacity })
    }

    /// Takes the bytes of a path, if they fit and no segment is empty.
    #[inline]
    fn fill(&mut self, path: &[u8]) -> Option<()> {
        if path.last() == Some(&b'/') {
            return None;
        }
        let mut seam = Seam::START;
        self.copy(path, |word| {
            seam = seam.pass(word)?;
            Some(())
        })
    }

    /// Takes bytes a word at a time, if they fit and each word passes.
    #[inline]
    fn copy(&mut self, bytes: &[u8], mut pass: impl FnMut(usize) -> Option<()>) -> Option<()> {
        let words = self.words.as_mut();
        if bytes.len() > words.len() * WORD {
            return None;
        }
        self.len = u16::try_from(bytes.len()).ok()?;
        let (whole, rest) = bytes.as_chunks::<WORD>();
        for (word, chunk) in words.iter_mut().zip(whole) {
            *word = usize::from_le_bytes(*chunk);
            pass(*word)?;
        }
        if let Some(word) = words.get_mut(whole.len()).filter(|_| !rest.is_empty()) {
            *word = last_word(bytes, rest);
            pass(*word)?;
        }
        Some(())
    }

    fn push(&mut self, byte: u8) -> Result<(), KeyTooLong> {
        let at = usize::from(self.len);
        let words = self.words.as_mut();
        let capacity = words.len() * WORD;
        let too_long = KeyTooLong { capacity };
        let word = words.get_mut(at / WORD).ok_or(too_long)?;
        *word |= usize::from(byte) << (8 * (at % WORD));
        self.len = u16::try_from(at + 1).map_err(|_| too_long)?;
        Ok(())
    }
}

/// The name, as it was given; a name that was reserved shows the underscore it got in front.
impl<K: KeyWords> fmt::Display for Key<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One character at a time: a character may lie in two words.
        let mut character = [0; 4];
        let mut len = 0;
        for byte in self.bytes() {
            let Some(slot) = character.get_mut(len) else {
                break;
            };
            *slot = byte;
            len += 1;
            if let Ok(text) = core::str::from_utf8(&character[..len]) {
                f.write_str(text)?;
                len = 0;
            }
        }
        Ok(())
    }
}

impl<K: KeyWords> fmt::Debug for Key<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes()
            .try_for_each(|byte| write!(f, "{}", byte.escape_ascii()))
    }
}

/// Compares two keys of shared tables as names.
pub(crate) fn compare<K: KeyWords>(a: (&K::Atomic, u16), b: (&K::Atomic, u16)) -> Order {
    let words = a.0.words().iter().zip(b.0.words());
    for (a, b) in words {
        let (a, b) = (a.load(Ordering::Relaxed), b.load(Ordering::Relaxed));
        if a != b {
            // The first byte that differs decides: the lowest of a little-endian word.
            return a.swap_bytes().cmp(&b.swap_bytes());
        }
    }
    a.1.cmp(&b.1)
}

/// Whether `path` is `prefix` or lies under it, segment by segment; nothing is under an empty prefix.
#[inline]
pub(crate) fn is_under(path: &str, prefix: &str) -> bool {
    // Most paths and prefixes differ in their first byte, and neither begins with a slash.
    match (path.as_bytes().first(), prefix.as_bytes().first()) {
        (_, None) => false,
        (Some(ours), Some(theirs)) if ours != theirs && *ours != b'/' && *theirs != b'/' => false,
        _ => has_prefix(segments(path), segments(prefix)),
    }
}

#[cold]
fn has_prefix<'a>(
    mut path: impl Iterator<Item = &'a [u8]>,
    prefix: impl Iterator<Item = &'a [u8]>,
) -> bool {
    let mut prefix = prefix.peekable();
    prefix.peek().is_some() && prefix.all(|segment| path.next() == Some(segment))
}

/// The non-empty segments of a path.
pub(crate) fn segments(path: &str) -> impl Iterator<Item = &[u8]> {
    let segments = path.as_bytes().split(|byte| *byte == b'/');
    segments.filter(|segment| !segment.is_empty())
}

/// Hashes a name, two words at a time. What is multiplied depends on the seed on both sides, so that no word
/// makes the product the same for all seeds.
#[derive(Clone, Copy)]
pub(crate) struct Hasher {
    hash: usize,
    secret: usize,
}

impl Hasher {
    /// For a name of so many bytes.
    #[inline]
    pub(crate) fn new(len: usize, seed: usize, lane: usize) -> Self {
        Self {
            hash: fold(seed ^ len, MIX ^ lane),
            secret: seed.rotate_left(usize::BITS / 2) ^ MIX,
        }
    }

    /// Takes two words; the second is zero if there is none.
    #[inline]
    pub(crate) fn pair(&mut self, first: usize, second: usize) {
        self.hash = fold(self.hash ^ first, self.secret ^ second);
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "a hash")]
    pub(crate) const fn finish(self) -> u32 {
        (self.hash ^ (self.hash >> (usize::BITS / 2))) as u32
    }
}

/// The rest of a name that fills no word, followed by zeros.
#[inline]
pub(crate) fn last_word(bytes: &[u8], rest: &[u8]) -> usize {
    if let Some(last) = bytes.last_chunk::<WORD>() {
        return usize::from_le_bytes(*last) >> (8 * (WORD - rest.len()));
    }
    let place = |word, (at, byte): (usize, &u8)| word | usize::from(*byte) << (8 * at);
    rest.iter().enumerate().fold(0, place)
}

/// What the bytes before a word come down to in the search for empty segments: zero after a slash, and
/// at the start, where a slash would be the second as well.
#[derive(Clone, Copy)]
struct Seam(usize);

impl Seam {
    const START: Self = Self(0);

    /// Goes over the next word, in which the first byte is the lowest; nothing once two slashes meet.
    #[inline]
    const fn pass(self, word: usize) -> Option<Self> {
        let slashes_zero = word ^ repeat(b'/');
        let doubles_zero = slashes_zero | slashes_zero << 8 | self.0;
        if has_zero_byte(doubles_zero) {
            return None;
        }
        Some(Self(slashes_zero >> (usize::BITS - 8)))
    }
}

/// A word of equal bytes.
const fn repeat(byte: u8) -> usize {
    usize::from_ne_bytes([byte; WORD])
}

#[inline]
const fn has_zero_byte(word: usize) -> bool {
    word.wrapping_sub(repeat(1)) & !word & repeat(0x80) != 0
}

/// What is left of a reserved name without its leading underscores.
const OVERFLOW_TAIL: &[u8] = b"overflow__";

/// Whether a name is the overflow series' name with any number of underscores more in front.
#[inline]
pub(crate) fn is_reserved(name: &[u8]) -> bool {
    name.first() == Some(&b'_') && has_overflow_tail(name)
}

#[cold]
fn has_overflow_tail(name: &[u8]) -> bool {
    name.strip_suffix(OVERFLOW_TAIL)
        .is_some_and(|marks| marks.len() >= 2 && marks.iter().all(|byte| *byte == b'_'))
}

fn is_reserved_path(path: &str) -> bool {
    let mut segments = segments(path);
    segments.next().is_some_and(is_reserved) && segments.next().is_none()
}

/// Whether a JSON string must escape this byte.
pub(crate) const fn escapes(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

#[cfg(target_pointer_width = "64")]
const MIX: usize = 0x9e37_79b9_7f4a_7c15;
#[cfg(not(target_pointer_width = "64"))]
const MIX: usize = 0x9e37_79b9;

/// Holds the product of two words.
#[cfg(target_pointer_width = "64")]
type Wide = u128;
#[cfg(not(target_pointer_width = "64"))]
type Wide = u64;

/// A full multiplication, its halves folded together.
#[inline]
fn fold(a: usize, b: usize) -> usize {
    let product = (a as Wide) * (b as Wide);
    #[allow(clippy::cast_possible_truncation, reason = "the halves of the product")]
    let folded = (product as usize) ^ ((product >> usize::BITS) as usize);
    folded
}
