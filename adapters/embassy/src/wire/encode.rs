//! The sending end: a frame in, packets out, without a buffer for the frame.

use cobs::{EncoderState, PushResult};
use crc::{Digest, Table};
use streamgauge_core::{Chunk, TrackId};

use super::{CHECK, CRC, HEADER, LAST, OVERHEAD, PATCH, VERSION, life, track_number};

/// Cuts one frame into packets.
///
/// ```
/// use streamgauge_embassy::{Chunk, TrackId, wire::Packets};
///
/// let mut frame = b"{\"ticks\":1}".as_slice();
/// let mut packets = Packets::new(TrackId::Node, 7, 0);
/// let mut buf = [0; 20];
/// let mut sent = 0;
/// while let Some(packed) = packets.pack(&mut buf, |room| {
///     let len = frame.len().min(room.len());
///     room[..len].copy_from_slice(&frame[..len]);
///     frame = &frame[len..];
///     Chunk { len, end: frame.is_empty() }
/// }) {
///     // send `&buf[..packed.len]` ...
///     sent += 1;
///     if packed.last {
///         break;
///     }
/// }
/// assert_eq!(sent, 2); // 8 and 3 bytes
/// ```
#[derive(Clone)]
pub struct Packets {
    track: u8,
    life: u16,
    sequence: u16,
    number: Option<u16>,
    kind: u8,
    check: Digest<'static, u32, Table<1>>,
}

/// A packet that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Packed {
    /// Its bytes.
    pub len: usize,
    /// Whether it is the frame's last.
    pub last: bool,
}

impl Packets {
    /// The packets of the next frame of `track`, the `sequence`-th on its link in the life of `epoch`.
    #[must_use]
    pub fn new(track: TrackId, epoch: u64, sequence: u16) -> Self {
        Self {
            track: track_number(track),
            life: life(epoch),
            sequence,
            number: Some(0),
            kind: VERSION << 4,
            check: CRC.digest(),
        }
    }

    /// The same of a patch.
    #[must_use]
    pub fn of_patch(mut self) -> Self {
        self.kind |= PATCH;
        self
    }

    /// Writes the next packet into `buf`, which is to hold [`OVERHEAD`] bytes and some payload;
    /// `read` writes the frame's next bytes into the room it is given.
    ///
    /// Nothing if `buf` is too small, or if the frame takes more than
    /// [`MAX_PACKETS`](super::MAX_PACKETS).
    pub fn pack(
        &mut self,
        buf: &mut [u8],
        read: impl FnOnce(&mut [u8]) -> Chunk,
    ) -> Option<Packed> {
        let number = self.number?;
        let room = buf.len().checked_sub(OVERHEAD).filter(|room| *room > 0)?;
        let (header, rest) = buf.split_first_chunk_mut::<HEADER>()?;
        let (payload, after) = rest.split_at_mut_checked(room)?;
        let chunk = read(payload);
        let len = chunk.len.min(room);
        *header = self.header(number, chunk.end);
        self.check.update(header);
        self.check.update(payload.get(..len)?);
        let check = self.check.clone().finalize().to_le_bytes();
        let tail = payload.iter_mut().chain(after).skip(len).take(CHECK);
        tail.zip(check).for_each(|(to, byte)| *to = byte);
        self.number = number.checked_add(1);
        Some(Packed {
            len: OVERHEAD + len,
            last: chunk.end,
        })
    }

    fn header(&self, number: u16, last: bool) -> [u8; HEADER] {
        let [life_low, life_high] = self.life.to_le_bytes();
        let [sequence_low, sequence_high] = self.sequence.to_le_bytes();
        let [number_low, number_high] = number.to_le_bytes();
        [
            self.kind | if last { LAST } else { 0 },
            self.track,
            life_low,
            life_high,
            sequence_low,
            sequence_high,
            number_low,
            number_high,
        ]
    }
}

impl core::fmt::Debug for Packets {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Packets")
            .field("track", &self.track)
            .field("life", &self.life)
            .field("sequence", &self.sequence)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

/// Bytes that [`stuff`] wants in front of a packet of `len` bytes: the most that COBS adds, less what
/// may stand behind.
#[must_use]
pub const fn stuffing(len: usize) -> usize {
    1 + len / 254
}

/// COBS-encodes a packet in place. It stands in `buf` at `at`, at least [`stuffing`] of its length,
/// and is `len` bytes long; encoded it stands at 0, with a zero byte behind it. Returns how long it is
/// then, the zero included; nothing if it does not fit.
pub fn stuff(buf: &mut [u8], at: usize, len: usize) -> Option<usize> {
    if at < stuffing(len) {
        return None;
    }
    let mut state = EncoderState::default();
    let mut end = 1;
    for from in at..at.checked_add(len)? {
        let push = state.push(*buf.get(from)?);
        if let PushResult::ModifyFromStartAndSkip((place, code))
        | PushResult::ModifyFromStartAndPushAndSkip((place, code, _)) = push
        {
            *buf.get_mut(place)? = code;
        }
        if let PushResult::AddSingle(byte)
        | PushResult::ModifyFromStartAndPushAndSkip((_, _, byte)) = push
        {
            *buf.get_mut(end)? = byte;
            end += 1;
        }
        // A code takes a place, to be filled in when it is known.
        if !matches!(push, PushResult::AddSingle(_)) {
            end += 1;
        }
    }
    let (place, code) = state.finalize();
    *buf.get_mut(place)? = code;
    *buf.get_mut(end)? = 0;
    Some(end + 1)
}
