//! Clocks that do what clocks should not.

use streamgauge_core::{
    Duration, Instant,
    track::{Policy, TrackError},
};

use crate::harness::{AGE, Track};

#[test]
fn groups_do_not_age_while_the_clock_goes_back() {
    let mut track = Track::of(&[0, 1]);
    track.now = Instant::from_micros(0);
    track.handle_timeout();
    assert_eq!(track.cached(), [0, 1]);
    assert_eq!(
        track.cache.poll_timeout(),
        Some(Instant::from_micros(0).saturating_add(AGE))
    );
    track.sleep(AGE);
    track.handle_timeout();
    assert_eq!(track.cached(), [1]);
}

#[test]
fn a_clock_that_was_set_back_does_not_keep_groups_longer() {
    let mut track = Track::of(&[0, 1]);
    track.sleep(Duration::from_secs(20));
    track.handle_timeout();
    track.now = Instant::from_micros(5);
    track.handle_timeout();
    track.sleep(Duration::from_secs(9));
    track.handle_timeout();
    assert_eq!(track.cached(), [0, 1]);
    track.sleep(Duration::from_secs(1));
    track.handle_timeout();
    assert_eq!(track.cached(), [1]);
}

#[test]
fn groups_age_after_the_clock_once_showed_the_end_of_time() {
    let mut track = Track::of(&[0, 1]);
    let before = track.now;
    track.now = Instant::from_micros(u64::MAX);
    track.handle_timeout();
    assert_eq!(track.cached(), [1], "all that was there came of age");

    track.now = before;
    track.append().unwrap();
    track.append().unwrap();
    assert_eq!(track.cache.poll_timeout(), Some(before.saturating_add(AGE)));
    track.sleep(AGE);
    track.handle_timeout();
    assert_eq!(track.cached(), [3]);
}

#[test]
fn nothing_is_due_that_the_clock_cannot_show() {
    let mut track = Track::new();
    track.now = Instant::from_micros(u64::MAX - 5);
    track.create(0).unwrap();
    track.create(1).unwrap();
    assert_eq!(
        track.cache.poll_timeout(),
        None,
        "not over and over at the end"
    );
    track.now = Instant::from_micros(u64::MAX);
    track.handle_timeout();
    assert_eq!(track.cached(), [0, 1]);
    assert_eq!(track.cache.poll_timeout(), None);
}

#[test]
fn a_group_that_came_of_age_is_not_written_to() {
    let mut track = Track::with(Policy::new().with_max_age(Duration::from_secs(1)));
    let first = track.append().unwrap();
    track.append().unwrap();
    track.sleep(Duration::from_secs(1));
    assert_eq!(track.write(first, "late"), Err(TrackError::Evicted));
}
