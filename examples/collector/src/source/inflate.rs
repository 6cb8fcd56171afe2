//! Frames of a group that share one DEFLATE window: each is a flushed piece of one raw stream (RFC 1951),
//! without the four bytes that every flush ends in.

use std::fmt;

use flate2::{Decompress, FlushDecompress, Status};

/// What a flushed piece ends in.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// No frame is longer than this when it is unpacked.
const LIMIT: usize = 32 << 20;

/// The least room for what comes out.
const LEAST: usize = 16 << 10;

/// Unpacks the frames of one group after another. The bytes may be anybody's.
pub(super) struct Inflate(Decompress);

/// A frame that is none, or too long; no frame after it in its group can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Corrupt;

impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a packed frame cannot be read")
    }
}

impl std::error::Error for Corrupt {}

impl Inflate {
    /// At the beginning of a group.
    pub(super) fn new() -> Self {
        Self(Decompress::new(false))
    }

    /// The next frame of the group, as it was.
    pub(super) fn frame(&mut self, packed: &[u8]) -> Result<Vec<u8>, Corrupt> {
        let mut plain = Vec::new();
        for piece in [packed, &TAIL] {
            self.piece(piece, &mut plain)?;
        }
        Ok(plain)
    }

    fn piece(&mut self, mut piece: &[u8], plain: &mut Vec<u8>) -> Result<(), Corrupt> {
        loop {
            if plain.len() == plain.capacity() {
                plain.reserve(plain.len().clamp(LEAST, LIMIT));
            }
            let (before, had) = (self.0.total_in(), plain.len());
            let status = self.0.decompress_vec(piece, plain, FlushDecompress::Sync);
            let status = status.map_err(|_| Corrupt)?;
            let taken = usize::try_from(self.0.total_in() - before).map_err(|_| Corrupt)?;
            piece = piece.get(taken..).ok_or(Corrupt)?;
            if plain.len() > LIMIT || status == Status::StreamEnd {
                return Err(Corrupt);
            }
            // All that is in it has come out when there is room left.
            if piece.is_empty() && plain.len() < plain.capacity() {
                return Ok(());
            }
            if taken == 0 && plain.len() == had && plain.len() < plain.capacity() {
                return Err(Corrupt);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compress, Compression, FlushCompress};
    use proptest::prelude::*;

    fn pack(stream: &mut Compress, plain: &[u8]) -> Vec<u8> {
        let mut packed = Vec::with_capacity(plain.len() + 1_000);
        let done = stream.compress_vec(plain, &mut packed, FlushCompress::Sync);
        assert!(matches!(done, Ok(Status::Ok)));
        packed.truncate(packed.len() - TAIL.len());
        packed
    }

    #[test]
    fn frames_come_out_as_they_went_in_group_by_group() {
        for _ in 0..2 {
            let (mut deflate, mut reader) =
                (Compress::new(Compression::fast(), false), Inflate::new());
            for len in [1, 0, 10, 100_000, 3] {
                let plain: Vec<u8> = (0..len)
                    .map(|n: u32| (n.wrapping_mul(n) >> 9).to_le_bytes()[0])
                    .collect();
                let packed = if plain.is_empty() {
                    Vec::new()
                } else {
                    pack(&mut deflate, &plain)
                };
                if !plain.is_empty() {
                    assert_eq!(reader.frame(&packed), Ok(plain));
                }
            }
        }
    }

    #[test]
    fn a_frame_that_grows_past_the_limit_is_refused() {
        let mut deflate = Compress::new(Compression::best(), false);
        let packed = pack(&mut deflate, &vec![0; LIMIT + 1]);
        assert!(packed.len() < 100_000);
        assert_eq!(Inflate::new().frame(&packed), Err(Corrupt));
    }

    proptest! {
        #[test]
        fn any_bytes_are_unpacked_or_refused(frames: Vec<Vec<u8>>) {
            let mut reader = Inflate::new();
            for frame in frames {
                if reader.frame(&frame).is_err() {
                    break;
                }
            }
        }
    }
}
