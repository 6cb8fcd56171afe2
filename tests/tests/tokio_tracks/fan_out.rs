//! Many readers of one track.

use bytes::Bytes;
use tokio::task::JoinSet;

use crate::harness::track;

const READERS: usize = 2_000;

#[tokio::test]
async fn thousands_of_readers_are_handed_the_same_bytes() {
    let track = track();
    let mut readers = JoinSet::new();
    for n in 0..READERS {
        let mut reader = track.consume();
        readers.spawn(async move {
            let mut read = Vec::new();
            if n % 2 == 0 {
                while let Some(frame) = reader.read_frame().await.unwrap() {
                    read.push(frame);
                }
            } else {
                while let Some(mut group) = reader.next_group().await.unwrap() {
                    read.push(group.read_frame().await.unwrap().unwrap());
                }
            }
            read
        });
    }
    let payloads: Vec<_> = (0..10_u8).map(|n| Bytes::from(vec![n; 1_000])).collect();
    for payload in &payloads {
        tokio::task::yield_now().await;
        track.write_frame(payload.clone()).unwrap();
    }
    track.finish().unwrap();
    let pointers = |frames: &[Bytes]| {
        frames
            .iter()
            .map(|frame| frame.as_ptr())
            .collect::<Vec<_>>()
    };
    let written = pointers(&payloads);
    for read in readers.join_all().await {
        assert_eq!(pointers(&read), written);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_on_many_threads_miss_nothing() {
    const GROUPS: u64 = 500;
    let track = track();
    let mut readers = JoinSet::new();
    for _ in 0..100 {
        let mut reader = track.consume();
        readers.spawn(async move {
            let mut read = 0;
            while let Some(mut group) = reader.next_group().await.unwrap() {
                let mut frames = 0_u8;
                while let Some(frame) = group.read_frame().await.unwrap() {
                    assert_eq!(frame.as_ref(), [frames]);
                    frames += 1;
                }
                assert_eq!((group.sequence(), frames), (read, 3));
                read += 1;
            }
            read
        });
    }
    for _ in 0..GROUPS {
        let group = track.append_group().unwrap();
        for frame in 0..3_u8 {
            tokio::task::yield_now().await;
            group.write_frame(vec![frame]).unwrap();
        }
        group.finish().unwrap();
    }
    track.finish().unwrap();
    assert!(readers.join_all().await.iter().all(|read| *read == GROUPS));
}
