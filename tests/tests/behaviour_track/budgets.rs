//! How many groups, frames and bytes there may be.

use std::task::Poll;

use streamgauge_core::track::{Amount, GroupCursor, Policy, Reason, TrackError, TrackEvent};

use crate::harness::{Track, room};

fn evicted(track: &mut Track) -> Vec<(Reason, Amount)> {
    let events = track.events().into_iter();
    let evicted = events.filter_map(|event| match event {
        TrackEvent::Evicted(reason, amount) => Some((reason, amount)),
        _ => None,
    });
    evicted.collect()
}

fn amount(groups: u64, frames: u64, bytes: u64) -> Amount {
    Amount {
        groups,
        frames,
        bytes,
    }
}

#[test]
fn as_many_groups_stay_as_the_policy_allows() {
    let mut track = Track::with(Policy::new().with_max_groups(3));
    for _ in 0..10 {
        track.append().unwrap();
    }
    assert_eq!(track.cached(), [7, 8, 9]);
    assert_eq!(evicted(&mut track), [(Reason::Groups, amount(7, 0, 0))]);
}

#[test]
fn as_many_groups_stay_as_there_are_slots() {
    let mut track = Track::in_room(room(4, 4, 4), Policy::new());
    for _ in 0..10 {
        track.append().unwrap();
    }
    assert_eq!(track.cached(), [6, 7, 8, 9]);
    assert_eq!(evicted(&mut track), [(Reason::Groups, amount(6, 0, 0))]);
}

#[test]
fn late_groups_take_the_places_of_the_oldest_but_not_of_the_newest() {
    let mut track = Track::with(Policy::new().with_max_groups(3));
    for sequence in [50, 10, 11, 12, 13] {
        track.create(sequence).unwrap();
    }
    assert_eq!(track.cached(), [50, 12, 13]);
}

#[test]
fn a_newer_group_takes_the_place_of_the_newest() {
    let mut track = Track::with(Policy::new().with_max_groups(1));
    track.append().unwrap();
    track.append().unwrap();
    assert_eq!(track.cached(), [1]);
}

#[test]
fn a_late_group_does_not_fit_beside_the_only_one() {
    let mut track = Track::with(Policy::new().with_max_groups(1));
    track.create(5).unwrap();
    assert_eq!(track.create(4), Err(TrackError::Full));
    assert_eq!(track.cached(), [5]);
    assert_eq!(track.cache.latest(), Some(5));
    let never = Poll::Ready(Ok(None));
    assert_eq!(track.get(4), never, "nobody waits for what cannot come");
    assert!(track.get(6).is_pending());
}

#[test]
fn no_group_stays_where_none_is_allowed() {
    let mut track = Track::with(Policy::new().with_max_groups(0));
    assert_eq!(track.append(), Err(TrackError::Full));
    assert_eq!(track.create(4), Err(TrackError::Full));
    assert_eq!(track.write_frame("x"), Err(TrackError::Full));
    assert_eq!(track.cache.latest(), None);
}

#[test]
fn bytes_never_exceed_the_budget() {
    let mut track = Track::with(Policy::new().with_max_bytes(10));
    for _ in 0..20 {
        track.write_frame("four").unwrap();
        assert!(track.cache.bytes() <= 10);
    }
    assert_eq!(track.cached(), [18, 19]);
    assert_eq!(evicted(&mut track), [(Reason::Bytes, amount(18, 18, 72))]);
}

#[test]
fn a_group_grows_at_the_cost_of_older_ones() {
    let mut track = Track::with(Policy::new().with_max_bytes(10));
    track.write_frame("four").unwrap();
    track.write_frame("four").unwrap();
    let group = track.append().unwrap();
    track.write(group, "ab").unwrap();
    assert_eq!(track.cached(), [0, 1, 2]);
    track.write(group, "cd").unwrap();
    assert_eq!(track.cached(), [1, 2]);
    track.write(group, "efghi").unwrap();
    assert_eq!(track.cached(), [2]);
    assert_eq!(track.cache.bytes(), 9);
}

#[test]
fn the_newest_group_alone_is_full_at_the_budget() {
    let mut track = Track::with(Policy::new().with_max_bytes(10));
    let group = track.append().unwrap();
    track.write(group, "12345678").unwrap();
    assert_eq!(track.write(group, "abc"), Err(TrackError::Full));
    assert_eq!(track.write(group, "ab"), Ok(()));
    assert_eq!(track.write(group, "c"), Err(TrackError::Full));
    assert_eq!(track.write(group, ""), Ok(()), "nothing weighs nothing");
    assert_eq!(track.cache.bytes(), 10);
    let mut cursor = GroupCursor::new(group);
    for word in ["12345678", "ab", ""] {
        assert_eq!(track.frame(&mut cursor), Poll::Ready(Ok(Some(word))));
    }
}

