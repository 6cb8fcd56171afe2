//! One packet, as a reader finds it.

use streamgauge_core::TrackId;

use super::{CHECK, HEADER, LAST, PATCH, VERSION, track_id};

/// What a packet says of its place, not yet checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) track: TrackId,
    pub(super) life: u16,
    pub(super) sequence: u16,
    pub(super) number: u16,
    pub(super) last: bool,
    pub(super) patch: bool,
}

/// A packet in its parts, not yet checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'a> {
    pub(super) header: Header,
    pub(super) payload: &'a [u8],
    /// Header and payload.
    pub(super) checked: &'a [u8],
    pub(super) check: u32,
}

impl<'a> Packet<'a> {
    /// Nothing if this cannot be a packet.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (checked, check) = bytes.split_last_chunk::<CHECK>()?;
        let (header, payload) = checked.split_first_chunk::<HEADER>()?;
        Some(Self {
            header: Header::parse(*header)?,
            payload,
            checked,
            check: u32::from_le_bytes(*check),
        })
    }
}

impl Header {
    fn parse(bytes: [u8; HEADER]) -> Option<Self> {
        let [kind, track, life @ .., s0, s1, n0, n1] = bytes;
        Some(Self {
            track: track_id(track).filter(|_| kind & !(LAST | PATCH) == VERSION << 4)?,
            life: u16::from_le_bytes(life),
            sequence: u16::from_le_bytes([s0, s1]),
            number: u16::from_le_bytes([n0, n1]),
            last: kind & LAST != 0,
            patch: kind & PATCH != 0,
        })
    }
}
