//! Producer and readers in several threads, as executors of other priorities have them.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use streamgauge_embassy::track::{Policy, Track, TrackProducer};
use streamgauge_tests_embassy::Bench;

use crate::track;

type Shared = Track<[u8; 8], 4, 16, 4>;

/// Groups that a writer sends, of four frames each.
const GROUPS: u64 = 5_000;

/// Calls from one thread to another, each answered before the next.
const CALLS: u64 = 50_000;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls the future when it was woken, and never else.
fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Reads all that it can get, and checks that each group comes once, in order, and whole or evicted.
/// Returns how many it got whole.
async fn read(track: &'static Shared) -> u64 {
    let mut reader = track.consumer().unwrap();
    let (mut whole, mut next) = (0, 0);
    while let Some(mut group) = reader.next_group().await.unwrap() {
        let sequence = group.sequence();
        assert!(sequence >= next);
        next = sequence + 1;
        let mut frames = 0;
        while let Ok(Some(frame)) = group.read_frame().await {
            assert_eq!(frame, (sequence * 4 + frames).to_le_bytes());
            frames += 1;
        }
        assert!(frames <= 4);
        whole += u64::from(frames == 4);
    }
    assert_eq!(next, GROUPS, "the newest is never evicted");
    whole
}

#[test]
fn readers_in_other_threads_see_every_newest_group_and_the_end() {
    let _clock = Bench::new();
    let track: &'static Shared = track();
    let mut producer = track.producer(Policy::new()).unwrap();
    thread::scope(|scope| {
        let readers = [(); 4].map(|()| scope.spawn(|| block_on(read(track))));
        block_on(producer.used()).unwrap();
        // All are there, so that each of them sees the end.
        while track.readers() < 4 {
            thread::yield_now();
        }
        for sequence in 0..GROUPS {
            let mut group = producer.append_group().unwrap();
            for frame in 0..4 {
                let payload = (sequence * 4 + frame).to_le_bytes();
                group.write_frame(payload).unwrap();
            }
            group.finish().unwrap();
            thread::yield_now();
        }
        producer.finish().unwrap();
        for reader in readers {
            assert!(reader.join().unwrap() > 0);
        }
        block_on(producer.unused()).unwrap();
    });
}

/// Waits for each call, and answers it.
async fn answer(calls: &'static Shared, answers: TrackProducer<Shared>) {
    let mut calls = calls.consumer().unwrap();
    while let Some(mut group) = calls.next_group().await.unwrap() {
        let call = group.read_frame().await.unwrap().unwrap();
        answers.write_frame(call).unwrap();
    }
}

/// One wake-up that was lost would keep both waiting for ever.
#[test]
fn threads_that_wait_for_each_other_always_go_on() {
    let _clock = Bench::new();
    let (calls, answers): (&'static Shared, &'static Shared) = (track(), track());
    let mut caller = calls.producer(Policy::new()).unwrap();
    let answerer = answers.producer(Policy::new()).unwrap();
    let mut reader = answers.consumer().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| block_on(answer(calls, answerer)));
        block_on(async {
            caller.used().await.unwrap();
            for call in 0..CALLS {
                caller.write_frame(call.to_le_bytes()).unwrap();
                let mut group = reader.next_group().await.unwrap().unwrap();
                let answer = group.read_frame().await.unwrap();
                assert_eq!(answer, Some(call.to_le_bytes()));
            }
            caller.finish().unwrap();
            caller.unused().await.unwrap();
        });
    });
}
