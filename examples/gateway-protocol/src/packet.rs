//! Packets: how bodies get over a link that drops and invents bytes.

use core::fmt;

use crc::{CRC_32_ISO_HDLC, Crc};

/// The longest body of a packet, in bytes.
pub const MAX_BODY: usize = 208;

/// The longest packet as it goes over a link, its zero byte included. Below 255 bytes COBS adds one.
pub const MAX_ENCODED: usize = MAX_PLAIN + 2;

const HEAD: usize = 3;
const TAIL: usize = 4;
const MAX_PLAIN: usize = HEAD + MAX_BODY + TAIL;
const FIRST: u8 = 0x80;
const DELIMITER: u8 = 0;

const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// What a packet is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Messages between the gateway and the host.
    Control = 0,
    /// What the gateway forwards to subscribers.
    Data = 1,
    /// A piece of the stream of stats frames.
    Stats = 2,
}

impl Channel {
    const fn of(byte: u8) -> Option<Self> {
        match byte & !FIRST {
            0 => Some(Self::Control),
            1 => Some(Self::Data),
            2 => Some(Self::Stats),
            _ => None,
        }
    }
}

/// A packet that came in whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// What it is about.
    pub channel: Channel,
    /// Its body.
    pub body: &'a [u8],
    /// What the reader has met up to now, this packet included.
    pub tally: Tally,
}

/// A body longer than [`MAX_BODY`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// The body's length in bytes.
    pub len: usize,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a body of {} bytes; a packet takes {MAX_BODY}", self.len)
    }
}

impl core::error::Error for TooLong {}

/// Makes the packets of one sender on one link.
#[derive(Debug)]
pub struct Sealer {
    plain: [u8; MAX_PLAIN],
    encoded: [u8; MAX_ENCODED],
    sequence: u16,
    first: bool,
}

impl Sealer {
    /// The first packet will say that it is.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            plain: [0; MAX_PLAIN],
            encoded: [0; MAX_ENCODED],
            sequence: 0,
            first: true,
        }
    }

    /// The next packet as it goes over the link, zero byte and all. O(length of the body).
    ///
    /// # Errors
    /// When the body is longer than [`MAX_BODY`]; no sequence number is used up.
    pub fn seal(&mut self, channel: Channel, body: &[u8]) -> Result<&[u8], TooLong> {
        let too_long = TooLong { len: body.len() };
        let end = HEAD + body.len();
        let first = if self.first { FIRST } else { 0 };
        let [low, high] = self.sequence.to_le_bytes();
        let head = [channel as u8 | first, low, high];
        let room = self.plain.get_mut(..end + TAIL).ok_or(too_long)?;
        put(room, 0, &head);
        put(room, HEAD, body);
        let crc = CRC.checksum(room.get(..end).unwrap_or_default());
        put(room, end, &crc.to_le_bytes());
        let len = cobs::try_encode(room, &mut self.encoded).map_err(|_| too_long)?;
        // Packets may follow each other without a pause, so the last byte ends each of them.
        put(&mut self.encoded, len, &[DELIMITER]);
        self.sequence = self.sequence.wrapping_add(1);
        self.first = false;
        self.encoded.get(..=len).ok_or(too_long)
    }
}

impl Default for Sealer {
    fn default() -> Self {
        Self::new()
    }
}

/// Copies `bytes` to `at`, as far as there is room.
fn put(to: &mut [u8], at: usize, bytes: &[u8]) {
    for (slot, byte) in to.iter_mut().skip(at).zip(bytes) {
        *slot = *byte;
    }
}

/// What a reader of a link has met, wrapping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Packets that came in whole.
    pub packets: u32,
    /// Pieces between zero bytes that were no packets.
    pub damaged: u32,
    /// Packets that were sent, as the sequence tells, and did not come in whole.
    pub lost: u32,
}

/// Finds packets in what comes over a link.
#[derive(Debug)]
pub struct Decoder {
    buffer: [u8; MAX_ENCODED],
    /// Bytes since the last zero byte; more than the buffer holds when they are too many.
    len: usize,
    expected: Option<u16>,
    tally: Tally,
}

impl Decoder {
    /// A reader that may join anywhere.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            buffer: [0; MAX_ENCODED],
            len: 0,
            expected: None,
            tally: Tally {
                packets: 0,
                damaged: 0,
                lost: 0,
            },
        }
    }

    /// Takes the next byte of the link; gives the packet that it completes. O(1), and O(length of the
    /// packet) for a zero byte.
    pub fn push(&mut self, byte: u8) -> Option<Packet<'_>> {
        if byte != DELIMITER {
            if let Some(slot) = self.buffer.get_mut(self.len) {
                *slot = byte;
            }
            self.len = self.len.saturating_add(1);
            return None;
        }
        match core::mem::take(&mut self.len) {
            0 => None,
            len => self.complete(len),
        }
    }

    /// What was met so far.
    #[must_use]
    pub const fn tally(&self) -> Tally {
        self.tally
    }

    fn complete(&mut self, len: usize) -> Option<Packet<'_>> {
        let Some(open) = open(&mut self.buffer, len) else {
            self.tally.damaged = self.tally.damaged.wrapping_add(1);
            return None;
        };
        if let Some(expected) = self.expected.filter(|_| !open.first) {
            let lost = open.sequence.wrapping_sub(expected);
            self.tally.lost = self.tally.lost.wrapping_add(lost.into());
        }
        self.expected = Some(open.sequence.wrapping_add(1));
        self.tally.packets = self.tally.packets.wrapping_add(1);
        Some(Packet {
            channel: open.channel,
            body: self.buffer.get(HEAD..open.end)?,
            tally: self.tally,
        })
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

/// What stands at the head of a packet, and where its body ends.
struct Open {
    channel: Channel,
    first: bool,
    sequence: u16,
    end: usize,
}

/// Undoes COBS in place and checks the packet; nothing if it is none.
fn open(buffer: &mut [u8], len: usize) -> Option<Open> {
    let len = cobs::decode_in_place(buffer.get_mut(..len)?).ok()?;
    let end = len.checked_sub(TAIL)?;
    let (checked, crc) = buffer.get(..len)?.split_at_checked(end)?;
    if CRC.checksum(checked).to_le_bytes() != crc {
        return None;
    }
    let [channel, low, high] = *checked.first_chunk()?;
    Some(Open {
        channel: Channel::of(channel)?,
        first: channel & FIRST != 0,
        sequence: u16::from_le_bytes([low, high]),
        end,
    })
}
