//! What a sender sends.

use proptest::{collection::vec, prelude::*, sample::Index};
use streamgauge_embassy::{
    Chunk, TrackId,
    wire::{Packets, Received, life, stuff, stuffing, track_id},
};

/// Frames of one life of a node, in order.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    pub(crate) epoch: u64,
    /// The first frame's sequence.
    pub(crate) first: u16,
    pub(crate) frames: Vec<(TrackId, Vec<u8>)>,
}

impl Life {
    /// The packets of all frames, each of `size` bytes at most.
    pub(crate) fn packets(&self, size: usize) -> Vec<Vec<u8>> {
        self.frames
            .iter()
            .zip(0..)
            .flat_map(|((track, frame), at)| {
                let sequence = self.first.wrapping_add(at);
                cut(Packets::new(*track, self.epoch, sequence), frame, size)
            })
            .collect()
    }

    /// The same as a stream of bytes, sent through a buffer of `size` bytes.
    pub(crate) fn bytes(&self, size: usize) -> Vec<u8> {
        let at = stuffing(size);
        let mut bytes = Vec::new();
        for packet in self.packets(size - 1 - at) {
            let mut buf = vec![0xee; size];
            buf[at..at + packet.len()].copy_from_slice(&packet);
            let len = stuff(&mut buf, at, packet.len()).unwrap();
            if is_first(&packet) {
                bytes.push(0);
            }
            bytes.extend_from_slice(&buf[..len]);
        }
        bytes
    }

    /// Whether this was sent.
    pub(crate) fn has(&self, frame: &Received<'_>) -> bool {
        let at = usize::from(frame.sequence.wrapping_sub(self.first));
        let sent = self.frames.get(at);
        frame.life == life(self.epoch)
            && sent.is_some_and(|(track, sent)| *track == frame.track && sent == frame.payload)
    }
}

fn is_first(packet: &[u8]) -> bool {
    packet[6..8] == [0, 0]
}

fn cut(mut packets: Packets, mut frame: &[u8], size: usize) -> Vec<Vec<u8>> {
    let mut cut = Vec::new();
    loop {
        let mut buf = vec![0; size];
        let packed = packets.pack(&mut buf, |room| {
            let len = frame.len().min(room.len());
            let (piece, rest) = frame.split_at(len);
            room[..len].copy_from_slice(piece);
            frame = rest;
            let end = rest.is_empty();
            Chunk { len, end }
        });
        let packed = packed.unwrap();
        buf.truncate(packed.len);
        cut.push(buf);
        if packed.last {
            return cut;
        }
    }
}

/// Frames of any bytes; many zeros, and lengths around the seams of COBS.
pub(crate) fn frames(
    number: impl Into<proptest::collection::SizeRange>,
) -> impl Strategy<Value = Vec<(TrackId, Vec<u8>)>> {
    let byte = prop_oneof![3 => any::<u8>(), 1 => Just(0)];
    let text = prop_oneof![
        3 => vec(byte, 0..600),
        1 => (200_usize..520, any::<u8>()).prop_map(|(len, byte)| vec![byte | 1; len]),
    ];
    let track = (0_u8..25).prop_map(|number| track_id(number).unwrap());
    vec((track, text), number)
}

pub(crate) fn lives() -> impl Strategy<Value = Life> {
    (any::<u64>(), any::<u16>(), frames(2..14)).prop_map(|(epoch, first, frames)| Life {
        epoch,
        first,
        frames,
    })
}

/// The sizes of a sender's buffer.
pub(crate) fn sizes() -> impl Strategy<Value = usize> {
    prop_oneof![64_usize..70, 250_usize..262, 500_usize..520, Just(1024)]
}

/// What happens to bytes on their way.
#[derive(Clone, Debug)]
pub(crate) enum Harm {
    Drop(Index, usize),
    Insert(Index, Vec<u8>),
    Flip(Index, u8),
    /// Sends a piece again.
    Repeat(Index, usize, Index),
}

pub(crate) fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        (any::<Index>(), 1_usize..200).prop_map(|(at, len)| Harm::Drop(at, len)),
        (any::<Index>(), vec(any::<u8>(), 1..100)).prop_map(|(at, bytes)| Harm::Insert(at, bytes)),
        (any::<Index>(), 0_u8..8).prop_map(|(at, bit)| Harm::Flip(at, bit)),
    ]
}

pub(crate) fn repeat() -> impl Strategy<Value = Harm> {
    (any::<Index>(), 1_usize..2000, any::<Index>())
        .prop_map(|(from, len, to)| Harm::Repeat(from, len, to))
}

impl Harm {
    pub(crate) fn befall(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let all = bytes.len();
        match self {
            Self::Drop(at, len) => {
                let at = at.index(all);
                bytes.drain(at..all.min(at + len));
            }
            Self::Insert(at, other) => {
                let at = at.index(all);
                bytes.splice(at..at, other.iter().copied());
            }
            Self::Flip(at, bit) => bytes[at.index(all)] ^= 1 << bit,
            Self::Repeat(from, len, to) => {
                let (from, to) = (from.index(all), to.index(all));
                let piece = bytes[from..all.min(from + len)].to_vec();
                bytes.splice(to..to, piece);
            }
        }
    }
}
