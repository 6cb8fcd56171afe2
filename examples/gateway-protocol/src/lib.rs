//! What the gateway and its host say to each other over serial links.
//!
//! # Packets
//!
//! A link carries packets, each followed by a zero byte, which occurs in no packet because of COBS:
//!
//! ```text
//! COBS( channel | sequence u16 | body, 0 to 208 bytes | CRC u32 ) 0x00
//! ```
//!
//! Integers are little-endian. The sequence counts the packets that one end sends on one link, over
//! all channels, and wraps. Bit 7 of the channel byte marks the first packet of a sender's life, with
//! which its sequence starts anew; the other bits are the [`Channel`]. The CRC is CRC-32/ISO-HDLC of
//! all that stands before it.
//!
//! A reader that joins midway, or meets noise, skips to the next zero byte. What lies between two zero
//! bytes and is no packet is *damaged*; packets that the sequence tells of and that never came are
//! *lost*. [`Decoder`] counts both.
//!
//! # Channels
//!
//! | channel | body | flows |
//! |---|---|---|
//! | [`Control`](Channel::Control) | one [`Message`] | both ways, upstream link |
//! | [`Data`](Channel::Data) | one [`Message`]: `Group` or `Frame` | from the gateway, downstream link |
//! | [`Stats`](Channel::Stats) | a piece of the serial stream of streamgauge's frames | from the gateway, upstream link |
//!
//! A board with a single UART sends all three on it.
//!
//! # Messages
//!
//! A byte that tells the kind, and its fields; text and payloads fill the rest of the body.
//!
//! | kind | message | fields | flows |
//! |---|---|---|---|
//! | 1 | `Announce` | broadcast u8, path | to the gateway |
//! | 2 | `Unannounce` | broadcast u8 | to the gateway |
//! | 3 | `Subscribe` | subscription u8, broadcast u8 | to the gateway |
//! | 4 | `Unsubscribe` | subscription u8 | to the gateway |
//! | 5 | `Group` | id u8, sequence u32 | to the gateway with a broadcast's id, and from it with a subscription's |
//! | 6 | `Frame` | id u8, payload | the same |
//! | 7 | `Ping` | token u32 | to the gateway |
//! | 8 | `Pong` | token u32, boots u32, damaged u32, lost u32, refused u32 | from the gateway |
//! | 9 | `Race` | on u8: 0 or 1 | to the gateway |
//! | 10 | `Raced` | interrupt u32, task u32 | from the gateway |
//! | 11 | `Report` | port u16 | to the gateway |
//! | 12 | `Reset` | | to the gateway |
#![no_std]
#![forbid(unsafe_code)]

mod message;
mod packet;

pub use message::{BadMessage, MAX_PAYLOAD, Message};
pub use packet::{Channel, Decoder, MAX_BODY, MAX_ENCODED, Packet, Sealer, Tally, TooLong};
