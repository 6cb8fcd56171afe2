//! Live tracks in a `static`: groups of frames that one task writes, and others read as they come, or
//! later, until they are evicted.
//!
//! ```
//! use heapless::Vec;
//! use streamgauge_embassy::track::{Duration, Policy, Track, TrackConsumer, TrackError, TrackProducer};
//!
//! // 8 groups with 32 frames of up to 64 bytes in all, and seats for 3 readers, in `.bss`.
//! type Samples = Track<Vec<u8, 64>, 8, 32, 3>;
//! static SAMPLES: Samples = Samples::new();
//!
//! // #[embassy_executor::task]
//! async fn sample(mut producer: TrackProducer<Samples>) -> Result<(), TrackError> {
//!     loop {
//!         producer.used().await?; // nobody reads: sleep
//!         let mut group = producer.append_group()?;
//!         for sample in [b"on", b"of"] {
//!             let frame = Vec::from_slice(sample).unwrap_or_default();
//!             group.write_frame(frame).map_err(|refused| refused.error)?;
//!         }
//!         group.finish()?;
//! #       return Ok(());
//!     }
//! }
//!
//! // #[embassy_executor::task]
//! async fn send(mut reader: TrackConsumer<Samples>) -> Result<(), TrackError> {
//!     while let Some(mut group) = reader.next_group().await? {
//!         while let Some(frame) = group.read_frame().await? {
//!             assert_eq!(frame.len(), 2);
//!         }
//! #       return Ok(());
//!     }
//!     Ok(())
//! }
//!
//! # fn main() {
//! let policy = Policy::new().with_max_age(Duration::from_secs(5));
//! let producer = SAMPLES.producer(policy).unwrap();
//! let reader = SAMPLES.consumer().unwrap();
//! # embassy_futures::block_on(async {
//! #     sample(producer).await.unwrap();
//! #     send(reader).await.unwrap();
//! # });
//! # }
//! ```
//!
//! # Seats
//!
//! A [`TrackConsumer`] takes one of the `READERS` seats of its track until it is dropped. A seat is one
//! waker: a reader waits for one thing at a time, the next group or the next frame of the group that it
//! reads, and a [`GroupConsumer`] borrows its consumer for that. Who is to wait for two things at once
//! takes two consumers. Who reads several groups in turns keeps their
//! [cursors](GroupConsumer::into_cursor).
//!
//! # Futures
//!
//! All are cancel-safe: one that is dropped has taken nothing, and the next one finds what it would have.
//! No lock is held over an await.
//!
//! # Cost
//!
//! Each call takes one critical section. Built for size on a Cortex-M3 (M0), it takes some 950 (1,400)
//! instructions to append a group of one frame of 32 bytes and evict another, and 230 (430) to find a group
//! or to read a frame. In it lie the copy of a payload of `size_of::<P>()` bytes where one is read or written,
//! and a wake for each reader who waits for what has changed, `READERS` at the most. Evicting takes a step
//! for each group and frame that goes, so that a call may take `GROUPS + FRAMES` of them after a long
//! silence; a [`TrackTimer`] evicts meanwhile. What is large is better kept in a pool, with its index for a
//! payload.
//!
//! The code is compiled for each type of track that a firmware has: tracks of one type share it.

mod any;
mod consumer;
mod group_consumer;
mod group_producer;
mod payload;
mod producer;
mod state;
mod timer;

pub use any::AnyTrack;
pub use consumer::{NoSeat, TrackConsumer};
pub use group_consumer::GroupConsumer;
pub use group_producer::GroupProducer;
pub use payload::Payload;
pub use producer::{ProducerError, TrackProducer};
pub use timer::{TimerTaken, TrackTimer};

pub use streamgauge_core::{
    Duration,
    track::{Amount, GroupCursor, Policy, Reason, Refused, TrackError, TrackEvent},
};

use core::cell::RefCell;

use embassy_sync::blocking_mutex::{Mutex, raw::CriticalSectionRawMutex};
use streamgauge_core::track::InlineRoom;

use crate::seats;
use state::State;

