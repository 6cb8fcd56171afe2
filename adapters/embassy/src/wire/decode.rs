//! The receiving end: packets in, whole frames out, and what was lost on the way.

use crc::{Digest, Table};
use streamgauge_core::TrackId;

use super::{
    CRC,
    packet::{Header, Packet},
};

/// A sequence that is behind by so many frames or less is late; further behind, another life.
const LATE: u16 = 16;

/// A whole frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received<'a> {
    /// The track that it is a frame of.
    pub track: TrackId,
    /// The life of the node that it is from; see [`life`](super::life).
    pub life: u16,
    /// Its place among the frames of that life.
    pub sequence: u16,
    /// Whether it is a JSON merge patch of the track's frame before; see [`Patches`](crate::Patches).
    pub is_patch: bool,
    /// The frame.
    pub payload: &'a [u8],
}

/// What a reader has seen: every frame that was begun since the first that it saw begin is in one of
/// `frames`, `lost_frames` and `too_long_frames`, the one on its way in and those lost just now aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Tally {
    /// Frames delivered.
    pub frames: u64,
    /// Frames of which a part or all is missing, those that the sender broke off included.
    pub lost_frames: u64,
    /// Frames that did not fit the reader's buffer.
    pub too_long_frames: u64,
    /// Packets that were none, or failed their check.
    pub damaged_packets: u64,
    /// Packets that came twice, too late, or after one that is missing.
    pub stray_packets: u64,
    /// Times that another life of the node began.
    pub restarts: u64,
}

/// Puts packets together into frames, in a buffer of the caller's: `[u8; N]`, a `Vec<u8>` of the
/// wanted length, or `&mut [u8]`.
///
/// Takes datagrams as they come; for a stream of bytes see [`Reader`]. Packets that overtake others
/// are not put back in order: their frame is lost.
#[derive(Clone)]
pub struct Assembler<B> {
    frame: B,
    len: usize,
    open: Option<Open>,
    /// The last frame that began.
    last: Option<Header>,
    tally: Tally,
}

/// A frame on its way in.
#[derive(Clone)]
struct Open {
    /// Of the packet that comes next.
    number: Option<u16>,
    check: Digest<'static, u32, Table<1>>,
    fits: bool,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Assembler<B> {
    /// Puts frames together in this buffer. Longer frames are not delivered, but counted.
    pub const fn new(frame: B) -> Self {
        Self {
            frame,
            len: 0,
            open: None,
            last: None,
            tally: Tally {
                frames: 0,
                lost_frames: 0,
                too_long_frames: 0,
                damaged_packets: 0,
                stray_packets: 0,
                restarts: 0,
            },
        }
    }

    /// Takes a packet, and returns the frame that it completes.
    pub fn take(&mut self, packet: &[u8]) -> Option<Received<'_>> {
        let header = self.complete(packet)?;
        Some(Received {
            track: header.track,
            life: header.life,
            sequence: header.sequence,
            is_patch: header.patch,
            payload: self.frame.as_ref().get(..self.len)?,
        })
    }

    /// What has been seen so far.
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Takes a packet; the header, if it completes a frame.
    fn complete(&mut self, packet: &[u8]) -> Option<Header> {
        let Some(packet) = Packet::parse(packet) else {
            self.tally.damaged_packets += 1;
            return None;
        };
        let Some(mut check) = self.check_before(&packet.header) else {
            self.tally.stray_packets += 1;
            return None;
        };
        check.update(packet.checked);
        if check.clone().finalize() != packet.check {
            self.tally.damaged_packets += 1;
            return None;
        }
        if packet.header.number == 0 && !self.begin(packet.header) {
            self.tally.stray_packets += 1;
            return None;
        }
        self.append(&packet, check);
        let open = self.open.take_if(|_| packet.header.last)?;
        if open.fits {
            self.tally.frames += 1;
            Some(packet.header)
        } else {
            self.tally.too_long_frames += 1;
            None
        }
    }

