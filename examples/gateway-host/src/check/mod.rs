//! The trials, in the order in which they come.

mod noise;
mod overflow;
mod published;
mod race;
mod reset;
mod transfer;

pub use noise::noise;
pub use overflow::overflow;
pub use published::published;
pub use race::race;
pub use reset::reset;
pub use transfer::transfer;

use bytes::Bytes;
use streamgauge_gateway_protocol::MAX_PAYLOAD;

/// Ids and paths of the trials' broadcasts; a path is used once, so that its counters are what one trial
/// did.
const FILE: (u8, &str) = (1, "demo/file");
const EXTRA: (u8, &str) = (2, "demo/extra");
const NOISY: (u8, &str) = (3, "demo/noisy");
const BEFORE: (u8, &str) = (4, "demo/before");
const AFTER: (u8, &str) = (5, "demo/after");

/// Frames of all sizes from a file, for ever.
struct Pieces {
    file: Bytes,
    at: usize,
    count: usize,
}

impl Pieces {
    const SIZES: [usize; 7] = [1, 20, 48, 64, 100, 150, MAX_PAYLOAD];

    fn new(file: Bytes) -> Self {
        Self {
            file,
            at: 0,
            count: 0,
        }
    }

    /// The file's next bytes; from its beginning when it ends.
    fn next(&mut self) -> Bytes {
        let size = Self::SIZES[self.count % Self::SIZES.len()];
        let end = (self.at + size).min(self.file.len());
        let piece = self.file.slice(self.at..end);
        self.at = end % self.file.len().max(1);
        self.count += 1;
        piece
    }
}
