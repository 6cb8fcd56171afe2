//! How the frames of a group are written and read.

use std::task::Poll;

use streamgauge_core::track::{GroupCursor, TrackError};

use crate::harness::{AGE, Track};

type Frame = Poll<Result<Option<&'static str>, TrackError>>;

const END: Frame = Poll::Ready(Ok(None));

const fn frame(word: &'static str) -> Frame {
    Poll::Ready(Ok(Some(word)))
}

#[test]
fn frames_are_read_in_order_to_the_end() {
    let mut track = Track::new();
    let group = track.append().unwrap();
    track.write(group, "frame0").unwrap();
    track.write(group, "frame1").unwrap();
    track.cache.finish_group(group).unwrap();
    let mut cursor = GroupCursor::new(group);
    assert_eq!(track.frame(&mut cursor), frame("frame0"));
    assert_eq!(track.frame(&mut cursor), frame("frame1"));
    assert_eq!(track.frame(&mut cursor), END);
    assert_eq!(track.frame(&mut cursor), END);
    assert_eq!((cursor.group(), cursor.frames_read()), (group, 2));
}

#[test]
fn a_partial_group_is_read_as_it_grows() {
    let mut track = Track::new();
    let group = track.append().unwrap();
    let mut cursor = GroupCursor::new(group);
    assert!(track.frame(&mut cursor).is_pending());
    for word in ["a", "b", "c"] {
        track.write(group, word).unwrap();
        assert_eq!(track.frame(&mut cursor), frame(word));
        assert!(track.frame(&mut cursor).is_pending());
    }
    track.cache.finish_group(group).unwrap();
    assert_eq!(track.frame(&mut cursor), END);
}

#[test]
fn groups_grow_side_by_side() {
    let mut track = Track::new();
    let (one, two) = (track.append().unwrap(), track.append().unwrap());
    for words in [["a", "x"], ["b", "y"], ["c", "z"]] {
        track.write(one, words[0]).unwrap();
        track.write(two, words[1]).unwrap();
    }
    for (group, words) in [(one, ["a", "b", "c"]), (two, ["x", "y", "z"])] {
        let mut cursor = GroupCursor::new(group);
        for word in words {
            assert_eq!(track.frame(&mut cursor), frame(word));
        }
    }
}

#[test]
fn a_group_gives_its_only_frame_once_it_is_finished_and_until_it_is_evicted() {
    let mut track = Track::new();
    let (one, two) = (track.append().unwrap(), track.append().unwrap());
    assert_eq!(track.cache.only_frame(one), None, "none yet");
    track.write(one, "only").unwrap();
    assert_eq!(track.cache.only_frame(one), None, "it may grow");
    track.cache.finish_group(one).unwrap();
    assert_eq!(track.cache.only_frame(one), Some(&"only"));
    track.write(two, "first").unwrap();
    track.write(two, "second").unwrap();
    track.cache.finish_group(two).unwrap();
    assert_eq!(track.cache.only_frame(two), None, "it has two");
    track.sleep(AGE);
    track.append().unwrap();
    assert_eq!(track.cache.only_frame(one), None, "it was evicted");
}

#[test]
fn a_finished_group_without_frames_ends_at_once() {
    let mut track = Track::new();
    let group = track.append().unwrap();
    track.cache.finish_group(group).unwrap();
    assert_eq!(track.frame(&mut GroupCursor::new(group)), END);
}

#[test]
fn a_finished_group_stays_as_it_is() {
    let mut track = Track::new();
    let group = track.append().unwrap();
    track.cache.finish_group(group).unwrap();
    assert_eq!(track.cache.finish_group(group), Ok(()));
    assert_eq!(track.write(group, "more"), Err(TrackError::Closed));
    let aborted = track.cache.abort_group(group, TrackError::Aborted(1));
    assert_eq!(aborted, Err(TrackError::Closed));
    assert_eq!(track.frame(&mut GroupCursor::new(group)), END);
}

#[test]
fn an_aborted_group_gives_what_it_has_and_then_the_error() {
    let mut track = Track::new();
    let group = track.append().unwrap();
    track.write(group, "half").unwrap();
    track
        .cache
        .abort_group(group, TrackError::Aborted(9))
        .unwrap();
    let mut cursor = GroupCursor::new(group);
    assert_eq!(track.frame(&mut cursor), frame("half"));
    let aborted = Poll::Ready(Err(TrackError::Aborted(9)));
    assert_eq!(track.frame(&mut cursor), aborted);
    assert_eq!(track.frame(&mut cursor), aborted);
    assert_eq!(track.write(group, "more"), Err(TrackError::Aborted(9)));
    let finished = track.cache.finish_group(group);
    assert_eq!(finished, Err(TrackError::Aborted(9)));
}

