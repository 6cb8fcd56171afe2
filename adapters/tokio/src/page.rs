//! Bytes that come in pieces of unknown number, in memory that is used again.

use bytes::{Bytes, BytesMut};
use streamgauge_core::Chunk;

/// The first size of a page.
const SIZE: usize = 4096;

/// Memory for what is written next.
#[derive(Debug, Default)]
pub(crate) struct Page(BytesMut);

impl Page {
    /// Writes all pieces into the memory, which grows by doubling, and hands it over. What is about as long as
    /// what was written before costs no clearing of memory.
    pub(crate) fn fill(&mut self, mut piece: impl FnMut(&mut [u8]) -> Chunk) -> Bytes {
        let mut buffer = std::mem::take(&mut self.0);
        if buffer.capacity() == 0 {
            buffer.reserve(SIZE);
            // Bytes that were shared once are handed over, and taken back, without an allocation.
            drop(buffer.split_to(0));
        }
        let mut len = 0;
        let mut room = buffer.len() + buffer.len() / 16;
        loop {
            buffer.resize(room.max(SIZE), 0);
            let chunk = piece(&mut buffer[len..]);
            len += chunk.len;
            if chunk.end {
                break;
            }
            room = len * 2;
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
