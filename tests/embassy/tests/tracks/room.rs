//! What a track takes.

use streamgauge_embassy::track::{Policy, Track};
use streamgauge_tests_embassy::Bench;

use crate::now;

type Kept = Track<[u8; 6], 8, 32, 3>;

/// Built at compile time, as a firmware has it.
static KEPT: Kept = Kept::new();

#[test]
fn a_static_is_a_track() {
    let _clock = Bench::new();
    let producer = KEPT.producer(Policy::new()).unwrap();
    let mut reader = KEPT.consumer().unwrap();
    producer.write_frame(*b"static").unwrap();
    let mut group = now(reader.next_group()).unwrap().unwrap();
    assert_eq!(now(group.read_frame()), Ok(Some(*b"static")));
    assert_eq!(sequences_of(&mut reader), 0);
}

fn sequences_of(reader: &mut streamgauge_embassy::track::TrackConsumer<Kept>) -> usize {
    usize::from(!crate::waits(reader.next_group()))
}

#[test]
#[cfg(target_pointer_width = "64")]
fn it_takes_the_memory_that_is_stated() {
    type Bare = Track<[u8; 6], 0, 0, 0, 0>;
    const BARE: usize = size_of::<Bare>();
    assert_eq!(size_of::<Track<[u8; 6], 10, 0, 0, 0>>() - BARE, 10 * 68);
    assert_eq!(size_of::<Track<[u8; 6], 0, 10, 0, 0>>() - BARE, 10 * 12);
    assert_eq!(size_of::<Track<[u8; 6], 0, 0, 10, 0>>() - BARE, 10 * 32);
    assert_eq!(size_of::<Track<[u8; 6], 0, 0, 0, 10>>() - BARE, 10 * 16);
    assert_eq!(BARE, 416);
}
