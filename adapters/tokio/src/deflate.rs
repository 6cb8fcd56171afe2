//! The frames of a group in one DEFLATE window: each is a flushed piece of one raw stream (RFC 1951), without
//! the four bytes that every flush ends in.

use std::{fmt, sync::LazyLock};

use bytes::{Bytes, BytesMut};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// What a flushed piece ends in.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// Memory is taken so many bytes at a time.
const CHUNK: usize = 16 << 10;

/// Room for a call of the compressor to make something of.
const LEAST: usize = 64;

/// Packs the frames of one group after another.
///
/// Some 300 kB, taken when it is made. Frames that are held share memory in chunks of 16 kB; when all of a
/// chunk are dropped it is used again.
pub struct Deflate {
    stream: Compress,
    /// Memory for the next frames.
    room: BytesMut,
}

impl Deflate {
    /// A packer at the beginning of a group. Fast rather than small: what changes is mostly digits.
    pub fn new() -> Self {
        Self::with_level(LEVEL)
    }

    /// The same, from level 1, fast, to 9, small.
    pub fn with_level(level: u32) -> Self {
        Self {
            stream: Compress::new(Compression::new(level.clamp(1, 9)), false),
            room: BytesMut::new(),
        }
    }

    /// Begins a group: what is packed next can be read without anything from before.
    pub fn begin_group(&mut self) {
        self.stream.reset();
    }

    /// Packs the next frame of the group. Nothing if that failed, and then the group is broken: begin another.
    pub fn frame(&mut self, plain: &[u8]) -> Option<Bytes> {
        if plain.is_empty() {
            return Some(Bytes::new());
        }
        let end = self.compress(plain)?;
        let mut packed = self.room.split_to(end);
        packed.truncate(end.checked_sub(TAIL.len())?);
        Some(packed.freeze())
    }

    /// Packs a frame of another group than the last, which `before` is the end of: as if all frames of that had
    /// been packed here, but that nothing from before `before` is made use of.
    pub(crate) fn frame_after(&mut self, before: &[u8], plain: &[u8]) -> Option<Bytes> {
        self.begin_group();
        self.frame(before)?;
        self.frame(plain)
    }

    /// Writes the flushed piece at the beginning of the room, and says how long it is.
    fn compress(&mut self, plain: &[u8]) -> Option<usize> {
        let (mut left, mut end) = (plain, 0);
        loop {
            self.make_room(end);
            let before = (self.stream.total_in(), self.stream.total_out());
            let room = self.room.get_mut(end..)?;
            let compressed = self.stream.compress(left, room, FlushCompress::Sync);
            compressed.ok()?;
            let taken = usize::try_from(self.stream.total_in() - before.0).ok()?;
            let made = usize::try_from(self.stream.total_out() - before.1).ok()?;
            left = left.get(taken..)?;
            end += made;
            let packed = self.room.get(..end)?;
            // Where there was room left the flush is over, but for a compressor that has just closed a block.
            if left.is_empty() && end < self.room.len() && packed.ends_with(&TAIL) {
                return Some(end);
            }
            if taken == 0 && made == 0 {
                return None;
            }
        }
    }

    /// Makes room for more after the first `end` bytes.
    fn make_room(&mut self, end: usize) {
        if self.room.len() - end >= LEAST {
            return;
        }
        if end == 0 {
            self.room.clear();
        }
        let len = (end * 2).max(CHUNK);
        self.room.reserve(len - self.room.len());
        self.room.resize(len, 0);
    }
}

/// The level that a node packs at.
const LEVEL: u32 = 1;

/// A group of one frame that shows nothing.
pub(crate) fn empty_frame() -> Bytes {
    static EMPTY: LazyLock<Bytes> =
        LazyLock::new(|| Deflate::new().frame(b"{}").unwrap_or_default());
    EMPTY.clone()
}

impl Default for Deflate {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Deflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflate")
            .field("total_in", &self.stream.total_in())
            .field("total_out", &self.stream.total_out())
            .finish_non_exhaustive()
    }
}

