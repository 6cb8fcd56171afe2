//! How groups age.

use streamgauge_core::{
    Duration, Instant,
    track::{Amount, Policy, Reason, TrackCursor, TrackEvent},
};

use crate::harness::{AGE, Track, group};

const INSTANT: Duration = Duration::from_micros(1);

#[test]
fn fresh_groups_stay() {
    let mut track = Track::of(&[0, 1, 2]);
    track.sleep(Duration::from_micros(AGE.as_micros() - 1));
    track.handle_timeout();
    assert_eq!(track.cached(), [0, 1, 2]);
}

#[test]
fn a_write_evicts_what_is_too_old() {
    let mut track = Track::of(&[0, 1, 2]);
    track.sleep(AGE);
    track.append().unwrap();
    assert_eq!(track.cached(), [3]);
    assert_eq!(track.cache.groups(), 1);
}

#[test]
fn groups_go_when_each_is_as_old_as_allowed_and_not_before() {
    let mut track = Track::with(Policy::new().with_max_age(Duration::from_micros(10)));
    for _ in 0..3 {
        track.append().unwrap();
        track.sleep(Duration::from_micros(4));
    }
    track.handle_timeout();
    assert_eq!(track.cached(), [1, 2], "they are 12, 8 and 4 old");
    track.sleep(INSTANT);
    track.handle_timeout();
    assert_eq!(track.cached(), [1, 2]);
    track.sleep(INSTANT);
    track.handle_timeout();
    assert_eq!(track.cached(), [2]);
}

#[test]
fn the_newest_group_stays_however_old() {
    let mut track = Track::of(&[0]);
    track.sleep(Duration::from_secs(1_000_000));
    track.handle_timeout();
    assert_eq!(track.cached(), [0]);
    assert_eq!(track.cache.poll_timeout(), None);
}

#[test]
fn a_newest_group_beyond_its_time_goes_when_a_newer_one_comes() {
    let mut track = Track::of(&[0]);
    track.sleep(AGE);
    track.append().unwrap();
    assert_eq!(track.cached(), [1]);
}

#[test]
fn the_newest_stays_at_the_front_while_others_age_behind_it() {
    let mut track = Track::of(&[5]);
    track.sleep(AGE);
    track.create(3).unwrap();
    assert_eq!(track.cached(), [5, 3]);
    track.sleep(AGE);
    track.create(2).unwrap();
    assert_eq!(track.cached(), [5, 2]);
    let mut cursor = TrackCursor::new();
    assert_eq!(track.next(&mut cursor), group(5));
    assert_eq!(track.next(&mut cursor), group(2));
}

#[test]
fn what_arrived_out_of_order_ages_by_its_arrival() {
    let mut track = Track::of(&[5, 3, 4]);
    track.sleep(AGE);
    track.append().unwrap();
    assert_eq!(track.cached(), [6]);
}

#[test]
fn an_idle_track_empties_when_it_says_it_is_due() {
    let mut track = Track::new();
    for _ in 0..5 {
        track.write_frame("word").unwrap();
        track.sleep(Duration::from_secs(1));
    }
    track.events();
    let mut calls = 0;
    while let Some(due) = track.cache.poll_timeout() {
        assert!(due > track.now);
        track.now = due;
        track.handle_timeout();
        calls += 1;
    }
    assert_eq!((calls, track.cached()), (4, vec![4]));
    let gone = Amount {
        groups: 4,
        frames: 4,
        bytes: 16,
    };
    assert_eq!(track.events(), [TrackEvent::Evicted(Reason::Age, gone)]);
}

#[test]
fn a_call_that_comes_too_early_does_nothing() {
    let mut track = Track::of(&[0, 1]);
    let due = track.cache.poll_timeout();
    track.sleep(Duration::from_secs(29));
    track.handle_timeout();
    track.handle_timeout();
    assert_eq!(track.cache.poll_timeout(), due);
    assert_eq!(track.cached(), [0, 1]);
}

#[test]
fn an_empty_track_is_never_due() {
    let mut track = Track::new();
    assert_eq!(track.cache.poll_timeout(), None);
    track.handle_timeout();
    assert_eq!(track.cache.poll_timeout(), None);
    let due = |track: &Track| track.cache.poll_timeout().map(Instant::as_micros);
    track.append().unwrap();
    assert_eq!(due(&track), None, "the newest stays");
    track.append().unwrap();
    assert_eq!(due(&track), Some(31_000_000));
}

#[test]
fn a_group_may_be_too_old_at_once() {
    let mut track = Track::with(Policy::new().with_max_age(Duration::from_micros(0)));
    for sequence in [4, 6, 5] {
        track.create(sequence).unwrap();
    }
    assert_eq!(track.cached(), [6, 5]);
    assert_eq!(track.cache.poll_timeout(), Some(track.now));
    track.handle_timeout();
    assert_eq!(track.cached(), [6]);
    assert_eq!(track.cache.poll_timeout(), None);
}

#[test]
fn groups_may_stay_for_ever() {
    let mut track = Track::with(Policy::new().with_max_age(Duration::from_micros(u64::MAX)));
    track.create(0).unwrap();
    track.sleep(Duration::from_micros(u64::MAX / 2));
    track.create(1).unwrap();
    track.create(2).unwrap();
    track.now = Instant::from_micros(0);
    track.handle_timeout();
    track.now = Instant::from_micros(u64::MAX / 4);
    track.handle_timeout();
    assert_eq!(track.cached(), [0, 1, 2]);
}
