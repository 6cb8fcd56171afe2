//! One producer with parked readers, all of which read what it appends.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use tokio::{
    runtime::Runtime,
    sync::{Notify, broadcast},
};

use super::{ROUNDS, SEED, advance_part, payload, seed};
use crate::{
    harness::{Report, Sample, sample},
    ours,
};

/// What so many of the last rounds appended is live.
const LIVE: usize = 10;

/// One append, and each of so many tasks wakes, reads the group to its end, and parks again; all on
/// one thread.
pub(crate) fn fan_out(report: &mut Report, readers: usize) {
    let mut seed = seed_fan(readers);
    let mut broadcast = broadcast_fan(readers);
    let mut ours = our_fan(readers);
    let mut ours = || ours.sample();
    report.compare_rounds(ROUNDS, SEED, &mut || seed.sample(), &mut ours);
    let mut broadcast = || broadcast.sample();
    report.compare_rounds(ROUNDS, "tokio broadcast", &mut broadcast, &mut ours);
}

/// The same, but our readers ask the track for frames, as they may where a group has one.
pub(crate) fn fan_out_frames(report: &mut Report, readers: usize) {
    let (mut seed, mut ours) = (seed_fan(readers), our_frames(readers));
    report.compare_rounds(ROUNDS, SEED, &mut || seed.sample(), &mut || ours.sample());
}

fn seed_fan(readers: usize) -> FanOut<impl FnMut(Bytes)> {
    FanOut::new(readers, |round| {
        let mut track = seed();
        for _ in 0..readers {
            let (mut reader, round) = (track.consume(), round.clone());
            tokio::spawn(async move {
                while let Ok(Some(mut group)) = reader.next_group().await {
                    while let Ok(Some(_)) = group.read_frame().await {}
                    round.arrive();
                }
            });
        }
        move |frame| assert!(track.write_frame(frame).is_ok())
    })
}

fn our_fan(readers: usize) -> FanOut<impl FnMut(Bytes)> {
    FanOut::new(readers, |round| {
        let track = super::ours();
        for _ in 0..readers {
            let (mut reader, round) = (track.consume(), round.clone());
            tokio::spawn(async move {
                while let Ok(Some(mut group)) = reader.next_group().await {
                    while let Ok(Some(_)) = group.read_frame().await {}
                    round.arrive();
                }
            });
        }
        move |frame| assert!(track.write_frame(frame).is_ok())
    })
}

fn our_frames(readers: usize) -> FanOut<impl FnMut(Bytes)> {
    FanOut::new(readers, |round| {
        let track = super::ours();
        for _ in 0..readers {
            let (mut reader, round) = (track.consume(), round.clone());
            tokio::spawn(async move {
                while let Ok(Some(_)) = reader.read_frame().await {
                    round.arrive();
                }
            });
        }
        move |frame| assert!(track.write_frame(frame).is_ok())
    })
}

/// Payloads alone, without groups and without a cache.
fn broadcast_fan(readers: usize) -> FanOut<impl FnMut(Bytes)> {
    FanOut::new(readers, |round| {
        let (sender, _) = broadcast::channel(16);
        for _ in 0..readers {
            let (mut reader, round) = (sender.subscribe(), round.clone());
            tokio::spawn(async move {
                while reader.recv().await.is_ok() {
                    round.arrive();
                }
            });
        }
        move |frame| assert!(sender.send(frame).is_ok())
    })
}

/// A runtime with reader tasks, and what wakes them.
struct FanOut<W> {
    runtime: Runtime,
    readers: usize,
    round: Arc<Round>,
    frame: Bytes,
    write: W,
}

impl<W: FnMut(Bytes)> FanOut<W> {
    /// `open` spawns the readers.
    fn new(readers: usize, open: impl FnOnce(&Arc<Round>) -> W) -> Self {
        let (runtime, round) = (ours::runtime(), Arc::default());
        let entered = runtime.enter();
        let write = open(&round);
        drop(entered);
        Self {
            runtime,
            readers,
            round,
            frame: payload(),
            write,
        }
    }

    fn sample(&mut self) -> Sample {
        let _entered = self.runtime.enter();
        advance_part(LIVE);
        let appends = 4_000 / (self.readers + 10);
        // The other side's readers have had the processor's caches.
        self.appends(1);
        sample(1, |_| self.appends(appends)).over(appends)
    }

    fn appends(&mut self, appends: usize) {
        self.runtime.block_on(async {
            for _ in 0..appends {
                self.round.begin(self.readers);
                (self.write)(self.frame.clone());
                self.round.done.notified().await;
            }
        });
    }
}

/// How many readers have yet to read, so that the writer knows when all have. All run on one thread,
/// so that no read-modify-write is needed.
#[derive(Default)]
struct Round {
    left: AtomicUsize,
    done: Notify,
}

impl Round {
    fn begin(&self, readers: usize) {
        self.left.store(readers, Ordering::Relaxed);
    }

    /// One reader has read.
    fn arrive(&self) {
        let left = self.left.load(Ordering::Relaxed) - 1;
        self.left.store(left, Ordering::Relaxed);
        if left == 0 {
            self.done.notify_one();
        }
    }
}