#[test]
fn an_aborted_track_aborts_what_is_not_finished() {
    let mut track = Track::new();
    let finished = track.write_frame("whole").unwrap();
    let open = track.append().unwrap();
    track.write(open, "half").unwrap();
    let given_up = track.append().unwrap();
    let own = TrackError::Aborted(1);
    track.cache.abort_group(given_up, own).unwrap();
    track.cache.abort(TrackError::Aborted(2)).unwrap();

    let mut cursor = GroupCursor::new(finished);
    assert_eq!(track.frame(&mut cursor), frame("whole"));
    assert_eq!(track.frame(&mut cursor), END);
    let mut cursor = GroupCursor::new(open);
    assert_eq!(track.frame(&mut cursor), frame("half"));
    let aborted = Poll::Ready(Err(TrackError::Aborted(2)));
    assert_eq!(track.frame(&mut cursor), aborted);
    let mut cursor = GroupCursor::new(given_up);
    assert_eq!(track.frame(&mut cursor), Poll::Ready(Err(own)));
}

#[test]
fn a_copied_reader_goes_on_from_the_same_place() {
    let mut track = Track::new();
    let group = track.append().unwrap();
    track.write(group, "a").unwrap();
    let mut first = GroupCursor::new(group);
    assert_eq!(track.frame(&mut first), frame("a"));
    let mut copy = first;
    track.write(group, "b").unwrap();
    track.cache.finish_group(group).unwrap();
    for cursor in [&mut copy, &mut first] {
        assert_eq!(track.frame(cursor), frame("b"));
        assert_eq!(track.frame(cursor), END);
    }
}

#[test]
fn a_group_says_how_many_frames_it_has() {
    let mut track = Track::new();
    let group = track.append().unwrap();
    assert_eq!(track.cache.frame_count(group), Some(0));
    track.write(group, "a").unwrap();
    track.write(group, "b").unwrap();
    assert_eq!(track.cache.frame_count(group), Some(2));
    assert!(track.cache.poll_group_finished(group).is_pending());
    track.cache.finish_group(group).unwrap();
    let finished = track.cache.poll_group_finished(group);
    assert_eq!(finished, Poll::Ready(Ok(2)));
}

/// A finished group of one frame, evicted after a reader was told so much of it.
fn evicted_after(told: usize) -> (Track, GroupCursor) {
    let mut track = Track::new();
    let group = track.write_frame("whole").unwrap();
    let mut cursor = GroupCursor::new(group);
    for _ in 0..told {
        assert!(track.frame(&mut cursor).is_ready());
    }
    track.append().unwrap();
    track.sleep(AGE);
    track.handle_timeout();
    (track, cursor)
}

#[test]
fn an_evicted_group_is_read_no_further() {
    let (track, mut cursor) = evicted_after(0);
    let evicted = Poll::Ready(Err(TrackError::Evicted));
    assert_eq!(track.frame(&mut cursor), evicted);
}

#[test]
fn who_has_read_all_of_a_finished_group_gets_its_end_after_it_was_evicted() {
    for told in [1, 2] {
        let (track, mut cursor) = evicted_after(told);
        assert_eq!(track.frame(&mut cursor), END);
    }
}

#[test]
fn who_was_told_the_end_is_told_it_again_after_an_eviction() {
    let mut track = Track::new();
    let (empty, grown) = (track.append().unwrap(), track.append().unwrap());
    track.write(grown, "a").unwrap();
    let mut cursors = [GroupCursor::new(empty), GroupCursor::new(grown)];
    assert_eq!(track.frame(&mut cursors[1]), frame("a"));
    for (group, cursor) in [empty, grown].into_iter().zip(&mut cursors) {
        assert!(track.frame(cursor).is_pending());
        track.cache.finish_group(group).unwrap();
        assert_eq!(track.frame(cursor), END);
    }
    track.append().unwrap();
    track.sleep(AGE);
    track.handle_timeout();
    assert_eq!(track.cache.groups(), 1);
    for cursor in &mut cursors {
        assert_eq!(track.frame(cursor), END);
    }
}
