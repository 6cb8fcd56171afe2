//! What was evicted: it is said at once, and it never comes back.

use std::{collections::BTreeSet, task::Poll};

use streamgauge_core::track::{Fetch, GroupCursor, Policy, TrackCursor, TrackError};

use crate::harness::{AGE, Track, error, group, room};

/// A track with the newest group only.
fn evicted(sequences: &[u64]) -> Track {
    let mut track = Track::of(sequences);
    track.sleep(AGE);
    track.handle_timeout();
    track
}

#[test]
fn an_evicted_group_is_not_waited_for() {
    let mut track = evicted(&[0, 1, 2]);
    assert_eq!(track.get(0), error(TrackError::Evicted));
    assert_eq!(track.get(1), error(TrackError::Evicted));
    assert_eq!(track.get(2), group(2));
}

#[test]
fn an_evicted_group_is_not_created_again() {
    let mut track = evicted(&[0, 1, 2]);
    assert_eq!(track.create(0), Err(TrackError::Evicted));
    assert_eq!(track.create(1), Err(TrackError::Evicted));
    assert_eq!(track.cached(), [2]);
}

#[test]
fn an_evicted_group_is_not_created_again_however_old() {
    let mut track = Track::in_room(room(4, 4, 1), Policy::new());
    for sequence in 0..10_000 {
        track.create(sequence * 3).unwrap();
    }
    for sequence in 0..9_996 {
        assert_eq!(track.create(sequence * 3), Err(TrackError::Evicted));
        assert_eq!(track.get(sequence * 3), error(TrackError::Evicted));
    }
}

#[test]
fn what_was_missing_when_others_were_evicted_may_still_come() {
    let mut track = evicted(&[0, 2, 4, 9]);
    for sequence in [1, 3, 5] {
        assert!(track.get(sequence).is_pending());
        assert!(track.create(sequence).is_ok());
    }
    assert_eq!(track.cached(), [9, 1, 3, 5]);
}

#[test]
fn the_lowest_gap_closes_where_gaps_are_too_many_to_remember() {
    let mut track = Track::in_room(room(8, 8, 2), Policy::new());
    for sequence in [0, 2, 4, 6, 9] {
        track.create(sequence).unwrap();
    }
    let mut wait = Fetch::new(1);
    assert!(track.cache.poll_get_group(&mut wait).is_pending());
    track.wakes();
    track.sleep(AGE);
    track.handle_timeout();
    assert_eq!(track.wakes().len(), 5, "four groups, and who waits for one");
    assert_eq!(
        track.cache.poll_get_group(&mut wait),
        Poll::Ready(Err(TrackError::Evicted))
    );
    assert_eq!(track.create(3), Err(TrackError::Evicted));
    assert!(track.create(5).is_ok(), "two stretches: 0 to 4, and 6");
    assert!(track.create(7).is_ok());
}

/// A track with the newest group only, that remembers so many stretches; the others were evicted in
/// this order.
fn remembering(stretches: usize, sequences: &[u64]) -> Track {
    let mut track = Track::in_room(room(64, 1, stretches), Policy::new());
    track.create(100).unwrap();
    for &sequence in sequences {
        track.create(sequence).unwrap();
    }
    track.sleep(AGE);
    track.handle_timeout();
    assert_eq!(track.cached(), [100]);
    track
}

/// Which of the sequences below 20 cannot come.
fn cannot_come(track: &mut Track) -> Vec<u64> {
    let evicted = error(TrackError::Evicted);
    (0..20)
        .filter(|&sequence| track.get(sequence) == evicted)
        .collect()
}

#[test]
fn evictions_next_to_each_other_take_one_stretch_in_any_order() {
    for sequences in [
        [3, 4, 5, 6, 0],
        [6, 5, 4, 3, 0],
        [3, 5, 4, 6, 0],
        [0, 6, 5, 3, 4],
    ] {
        let mut track = remembering(3, &sequences);
        assert_eq!(cannot_come(&mut track), [0, 3, 4, 5, 6], "{sequences:?}");
    }
}