#[test]
fn a_frame_that_can_never_fit_evicts_nothing() {
    let mut track = Track::with(Policy::new().with_max_bytes(10));
    for _ in 0..3 {
        track.write_frame("abc").unwrap();
    }
    assert_eq!(track.write_frame("elevenchars"), Err(TrackError::Full));
    let group = track.append().unwrap();
    assert_eq!(track.write(group, "elevenchars"), Err(TrackError::Full));
    assert_eq!(track.cached(), [0, 1, 2, 3]);
    assert_eq!(track.cache.bytes(), 9);
}

#[test]
fn a_frame_that_does_not_fit_beside_the_newest_evicts_nothing() {
    let mut track = Track::with(Policy::new().with_max_bytes(10));
    track.write_frame("a").unwrap();
    let late = track.append().unwrap();
    let newest = track.append().unwrap();
    track.write(newest, "12345678").unwrap();
    assert_eq!(track.write(late, "abc"), Err(TrackError::Full));
    assert_eq!(track.cached(), [0, 1, 2]);
    assert_eq!(track.write(late, "ab"), Ok(()));
    assert_eq!(track.cached(), [1, 2]);
}

#[test]
fn the_oldest_group_may_go_for_its_own_frame() {
    let mut track = Track::with(Policy::new().with_max_bytes(10));
    let oldest = track.append().unwrap();
    track.write(oldest, "1234").unwrap();
    track.write_frame("5").unwrap();
    track.write_frame("67").unwrap();
    assert_eq!(track.write(oldest, "abcd"), Err(TrackError::Evicted));
    assert_eq!(track.cached(), [1, 2]);
    assert_eq!(track.cache.bytes(), 3);
}

#[test]
fn a_group_goes_on_growing_while_newer_ones_age_behind_it() {
    let mut track = Track::in_room(room(4, 3, 4), Policy::new());
    let newest = track.create(9).unwrap();
    track.write(newest, "a").unwrap();
    for sequence in [1, 2] {
        let late = track.create(sequence).unwrap();
        track.write(late, "late").unwrap();
    }
    track.write(newest, "b").unwrap();
    assert_eq!(track.cached(), [9, 2]);
    assert_eq!(evicted(&mut track), [(Reason::Frames, amount(1, 1, 4))]);
}

#[test]
fn frames_take_the_slots_of_the_oldest() {
    let mut track = Track::in_room(room(8, 2, 4), Policy::new());
    for _ in 0..5 {
        track.write_frame("x").unwrap();
    }
    assert_eq!(track.cached(), [3, 4]);
    assert_eq!(evicted(&mut track), [(Reason::Frames, amount(3, 3, 3))]);
    let group = track.append().unwrap();
    track.write(group, "y").unwrap();
    track.write(group, "z").unwrap();
    assert_eq!(track.cached(), [5]);
    assert_eq!(track.write(group, "w"), Err(TrackError::Full));
}

#[test]
fn empty_frames_fit_where_no_byte_does() {
    let mut track = Track::with(Policy::new().with_max_bytes(0));
    assert_eq!(track.write_frame("x"), Err(TrackError::Full));
    assert_eq!(
        track.cached(),
        Vec::<u64>::new(),
        "no group without its frame"
    );
    assert!(track.write_frame("").is_ok());
    assert!(track.write_frame("").is_ok());
    assert_eq!(track.cached(), [0, 1]);
}

#[test]
fn bytes_that_cannot_be_counted_are_too_many_for_any_budget() {
    let mut track = Track::new();
    let (cache, now) = (&mut track.cache, track.now);
    let first = cache.append_group(now).unwrap();
    cache
        .write_group_frame(now, first, "huge", usize::MAX)
        .unwrap();
    let refused = cache.write_group_frame(now, first, "more", 1).unwrap_err();
    assert_eq!(refused.error, TrackError::Full);
    cache.write_frame(now, "next", usize::MAX).unwrap();
    assert_eq!(cache.bytes(), usize::MAX);
    assert_eq!(track.cached(), [1], "it took the place of the first");
}
