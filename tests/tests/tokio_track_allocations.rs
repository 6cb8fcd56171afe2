//! What a track allocates once it has its room: nothing, whoever writes, waits and reads.
#![cfg(not(any(loom, shuttle)))]

use std::{
    alloc::System,
    task::{Context, Waker},
};

use bytes::Bytes;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use streamgauge_tokio::{Config, OriginProducer, Stats, Tier, TrackConfig, TrackProducer};
use tokio::task::yield_now;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const READERS: usize = 50;

/// Allocations of so many rounds, after some to grow in.
async fn allocations(rounds: usize, mut round: impl AsyncFnMut()) -> usize {
    for _ in 0..100 {
        round().await;
    }
    let region = Region::new(ALLOCATOR);
    for _ in 0..rounds {
        round().await;
    }
    let change = region.change();
    change.allocations + change.reallocations
}

/// Tasks that read all groups to their ends.
fn spawn_readers(track: &TrackProducer) {
    for n in 0..READERS {
        let mut reader = track.consume();
        tokio::spawn(async move {
            if n % 2 == 0 {
                while let Ok(Some(_)) = reader.read_frame().await {}
            } else {
                while let Ok(Some(mut group)) = reader.next_group().await {
                    while let Ok(Some(_)) = group.read_frame().await {}
                }
            }
        });
    }
}

#[test]
fn writing_waking_waiting_and_reading_allocate_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(async {
        const PAYLOAD: Bytes = Bytes::from_static(b"payload");
        let track = TrackProducer::new(TrackConfig::new().with_max_groups(30));
        spawn_readers(&track);
        let whole = allocations(1_000, async || {
            track.write_frame(PAYLOAD).unwrap();
            yield_now().await;
            yield_now().await;
        });
        assert_eq!(whole.await, 0, "groups of one frame");
        let growing = allocations(1_000, async || {
            let group = track.append_group().unwrap();
            for _ in 0..3 {
                yield_now().await;
                group.write_frame(PAYLOAD).unwrap();
            }
            group.finish().unwrap();
            yield_now().await;
        });
        assert_eq!(growing.await, 0, "groups that grow");
        let mut reader = track.consume();
        let fetched = allocations(1_000, async || {
            let group = reader.get_group(reader.latest().unwrap()).await;
            assert!(group.is_ok_and(|group| group.is_some()));
        });
        assert_eq!(fetched.await, 0, "groups by sequence");
        let passing = allocations(1_000, async || {
            let mut readers = [track.consume(), track.consume()];
            for reader in &mut readers {
                let cx = &mut Context::from_waker(Waker::noop());
                assert!(reader.poll_finished(cx).is_pending());
            }
        });
        assert_eq!(passing.await, 0, "readers that come, wait and go");
        published_frames().await;
    });
}

/// One for each of the two frames that change, and one for the answer to the flush, as without an origin.
async fn published_frames() {
    let origin = OriginProducer::new();
    let stats = Stats::spawn(Config::new().with_origin(&origin)).unwrap();
    let mut track = stats
        .tier(Tier::External)
        .broadcast("live/one")
        .publisher_track("v");
    let broadcast = origin.consume().broadcast(stats.path()).unwrap();
    let mut reader = broadcast.open_track("publisher.json").unwrap();
    let published = allocations(100, async || {
        track.whole_frame(1_000);
        stats.flush().await;
        assert!(reader.read_frame().await.is_ok_and(|frame| frame.is_some()));
    });
    let published = published.await;
    assert!(published <= 300, "{published} in 100 ticks");
}
