//! Counters carried over a warm reset, in memory that the reset leaves alone.
//!
//! Two copies of what [`Reporter::save`] writes lie in such memory, each with a header, and are written
//! in turn: a copy is marked as open, written, and marked as whole by one last byte. So a reset amid a
//! save leaves the other copy whole, and that one is restored. A copy that was whole once and is damaged
//! is another matter: readers have seen what it held, and the older copy would have words fall. Then
//! nothing is restored and a new life begins.
//!
//! # Where the memory lies
//!
//! On a Cortex-M with cortex-m-rt, in the section `.uninit`, which the start-up code neither clears nor
//! loads; other runtimes have a section like it:
//!
//! ```
//! use streamgauge_embassy::retained::{Loaded, Retained, Saver};
//! # use streamgauge_core::*;
//! # use streamgauge_embassy::CriticalSectionLock as Cs;
//! # static METERS: Meters<Inline<Traffic, Cs, 4, 12, 8, 4>, Inline<Presence, Cs, 2, 10, 0, 4>> =
//! #     Meters::new(Meter::new(Inline::inline(Cs, Cs)), Meter::new(Inline::inline(Cs, Cs)));
//! # let schedule = Schedule {
//! #     interval: Duration::from_secs(1), start: Instant::from_micros(0), start_ms: 0, epoch: 1,
//! # };
//! # let mut reporter =
//! #     Reporter::new(schedule, InlineBooks::<_, 12, 4>::inline(), InlineBooks::<_, 10, 2>::inline());
//! # let names: &[&str] = &[];
//! # let now = Instant::from_micros(0);
//!
//! // SAFETY: nothing but this static lies in the section.
//! #[unsafe(link_section = ".uninit.streamgauge")]
//! static RETAINED: Retained<2048> = Retained::new();
//!
//! let (mut saver, loaded) = Saver::load(&RETAINED, &mut reporter, &METERS, names);
//! match loaded {
//!     Loaded::Fresh => {}                         // power came on
//!     Loaded::Restored(_restored) => {}           // counts on
//!     Loaded::Refused(_why) => {}                 // worth a line in the log
//! }
//! // In the loop: save after a tick, before its frames go out.
//! if reporter.handle_timeout(&METERS, now) {
//!     let saved = saver.save(&reporter, &METERS, names);
//!     assert!(saved.is_ok_and(|saved| saved.folded == 0));
//! }
//! ```
//!
//! Reading it is sound though nobody has set it in this boot. To the compiler the static is a value like
//! any other, made of atomic bytes, all zero at first: there is no byte in it that it takes for
//! uninitialised, every byte is a valid one, and an atomic may have been changed by anyone. All that the
//! section does is to leave out the zeroing, as if somebody had stored other bytes before `main`; what they
//! are is for the checksums to say. Were the zeros taken for granted all the same, it would be
//! [`Loaded::Fresh`] each time, and nothing worse. Memory at a fixed address, such as a backup RAM that no
//! linker section covers, is a [`Memory`] of the firmware's own, or a `&'static Retained<N>` made from its
//! address in a board file that may use `unsafe`.
//!
//! A processor with a data cache that a reset discards needs the block in memory that is not cached, or a
//! [`Memory`] whose [`settle`](Memory::settle) cleans the cache.
//!
//! # How much of it
//!
//! Each half takes a header of [`HEADER`] bytes and what [`Saved::bytes`] says: for 32 series of two tiers
//! with names of ten bytes, about 1,100 bytes. A series of traffic takes its name and about 25 bytes, never
//! more than 123; all else about 100. What does not fit is folded, so that totals are exact all the same.

use core::{
    array, fmt,
    sync::atomic::{AtomicU8, Ordering, fence},
};

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};
use streamgauge_core::{
    Books, Meters, Names, NoRoom, Presence, Reporter, RestoreError, Restored, Saved, Storage,
    Traffic,
};

