//! Bytes that come in pieces of unknown number, in memory that is used again.

use bytes::{Bytes, BytesMut};
use streamgauge_core::Chunk;

/// The first size of a page.
const SIZE: usize = 4096;

/// Memory for what is written next.
#[derive(Debug, Default)]
pub(crate) struct Page(BytesMut);

impl Page {
    /// Writes all pieces into the memory, which grows by doubling, and hands it over.
    pub(crate) fn fill(&mut self, mut piece: impl FnMut(&mut [u8]) -> Chunk) -> Bytes {
        let mut buffer = std::mem::take(&mut self.0);
        let mut len = 0;
        loop {
            buffer.resize(buffer.capacity().max(SIZE).max(len + 1), 0);
            let chunk = piece(&mut buffer[len..]);
            len += chunk.len;
            if chunk.end {
                break;
            }
            buffer.reserve(len);
        }
        buffer.truncate(len);
        buffer.freeze()
    }

    /// Takes the memory of what was written before, if nobody holds it any more.
    pub(crate) fn recycle(&mut self, old: Bytes) {
        if let Ok(buffer) = old.try_into_mut() {
            self.0 = buffer;
        }
    }
}
