//! The last frame of each track, for readers that come at any time.

use core::{cell::RefCell, fmt, future::poll_fn, task::Poll};

use embassy_sync::{
    blocking_mutex::{self, raw::CriticalSectionRawMutex},
    mutex::{Mutex, MutexGuard},
};
use streamgauge_core::TrackId;

use crate::{
    seats::{self, Seat},
    sink::{Frame, Sink, SinkError},
    wire::track_number,
};

/// Keeps the last whole frame of each track, for a `static`; all zero, so that it lies in `.bss`.
///
/// `TRACKS` tracks are kept, those with the lowest [numbers](crate::wire): 1 for `node.json`, 3 with
/// the external tier's traffic, 7 for all of two tiers, as [`tracks`](crate::tracks) counts. Frames of
/// other tracks are accepted unread. `READERS` readers can be there at once, on all tracks together.
///
/// `BYTES` is the room for a frame: a longer one is refused, and the last one that fitted stays. Series
/// that have ended stay in frames, and in the tables, until a frame with them was accepted: give it
/// room for as many as there are rows, at some 250 bytes each, and 1500 for `node.json` at least.
///
/// It takes `TRACKS + 1` times `BYTES`: a frame is put together beside those that are shown.
///
/// ```
/// use streamgauge_embassy::{Config, Latest, Stats, TrackId, key, roots, rows, tracks};
///
/// static STATS: Stats<{ rows(8) }, 8, { key(32) }, { roots(0) }> = Stats::new();
/// static LATEST: Latest<{ tracks(2) }, 2048, 4> = Latest::new();
///
/// # fn main() {
/// # embassy_futures::block_on(async {
/// let (_handle, mut runner) = STATS.split(Config::new()).unwrap();
/// let mut sink = LATEST.sink().unwrap();
/// runner.step(&mut sink).await; // or spawn `runner.run(&mut sink)`
///
/// let mut reader = LATEST.reader(TrackId::Node).unwrap();
/// let mut buf = [0; 2048];
/// let frame = reader.next(&mut buf).await.unwrap();
/// assert!(frame.starts_with(b"{\"epoch\":0"));
/// # })
/// # }
/// ```
pub struct Latest<const TRACKS: usize, const BYTES: usize, const READERS: usize> {
    slots: [Mutex<CriticalSectionRawMutex, Slot<BYTES>>; TRACKS],
    next: Mutex<CriticalSectionRawMutex, [u8; BYTES]>,
    seats: Seats<READERS>,
}

/// A track's frame.
struct Slot<const BYTES: usize> {
    /// Zero as long as there was none.
    version: u32,
    len: usize,
    bytes: [u8; BYTES],
}

impl<const TRACKS: usize, const BYTES: usize, const READERS: usize> Latest<TRACKS, BYTES, READERS> {
    /// Without any frames yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            slots: [const { Mutex::new(Slot::EMPTY) }; TRACKS],
            next: Mutex::new([0; BYTES]),
            seats: Seats::new(),
        }
    }

    /// The sink that shows frames here; there is one at a time.
    ///
    /// # Errors
    /// While there is another.
    pub fn sink(&self) -> Result<LatestSink<'_, TRACKS, BYTES, READERS>, LatestError> {
        let next = self.next.try_lock().map_err(|_| LatestError::SinkTaken)?;
        Ok(LatestSink { latest: self, next })
    }

    /// A reader that follows one track, from its newest frame on.
    ///
    /// # Errors
    /// When the track is not kept, or every seat is taken; dropping a reader frees its seat.
    pub fn reader(
        &self,
        track: TrackId,
    ) -> Result<LatestReader<'_, TRACKS, BYTES, READERS>, LatestError> {
        let slot = usize::from(track_number(track));
        if slot >= TRACKS {
            return Err(LatestError::NotKept);
        }
        let seat = self.seats.take(slot);
        Ok(LatestReader {
            latest: self,
            slot,
            seat: seat.ok_or(LatestError::NoSeat { readers: READERS })?,
            seen: 0,
        })
    }
}

impl<const TRACKS: usize, const BYTES: usize, const READERS: usize> Default
    for Latest<TRACKS, BYTES, READERS>
{
    fn default() -> Self {
        Self::new()
    }
}

impl<const BYTES: usize> Slot<BYTES> {
    const EMPTY: Self = Self {
        version: 0,
        len: 0,
        bytes: [0; BYTES],
    };

    fn show(&mut self, frame: &[u8]) {
        if let Some(bytes) = self.bytes.get_mut(..frame.len()) {
            bytes.copy_from_slice(frame);
            self.len = frame.len();
            self.version = self.version.wrapping_add(1).max(1);
        }
    }

    fn frame(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Why there is no sink or reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum LatestError {
    /// There is a sink already.
    SinkTaken,
    /// The track is none of those that are kept.
    NotKept,
    /// As many readers are there as can be.
    NoSeat {
        /// How many that is.
        readers: usize,
    },
}

impl fmt::Display for LatestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SinkTaken => f.write_str("there is a sink already"),
            Self::NotKept => f.write_str("the frames of this track are not kept"),
            Self::NoSeat { readers } => {
                write!(
                    f,
                    "all {readers} readers are there; drop one, or give it more"
                )
            }
        }
    }
}