/// A live track, for a `static`; all zero, so that it lies in `.bss`.
///
/// | parameter | what there is room for |
/// |---|---|
/// | `P` | the [payload](Payload) of a frame |
/// | `GROUPS` | groups that are cached: 50 bytes each where pointers have 32 bits, 68 where they have 64 |
/// | `FRAMES` | frames of all of them together: an `Option<P>` and a link of 2 (4) bytes each, padded |
/// | `READERS` | readers at once: 16 (32) bytes each |
/// | `GONE` | stretches of evicted sequences that are remembered one by one: 16 bytes each |
///
/// It takes 352 (416) bytes besides.
///
/// Any of them may be zero, and the track then refuses what there is no room for. Without holes in the
/// sequences one stretch will do; with more holes than stretches, a sequence that never came is taken
/// for evicted if it is below all but the last few that were.
///
/// A reference to the `static` is a weak handle: it does not keep the track open, and anybody who has one
/// may read the track, or abort it.
pub struct Track<
    P,
    const GROUPS: usize,
    const FRAMES: usize,
    const READERS: usize,
    const GONE: usize = 4,
>(Mutex<CriticalSectionRawMutex, RefCell<State<P, InlineRoom<P, GROUPS, FRAMES, GONE>, READERS>>>);

impl<P, const GROUPS: usize, const FRAMES: usize, const READERS: usize, const GONE: usize>
    Track<P, GROUPS, FRAMES, READERS, GONE>
{
    /// Without a producer. Readers may come before it.
    #[must_use]
    pub const fn new() -> Self {
        Self(Mutex::new(RefCell::new(State::new(InlineRoom::new()))))
    }
}

impl<P: Payload, const GROUPS: usize, const FRAMES: usize, const READERS: usize, const GONE: usize>
    Track<P, GROUPS, FRAMES, READERS, GONE>
{
    /// Who writes the track, under this policy; there is one at a time, and when it drops the track ends.
    ///
    /// After that another one begins the track anew: sequences start at zero, and what was cached is
    /// evicted.
    ///
    /// # Errors
    /// While there is a producer, or a reader who was there before the last one ended the track.
    pub fn producer(&'static self, policy: Policy) -> Result<TrackProducer<Self>, ProducerError> {
        TrackProducer::new(self, policy)
    }

    /// A reader of the track, from the oldest group on that is cached.
    ///
    /// # Errors
    /// When every seat is taken; dropping a consumer frees its seat.
    pub fn consumer(&'static self) -> Result<TrackConsumer<Self>, NoSeat> {
        TrackConsumer::new(self)
    }

    /// What evicts groups of age while nobody writes; there is one at a time. Without one they are evicted
    /// at the next write.
    ///
    /// # Errors
    /// While there is another.
    pub fn timer(&'static self) -> Result<TrackTimer<Self>, TimerTaken> {
        TrackTimer::new(self)
    }

    /// Gives the track up, and every group that is not finished with it. Readers get what is cached,
    /// and then the error. O(groups).
    ///
    /// # Errors
    /// What it was aborted with before.
    pub fn abort(&self, error: TrackError) -> Result<(), TrackError> {
        self.change(|view| view.cache.abort(error))
    }

    /// Whether the track was aborted, or its producer was dropped.
    pub fn is_closed(&self) -> bool {
        self.with(|view| view.cache.is_closed())
    }

    /// How many readers there are.
    pub fn readers(&self) -> usize {
        self.with(|view| seats::taken(view.seats))
    }

    /// What is cached.
    pub fn cached(&self) -> Amount {
        self.with(|view| Amount {
            groups: view.cache.groups() as u64,
            frames: view.cache.frames() as u64,
            bytes: view.cache.bytes() as u64,
        })
    }

    /// What happened since it was last told, added up by kind, one kind at a time: to be counted, by one
    /// task.
    pub fn poll_event(&self) -> Option<TrackEvent> {
        self.with(|view| view.cache.poll_event())
    }
}

impl<P, const GROUPS: usize, const FRAMES: usize, const READERS: usize, const GONE: usize> Default
    for Track<P, GROUPS, FRAMES, READERS, GONE>
{
    fn default() -> Self {
        Self::new()
    }
}