    /// The check of what precedes the packet in its frame; nothing if that is not at hand.
    fn check_before(&self, header: &Header) -> Option<Digest<'static, u32, Table<1>>> {
        if header.number == 0 {
            return Some(CRC.digest());
        }
        let open = self.open.as_ref()?;
        let is_next = open.number == Some(header.number)
            && self.last.is_some_and(|last| last.is_same_frame(header));
        is_next.then(|| open.check.clone())
    }

    /// Begins a frame, and counts those that were never begun; says whether there is anything new in it.
    fn begin(&mut self, header: Header) -> bool {
        if let Some(last) = self.last {
            let skipped = if last.life == header.life {
                match last.ahead(&header) {
                    Ahead::By(frames) => u64::from(frames) - 1,
                    Ahead::Restarted => self.restart(),
                    Ahead::Late => return false,
                }
            } else {
                self.restart()
            };
            self.tally.lost_frames += skipped + u64::from(self.open.is_some());
        }
        self.last = Some(header);
        self.open = Some(Open {
            number: Some(0),
            check: CRC.digest(),
            fits: true,
        });
        self.len = 0;
        true
    }

    fn restart(&mut self) -> u64 {
        self.tally.restarts += 1;
        0
    }

    fn append(&mut self, packet: &Packet<'_>, check: Digest<'static, u32, Table<1>>) {
        let Some(open) = &mut self.open else { return };
        open.check = check;
        open.number = packet.header.number.checked_add(1);
        let room = self.frame.as_mut().get_mut(self.len..).unwrap_or_default();
        match room.get_mut(..packet.payload.len()).filter(|_| open.fits) {
            Some(room) => {
                room.copy_from_slice(packet.payload);
                self.len += packet.payload.len();
            }
            None => open.fits = false,
        }
    }
}

/// How a frame stands to the one before in the same life.
enum Ahead {
    By(u16),
    Late,
    Restarted,
}

impl Header {
    fn is_same_frame(&self, other: &Self) -> bool {
        let of = |header: &Self| (header.track, header.life, header.sequence, header.patch);
        of(self) == of(other)
    }

    fn ahead(&self, next: &Self) -> Ahead {
        let by = next.sequence.wrapping_sub(self.sequence);
        match by {
            0 => Ahead::Late,
            1..0x8000 => Ahead::By(by),
            // A node that cannot tell its lives apart begins anew at 0.
            _ if next.sequence == 0 || by.wrapping_neg() > LATE => Ahead::Restarted,
            _ => Ahead::Late,
        }
    }
}

/// Reads frames from a stream of bytes that may begin anywhere, and lose and damage bytes.
///
/// `N` is at least the size of the sender's buffer; `B` holds a frame, as in [`Assembler`].
///
/// ```
/// use streamgauge_embassy::wire::Reader;
///
/// let mut reader = Reader::<_, 256>::new(vec![0; 65_536]);
/// # let received = [1, 2, 0, 3];
/// let mut bytes = received.as_slice(); // from the UART, in pieces of any size
/// while let Some(frame) = reader.poll(&mut bytes) {
///     println!("{:?}: {} bytes", frame.track, frame.payload.len());
/// }
/// assert!(bytes.is_empty());
/// assert_eq!(reader.tally().damaged_packets, 1);
/// ```
#[derive(Clone)]
pub struct Reader<B, const N: usize> {
    packet: [u8; N],
    /// Bytes of the packet so far; more than `N` if it is none.
    len: usize,
    assembler: Assembler<B>,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>, const N: usize> Reader<B, N> {
    /// Puts frames together in this buffer.
    pub const fn new(frame: B) -> Self {
        Self {
            packet: [0; N],
            len: 0,
            assembler: Assembler::new(frame),
        }
    }

    /// Takes bytes off the front of `bytes`, up to the end of the next frame, which is returned; all of
    /// them if no frame ends in them.
    pub fn poll(&mut self, bytes: &mut &[u8]) -> Option<Received<'_>> {
        loop {
            let end = bytes.iter().position(|byte| *byte == 0);
            let (piece, rest) = bytes.split_at_checked(end.unwrap_or(bytes.len()))?;
            self.extend(piece);
            *bytes = rest.get(1..).unwrap_or_default();
            end?;
            if let Some(header) = self.finish() {
                return Some(Received {
                    track: header.track,
                    life: header.life,
                    sequence: header.sequence,
                    is_patch: header.patch,
                    payload: self.assembler.frame.as_ref().get(..self.assembler.len)?,
                });
            }
        }
    }

    /// What has been seen so far.
    pub const fn tally(&self) -> &Tally {
        self.assembler.tally()
    }

    fn extend(&mut self, piece: &[u8]) {
        let room = self.packet.get_mut(self.len..).unwrap_or_default();
        for (to, byte) in room.iter_mut().zip(piece) {
            *to = *byte;
        }
        self.len = self.len.saturating_add(piece.len());
    }

    /// Ends the packet; the header, if it completes a frame.
    fn finish(&mut self) -> Option<Header> {
        let len = core::mem::take(&mut self.len);
        if len == 0 {
            return None;
        }
        let packet = self.packet.get_mut(..len);
        let decoded = packet.and_then(|packet| {
            let len = cobs::decode_in_place(packet).ok()?;
            packet.get(..len)
        });
        // What is no packet counts as one that is damaged.
        self.assembler.complete(decoded.unwrap_or_default())
    }
}
