//! The bytes themselves, without the adapter's headers.

use proptest::{collection::vec, prelude::*};
use streamgauge_core::{
    Duration, Inline, InlineBooks, Instant, Meter, Meters, NoRoom, Presence, Reporter,
    RestoreError, Restored, Saved, Schedule, Tier, Traffic,
};
use streamgauge_tests::{Gauge, Lent, Room, TIER_NAMES};

fn save(gauge: &Gauge, room: usize) -> Result<(Saved, Vec<u8>), NoRoom> {
    let mut bytes = Vec::new();
    let put = |byte| bytes.push(byte);
    let (reporter, meters) = (&gauge.reporter, gauge.node.meters());
    let saved = reporter.save(meters, &TIER_NAMES[..], room, put)?;
    assert_eq!(saved.bytes, bytes.len());
    assert!(bytes.len() <= room);
    Ok((saved, bytes))
}

fn restore(gauge: &mut Gauge, bytes: &[u8]) -> Result<Restored, RestoreError> {
    let meters = gauge.node.meters();
    let bytes = bytes.iter().copied();
    gauge.reporter.restore(meters, &TIER_NAMES[..], bytes)
}

/// A node with six series of traffic, one with a name as long as can be, and two of presence.
fn counted() -> Gauge {
    let mut gauge = Gauge::new(Room::of(8));
    for tier in [Tier::External, Tier::Internal] {
        let handle = gauge.node.tier(tier);
        let _session = handle.session("root");
        for path in ["a", "quo\"te/ünï", "exactly-as-long-as-a-key-can-be-"] {
            let mut track = handle.broadcast(path).publisher().track("video");
            track.whole_frame(1 << 20);
        }
        let _ = handle.broadcast("a").subscriber();
    }
    gauge.collect();
    gauge
}

fn total(gauge: &Gauge) -> u64 {
    (0..4).map(|lane| gauge.total(lane).bytes).sum()
}

const ALL: usize = 10;

#[test]
fn what_does_not_fit_is_folded_and_totals_are_exact_in_any_room() {
    let gauge = counted();
    let (whole, _) = save(&gauge, usize::MAX).expect("room");
    assert_eq!((whole.series, whole.folded), (ALL, 0));
    let (mut least, mut most) = (usize::MAX, 0);
    for room in 0..=whole.bytes {
        let Ok((saved, bytes)) = save(&gauge, room) else {
            assert_eq!(least, usize::MAX, "less room, but enough");
            continue;
        };
        least = least.min(room);
        most = saved.series.max(most);
        assert_eq!(saved.series + saved.folded, ALL);
        let mut next = Gauge::new(Room::of(8));
        let restored = restore(&mut next, &bytes).expect("a block");
        assert_eq!((restored.series, restored.folded), (saved.series, 0));
        assert_eq!(total(&next), total(&gauge), "room {room}");
        for _ in 0..2 {
            next.tick();
        }
        assert_eq!(total(&next), total(&gauge));
    }
    assert_eq!(most, ALL);
    let error = save(&gauge, least - 1).expect_err("too little");
    assert_eq!(error.needed, least);
}

#[test]
fn a_block_cut_short_or_too_long_changes_nothing() {
    let (_, bytes) = save(&counted(), usize::MAX).expect("room");
    for len in 0..bytes.len() {
        let mut gauge = Gauge::new(Room::of(8));
        let (_, before) = save(&gauge, usize::MAX).expect("room");
        let error = restore(&mut gauge, &bytes[..len]).expect_err("cut short");
        assert_eq!(error, RestoreError::Malformed);
        let (_, after) = save(&gauge, usize::MAX).expect("room");
        assert_eq!(before, after);
        assert_eq!(gauge.node.meters().traffic().usage().series, 0);
    }
    let mut long = bytes;
    long.push(0);
    let error = restore(&mut Gauge::new(Room::of(8)), &long);
    assert_eq!(error, Err(RestoreError::Malformed));
}

#[test]
fn another_version_is_named() {
    let (_, mut bytes) = save(&counted(), usize::MAX).expect("room");
    bytes[0] = 77;
    let error = restore(&mut Gauge::new(Room::of(8)), &bytes);
    assert_eq!(error, Err(RestoreError::Version(77)));
}

#[test]
fn a_reporter_at_work_is_not_restored() {
    let (_, bytes) = save(&counted(), usize::MAX).expect("room");
    let mut gauge = Gauge::new(Room::of(8));
    gauge.tick();
    assert_eq!(restore(&mut gauge, &bytes), Err(RestoreError::Late));
    let mut gauge = Gauge::new(Room::of(8));
    assert!(restore(&mut gauge, &bytes).is_ok());
    assert_eq!(restore(&mut gauge, &bytes), Err(RestoreError::Late));
    assert_eq!(total(&gauge), 6 << 20);
    let (_, unticked) = save(&Gauge::new(Room::of(8)), usize::MAX).expect("room");
    let mut gauge = Gauge::new(Room::of(8));
    assert!(restore(&mut gauge, &unticked).is_ok());
    assert_eq!(restore(&mut gauge, &unticked), Err(RestoreError::Late));
}

