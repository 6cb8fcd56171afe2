//! A track is read, and then its sibling with patches, or the other way round: neither is numbered like the other,
//! and what a relay has kept of one may be older than what was read of the other. Nothing counts twice.

use streamgauge_core::collect::FrameAt;

use crate::replay::{Anew, BORN, BOTH, FIRST, Reader, life};

/// What is read first is the sibling, or the track.
const WAYS: [bool; 2] = [false, true];

/// Where the frames of a node stand in the track, or in its sibling: there they are one group.
fn at(on_sibling: bool, step: u64) -> FrameAt {
    let first = FrameAt::first(FIRST);
    if on_sibling {
        FrameAt {
            frame: step,
            ..first.on_sibling(true)
        }
    } else {
        FrameAt::first(FIRST + 1 + step)
    }
}

/// A node's frames, one for each step, that say all there is.
struct Frames(Vec<String>);

impl Frames {
    fn read(&self, reader: &mut Reader, on_sibling: bool, steps: impl Iterator<Item = u64>) {
        for step in steps {
            let text = &self.0[usize::try_from(step).unwrap()];
            reader.read(at(on_sibling, step), text).unwrap();
        }
    }
}

/// Three lives of a series. As a patch each of these says all that is in it.
fn lives() -> Frames {
    Frames(vec![
        life(1, 60),
        life(1, 100),
        life(2, 10),
        life(2, 30),
        life(3, 4),
        life(3, 7),
    ])
}

#[test]
fn lives_that_are_over_count_once_on_a_track_and_on_its_sibling() {
    for (on_sibling, anew) in WAYS
        .into_iter()
        .flat_map(|way| BOTH.map(|anew| (way, anew)))
    {
        let mut reader = Reader::new();
        lives().read(&mut reader, on_sibling, 0..5);
        assert_eq!((reader.bytes(), reader.total().bytes), (134, 134));
        reader.begin(anew);
        for step in 0..6 {
            lives().read(&mut reader, !on_sibling, step..=step);
            let bytes = if step < 5 { 134 } else { 137 };
            let now = (reader.bytes(), reader.total().bytes);
            assert_eq!(now, (bytes, bytes), "{on_sibling}, {anew:?}, step {step}");
            assert_eq!(reader.row("a").subscriptions_closed, 2);
        }
        assert_eq!(reader.open(), 1);
        // And back again.
        reader.begin(anew);
        lives().read(&mut reader, on_sibling, 0..6);
        assert_eq!((reader.bytes(), reader.open()), (137, 1), "{anew:?}");
    }
}

#[test]
fn lives_that_nobody_read_count_on_the_other_track() {
    for (on_sibling, anew) in WAYS
        .into_iter()
        .flat_map(|way| BOTH.map(|anew| (way, anew)))
    {
        let mut reader = Reader::new();
        lives().read(&mut reader, on_sibling, 0..1);
        reader.begin(anew);
        lives().read(&mut reader, !on_sibling, 0..6);
        assert_eq!(
            (reader.bytes(), reader.total().bytes),
            (137, 137),
            "{anew:?}"
        );
    }
}