impl core::error::Error for LatestError {}

/// Shows frames in a [`Latest`].
pub struct LatestSink<'a, const TRACKS: usize, const BYTES: usize, const READERS: usize> {
    latest: &'a Latest<TRACKS, BYTES, READERS>,
    /// Where the next frame is put together.
    next: MutexGuard<'a, CriticalSectionRawMutex, [u8; BYTES]>,
}

impl<const TRACKS: usize, const BYTES: usize, const READERS: usize>
    LatestSink<'_, TRACKS, BYTES, READERS>
{
    /// Reads a whole frame; its length.
    fn read(&mut self, frame: &mut impl Frame) -> Result<usize, SinkError> {
        let mut len = 0;
        loop {
            let room = self.next.get_mut(len..).unwrap_or_default();
            let full = room.is_empty();
            let chunk = frame.read(room);
            len += chunk.len;
            if chunk.end {
                return Ok(len);
            }
            if full {
                return Err(SinkError::TooLong { capacity: BYTES });
            }
        }
    }
}

impl<const TRACKS: usize, const BYTES: usize, const READERS: usize> Sink
    for LatestSink<'_, TRACKS, BYTES, READERS>
{
    async fn send<F: Frame>(&mut self, frame: &mut F) -> Result<(), SinkError> {
        let place = usize::from(track_number(frame.track()));
        let latest = self.latest;
        let Some(slot) = latest.slots.get(place) else {
            return Ok(());
        };
        if frame.is_patch() {
            return Err(SinkError::Patch);
        }
        let len = self.read(frame)?;
        let frame = self.next.get(..len).unwrap_or_default();
        slot.lock().await.show(frame);
        latest.seats.tell(place);
        Ok(())
    }
}

/// Follows one track of a [`Latest`]: always the newest frame, whatever was missed in between.
pub struct LatestReader<'a, const TRACKS: usize, const BYTES: usize, const READERS: usize> {
    latest: &'a Latest<TRACKS, BYTES, READERS>,
    slot: usize,
    seat: usize,
    /// The version that was read last.
    seen: u32,
}

impl<const TRACKS: usize, const BYTES: usize, const READERS: usize>
    LatestReader<'_, TRACKS, BYTES, READERS>
{
    /// Waits for a frame that this reader has not read yet, the newest there is at first, and copies
    /// it into `buf`. Cancel-safe.
    ///
    /// # Errors
    /// When `buf` is shorter than the frame, which then counts as not yet read.
    pub async fn next<'b>(&mut self, buf: &'b mut [u8]) -> Result<&'b [u8], TooShort> {
        let len = loop {
            if let Some(len) = self.read(buf).await? {
                break len;
            }
            self.latest.seats.wait(self.seat).await;
        };
        Ok(buf.get(..len).unwrap_or_default())
    }

    /// Copies the frame if it is a new one; its length.
    async fn read(&mut self, buf: &mut [u8]) -> Result<Option<usize>, TooShort> {
        let Some(slot) = self.latest.slots.get(self.slot) else {
            return Ok(None);
        };
        // Held for the time of a copy, never while the reader does anything else.
        let slot = slot.lock().await;
        if slot.version == self.seen {
            return Ok(None);
        }
        let frame = slot.frame();
        let room = buf.get_mut(..frame.len());
        let room = room.ok_or(TooShort { len: frame.len() })?;
        room.copy_from_slice(frame);
        self.seen = slot.version;
        Ok(Some(frame.len()))
    }
}

impl<const TRACKS: usize, const BYTES: usize, const READERS: usize> Drop
    for LatestReader<'_, TRACKS, BYTES, READERS>
{
    fn drop(&mut self) {
        self.latest.seats.leave(self.seat);
    }
}

/// A buffer is shorter than the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TooShort {
    /// The length of the frame.
    pub len: usize,
}

impl fmt::Display for TooShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the frame is {} bytes long, longer than the buffer",
            self.len
        )
    }
}

impl core::error::Error for TooShort {}

/// Who reads.
struct Seats<const READERS: usize>(
    blocking_mutex::Mutex<CriticalSectionRawMutex, RefCell<[Seat; READERS]>>,
);

impl<const READERS: usize> Seats<READERS> {
    const fn new() -> Self {
        let seats = [const { Seat::FREE }; READERS];
        Self(blocking_mutex::Mutex::new(RefCell::new(seats)))
    }

    fn take(&self, slot: usize) -> Option<usize> {
        self.with(|seats| seats::take(seats, slot))
    }

    fn leave(&self, seat: usize) {
        self.with(|seats| seats::leave(seats, seat));
    }

    /// Wakes who reads this slot.
    fn tell(&self, slot: usize) {
        self.with(|seats| seats::tell(seats, slot));
    }

    /// Waits until the seat's slot has changed since the last call.
    async fn wait(&self, seat: usize) {
        poll_fn(|context| {
            self.with(|seats| match seats.get_mut(seat) {
                Some(seat) => seat.poll_news(context.waker()),
                None => Poll::Ready(()),
            })
        })
        .await;
    }

    fn with<T>(&self, f: impl FnOnce(&mut [Seat]) -> T) -> T {
        self.0.lock(|seats| f(&mut *seats.borrow_mut()))
    }
}
