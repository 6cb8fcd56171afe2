//! What a track tells about itself.

use streamgauge_core::{
    Duration,
    track::{Amount, Fetch, Policy, Reason, TrackError, TrackEvent},
};

use crate::harness::{Track, room};

fn amount(groups: u64, frames: u64, bytes: u64) -> Amount {
    Amount {
        groups,
        frames,
        bytes,
    }
}

#[test]
fn a_quiet_track_tells_nothing() {
    let mut track = Track::new();
    track.handle_timeout();
    track.cache.finish().unwrap();
    assert_eq!(track.append(), Err(TrackError::Closed));
    assert_eq!(track.events(), []);
}

#[test]
fn what_was_written_adds_up_until_it_is_told() {
    let mut track = Track::new();
    let group = track.append().unwrap();
    track.write(group, "abc").unwrap();
    track.write_frame("de").unwrap();
    assert_eq!(track.events(), [TrackEvent::Written(amount(2, 2, 5))]);
    assert_eq!(track.events(), []);
    track.write(group, "f").unwrap();
    assert_eq!(track.events(), [TrackEvent::Written(amount(0, 1, 1))]);
}

#[test]
fn what_is_asked_for_hits_or_misses_once() {
    let mut track = Track::of(&[3]);
    track.events();
    let (mut there, mut missing) = (Fetch::new(3), Fetch::new(4));
    for _ in 0..3 {
        assert!(track.cache.poll_get_group(&mut there).is_ready());
        assert!(track.cache.poll_get_group(&mut missing).is_pending());
    }
    assert_eq!(track.events(), [TrackEvent::Hit(1), TrackEvent::Miss(1)]);
    track.append().unwrap();
    assert!(track.cache.poll_get_group(&mut missing).is_ready());
    let events = track.events();
    assert_eq!(events, [TrackEvent::Written(amount(1, 0, 0))]);
}

#[test]
fn late_groups_and_duplicates_are_counted() {
    let mut track = Track::of(&[5, 3, 4, 6]);
    for sequence in [3, 6] {
        assert_eq!(track.create(sequence), Err(TrackError::Duplicate));
    }
    let written = TrackEvent::Written(amount(4, 0, 0));
    let expected = [written, TrackEvent::Late(2), TrackEvent::Duplicate(2)];
    assert_eq!(track.events(), expected);
    assert_eq!(track.create(3), Err(TrackError::Duplicate));
    assert_eq!(track.events(), [TrackEvent::Duplicate(1)]);
}

#[test]
fn evictions_are_told_by_their_reasons() {
    let policy = Policy::new()
        .with_max_age(Duration::from_secs(1))
        .with_max_groups(3)
        .with_max_bytes(10);
    let mut track = Track::in_room(room(8, 4, 4), policy);
    for word in ["a", "b", "c", "d"] {
        track.write_frame(word).unwrap(); // one too many groups
    }
    track.write_frame("eleven byte").unwrap_err(); // evicts nothing
    track.write_frame("8 bytes.").unwrap(); // one too many groups, then no byte too many
    let group = track.append().unwrap(); // one too many groups
    track.write(group, "e").unwrap(); // as many bytes as allowed
    track.write(group, "").unwrap(); // as many frames as there are slots
    track.write(group, "").unwrap(); // one too many frames
    track.sleep(Duration::from_secs(1));
    track.handle_timeout();
    let events = track.events();
    let evicted =
        |reason, groups, frames, bytes| TrackEvent::Evicted(reason, amount(groups, frames, bytes));
    let expected = [
        TrackEvent::Written(amount(6, 8, 13)),
        evicted(Reason::Age, 1, 1, 8),
        evicted(Reason::Groups, 3, 3, 3),
        evicted(Reason::Frames, 1, 1, 1),
    ];
    assert_eq!(events, expected);
}

#[test]
fn what_was_told_and_not_evicted_is_there() {
    let mut track = Track::with(Policy::new().with_max_groups(2).with_max_bytes(7));
    let mut there = amount(0, 0, 0);
    for word in ["abc", "", "defg", "hi", "jklmn", "o"] {
        track.write_frame(word).unwrap();
        for event in track.events() {
            match event {
                TrackEvent::Written(new) => {
                    there.groups += new.groups;
                    there.frames += new.frames;
                    there.bytes += new.bytes;
                }
                TrackEvent::Evicted(_, gone) => {
                    there.groups -= gone.groups;
                    there.frames -= gone.frames;
                    there.bytes -= gone.bytes;
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(there.groups, track.cache.groups() as u64);
        assert_eq!(there.frames, track.cache.frames() as u64);
        assert_eq!(there.bytes, track.cache.bytes() as u64);
    }
}
