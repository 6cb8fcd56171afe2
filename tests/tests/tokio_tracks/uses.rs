//! Waiting for the first and the last reader.

use streamgauge_tokio::TrackError;

use crate::harness::{Task, error, now, poll_once, track};

#[test]
fn a_track_is_used_while_there_is_a_reader() {
    let track = track();
    assert_eq!(now(track.unused()), Ok(()));
    assert!(poll_once(track.used()).is_pending());
    let reader = track.consume();
    assert_eq!(now(track.used()), Ok(()));
    assert!(poll_once(track.unused()).is_pending());
    let clone = reader.clone();
    drop(reader);
    assert!(poll_once(track.unused()).is_pending());
    drop(clone);
    assert_eq!(now(track.unused()), Ok(()));
}

#[test]
fn who_waits_is_woken_by_the_first_and_the_last_reader_only() {
    let track = track();
    let task = Task::new();
    let mut used = Box::pin(track.used());
    assert!(task.poll(&mut used).is_pending());
    let one = track.consume();
    assert_eq!(task.wakes(), 1);
    assert_eq!(now(&mut used), Ok(()));
    let mut unused = Box::pin(track.unused());
    assert!(task.poll(&mut unused).is_pending());
    let two = track.consume();
    drop(one);
    track.write_frame("a").unwrap();
    assert_eq!(task.wakes(), 0);
    drop(two);
    assert_eq!(task.wakes(), 1);
    assert_eq!(now(&mut unused), Ok(()));
}

#[test]
fn any_number_may_wait() {
    let track = track();
    let task = Task::new();
    let mut waiting: Vec<_> = (0..100).map(|_| Box::pin(track.used())).collect();
    for used in &mut waiting {
        assert!(task.poll(used).is_pending());
    }
    waiting.truncate(60);
    let _reader = track.consume();
    assert_eq!(task.wakes(), 60, "those that gave up are forgotten");
}

#[test]
fn the_wait_ends_with_the_track() {
    let track = track();
    let weak = track.weak();
    let reader = weak.consume();
    let task = Task::new();
    let mut unused = Box::pin(weak.unused());
    assert!(task.poll(&mut unused).is_pending());
    drop(track);
    assert_eq!(task.wakes(), 1);
    assert_eq!(error(task.poll(&mut unused)), TrackError::Dropped);
    drop(reader);

    let track = self::track();
    let mut used = Box::pin(track.used());
    assert!(task.poll(&mut used).is_pending());
    track.finish().unwrap();
    assert!(
        task.poll(&mut used).is_pending(),
        "a finished track has readers yet"
    );
    track.abort(TrackError::Aborted(1)).unwrap();
    assert_eq!(error(task.poll(&mut used)), TrackError::Aborted(1));
}
