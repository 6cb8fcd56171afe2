//! Batches of bytes in a file, each with its length and a CRC-32, so that it is there whole or not at all.

use crc::{CRC_32_ISO_HDLC, Crc};

static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// A batch as it is written: its length in 8 bytes and its CRC in 4, both with the lowest byte first.
pub(crate) fn batch(body: &[u8]) -> Vec<u8> {
    let len = (body.len() as u64).to_le_bytes();
    let check = CRC.checksum(body).to_le_bytes();
    [&len, &check[..], body].concat()
}

/// What a file goes on with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next<'a> {
    /// A batch, and what is after it.
    Batch(&'a [u8], &'a [u8]),
    /// The end, or the beginning of a batch that was not written to its end.
    End,
    /// A batch that is not as it was written, though others are after it.
    Damaged,
}

/// Reads on.
pub(crate) fn next(bytes: &[u8]) -> Next<'_> {
    let Some((len, rest)) = bytes.split_first_chunk() else {
        return Next::End;
    };
    let Some((check, rest)) = rest.split_first_chunk() else {
        return Next::End;
    };
    let len = usize::try_from(u64::from_le_bytes(*len)).unwrap_or(usize::MAX);
    let Some((body, rest)) = rest.split_at_checked(len) else {
        return Next::End;
    };
    if CRC.checksum(body) == u32::from_le_bytes(*check) {
        return Next::Batch(body, rest);
    }
    if rest.is_empty() {
        Next::End
    } else {
        Next::Damaged
    }
}
