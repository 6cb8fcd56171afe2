//! What the handles of a track share, all of it under one lock.

use std::{
    hash::{BuildHasher, RandomState},
    task::Waker,
};

use bytes::Bytes;
use streamgauge_core::{
    Instant,
    track::{GroupId, TrackCache, TrackError, Wake},
};

use super::{TrackConfig, config::Observer, room::GrowingRoom, seats::Seats};

/// A track's cache, who waits for what, and how many hold it.
pub(super) struct State {
    pub(super) cache: TrackCache<Bytes, GrowingRoom<Bytes>>,
    pub(super) seats: Seats,
    /// For each slot of a group, who produces and who reads it; only as far as anybody did.
    benches: Vec<Bench>,
    producers: usize,
    readers: usize,
    /// Why nothing more can be created.
    ended: Option<TrackError>,
    /// Whether the sweeper comes by, or there is none.
    pub(super) swept: bool,
    /// The latest time that was read.
    now: Instant,
    observer: Option<Observer>,
}

/// Who gathers around a slot for a group.
#[derive(Clone, Copy, Debug, Default)]
struct Bench {
    /// The group that the producers are of, which may have been evicted.
    group: Option<GroupId>,
    producers: usize,
    /// The ring of readers; zero if there is none yet.
    ring: usize,
}

/// What a reader waits for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ring {
    /// A group.
    Track,
    /// The end of the track, its first or its last reader.
    Ends,
    /// A frame or the end of a group.
    Group(GroupId),
}

impl State {
    /// A track with one producer.
    pub(super) fn new(config: TrackConfig, swept: bool) -> Self {
        let mut cache = TrackCache::new(GrowingRoom::new(&config), config.policy());
        cache.seed(RandomState::new().hash_one(0));
        Self {
            cache,
            seats: Seats::new(),
            benches: Vec::new(),
            producers: 1,
            readers: 0,
            ended: None,
            swept,
            now: Instant::from_micros(0),
            observer: config.observer,
        }
    }

    /// The time, which another thread may have read later and been here before.
    #[inline]
    pub(super) fn advance(&mut self, now: Instant) -> Instant {
        self.now = self.now.max(now);
        self.now
    }

    /// Calls who is to look again, and tells the observer what happened.
    #[inline]
    pub(super) fn settle(&mut self) {
        while let Some(wake) = self.cache.poll_wake() {
            match wake {
                Wake::Track => self.seats.call(Seats::TRACK),
                Wake::Group { slot } => self.call_group(slot),
            }
        }
        self.observe();
    }

    /// Tells the observer what happened.
    #[inline]
    pub(super) fn observe(&mut self) {
        if let Some(observer) = &mut self.observer {
            while let Some(event) = self.cache.poll_event() {
                observer(event);
            }
        }
    }

    /// Lets a reader wait, who is given a seat if it has none. What is returned is to be dropped outside
    /// of the lock.
    #[inline]
    #[must_use]
    pub(super) fn park(&mut self, seat: &mut usize, ring: Ring, waker: &Waker) -> Option<Waker> {
        let ring = match ring {
            Ring::Track => Seats::TRACK,
            Ring::Ends => Seats::ENDS,
            Ring::Group(group) => self.ring_of(group),
        };
        if *seat == 0 {
            *seat = self.seats.take();
        }
        self.seats.park(*seat, ring, waker)
    }

    /// One more producer of the track, if it is open.
    pub(super) fn join(&mut self) -> Result<(), TrackError> {
        self.open()?;
        self.producers += 1;
        Ok(())
    }

    /// One more, beside one that there is.
    pub(super) fn join_another(&mut self) {
        self.producers += 1;
    }

    /// One producer fewer; the last one closes the track.
    pub(super) fn part(&mut self) {
        self.producers = self.producers.saturating_sub(1);
        if self.producers == 0 {
            self.cache.close();
            self.ended.get_or_insert(TrackError::Dropped);
            self.seats.call(Seats::ENDS);
        }
    }

    /// One more reader.
    pub(super) fn enter(&mut self) {
        self.readers += 1;
        if self.readers == 1 {
            self.seats.call(Seats::ENDS);
        }
    }

    /// One reader fewer.
    pub(super) fn exit(&mut self) {
        self.readers = self.readers.saturating_sub(1);
        if self.readers == 0 {
            self.seats.call(Seats::ENDS);
        }
    }

    /// Whether anybody reads the track.
    pub(super) fn is_used(&self) -> bool {
        self.readers > 0
    }

    /// Whether there can be more groups.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn open(&self) -> Result<(), TrackError> {
        self.ended.map_or(Ok(()), Err)
    }

    pub(super) fn finish(&mut self) -> Result<(), TrackError> {
        self.seats.call(Seats::ENDS);
        self.cache.finish()
    }

    pub(super) fn finish_at(&mut self, sequence: u64) -> Result<(), TrackError> {
        self.seats.call(Seats::ENDS);
        self.cache.finish_at(sequence)
    }

    pub(super) fn abort(&mut self, error: TrackError) -> Result<(), TrackError> {
        self.cache.abort(error)?;
        self.ended = Some(error);
        self.seats.call(Seats::ENDS);
        Ok(())
    }

    /// Notes the first producer of a group.
    pub(super) fn own(&mut self, group: GroupId) {
        let bench = self.bench(group.slot());
        bench.group = Some(group);
        bench.producers = 1;
    }

    /// One more producer of a group, beside one that there is.
    pub(super) fn join_group(&mut self, group: GroupId) {
        let bench = self.bench(group.slot());
        if bench.group == Some(group) {
            bench.producers += 1;
        }
    }

    /// One producer of a group fewer; the last one gives it up unless it is finished.
    pub(super) fn part_group(&mut self, group: GroupId) {
        let bench = self.bench(group.slot());
        if bench.group != Some(group) {
            return;
        }
        bench.producers -= 1;
        if bench.producers == 0 {
            bench.group = None;
            // An error means that it is finished, or was given up before.
            let _ = self.cache.abort_group(group, TrackError::Dropped);
        }
    }

    /// The only frame of a group, if it is finished.
    #[inline]
    pub(super) fn peek(&self, group: GroupId, frame: &mut Option<Bytes>) {
        *frame = self.cache.only_frame(group).cloned();
    }

    fn bench(&mut self, slot: usize) -> &mut Bench {
        if slot >= self.benches.len() {
            self.benches.resize(slot + 1, Bench::default());
        }
        &mut self.benches[slot]
    }

    fn ring_of(&mut self, group: GroupId) -> usize {
        let ring = self.bench(group.slot()).ring;
        if ring != 0 {
            return ring;
        }
        let ring = self.seats.take();
        self.bench(group.slot()).ring = ring;
        ring
    }

    #[inline]
    fn call_group(&mut self, slot: usize) {
        if let Some(bench) = self.benches.get(slot).filter(|bench| bench.ring != 0) {
            self.seats.call(bench.ring);
        }
    }
}
