//! Who holds payloads, and for how long.

use std::rc::Rc;

use streamgauge_core::{
    Duration, Instant,
    track::{GroupCursor, Policy, TrackCache, TrackError},
};

use crate::harness::{VecRoom, room};

type Payload = Rc<&'static str>;

const NOW: Instant = Instant::from_micros(7);

/// Counts how often it is dropped.
struct Counted<'a>(&'a std::cell::Cell<u32>);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

fn track(policy: Policy) -> TrackCache<Payload, VecRoom<Payload>> {
    TrackCache::new(room(8, 8, 4), policy)
}

#[test]
fn a_payload_is_dropped_once_when_its_group_is_evicted() {
    let drops = std::cell::Cell::new(0);
    let room = room::<Counted<'_>>(4, 4, 4);
    let mut track = TrackCache::new(room, Policy::new().with_max_groups(2));
    for written in 0..20 {
        assert!(track.write_frame(NOW, Counted(&drops), 1).is_ok());
        assert_eq!(drops.get(), (written + 1u32).saturating_sub(2));
    }
    drop(track);
    assert_eq!(drops.get(), 20);
}

#[test]
fn an_evicted_group_lets_go_of_all_its_frames() {
    let payload = Payload::new("shared");
    let mut track = track(Policy::new());
    let group = track.append_group(NOW).unwrap();
    for _ in 0..5 {
        let written = track.write_group_frame(NOW, group, payload.clone(), 6);
        assert!(written.is_ok());
    }
    track.append_group(NOW).unwrap();
    assert_eq!(Rc::strong_count(&payload), 6);
    track.handle_timeout(NOW.saturating_add(Duration::from_secs(30)));
    assert_eq!(Rc::strong_count(&payload), 1);
    assert_eq!((track.frames(), track.bytes()), (0, 0));
}

#[test]
fn a_dropped_track_lets_go_of_everything() {
    let payload = Payload::new("shared");
    let mut track = track(Policy::new());
    track.write_frame(NOW, payload.clone(), 6).unwrap();
    track.abort(TrackError::Aborted(1)).unwrap();
    assert_eq!(Rc::strong_count(&payload), 2, "readers may still read it");
    drop(track);
    assert_eq!(Rc::strong_count(&payload), 1);
}

#[test]
fn readers_share_the_payload_and_copy_none() {
    let payload = Payload::new("shared");
    let mut track = track(Policy::new());
    let group = track.write_frame(NOW, payload.clone(), 6).unwrap();
    for _ in 0..3 {
        let mut cursor = GroupCursor::new(group);
        let std::task::Poll::Ready(Ok(Some(read))) = track.poll_frame(&mut cursor) else {
            panic!("no frame");
        };
        assert!(Rc::ptr_eq(read, &payload));
    }
    assert_eq!(Rc::strong_count(&payload), 2);
}

/// Writes that are refused, and why.
#[test]
fn a_refused_payload_comes_back() {
    let mut track = track(Policy::new().with_max_bytes(4));
    let open = track.append_group(NOW).unwrap();
    let finished = track.append_group(NOW).unwrap();
    track.finish_group(finished).unwrap();
    let payload = Payload::new("refused");
    let mut refusals = vec![
        track.write_frame(NOW, payload.clone(), 5).unwrap_err(),
        track
            .write_group_frame(NOW, open, payload.clone(), 5)
            .unwrap_err(),
        track
            .write_group_frame(NOW, finished, payload.clone(), 1)
            .unwrap_err(),
    ];
    track.finish().unwrap();
    refusals.push(track.write_frame(NOW, payload.clone(), 1).unwrap_err());
    track.abort(TrackError::Aborted(3)).unwrap();
    refusals.push(track.write_frame(NOW, payload.clone(), 1).unwrap_err());
    refusals.push(
        track
            .write_group_frame(NOW, open, payload.clone(), 1)
            .unwrap_err(),
    );
    for refused in &refusals {
        assert!(Rc::ptr_eq(&refused.payload, &payload));
    }
    let errors: Vec<_> = refusals.iter().map(|refused| refused.error).collect();
    let aborted = TrackError::Aborted(3);
    let expected = [
        TrackError::Full,
        TrackError::Full,
        TrackError::Closed,
        TrackError::Closed,
        aborted,
        aborted,
    ];
    assert_eq!(errors, expected);
    assert_eq!(Rc::strong_count(&payload), 1 + refusals.len());
    assert_eq!(track.frames(), 0);
    assert!(refusals[0].to_string().contains("not taken"));
}

#[test]
fn a_frame_that_costs_its_group_comes_back_too() {
    let mut track = track(Policy::new().with_max_bytes(4));
    let oldest = track.append_group(NOW).unwrap();
    let inside = Payload::new("inside");
    track
        .write_group_frame(NOW, oldest, inside.clone(), 2)
        .unwrap();
    track.write_frame(NOW, Payload::new("newest"), 2).unwrap();
    let payload = Payload::new("refused");
    let refused = track
        .write_group_frame(NOW, oldest, payload.clone(), 1)
        .unwrap_err();
    assert_eq!(
        refused.error,
        TrackError::Full,
        "beside the newest it is too much"
    );
    let refused = track
        .write_group_frame(NOW, oldest, payload.clone(), 0)
        .map_err(|refused| refused.error);
    assert_eq!(refused, Ok(()));
    let late = track.create_group(NOW, 9).unwrap();
    track
        .write_group_frame(NOW, late, Payload::new("late"), 0)
        .unwrap();
    let refused = track
        .write_group_frame(NOW, oldest, payload.clone(), 2)
        .unwrap_err();
    assert_eq!(refused.error, TrackError::Evicted);
    assert!(Rc::ptr_eq(&refused.payload, &payload));
    assert_eq!(Rc::strong_count(&inside), 1, "and its frames are let go");
}