/// Unpacks the frames of one group after another: `.json.z` tracks of this node's, and of whoever packs
/// the same way.
///
/// The bytes may be anybody's: whatever they are, an answer or an error comes of them, in memory that is
/// bounded by the limit.
///
/// ```
/// use streamgauge_tokio::{Deflate, Inflate, InflateError};
///
/// let mut packer = Deflate::new();
/// let keyframe = packer.frame(br#"{"demo/bbb":{"bytes":1,"frames":1}}"#).unwrap();
/// let patch = packer.frame(br#"{"demo/bbb":{"bytes":2}}"#).unwrap();
///
/// let mut reader = Inflate::new(1 << 20);
/// assert_eq!(reader.frame(&keyframe)?, br#"{"demo/bbb":{"bytes":1,"frames":1}}"#);
/// assert_eq!(reader.frame(&patch)?, br#"{"demo/bbb":{"bytes":2}}"#);
/// reader.begin_group(); // a keyframe comes next
/// assert_eq!(reader.frame(b"{}"), Err(InflateError::Corrupt)); // which this is not
/// # Ok::<(), InflateError>(())
/// ```
pub struct Inflate {
    stream: Decompress,
    limit: usize,
    /// What was unpacked last, and room that was written before.
    plain: Vec<u8>,
    /// How much of it is the last frame.
    used: usize,
    is_broken: bool,
}

impl Inflate {
    /// A reader at the beginning of a group. No frame may be longer than `limit` bytes when it is unpacked:
    /// that much memory is kept once a frame has taken it.
    pub fn new(limit: usize) -> Self {
        Self {
            stream: Decompress::new(false),
            limit,
            plain: Vec::new(),
            used: 0,
            is_broken: false,
        }
    }

    /// Begins a group: its first frame comes next.
    pub fn begin_group(&mut self) {
        self.stream.reset(false);
        self.is_broken = false;
    }

    /// Unpacks the next frame of the group: a keyframe, then merge patches.
    ///
    /// # Errors
    /// When the bytes are no such frame, or one longer than the limit. The rest of the group cannot be read
    /// then, and every frame of it is an error.
    pub fn frame(&mut self, packed: &[u8]) -> Result<&[u8], InflateError> {
        if self.is_broken {
            return Err(InflateError::Broken);
        }
        // Stays so if this fails.
        self.is_broken = true;
        self.used = 0;
        if !packed.is_empty() {
            self.inflate(packed)?;
            self.inflate(&TAIL)?;
        }
        self.is_broken = false;
        Ok(self.plain.get(..self.used).unwrap_or_default())
    }

    fn inflate(&mut self, mut packed: &[u8]) -> Result<(), InflateError> {
        loop {
            self.make_room();
            let before = (self.stream.total_in(), self.stream.total_out());
            let room = self.plain.get_mut(self.used..).unwrap_or_default();
            let room_len = room.len();
            let status = self
                .stream
                .decompress(packed, room, FlushDecompress::Sync)
                .map_err(|_| InflateError::Corrupt)?;
            let taken = usize::try_from(self.stream.total_in() - before.0).unwrap_or(usize::MAX);
            let made = usize::try_from(self.stream.total_out() - before.1).unwrap_or(usize::MAX);
            self.used = self.used.saturating_add(made);
            if self.used > self.limit {
                return Err(InflateError::TooLong { limit: self.limit });
            }
            packed = packed.get(taken..).unwrap_or_default();
            // A group's stream never ends by itself.
            if status == Status::StreamEnd {
                return Err(InflateError::Corrupt);
            }
            if packed.is_empty() && made < room_len {
                return Ok(());
            }
            if taken == 0 && made == 0 {
                return Err(InflateError::Corrupt);
            }
        }
    }

    /// Makes room where there is none, by doubling, for one byte more than the limit at the most. What was
    /// made before is not cleared again.
    fn make_room(&mut self) {
        if self.used == self.plain.len() {
            let most = self.limit.saturating_add(1);
            let room = (self.used * 2).max(CHUNK).min(most);
            self.plain.resize(room.max(self.used), 0);
        }
    }
}

impl fmt::Debug for Inflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflate")
            .field("limit", &self.limit)
            .field("is_broken", &self.is_broken)
            .finish_non_exhaustive()
    }
}

/// Why a frame could not be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InflateError {
    /// The bytes are no frame that could come next in this group.
    Corrupt,
    /// The frame is longer than it may be.
    TooLong {
        /// The most bytes.
        limit: usize,
    },
    /// A frame before it in the group was no frame.
    Broken,
}

impl fmt::Display for InflateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Corrupt => f.write_str("the bytes are no frame of this group"),
            Self::TooLong { limit } => {
                write!(f, "the frame is longer than {limit} bytes when unpacked")
            }
            Self::Broken => f.write_str("a frame before it in its group could not be unpacked"),
        }
    }
}

impl std::error::Error for InflateError {}
