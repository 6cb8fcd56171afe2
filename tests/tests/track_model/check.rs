//! What holds after every step.

use std::rc::Rc;

use streamgauge_core::track::{Amount, TrackRoom};

use crate::{
    answer::{Answer, Payload},
    reader::{Both, Reader},
};

/// Holds the cache against the reference, without a trace in it.
pub(crate) fn check<R: TrackRoom<Payload>>(both: &mut Both<R>, readers: &[Reader]) {
    check_amounts(both);
    check_groups(both);
    check_payloads(both);
    for reader in readers {
        reader.peek(both);
    }
}

/// Who waits, and was not woken, waits for something to come.
pub(crate) fn check_no_wake_is_lost<R: TrackRoom<Payload>>(both: &mut Both<R>, readers: &[Reader]) {
    for reader in readers.iter().filter(|reader| reader.waits) {
        assert_eq!(reader.peek(both), Some(Answer::Wait), "{:?}", reader.reads);
    }
}

fn check_amounts<R: TrackRoom<Payload>>(both: &Both<R>) {
    let Both {
        cache, reference, ..
    } = both;
    assert!(cache.bytes() <= cache.policy().max_bytes());
    let cached = Amount {
        groups: cache.groups() as u64,
        frames: cache.frames() as u64,
        bytes: cache.bytes() as u64,
    };
    assert_eq!(cached, reference.amount());
    assert_eq!(cache.latest(), reference.latest());
    assert_eq!(
        cache.is_closed(),
        reference.closed || reference.aborted.is_some()
    );
    let due = cache
        .poll_timeout()
        .map(streamgauge_core::Instant::as_micros);
    assert_eq!(due, reference.due());
}

fn check_groups<R: TrackRoom<Payload>>(both: &Both<R>) {
    let newest = both.reference.latest();
    let groups = both.reference.groups.iter().zip(&both.ids);
    for (at, (group, id)) in groups.enumerate() {
        let frames = group.cached.then_some(group.frames.len() as u64);
        assert_eq!(both.cache.frame_count(*id), frames, "{id:?}");
        let only = both.cache.only_frame(*id).map(|payload| **payload);
        assert_eq!(only, group.only_frame(), "{id:?}");
        assert_eq!(id.sequence(), group.sequence);
        let newest = both.reference.is_of_this_life(at) && Some(group.sequence) == newest;
        assert!(group.cached || !newest, "evicted: {id:?}");
    }
}

/// A payload is held as long as it is cached, and no longer; the reference holds each once.
fn check_payloads<R: TrackRoom<Payload>>(both: &Both<R>) {
    for group in &both.reference.groups {
        for (payload, _) in &group.frames {
            let holders = 1 + usize::from(group.cached);
            assert_eq!(Rc::strong_count(payload), holders, "{payload}");
        }
    }
}
