//! Far more than fits streams through a small cache: its memory stays what it was, and what readers get
//! is what was written.

use std::{
    alloc::System,
    sync::{Arc, Mutex},
};

use bytes::{Bytes, BytesMut};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use streamgauge_tokio::{
    GroupConsumer, TrackConfig, TrackConsumer, TrackError, TrackEvent, TrackProducer,
};
use tokio::task::{self, JoinSet};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const FRAME: usize = 64 << 10;
const FRAMES: u64 = 4;
const BUDGET: usize = 1 << 20;
const READERS: usize = 3;

/// What may be allocated beside the payloads: slots, seats, tasks.
const OVERHEAD: usize = 256 << 10;

/// A frame whose every 64 bytes tell which it is.
fn frame(group: u64, index: u64) -> Bytes {
    let mut line = [0; 64];
    line[..8].copy_from_slice(&group.to_le_bytes());
    line[8..16].copy_from_slice(&index.to_le_bytes());
    let mut payload = BytesMut::with_capacity(FRAME);
    while payload.len() < FRAME {
        payload.extend_from_slice(&line);
    }
    payload.freeze()
}

fn is_frame(payload: &[u8], group: u64, index: u64) -> bool {
    payload.len() == FRAME
        && payload
            .chunks_exact(64)
            .all(|line| line[..8] == group.to_le_bytes() && line[8..16] == index.to_le_bytes())
}

/// Reads a group until it ends or is evicted; the frames that were read, all of them as written.
async fn read_group(mut group: GroupConsumer) -> u64 {
    let mut read = 0;
    loop {
        match group.read_frame().await {
            Ok(Some(payload)) => {
                assert!(is_frame(&payload, group.sequence(), read));
                read += 1;
            }
            Ok(None) => {
                assert_eq!(read, FRAMES, "a finished group is read whole");
                return read;
            }
            Err(TrackError::Evicted) => return read,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Reads what it can of a track, letting others run `pace` times after each group.
async fn read_track(mut track: TrackConsumer, pace: usize) -> u64 {
    let (mut read, mut last) = (0, None);
    while let Some(group) = track.next_group().await.unwrap() {
        assert!(Some(group.sequence()) > last, "each group once, in order");
        last = Some(group.sequence());
        read += read_group(group).await;
        for _ in 0..pace {
            task::yield_now().await;
        }
    }
    read
}

/// Written and evicted bytes.
type Sums = Arc<Mutex<(u64, u64)>>;

fn count(sums: &Sums, event: TrackEvent) {
    let mut sums = sums.lock().unwrap();
    match event {
        TrackEvent::Written(amount) => sums.0 += amount.bytes,
        TrackEvent::Evicted(_, amount) => sums.1 += amount.bytes,
        _ => {}
    }
}

fn allocated(region: &Region<'_, System>) -> isize {
    let change = region.change();
    let kept = change
        .bytes_allocated
        .wrapping_sub(change.bytes_deallocated);
    #[allow(clippy::cast_possible_wrap, reason = "a difference")]
    let kept = kept as isize;
    kept + change.bytes_reallocated
}

async fn stream(total: u64) {
    let region = Region::new(ALLOCATOR);
    let sums = Sums::default();
    let observed = sums.clone();
    let config = TrackConfig::new()
        .with_max_bytes(BUDGET)
        .with_observer(move |event| count(&observed, event));
    let track = TrackProducer::new(config);
    let mut readers = JoinSet::new();
    for pace in [0, 1, 50] {
        readers.spawn(read_track(track.consume(), pace));
    }

    let (mut written, mut most) = (0, 0);
    while written < total {
        let group = track.append_group().unwrap();
        for index in 0..FRAMES {
            group.write_frame(frame(group.sequence(), index)).unwrap();
            written += FRAME as u64;
        }
        group.finish().unwrap();
        most = most.max(allocated(&region));
        task::yield_now().await;
    }
    track.finish().unwrap();

    let read = readers.join_all().await;
    assert!(read.iter().all(|frames| *frames > 0), "{read:?}");
    let (told, evicted) = *sums.lock().unwrap();
    assert_eq!(told, written);
    let cached = told - evicted;
    assert!(cached <= BUDGET as u64 && cached > (BUDGET / 2) as u64);
    let room = BUDGET + (READERS + 1) * FRAME + OVERHEAD;
    assert!(
        most <= room.try_into().unwrap(),
        "{most} bytes, {room} at the most"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_megabytes_stream_through_one() {
    stream(100_000_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long; run with the release profile"]
async fn ten_gigabytes_stream_through_a_megabyte() {
    stream(10_000_000_000).await;
}
