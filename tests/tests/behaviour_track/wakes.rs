//! Who is told to look again.

use streamgauge_core::track::{GroupId, Policy, TrackError, Wake};

use crate::harness::{AGE, Track};

const fn of(group: GroupId) -> Wake {
    Wake::Group { slot: group.slot() }
}

/// A track with two groups, of which all was told.
fn quiet() -> (Track, GroupId, GroupId) {
    let mut track = Track::new();
    let groups = (track.append().unwrap(), track.append().unwrap());
    assert_eq!(track.wakes(), [Wake::Track]);
    (track, groups.0, groups.1)
}

#[test]
fn nobody_is_woken_for_nothing() {
    let (mut track, first, _) = quiet();
    track.handle_timeout();
    assert_eq!(track.create(0), Err(TrackError::Duplicate));
    assert_eq!(track.cache.finish_at(9), Err(TrackError::Closed));
    assert!(track.get(7).is_pending());
    assert_eq!(track.wakes(), []);
    track.cache.finish_group(first).unwrap();
    track.wakes();
    assert_eq!(track.cache.finish_group(first), Ok(()));
    assert_eq!(track.write(first, "x"), Err(TrackError::Closed));
    assert_eq!(track.wakes(), []);
}

#[test]
fn who_waits_for_a_group_is_woken_by_one() {
    let (mut track, ..) = quiet();
    track.create(7).unwrap();
    assert_eq!(track.wakes(), [Wake::Track]);
    track.create(5).unwrap();
    assert_eq!(track.wakes(), [Wake::Track]);
    track.write_frame("x").unwrap();
    assert_eq!(track.wakes(), [Wake::Track]);
}

#[test]
fn who_waits_for_a_group_is_woken_by_every_end() {
    for end in [
        |track: &mut Track| track.cache.finish(),
        |track: &mut Track| track.cache.finish_at(1),
        |track: &mut Track| {
            track.cache.close();
            Ok(())
        },
    ] {
        let (mut track, ..) = quiet();
        end(&mut track).unwrap();
        assert_eq!(track.wakes(), [Wake::Track]);
    }
}

#[test]
fn a_track_is_left_once() {
    let (mut track, ..) = quiet();
    track.cache.close();
    assert_eq!(track.wakes(), [Wake::Track]);
    track.cache.close();
    assert_eq!(track.wakes(), []);
}

#[test]
fn who_reads_a_group_is_woken_by_what_happens_to_it() {
    let (mut track, first, second) = quiet();
    track.write(second, "x").unwrap();
    assert_eq!(track.wakes(), [of(second)]);
    track.cache.finish_group(second).unwrap();
    assert_eq!(track.wakes(), [of(second)]);
    track.cache.abort_group(first, TrackError::Dropped).unwrap();
    assert_eq!(track.wakes(), [of(first)]);
}

#[test]
fn an_abort_wakes_all_who_wait() {
    let (mut track, first, second) = quiet();
    track.cache.finish_group(first).unwrap();
    let third = track.append().unwrap();
    track.wakes();
    track.cache.abort(TrackError::Aborted(1)).unwrap();
    let wakes = track.wakes();
    assert_eq!(wakes.len(), 3, "{wakes:?}");
    for wake in [Wake::Track, of(second), of(third)] {
        assert!(wakes.contains(&wake), "{wakes:?}");
    }
}

#[test]
fn an_eviction_wakes_who_reads_the_group() {
    let (mut track, first, _) = quiet();
    track.sleep(AGE);
    track.handle_timeout();
    assert_eq!(track.wakes(), [of(first)]);
}

#[test]
fn who_reads_an_evicted_group_is_woken_though_its_slot_is_taken_again() {
    let mut track = Track::with(Policy::new().with_max_groups(1));
    let first = track.append().unwrap();
    track.wakes();
    let second = track.append().unwrap();
    assert_eq!(first.slot(), second.slot());
    let wakes = track.wakes();
    assert!(wakes.contains(&of(first)), "{wakes:?}");
}

#[test]
fn a_slot_that_is_taken_again_keeps_others_from_no_wake() {
    let mut track = Track::with(Policy::new().with_max_groups(3));
    let groups = [(); 3].map(|()| track.append().unwrap());
    track.wakes();
    for group in groups {
        track.write(group, "x").unwrap();
    }
    let taken = track.append().unwrap();
    assert_eq!(taken.slot(), groups[0].slot());
    track.write(taken, "y").unwrap();
    let wakes = track.wakes();
    assert_eq!(wakes.len(), 4, "{wakes:?}");
    for group in groups {
        assert!(wakes.contains(&of(group)), "{wakes:?}");
    }
}

#[test]
fn many_changes_wake_once() {
    let (mut track, first, second) = quiet();
    for _ in 0..5 {
        track.write(first, "x").unwrap();
        track.write(second, "y").unwrap();
    }
    track.cache.finish_group(first).unwrap();
    track.append().unwrap();
    track.append().unwrap();
    let wakes = track.wakes();
    assert_eq!(wakes.len(), 3, "{wakes:?}");
    assert_eq!(track.wakes(), []);
}

#[test]
fn what_changes_while_others_are_woken_is_told_too() {
    let (mut track, first, second) = quiet();
    track.write(first, "x").unwrap();
    track.write(second, "x").unwrap();
    let one = track.cache.poll_wake().unwrap();
    track.write(first, "y").unwrap();
    track.write(second, "y").unwrap();
    let rest = track.wakes();
    assert_eq!(rest.len(), 2, "{one:?}, then {rest:?}");
    assert!(rest.contains(&of(first)) && rest.contains(&of(second)));
}
