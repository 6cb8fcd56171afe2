//! How frames travel over links that lose and damage bytes: the format, and both its ends.
//!
//! A frame is cut into **packets**. Numbers are little-endian.
//!
//! | offset | bytes | field |
//! |---:|---:|---|
//! | 0 | 1 | version in the upper four bits, now 1; bit 0 is set in the frame's last packet, bit 1 in those of a patch; bits 2 and 3 are zero |
//! | 1 | 1 | track, see below |
//! | 2 | 2 | life: the four 16-bit parts of the node's epoch, combined by exclusive or |
//! | 4 | 2 | sequence: counts the frames that the sender began on this link, of all tracks, from 0 in each life; wraps |
//! | 6 | 2 | number: counts the packets of the frame from 0 |
//! | 8 | n | payload: the frame's next bytes, none in an empty frame |
//! | 8 + n | 4 | check: CRC-32 (ISO-HDLC) over header and payload of all packets of the frame up to and including this one, checks left out |
//!
//! Since the check runs on from packet to packet, a packet that passes it continues exactly the
//! packets before it, and a frame whose last packet passes it is whole: pieces of two frames never
//! make one. The first packet of a frame is checked by itself, so that a reader can join at any of
//! them.
//!
//! | track | name |
//! |---:|---|
//! | 0 | `node.json` |
//! | 1 + 3 t | `publisher.json` of the tier at place t |
//! | 2 + 3 t | `subscriber.json` of the tier at place t |
//! | 3 + 3 t | `sessions.json` of the tier at place t |
//!
//! Tiers are placed as in [`Tier::from_index`](streamgauge_core::Tier::from_index): 0 is external, 1
//! is internal, then come those that the node's configuration names, which `node.json` lists under
//! `tiers`, in this order.
//!
//! A **patch** is a JSON merge patch (RFC 7396) of the last frame of its track that was sent before it. Who
//! missed a frame of a track, as gaps in the sequences tell, or cannot know of which track it was, drops
//! the patches that follow until a frame of that track that is none.
//!
//! **Datagrams** carry a packet each, as it is. On a **stream of bytes** each packet is COBS-encoded
//! and followed by a zero byte, and one more zero stands before the first packet of a frame, so that
//! what garbage precedes it ends there.
//!
//! **Overhead**: 12 bytes a packet, and on a stream of bytes 2 more, one for every 254 bytes of a
//! packet, and one a frame. Through a buffer of 64 bytes 50 bytes of payload leave at a time, of 256
//! bytes 241.

mod decode;
mod encode;
mod packet;
mod track;

pub use decode::{Assembler, Reader, Received, Tally};
pub use encode::{Packed, Packets, stuff, stuffing};
pub(crate) use track::PER_TIER;
pub use track::{track_id, track_number};

use crc::{CRC_32_ISO_HDLC, Crc};

/// The version of the format.
pub const VERSION: u8 = 1;

/// Bytes before a packet's payload.
pub const HEADER: usize = 8;

/// Bytes after a packet's payload.
pub const CHECK: usize = 4;

/// Bytes of a packet besides its payload.
pub const OVERHEAD: usize = HEADER + CHECK;

/// The most packets that a frame is cut into.
pub const MAX_PACKETS: usize = 1 << 16;

/// Marks the last packet of a frame.
const LAST: u8 = 1;

/// Marks the packets of a patch.
const PATCH: u8 = 2;

static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// The epoch of a node, as packets carry it.
#[must_use]
pub const fn life(epoch: u64) -> u16 {
    let half = epoch ^ (epoch >> 32);
    let [low, high, ..] = (half ^ (half >> 16)).to_le_bytes();
    u16::from_le_bytes([low, high])
}