#[test]
fn patches_of_a_life_that_is_over_count_nothing() {
    let row = |life: u64, rest: &str| format!(r#"{{"a":{{"since":{},{rest}}}}}"#, BORN + life);
    for anew in BOTH {
        let mut reader = Reader::new();
        let whole = [row(1, r#""bytes":90"#), row(2, r#""bytes":5"#)];
        for (step, text) in (7..).zip(&whole) {
            reader.read(at(false, step), text).unwrap();
        }
        reader.begin(anew);
        let patches = [
            row(1, r#""bytes":70"#),
            r#"{"a":{"bytes":80}}"#.into(),
            r#"{"a":{"bytes":90,"subscriptions":4}}"#.into(),
            r#"{"a":null}"#.into(),
            row(2, r#""bytes":3"#),
            r#"{"a":{"bytes":5}}"#.into(),
        ];
        for (step, text) in (0..).zip(&patches) {
            reader.read(at(true, step), text).unwrap();
            let row = reader.row("a");
            assert_eq!((row.bytes, row.subscriptions), (95, 0), "{anew:?}, {step}");
        }
        let next = r#"{"a":{"bytes":6}}"#;
        reader.read(at(true, 6), next).unwrap();
        assert_eq!((reader.bytes(), reader.total().bytes), (96, 96), "{anew:?}");
    }
}

#[test]
fn what_was_forgotten_counts_once_on_a_track_and_on_its_sibling() {
    for on_sibling in WAYS {
        let mut reader = Reader::new();
        lives().read(&mut reader, on_sibling, 0..5);
        let text = format!(
            r#"{{"a":{{"bytes":7,"since":{}}},"b":{{"bytes":1,"since":{}}}}}"#,
            BORN + 3,
            BORN + 6
        );
        reader.read(at(on_sibling, 5), &text).unwrap();
        let total = reader.total();
        assert_eq!(total.bytes, 138);
        reader.forget();
        assert_eq!(reader.fleet.counts().series, 0);
        for step in 0..5 {
            lives().read(&mut reader, !on_sibling, step..=step);
            assert_eq!(reader.total(), total, "{on_sibling}, step {step}");
        }
        reader.read(at(!on_sibling, 5), &text).unwrap();
        assert_eq!(reader.total(), total, "{on_sibling}");
        // What nobody read is new.
        let text = format!(r#"{{"c":{{"bytes":9,"since":{}}}}}"#, BORN + 7);
        reader.read(at(!on_sibling, 6), &text).unwrap();
        assert_eq!(reader.total().bytes, 147, "{on_sibling}");
    }
}

#[test]
fn a_report_of_an_epoch_that_is_over_tells_nothing_on_the_sibling() {
    for (on_sibling, anew) in WAYS
        .into_iter()
        .flat_map(|way| BOTH.map(|anew| (way, anew)))
    {
        let mut reader = Reader::new();
        let at = |on_sibling: bool, n: u64| FrameAt::first(FIRST + n).on_sibling(on_sibling);
        reader.report_at(at(on_sibling, 1), (1, BORN), 100);
        reader.begin(Anew::Connect);
        reader.report_at(at(on_sibling, 40_000_000), (2, BORN + 40_000), 30);
        assert_eq!(reader.total().bytes, 130);
        reader.begin(anew);
        reader.report_at(at(!on_sibling, 0), (1, BORN), 100);
        reader.report_at(at(!on_sibling, 39_999_999), (2, BORN + 40_000), 30);
        reader.report_at(at(!on_sibling, 40_000_000), (2, BORN + 40_000), 35);
        assert_eq!(reader.total().bytes, 135, "{on_sibling}, {anew:?}");
    }
}

#[test]
fn what_was_forgotten_counts_on_once_a_relay_has_given_what_it_kept() {
    for on_sibling in WAYS {
        let mut reader = Reader::new();
        reader.read(at(on_sibling, 0), &life(1, 10)).unwrap();
        reader.forget();
        for (step, bytes) in [(0, 4), (1, 10), (2, 20)] {
            reader.read(at(!on_sibling, step), &life(1, bytes)).unwrap();
            assert_eq!((reader.bytes(), reader.total().bytes), (10, 10));
        }
        reader.wait(61);
        reader.read(at(!on_sibling, 3), &life(1, 25)).unwrap();
        assert_eq!((reader.bytes(), reader.total().bytes), (15, 15));
    }
}

#[test]
fn what_tells_more_than_was_known_ends_the_doubt() {
    for on_sibling in WAYS {
        let mut reader = Reader::new();
        let row = |name: &str, bytes: u64| {
            format!(r#""{name}":{{"bytes":{bytes},"subscriptions":1,"since":{BORN}}}"#)
        };
        let both = |a, b| format!("{{{},{}}}", row("a", a), row("b", b));
        reader.read(at(on_sibling, 0), &both(1, 1)).unwrap();
        reader.connect();
        let next = FrameAt::first(FIRST + 2).on_sibling(on_sibling);
        let text = format!("{{{}}}", row("a", 2));
        reader.read(next, &text).unwrap();
        reader.wait(200);
        reader.connect();
        reader.wait(101);
        // b is forgotten, though it may go on.
        reader.tick();
        assert_eq!(reader.fleet.counts().series, 1);
        reader.read(at(!on_sibling, 0), &both(1, 1)).unwrap();
        reader.read(at(!on_sibling, 1), &both(2, 5)).unwrap();
        assert_eq!(reader.total().bytes, 3, "{on_sibling}");
        reader.read(at(!on_sibling, 2), &both(3, 6)).unwrap();
        assert_eq!(reader.total().bytes, 4, "{on_sibling}");
        reader.read(at(!on_sibling, 3), &both(3, 8)).unwrap();
        assert_eq!(reader.total().bytes, 6, "{on_sibling}");
    }
}

#[test]
fn a_life_that_follows_one_which_was_forgotten_is_told_by_what_differs() {
    let mut reader = Reader::new();
    reader.read(at(false, 0), &life(1, 10)).unwrap();
    reader.read(at(false, 1), "{}").unwrap();
    reader.forget();
    // What another node has open of the same name stays so.
    reader.read_other(FrameAt::first(FIRST), &life(1, 100));
    reader.read(at(true, 0), &life(1, 10)).unwrap();
    let next = format!(r#"{{"a":{{"bytes":3,"since":{}}}}}"#, BORN + 2);
    reader.read(at(true, 1), &next).unwrap();
    let row = reader.row("a");
    assert_eq!(
        (row.bytes, row.subscriptions, row.subscriptions_closed),
        (113, 3, 1)
    );
    assert_eq!(reader.open(), 2);
}

#[test]
fn an_overflow_series_goes_on_after_an_older_frame_without_it() {
    let overflow = |closed: u64| {
        format!(
            r#"{{"__overflow__":{{"subscriptions":2,"subscriptions_closed":{closed},"since":{BORN}}}}}"#
        )
    };
    for (on_sibling, anew) in WAYS
        .into_iter()
        .flat_map(|way| BOTH.map(|anew| (way, anew)))
    {
        let mut reader = Reader::new();
        reader.read(at(on_sibling, 0), &overflow(1)).unwrap();
        reader.begin(anew);
        let older = |of| FrameAt::first(FIRST + of).on_sibling(!on_sibling);
        let before = overflow(1).replace(r#""subscriptions":2"#, r#""subscriptions":1"#);
        for (place, text) in [&before, "{}", &overflow(1)].into_iter().enumerate() {
            reader.read(older(place as u64), text).unwrap();
        }
        let total = reader.total();
        assert_eq!((total.subscriptions, total.subscriptions_closed), (2, 1));
        assert_eq!(reader.open(), 1);
        reader.read(older(3), &overflow(2)).unwrap();
        reader.read(older(4), "{}").unwrap();
        let total = reader.total();
        assert_eq!((total.subscriptions, total.subscriptions_closed), (2, 2));
    }
}
