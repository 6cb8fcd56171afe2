//! A track that begins anew in the same room.

use std::task::Poll;

use streamgauge_core::{
    Duration,
    track::{
        Amount, Fetch, GroupCursor, Policy, Reason, TrackCache, TrackCursor, TrackError,
        TrackEvent, Wake,
    },
};

use crate::harness::{AGE, Track, error, group, room};

#[test]
fn an_idle_track_refuses_all_until_it_begins() {
    let mut track = Track::new();
    track.cache = TrackCache::idle(room(4, 4, 2));
    assert_eq!(track.append(), Err(TrackError::Full));
    assert_eq!(track.create(3), Err(TrackError::Full));
    assert_eq!(track.write_frame("x"), Err(TrackError::Full));
    assert_eq!(track.cache.poll_timeout(), None);
    track.cache.restart(Policy::new());
    for sequence in 0..9 {
        assert_eq!(track.append().unwrap().sequence(), sequence);
        assert_eq!(track.create(sequence), Err(TrackError::Duplicate));
    }
    assert_eq!(track.cached(), [5, 6, 7, 8]);
}

#[test]
fn a_track_begins_anew_however_it_ended() {
    for end in [
        |track: &mut Track| track.cache.finish(),
        |track: &mut Track| track.cache.abort(TrackError::Aborted(7)),
        |track: &mut Track| {
            track.cache.close();
            Ok(())
        },
    ] {
        let mut track = Track::of(&[5, 9]);
        end(&mut track).unwrap();
        track.cache.restart(Policy::new());
        assert!(!track.cache.is_closed());
        assert!(track.cache.poll_closed().is_pending());
        assert_eq!((track.cache.groups(), track.cache.latest()), (0, None));
        assert_eq!(track.append().unwrap().sequence(), 0);
    }
}

#[test]
fn what_was_evicted_may_come_in_another_life() {
    let mut track = Track::of(&[0, 1, 2]);
    track.sleep(AGE);
    track.handle_timeout();
    assert_eq!(track.get(0), error(TrackError::Evicted));
    track.cache.restart(Policy::new());
    assert!(track.get(0).is_pending());
    assert!(track.create(2).is_ok());
    assert!(track.create(0).is_ok());
    assert_eq!(track.cached(), [2, 0]);
}

#[test]
fn readers_go_on_with_what_comes_then() {
    let mut track = Track::of(&[7, 8]);
    let mut cursor = TrackCursor::new();
    assert_eq!(track.next(&mut cursor), group(7));
    let mut fetch = Fetch::new(3);
    assert!(track.cache.poll_get_group(&mut fetch).is_pending());
    track.cache.restart(Policy::new());
    assert!(track.next(&mut cursor).is_pending());
    let created = track.create(3).unwrap();
    assert_eq!(track.next(&mut cursor), group(3));
    let found = track.cache.poll_get_group(&mut fetch);
    assert_eq!(found, Poll::Ready(Ok(Some(created))));
}

#[test]
fn all_who_read_are_woken_and_all_that_was_there_is_evicted() {
    let mut track = Track::new();
    let open = track.append().unwrap();
    track.write_frame("word").unwrap();
    let mut cursor = GroupCursor::new(open);
    assert!(track.frame(&mut cursor).is_pending());
    track.wakes();
    track.events();
    track.cache.restart(Policy::new());
    let wakes = track.wakes();
    let slot = open.slot();
    for wake in [Wake::Track, Wake::Group { slot }] {
        assert!(wakes.contains(&wake), "{wakes:?}");
    }
    let evicted = Poll::Ready(Err(TrackError::Evicted));
    assert_eq!(track.frame(&mut cursor), evicted);
    assert_eq!(track.write(open, "late"), Err(TrackError::Evicted));
    let gone = Amount {
        groups: 2,
        frames: 1,
        bytes: 4,
    };
    assert_eq!(track.events(), [TrackEvent::Evicted(Reason::Age, gone)]);
    assert_eq!((track.cache.frames(), track.cache.bytes()), (0, 0));
}

#[test]
fn the_new_policy_holds() {
    let mut track = Track::of(&[0, 1, 2]);
    let age = Duration::from_secs(1);
    track
        .cache
        .restart(Policy::new().with_max_groups(2).with_max_age(age));
    for _ in 0..3 {
        track.append().unwrap();
    }
    assert_eq!(track.cached(), [1, 2]);
    track.sleep(age);
    track.handle_timeout();
    assert_eq!(track.cached(), [2]);
}
