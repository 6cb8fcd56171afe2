//! Packets of serial lines and UDP: any bytes, packets that pass their check, and those in any order.

use crc::{CRC_32_ISO_HDLC, Crc, Digest, Table};
use streamgauge_embassy::{
    TrackId,
    wire::{Assembler, CHECK, HEADER, Reader, Received, Tally, stuff, stuffing},
};

use crate::pieces::pieces;

/// Bytes that there is room for in a frame, and in a packet.
const FRAME: usize = 96;
const PACKET: usize = 160;

/// A frame as it was delivered.
type Delivered = (TrackId, u16, u16, bool, Vec<u8>);

static CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

/// Reads bytes as a stream, of which the first says into which pieces the others are cut; and as packets: each is
/// a byte that says how long it is, with the upper bit set if the check that it should have is put behind it, and
/// so many bytes.
///
/// # Panics
/// When the reader is wrong.
pub fn check(input: &[u8]) {
    let Some((seed, bytes)) = input.split_first() else {
        return;
    };
    check_stream(bytes, *seed);
    let packets = packets(bytes);
    let as_datagrams = read_datagrams(&packets);
    let stream = stream(&packets);
    check_stream(&stream, *seed);
    assert_eq!(as_datagrams, read_stream([&stream[..]]), "in a stream");
}

fn check_stream(bytes: &[u8], seed: u8) {
    let whole = read_stream([bytes]);
    assert_eq!(whole, read_stream(pieces(bytes, seed)), "in pieces");
    assert_eq!(whole, read_stream(bytes.chunks(1)), "in bytes");
}

fn read_stream<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Delivered>, Tally) {
    let (mut reader, mut frames) = (Reader::<_, PACKET>::new([0; FRAME]), Vec::new());
    for mut piece in pieces {
        while let Some(frame) = reader.poll(&mut piece) {
            frames.push(delivered(&frame));
        }
        assert!(piece.is_empty(), "all of it was taken");
    }
    assert_eq!(reader.tally().frames, frames.len() as u64);
    (frames, *reader.tally())
}

fn read_datagrams(packets: &[Vec<u8>]) -> (Vec<Delivered>, Tally) {
    let (mut assembler, mut frames) = (Assembler::new([0; FRAME]), Vec::new());
    for packet in packets {
        let before = faults(assembler.tally());
        let frame = assembler.take(packet).map(|frame| delivered(&frame));
        let faults = faults(assembler.tally()) - before;
        assert!(
            faults + u64::from(frame.is_some()) <= 1,
            "one thing comes of a packet"
        );
        frames.extend(frame);
    }
    assert_eq!(assembler.tally().frames, frames.len() as u64);
    (frames, *assembler.tally())
}

fn faults(tally: &Tally) -> u64 {
    tally.damaged_packets + tally.stray_packets + tally.too_long_frames
}

fn delivered(frame: &Received<'_>) -> Delivered {
    assert!(frame.payload.len() <= FRAME);
    let payload = frame.payload.to_vec();
    (
        frame.track,
        frame.life,
        frame.sequence,
        frame.is_patch,
        payload,
    )
}

/// The packets that bytes stand for; none is longer than a reader of streams has room for.
fn packets(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut packets, mut checked) = (Vec::new(), CRC.digest());
    while let Some((kind, rest)) = bytes.split_first() {
        let (packet, rest) = rest.split_at(usize::from(kind & 0x7f).min(rest.len()));
        bytes = rest;
        let mut packet = packet.to_vec();
        if kind & 0x80 != 0 {
            seal(&mut packet, &mut checked);
        }
        // A stream has no empty packets.
        if !packet.is_empty() {
            packets.push(packet);
        }
    }
    packets
}

/// Puts the check behind a packet, which goes on from the one before unless it is the first of its frame.
fn seal(packet: &mut Vec<u8>, checked: &mut Digest<'static, u32, Table<1>>) {
    if packet.get(6..HEADER) == Some(&[0, 0]) {
        *checked = CRC.digest();
    }
    checked.update(packet);
    packet.extend(checked.clone().finalize().to_le_bytes());
    debug_assert!(packet.len() <= PACKET - CHECK);
}

fn stream(packets: &[Vec<u8>]) -> Vec<u8> {
    let mut stream = Vec::new();
    for packet in packets {
        let at = stuffing(packet.len());
        let mut buf = vec![0; at + packet.len() + 2];
        buf[at..at + packet.len()].copy_from_slice(packet);
        let len = stuff(&mut buf, at, packet.len()).expect("there is room");
        stream.extend_from_slice(&buf[..len]);
    }
    stream
}
