//! Who has a seat, and who is woken in it.

use std::{
    cell::Cell,
    pin::pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Wake, Waker},
};

use streamgauge_embassy::track::{NoSeat, Policy, Track};
use streamgauge_tests_embassy::Bench;

use crate::{Record, follow, now, open, sequences, track};

#[test]
fn one_reader_more_than_seats_is_told_so() {
    let _clock = Bench::new();
    let (track, producer) = open();
    let mut readers: Vec<_> = (0..3).map(|_| track.consumer().unwrap()).collect();
    for _ in 0..100 {
        assert_eq!(track.consumer().err(), Some(NoSeat { readers: 3 }));
    }
    let text = NoSeat { readers: 3 }.to_string();
    assert!(text.contains("all 3 readers"), "{text}");
    producer.write_frame(b"x").unwrap();
    assert_eq!(sequences(&mut readers[1]), [0], "the others read on");
}

#[test]
fn a_seat_is_free_again_when_its_reader_drops() {
    let _clock = Bench::new();
    let (track, producer) = open();
    producer.write_frame(b"x").unwrap();
    let kept = track.consumer().unwrap();
    for _ in 0..100 {
        let mut readers = [(); 2].map(|()| track.consumer().unwrap());
        assert_eq!(track.readers(), 3);
        for reader in &mut readers {
            assert_eq!(sequences(reader), [0], "each from the start");
        }
    }
    drop(kept);
    assert_eq!(track.readers(), 0);
}

#[test]
fn every_reader_gets_every_frame_once() {
    const READERS: usize = 50;
    type Wide = Track<&'static [u8], 4, 8, READERS>;
    let mut bench = Bench::new();
    let track: &'static Wide = track();
    let producer = track.producer(Policy::new()).unwrap();
    let seen = [(); READERS].map(|()| Rc::new(Cell::new(0)));
    for seen in seen.clone() {
        let mut reader = track.consumer().unwrap();
        bench.spawn(async move {
            while let Some(mut group) = reader.next_group().await.unwrap() {
                assert_eq!(group.sequence(), seen.get());
                while group.read_frame().await.unwrap().is_some() {
                    seen.set(seen.get() + 1);
                }
            }
        });
    }
    bench.settle();
    for round in 1..=100 {
        producer.write_frame(b"x").unwrap();
        bench.settle();
        assert!(seen.iter().all(|seen| seen.get() == round));
    }
}

/// Counts how often a task is woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn readers_are_woken_for_what_they_wait_for_alone() {
    let _clock = Bench::new();
    let (track, producer) = open();
    let mut groups = [0, 1].map(|_| producer.append_group().unwrap());
    let [mut of_first, mut of_second, mut of_track] = [(); 3].map(|()| track.consumer().unwrap());
    of_track.start_at(2);
    let mut first = now(of_first.get_group(0)).unwrap().unwrap();
    let mut second = now(of_second.get_group(1)).unwrap().unwrap();
    let counts = [(); 3].map(|()| Arc::new(Count::default()));
    let wakers = counts.clone().map(Waker::from);
    let woken = || {
        counts
            .clone()
            .map(|count| count.0.swap(0, Ordering::SeqCst))
    };
    let (mut a, mut b) = (pin!(first.read_frame()), pin!(second.read_frame()));
    let mut c = pin!(of_track.next_group());
    let mut park = || {
        let mut contexts = wakers.each_ref().map(Context::from_waker);
        (
            a.as_mut().poll(&mut contexts[0]).is_pending(),
            b.as_mut().poll(&mut contexts[1]).is_pending(),
            c.as_mut().poll(&mut contexts[2]).is_pending(),
        )
    };
    assert_eq!(park(), (true, true, true));
    groups[1].write_frame(b"x").unwrap();
    assert_eq!(woken(), [0, 1, 0]);
    groups[1].write_frame(b"y").unwrap();
    assert_eq!(
        woken(),
        [0, 0, 0],
        "woken once for what it has not looked at"
    );
    let [first, second] = groups;
    drop(first);
    assert_eq!(woken(), [1, 0, 0]);
    drop(second);
    let _third = producer.append_group().unwrap();
    assert_eq!(woken(), [0, 0, 1]);
}

#[test]
fn a_reader_may_move_to_another_task() {
    let mut bench = Bench::new();
    let (track, producer) = open();
    let mut reader = track.consumer().unwrap();
    assert!(crate::waits(reader.next_group()));
    let record = Record::default();
    bench.spawn(follow(reader, record.clone()));
    bench.settle();
    producer.write_frame(b"x").unwrap();
    bench.settle();
    assert_eq!(record.borrow().frames.len(), 1);
}