#[test]
fn no_gap_but_the_lowest_closes() {
    for (sequences, expected) in [
        ([0, 4, 8, 12], [0, 1, 2, 3, 4, 8, 12]),
        ([12, 8, 4, 0], [0, 1, 2, 3, 4, 8, 12]),
        ([0, 8, 12, 4], [0, 1, 2, 3, 4, 8, 12]),
        ([4, 8, 12, 0], [0, 1, 2, 3, 4, 8, 12]),
        ([0, 4, 12, 8], [0, 1, 2, 3, 4, 8, 12]),
    ] {
        let mut track = remembering(3, &sequences);
        assert_eq!(cannot_come(&mut track), expected, "{sequences:?}");
    }
}

#[test]
fn all_between_the_lowest_and_the_highest_is_gone_where_one_stretch_is_remembered() {
    for sequences in [[5, 2, 9], [9, 5, 2], [2, 9, 5]] {
        let mut track = remembering(1, &sequences);
        let expected: Vec<_> = (2..=9).collect();
        assert_eq!(cannot_come(&mut track), expected, "{sequences:?}");
    }
}

#[test]
fn a_group_in_a_gap_that_closes_around_it_stays_and_goes_once() {
    let mut track = Track::in_room(room(4, 4, 1), Policy::new().with_max_groups(3));
    for sequence in [0, 4, 2, 9, 10] {
        track.create(sequence).unwrap();
    }
    assert_eq!(track.cached(), [2, 9, 10], "0 and 4 went, and all between");
    assert_eq!(track.get(2), group(2));
    assert_eq!(track.create(2), Err(TrackError::Duplicate));
    track.append().unwrap();
    assert_eq!(track.get(2), error(TrackError::Evicted));
    assert_eq!(track.create(2), Err(TrackError::Evicted));
}

#[test]
fn nobody_is_delivered_a_sequence_twice() {
    let mut track = Track::in_room(room(3, 3, 2), Policy::new());
    let (mut cursor, mut got) = (TrackCursor::new(), BTreeSet::new());
    for step in 0..2_000u64 {
        let _ = track.create(step / 7 + step * 5 % 11);
        while let Poll::Ready(Ok(Some(sequence))) = track.next(&mut cursor) {
            assert!(got.insert(sequence), "{sequence} came twice");
        }
    }
    assert!(got.len() > 200);
}

#[test]
fn the_first_and_the_last_sequence_are_remembered_too() {
    let mut track = Track::in_room(room(8, 8, 4), Policy::new().with_max_groups(1));
    for sequence in [0, 1, u64::MAX - 1] {
        track.create(sequence).unwrap();
    }
    assert_eq!(track.create(0), Err(TrackError::Evicted));
    track.create(u64::MAX).unwrap();
    assert_eq!(track.create(u64::MAX - 1), Err(TrackError::Evicted));
    assert_eq!(track.create(u64::MAX), Err(TrackError::Duplicate));
    assert_eq!(track.create(2), Err(TrackError::Full), "it may come");
}

#[test]
fn a_reader_inside_an_evicted_unfinished_group_is_told() {
    let mut track = Track::new();
    let first = track.append().unwrap();
    track.write(first, "one").unwrap();
    let mut cursor = GroupCursor::new(first);
    assert_eq!(track.frame(&mut cursor), Poll::Ready(Ok(Some("one"))));
    assert!(track.frame(&mut cursor).is_pending());
    track.append().unwrap();
    track.sleep(AGE);
    track.handle_timeout();
    let evicted = Poll::Ready(Err(TrackError::Evicted));
    assert_eq!(track.frame(&mut cursor), evicted);
    assert_eq!(track.frame(&mut cursor), evicted);
    assert_eq!(track.write(first, "two"), Err(TrackError::Evicted));
    assert_eq!(track.cache.finish_group(first), Err(TrackError::Evicted));
    let aborted = track.cache.abort_group(first, TrackError::Dropped);
    assert_eq!(aborted, Err(TrackError::Evicted));
    let finished = track.cache.poll_group_finished(first);
    assert_eq!(finished, Poll::Ready(Err(TrackError::Evicted)));
}
