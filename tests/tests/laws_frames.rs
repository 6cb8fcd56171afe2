//! Frames: what serde would write of the same data, in whatever pieces they are drained.
#![cfg(not(loom))]

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, to_string};
use streamgauge_core::{Family, PublisherTrack, Series, Tier, TrackId, Traffic};
use streamgauge_tests::{Gauge, Node, Reader, Room, Sink, TIER_NAMES, track_name};

const NAMES: [&str; 7] = [
    "",
    "a",
    "exactly-as-long-as-a-key-can-be-",
    "quo\"te\\",
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\u{1}\u{1f}",
    "\n\r\t\u{8}\u{c}\u{7f}",
    "ünï/🎈",
];

/// Sizes of bumps around which numbers gain a digit, or all of them.
const SIZES: [usize; 7] = [0, 1, 9, 10, 99, 1 << 32, usize::MAX];

fn filled(names: &[&str], sizes: &[usize]) -> (Gauge, Vec<PublisherTrack<Node>>) {
    let gauge = Gauge::new(Room::of(8));
    let handle = gauge.node.tier(Tier::External);
    let mut tracks = Vec::new();
    for (name, size) in names.iter().zip(sizes) {
        let mut track = handle.broadcast(name).publisher_track("video");
        track.whole_frame(*size);
        tracks.push(track);
    }
    (gauge, tracks)
}

/// The frame that is due, through a buffer that is a different size each time.
fn drained(gauge: &mut Gauge, sizes: &[usize]) -> Vec<u8> {
    let (mut frame, mut sizes) = (Vec::new(), sizes.iter().cycle());
    loop {
        let mut buf = vec![b'?'; *sizes.next().expect("a cycle")];
        let meters = gauge.node.meters();
        let chunk = gauge.reporter.poll_frame(meters, &TIER_NAMES[..], &mut buf);
        frame.extend_from_slice(&buf[..chunk.len]);
        if chunk.end {
            return frame;
        }
    }
}

fn row_by_serde<K: streamgauge_core::KeyWords>(series: &Series<'_, K>) -> String {
    let name = String::from_utf8(series.key.bytes().collect()).expect("a name is text");
    let words = to_string(&Traffic::from_words(series.words)).expect("a snapshot");
    let words = words.strip_suffix('}').expect("an object");
    let name = to_string(&name).expect("a name");
    format!("{name}:{words},\"since\":{}}}", series.since)
}

fn frame_by_serde(gauge: &Gauge, lane: usize) -> String {
    let traffic = gauge.reporter.traffic();
    let series = traffic.frame(gauge.node.meters().traffic(), lane);
    let rows: Vec<_> = series.map(|series| row_by_serde(&series)).collect();
    format!("{{{}}}", rows.join(","))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_frame_is_what_serde_writes_in_pieces_of_any_size(
        names in vec(select(&NAMES[..]), 0..8),
        bumps in vec(select(&SIZES[..]), 8),
        buffers in vec(prop_oneof![1..9usize, 1..900usize, Just(1 << 14)], 1..9),
    ) {
        let (mut gauge, _tracks) = filled(&names, &bumps);
        gauge.collect();
        prop_assert_eq!(gauge.reporter.poll_track().map(track_name), Some("publisher.json".into()));
        let frame = String::from_utf8(drained(&mut gauge, &buffers)).expect("text");
        prop_assert_eq!(frame, frame_by_serde(&gauge, 0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The gauge offers the last whole frame to copy from; the reader and serde know nothing of it.
    #[test]
    fn a_frame_that_is_broken_off_leaves_no_trace_in_the_next(
        rounds in vec((vec(0..NAMES.len(), 0..3), select(&SIZES[..4]), 0..9u8, 1..700usize), 1..9),
    ) {
        let (mut gauge, mut tracks) = filled(&NAMES, &[0, 9, 99, 1, 5, 2, 3]);
        gauge.tick();
        for (bumped, size, pieces, buffer) in rounds {
            for at in bumped {
                tracks[at].whole_frame(size);
            }
            gauge.tick_into(Sink::Break(pieces), buffer);
        }
        tracks[0].frame();
        gauge.collect();
        let expected = frame_by_serde(&gauge, 0);
        gauge.drain(Sink::Accept, 256);
        let frame = gauge.reader.frame("publisher.json");
        prop_assert_eq!(String::from_utf8_lossy(frame), expected);
    }
}

#[test]
fn every_buffer_size_yields_the_same_bytes() {
    let whole = all_drained(1 << 16);
    for size in (1..400).chain((400..3_000).step_by(37)) {
        assert_eq!(all_drained(size), whole, "{size} bytes");
    }
}

/// Every frame of the same node's first tick.
fn all_drained(size: usize) -> Vec<(TrackId, Vec<u8>)> {
    let (mut gauge, _tracks) = filled(&NAMES, &SIZES);
    gauge.collect();
    let mut frames = Vec::new();
    while let Some(track) = gauge.reporter.poll_track() {
        frames.push((track, drained(&mut gauge, &[size])));
        gauge.reporter.accept(gauge.node.meters());
    }
    frames
}

#[test]
fn an_empty_buffer_takes_nothing_and_ends_nothing() {
    let (mut gauge, _tracks) = filled(&NAMES, &SIZES);
    gauge.collect();
    let mut frames = 0;
    while gauge.reporter.poll_track().is_some() {
        let meters = gauge.node.meters();
        let chunk = gauge.reporter.poll_frame(meters, &TIER_NAMES[..], &mut []);
        assert_eq!((chunk.len, chunk.end), (0, false));
        serde_json::from_slice::<Value>(&drained(&mut gauge, &[7])).expect("JSON");
        gauge.reporter.accept(gauge.node.meters());
        frames += 1;
    }
    assert_eq!(frames, 7);
}

#[test]
fn a_snapshot_reads_back_what_it_wrote_and_skips_what_it_does_not_know() {
    let words: [u64; 11] = std::array::from_fn(|at| at as u64 * 1_000 + 7);
    let snapshot = Traffic::from_words(&words);
    let text = to_string(&snapshot).expect("a snapshot");
    assert_eq!(
        serde_json::from_str::<Traffic>(&text).expect("a snapshot"),
        snapshot
    );
    let more = r#"{"frames":3,"later_word":[{}],"bytes":18446744073709551615}"#;
    let expected = Traffic {
        frames: 3,
        bytes: u64::MAX,
        ..Traffic::default()
    };
    assert_eq!(
        serde_json::from_str::<Traffic>(more).expect("a snapshot"),
        expected
    );
}

#[test]
fn a_refused_frame_is_told_again_with_the_next_tick_and_a_taken_one_is_not() {
    let (mut gauge, _tracks) = filled(&["a"], &[5]);
    gauge.tick_into(Sink::Refuse, 64);
    assert!(gauge.reader.shown("publisher.json").is_empty());
    gauge.tick();
    assert_eq!(gauge.reader.shown("publisher.json"), ["a"]);
    let frames = gauge.reader.frames;
    gauge.tick();
    assert_eq!(gauge.reader.frames, frames + 1, "node.json alone");
}

#[test]
#[should_panic(expected = "twice")]
fn the_reader_of_these_tests_sees_a_name_that_comes_twice() {
    let row = r#""a":{"sessions":1,"sessions_closed":0,"since":1}"#;
    Reader::default().read("sessions.json", format!("{{{row},{row}}}").as_bytes());
}