#[test]
fn a_name_that_is_no_text_is_refused() {
    let (_, bytes) = save(&counted(), usize::MAX).expect("room");
    let name = b"quo\"te/";
    let at = bytes.windows(name.len()).position(|some| some == name);
    let at = at.expect("the name");
    for (place, byte) in [(0, 0xff), (1, 0xc3), (6, 0x80), (8, b'n')] {
        let mut bytes = bytes.clone();
        bytes[at + place] = byte;
        let error = restore(&mut Gauge::new(Room::of(8)), &bytes);
        assert_eq!(error, Err(RestoreError::Malformed), "{byte:x} at {place}");
    }
}

/// A block without series that says this number of ticks.
fn block_of(ticks: &[u8]) -> Vec<u8> {
    let (_, bytes) = save(&Gauge::new(Room::of(8)), usize::MAX).expect("room");
    let (times, other_counts, folded, totals, ends) = (3, 8, 6, 4 * 11 + 2 * 2, 2);
    let rest = vec![0; other_counts + folded + totals + ends];
    [&bytes[..5], &vec![0; times], ticks, &rest].concat()
}

#[test]
fn numbers_that_cannot_be_are_refused() {
    const PAST_64_BITS: [u8; 10] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2];
    const ENDLESS: [u8; 11] = [0x80; 11];
    const HIGHEST: [u8; 10] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    for ticks in [&PAST_64_BITS[..], &ENDLESS, &HIGHEST] {
        let error = restore(&mut Gauge::new(Room::of(8)), &block_of(ticks));
        assert_eq!(error, Err(RestoreError::Malformed), "{ticks:?}");
    }
    let high = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    let mut gauge = Gauge::new(Room::of(8));
    restore(&mut gauge, &block_of(&high)).expect("a block");
    gauge.tick();
    assert_eq!(gauge.reporter.health().ticks, 1 << 63);
}

#[test]
fn what_interrupts_counted_before_the_restore_is_added() {
    let (_, bytes) = save(&counted(), usize::MAX).expect("room");
    let mut gauge = Gauge::new(Room::of(8));
    let handle = gauge.node.tier(Tier::External);
    let mut track = handle.broadcast("a").publisher_track("video");
    track.bytes(1);
    restore(&mut gauge, &bytes).expect("a block");
    gauge.collect();
    let publisher = gauge.reporter.traffic();
    let all: Vec<_> = publisher.all(gauge.node.meters().traffic(), 0).collect();
    assert_eq!(all.len(), 3);
    assert_eq!(all[0].key.to_string(), "a");
    assert_eq!(all[0].words[6], (1 << 20) + 1);
}

#[test]
fn a_name_longer_than_the_keys_of_another_build_is_folded() {
    type Small = Meters<Inline<Traffic, Lent, 4, 12, 8, 2>, Inline<Presence, Lent, 2, 10, 0, 2>>;
    let tables = || Meter::new(Inline::inline(Lent::default(), Lent::default()));
    let presence = Meter::new(Inline::inline(Lent::default(), Lent::default()));
    let small: Small = Meters::new(tables(), presence);
    let schedule = Schedule {
        interval: Duration::from_secs(1),
        start: Instant::from_micros(0),
        start_ms: 0,
        epoch: 1,
    };
    let mut reporter = Reporter::new(
        schedule,
        InlineBooks::<Traffic, 12, 4>::inline(),
        InlineBooks::<Presence, 10, 2>::inline(),
    );
    let (_, bytes) = save(&counted(), usize::MAX).expect("room");
    let restored = reporter.restore(&small, &TIER_NAMES[..], bytes.into_iter());
    let restored = restored.expect("a block");
    assert_eq!((restored.series, restored.folded), (8, 2));
    let bytes: u64 = (0..4)
        .map(|lane| reporter.traffic().total(lane).bytes)
        .sum();
    assert_eq!(bytes, 6 << 20);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_without_a_checksum_panic_at_nothing_and_frames_stay_well_formed(
        edits in vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        rows in 0..9usize,
    ) {
        let (_, mut bytes) = save(&counted(), usize::MAX).expect("room");
        // The version and the schema stay, or little would get past them.
        for (at, byte) in edits {
            let at = 5 + at.index(bytes.len() - 5);
            bytes[at] = byte;
        }
        let mut gauge = Gauge::new(Room::of(rows));
        let restored = restore(&mut gauge, &bytes);
        let handle = gauge.node.tier(Tier::External);
        let mut track = handle.broadcast("a").publisher_track("video");
        track.whole_frame(1);
        gauge.collect();
        while let Some(place) = gauge.reporter.poll_track() {
            let mut frame = vec![0; 1 << 14];
            let meters = gauge.node.meters();
            let chunk = gauge.reporter.poll_frame(meters, &TIER_NAMES[..], &mut frame);
            prop_assert!(chunk.end);
            let json = serde_json::from_slice::<serde_json::Value>(&frame[..chunk.len]);
            prop_assert!(json.is_ok(), "{:?} of {:?} after {:?}", json, place, restored);
            gauge.reporter.accept(meters);
        }
        drop(track);
        let _ = handle.broadcast("b").subscriber();
        gauge.collect();
    }
}
