//! Producer and readers in several threads, as executors of other priorities have them.

use std::thread;

use embassy_futures::block_on;
use streamgauge_embassy::track::{Policy, Track};
use streamgauge_tests_embassy::Bench;

use crate::track;

type Shared = Track<[u8; 8], 4, 16, 4>;

/// Groups that a writer sends, of four frames each.
const GROUPS: u64 = 5_000;

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