/// Bytes that outlive a reset, undefined after power was off; two times [`HEADER`] at least.
pub trait Memory {
    /// How many there are.
    fn capacity(&self) -> usize;
    /// The byte at this place; past the end, zero.
    fn read(&self, at: usize) -> u8;
    /// Sets the byte at this place; past the end, does nothing.
    fn write(&self, at: usize, byte: u8);
    /// Returns when all that was written would outlive a reset, and before anything is written after it.
    fn settle(&self);
}

/// `BYTES` bytes of RAM, for a static in a section that is not cleared at start.
#[derive(Debug)]
pub struct Retained<const BYTES: usize>([AtomicU8; BYTES]);

impl<const BYTES: usize> Retained<BYTES> {
    /// All zero, as far as the compiler knows. Less than the two headers take does not compile.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(BYTES >= 2 * HEADER, "there is room for two headers") };
        Self([const { AtomicU8::new(0) }; BYTES])
    }
}

impl<const BYTES: usize> Default for Retained<BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const BYTES: usize> Memory for Retained<BYTES> {
    fn capacity(&self) -> usize {
        BYTES
    }

    fn read(&self, at: usize) -> u8 {
        let byte = self.0.get(at);
        byte.map_or(0, |byte| byte.load(Ordering::Relaxed))
    }

    fn write(&self, at: usize, byte: u8) {
        if let Some(to) = self.0.get(at) {
            to.store(byte, Ordering::Relaxed);
        }
    }

    fn settle(&self) {
        fence(Ordering::SeqCst);
    }
}

/// What was found after a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// Nothing: power was off, or this is the first boot with this memory.
    Fresh,
    /// The reporter counts on.
    Restored(Restored),
    /// Something that cannot be counted on from; the reporter begins anew, in another epoch: the one it
    /// was made with and the boots so far, which are known as long as one header is whole.
    Refused(Refusal),
}

