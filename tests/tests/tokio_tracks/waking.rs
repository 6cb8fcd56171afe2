//! Who is woken, and how often.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Wake, Waker},
};

use streamgauge_tokio::{Fetch, TrackConfig, TrackProducer};

use crate::harness::{Task, next, next_group, now, poll_once, track};

#[test]
fn a_group_wakes_each_waiting_reader_once() {
    let track = track();
    let task = Task::new();
    let mut readers: Vec<_> = (0..100).map(|_| track.consume()).collect();
    for reader in &mut readers {
        assert!(task.poll(reader.next_group()).is_pending());
    }
    track.write_frame("a").unwrap();
    assert_eq!(task.wakes(), 100);
    track.write_frame("b").unwrap();
    assert_eq!(task.wakes(), 0, "nobody waits");
    assert!(readers.iter_mut().all(|reader| next(reader) == 0));
}

#[test]
fn a_frame_wakes_the_readers_of_its_group_only() {
    let track = track();
    let (one, two) = (track.append_group().unwrap(), track.append_group().unwrap());
    let tasks = [Task::new(), Task::new(), Task::new()];
    let (mut first, mut second) = (one.consume(), two.consume());
    let mut reader = track.consume();
    next(&mut reader);
    next(&mut reader);
    assert!(tasks[0].poll(first.read_frame()).is_pending());
    assert!(tasks[1].poll(second.read_frame()).is_pending());
    assert!(tasks[2].poll(reader.next_group()).is_pending());
    let wakes = || tasks.each_ref().map(|task| task.wakes());
    one.write_frame("a").unwrap();
    assert_eq!(wakes(), [1, 0, 0]);
    two.finish().unwrap();
    assert_eq!(wakes(), [0, 1, 0]);
    track.append_group().unwrap();
    assert_eq!(wakes(), [0, 0, 1]);
}

#[test]
fn eviction_wakes_who_reads_the_group() {
    let track = TrackProducer::new(TrackConfig::new().with_max_groups(1));
    let task = Task::new();
    let mut reader = track.append_group().unwrap().consume();
    let group = track.append_group().unwrap();
    let mut other = group.consume();
    assert!(task.poll(other.read_frame()).is_pending());
    assert!(task.poll(reader.read_frame()).is_ready(), "evicted already");
    track.append_group().unwrap();
    assert_eq!(task.wakes(), 1);
}

#[test]
fn who_waits_for_the_end_is_not_woken_by_groups() {
    let track = track();
    let task = Task::new();
    let mut reader = track.consume();
    assert!(task.poll(reader.finished()).is_pending());
    track.write_frame("a").unwrap();
    assert_eq!(task.wakes(), 0);
    track.finish().unwrap();
    assert_eq!(task.wakes(), 1);
    assert_eq!(now(reader.finished()), Ok(1));
}

#[test]
fn a_reader_of_a_frame_that_is_to_come_is_woken_by_it() {
    let track = track();
    let task = Task::new();
    let mut reader = track.consume();
    let group = track.append_group().unwrap();
    assert!(task.poll(reader.read_frame()).is_pending());
    group.write_frame("a").unwrap();
    assert_eq!(task.wakes(), 1);
    assert_eq!(now(reader.read_frame()).unwrap().unwrap(), "a");
}

#[test]
fn the_task_that_polled_last_is_the_one_that_is_woken() {
    let track = track();
    let (before, after) = (Task::new(), Task::new());
    let mut reader = track.consume();
    assert!(before.poll(reader.next_group()).is_pending());
    assert!(after.poll(reader.next_group()).is_pending());
    track.write_frame("a").unwrap();
    assert_eq!((before.wakes(), after.wakes()), (0, 1));
}

#[test]
fn a_reader_waits_for_one_thing_at_a_time() {
    let track = track();
    let (groups, end) = (Task::new(), Task::new());
    let mut reader = track.consume();
    assert!(groups.poll(reader.next_group()).is_pending());
    assert!(end.poll(reader.closed()).is_pending());
    track.write_frame("a").unwrap();
    assert_eq!((groups.wakes(), end.wakes()), (0, 0));
    track.finish().unwrap();
    assert_eq!((groups.wakes(), end.wakes()), (0, 1));
}

#[test]
fn a_dropped_reader_is_forgotten() {
    let track = track();
    let task = Task::new();
    let held = Arc::strong_count(&task);
    let mut readers: Vec<_> = (0..9).map(|_| track.consume()).collect();
    for reader in &mut readers {
        assert!(task.poll(reader.next_group()).is_pending());
    }
    assert_eq!(Arc::strong_count(&task), held + 9);
    // From the middle, the front and the back.
    for at in [4, 0, 6] {
        drop(readers.remove(at));
    }
    assert_eq!(Arc::strong_count(&task), held + 6);
    track.write_frame("a").unwrap();
    assert_eq!(task.wakes(), 6);
    assert_eq!(Arc::strong_count(&task), held);
}

#[test]
fn a_freed_seat_is_taken_again_by_who_waits_next() {
    let track = track();
    let task = Task::new();
    for round in 0..1_000 {
        let mut reader = track.consume();
        reader.start_at(round);
        assert!(task.poll(reader.next_group()).is_pending());
        let mut other = track.consume();
        other.start_at(round);
        assert!(task.poll(other.next_group()).is_pending());
        drop(reader);
        track.write_frame("a").unwrap();
        assert_eq!(task.wakes(), 1);
        assert_eq!(next(&mut other), round);
    }
}

/// A task that keeps a future itself, so that the future drops with the last waker.
struct Owner(#[expect(dead_code, reason = "held to be dropped")] Mutex<Option<Held>>);

type Held = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Wake for Owner {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_task_that_ends_with_its_last_waker_may_hold_a_reader_of_the_same_track() {
    let track = track();
    let mut reader = track.consume();
    let mut inner = track.consume();
    assert!(poll_once(inner.next_group()).is_pending());
    let future: Held = Box::pin(async move { drop(inner) });
    let waker = Waker::from(Arc::new(Owner(Mutex::new(Some(future)))));
    let mut fetch = Fetch::new(5);
    let polled = reader.poll_get_group(&mut Context::from_waker(&waker), &mut fetch);
    assert!(polled.is_pending());
    drop(waker);
    // The seat held the last waker: whoever takes its place drops it, and with it a reader.
    assert!(poll_once(reader.next_group()).is_pending());
    drop(reader);
    assert_eq!(now(track.unused()), Ok(()));
}

#[test]
fn a_whole_group_is_read_without_waiting() {
    let track = track();
    track.write_frame("a").unwrap();
    let mut group = next_group(&mut track.consume());
    let task = Task::new();
    assert!(task.poll(group.read_frame()).is_ready());
    assert!(task.poll(group.read_frame()).is_ready());
    assert_eq!(Arc::strong_count(&task), 1);
}