/// Why a block was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// A header is damaged.
    Header,
    /// The block is longer than there is room for: another firmware's.
    Length(u32),
    /// The block is empty: the last save had no room.
    NoRoom,
    /// The block is damaged.
    Checksum,
    /// The block is intact but not for this reporter.
    Block(RestoreError),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the retained block is refused: ")?;
        match self {
            Self::Header => f.write_str("its header is damaged"),
            Self::Length(len) => write!(f, "its {len} bytes are more than there is room for"),
            Self::NoRoom => f.write_str("there was no room to save"),
            Self::Checksum => f.write_str("its checksum is wrong"),
            Self::Block(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Refusal {}

/// Saves a reporter to memory that outlives a reset. One at a time for the same memory.
#[derive(Debug)]
pub struct Saver<'a, M: ?Sized> {
    memory: &'a M,
    /// The copy that was whole last; the next save goes to the other one.
    whole: usize,
    sequence: u32,
    boots: u32,
}

/// Bytes that each of the two copies takes besides what was saved.
pub const HEADER: usize = STATE + 1;

/// Where a copy's state lies, behind the fields of its header.
const STATE: usize = FIELDS * size_of::<u32>();

/// Magic, sequence, boots, length, checksum of the block, checksum of these.
const FIELDS: usize = 6;

const MAGIC: u32 = u32::from_le_bytes(*b"gaug");

/// A copy that is being written, or never was.
const OPEN: u8 = 0;

/// A copy that was written to its end. No flip of one bit, or of three, makes one of the two the other.
const WHOLE: u8 = 0xa5;

/// Small rather than fast: a table takes 1 KiB.
const CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

impl<'a, M: Memory + ?Sized> Saver<'a, M> {
    /// Restores a fresh reporter and fresh meters from what was saved before the reset, counts the boot,
    /// and saves again, so that the boot is counted even if the next reset is close.
    ///
    /// Boots are counted on even if the block is refused, as long as one header is intact.
    /// Cost: reads the memory twice or three times; [`Reporter::restore`] and [`save`](Self::save).
    pub fn load<T, P, S, Q, N>(
        memory: &'a M,
        reporter: &mut Reporter<T, P>,
        meters: &Meters<S, Q>,
        names: &N,
    ) -> (Self, Loaded)
    where
        T: Books<Traffic>,
        P: Books<Presence>,
        S: Storage<Traffic>,
        Q: Storage<Presence>,
        N: Names + ?Sized,
    {
        let halves = [Half::find(memory, 0), Half::find(memory, 1)];
        let loaded = match newest(halves) {
            Ok(None) => Loaded::Fresh,
            Ok(Some(header)) => match header.restore(memory, reporter, meters, names) {
                Ok(restored) => Loaded::Restored(restored),
                Err(refusal) => Loaded::Refused(refusal),
            },
            Err(refusal) => Loaded::Refused(refusal),
        };
        let mut saver = Self::after(memory, halves);
        let refused = matches!(loaded, Loaded::Refused(_));
        reporter.note_boot(u64::from(saver.boots), refused);
        // Where there is no room the next save, which the firmware asks for, says so.
        let _ = saver.save(reporter, meters, names);
        (saver, loaded)
    }

    /// A saver that goes on from what there is.
    fn after(memory: &'a M, halves: [Half; 2]) -> Self {
        let intact = halves.into_iter().filter_map(Half::intact);
        let Some(last) = intact.reduce(Header::newer) else {
            // The first save goes to the first copy; the second has never been one.
            let saver = Self {
                memory,
                whole: 1,
                sequence: 0,
                boots: 1,
            };
            memory.write(saver.start(1) + STATE, OPEN);
            return saver;
        };
        Self {
            memory,
            whole: last.copy,
            sequence: last.sequence,
            boots: last.boots.saturating_add(1),
        }
    }

    /// Saves what the reporter has collected; see [`Reporter::save`] for when.
    ///
    /// Cost: writes half of the memory at most, a byte at a time, with a checksum of eight steps a byte.
    ///
    /// # Errors
    /// When half of the memory has no room for the totals alone. Then nothing older is kept either, since
    /// words would fall; the next boot is counted, and says why it begins anew.
    pub fn save<T, P, S, Q, N>(
        &mut self,
        reporter: &Reporter<T, P>,
        meters: &Meters<S, Q>,
        names: &N,
    ) -> Result<Saved, NoRoom>
    where
        T: Books<Traffic>,
        P: Books<Presence>,
        S: Storage<Traffic>,
        Q: Storage<Presence>,
        N: Names + ?Sized,
    {
        let copy = 1 - self.whole;
        let start = self.start(copy);
        self.mark(start, OPEN);
        let (mut digest, mut at) = (CRC.digest(), start + HEADER);
        let saved = reporter.save(meters, names, room(self.memory), |byte| {
            self.memory.write(at, byte);
            digest.update(&[byte]);
            at += 1;
        });
        self.sequence = self.sequence.wrapping_add(1);
        self.head(start, at - start - HEADER, digest.finalize());
        self.mark(start, WHOLE);
        self.whole = copy;
        saved
    }

    /// Boots that were counted, this one included: since power came on, or since both headers were
    /// damaged.
    pub fn boots(&self) -> u32 {
        self.boots
    }

    fn start(&self, copy: usize) -> usize {
        start(self.memory, copy)
    }

    /// Writes a copy's header, but for its state.
    fn head(&self, start: usize, len: usize, crc: u32) {
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        let fields = [MAGIC, self.sequence, self.boots, len, crc];
        let fields = fields.into_iter().chain([checksum(fields)]);
        for (at, byte) in fields.flat_map(u32::to_le_bytes).enumerate() {
            self.memory.write(start + at, byte);
        }
    }

    /// Marks a copy, after all that was written before and before all that will be.
    fn mark(&self, start: usize, state: u8) {
        self.memory.settle();
        self.memory.write(start + STATE, state);
        self.memory.settle();
    }
}

/// What lies in one half of the memory.
#[derive(Clone, Copy)]
enum Half {
    /// Noise, as after power was off.
    Noise,
    /// A copy that was not written to its end.
    Open,
    /// A copy whose header is damaged.
    Damaged,
    /// A copy whose header is intact.
    Intact(Header),
}

/// What an intact header says.
#[derive(Clone, Copy)]
struct Header {
    copy: usize,
    sequence: u32,
    boots: u32,
    len: u32,
    crc: u32,
}

impl Half {
    fn find<M: Memory + ?Sized>(memory: &M, copy: usize) -> Self {
        let start = start(memory, copy);
        let field = |n: usize| {
            let byte = |at| memory.read(start + n * size_of::<u32>() + at);
            u32::from_le_bytes(array::from_fn(byte))
        };
        let [magic, sequence, boots, len, crc, check] = array::from_fn::<_, FIELDS, _>(field);
        let intact = check == checksum([magic, sequence, boots, len, crc]) && magic == MAGIC;
        match memory.read(start + STATE) {
            OPEN => Self::Open,
            WHOLE if intact => Self::Intact(Header {
                copy,
                sequence,
                boots,
                len,
                crc,
            }),
            _ if magic == MAGIC => Self::Damaged,
            _ => Self::Noise,
        }
    }

    fn intact(self) -> Option<Header> {
        match self {
            Self::Intact(header) => Some(header),
            _ => None,
        }
    }
}

impl Header {
    fn newer(self, other: Self) -> Self {
        let ahead = self.sequence.wrapping_sub(other.sequence);
        if ahead < 1 << 31 { self } else { other }
    }

    fn restore<M, T, P, S, Q, N>(
        self,
        memory: &M,
        reporter: &mut Reporter<T, P>,
        meters: &Meters<S, Q>,
        names: &N,
    ) -> Result<Restored, Refusal>
    where
        M: Memory + ?Sized,
        T: Books<Traffic>,
        P: Books<Presence>,
        S: Storage<Traffic>,
        Q: Storage<Presence>,
        N: Names + ?Sized,
    {
        let len = usize::try_from(self.len).ok();
        let len = len.filter(|len| *len <= room(memory));
        let len = match len.ok_or(Refusal::Length(self.len))? {
            0 => return Err(Refusal::NoRoom),
            len => len,
        };
        let start = start(memory, self.copy) + HEADER;
        let bytes = (start..start + len).map(|at| memory.read(at));
        let mut digest = CRC.digest();
        for byte in bytes.clone() {
            digest.update(&[byte]);
        }
        if digest.finalize() != self.crc {
            return Err(Refusal::Checksum);
        }
        let restored = reporter.restore(meters, names, bytes);
        restored.map_err(Refusal::Block)
    }
}

/// The copy to restore. A damaged one may have been the newest, so none is restored beside it.
fn newest(halves: [Half; 2]) -> Result<Option<Header>, Refusal> {
    match halves {
        [Half::Intact(one), Half::Intact(two)] => Ok(Some(one.newer(two))),
        [Half::Intact(header), Half::Open] | [Half::Open, Half::Intact(header)] => Ok(Some(header)),
        [Half::Noise | Half::Open, Half::Noise | Half::Open] => Ok(None),
        _ => Err(Refusal::Header),
    }
}

fn start<M: Memory + ?Sized>(memory: &M, copy: usize) -> usize {
    memory.capacity() / 2 * copy
}

/// What a copy has room for besides its header.
fn room<M: Memory + ?Sized>(memory: &M) -> usize {
    (memory.capacity() / 2).saturating_sub(HEADER)
}

fn checksum(fields: [u32; FIELDS - 1]) -> u32 {
    let mut digest = CRC.digest();
    for field in fields {
        digest.update(&field.to_le_bytes());
    }
    digest.finalize()
}
