//! What the reader of frames makes of bytes.

use std::collections::BTreeMap;

use streamgauge_core::{
    Family, Presence, Replication, Rpc, Traffic,
    collect::{Entry, Expected, FrameReader, NodeReader, ParseError, TrackKind, TrackName},
};

/// What a frame says, by name; nothing for what a patch takes away.
pub(crate) type Frame<F> = BTreeMap<Option<String>, Option<(F, Option<u64>)>>;

/// Reads a frame that comes in these pieces.
pub(crate) fn read<'a, F: Family>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Frame<F>, ParseError> {
    let mut reader = FrameReader::<F, 32>::new();
    let mut frame = Frame::new();
    for piece in pieces {
        reader.push(piece, |entry| {
            let row = entry.row.map(|row| (row.words(), row.since));
            frame.insert(entry.key.map(str::to_owned), row);
        })?;
    }
    reader.finish().map(|()| frame)
}

fn whole<F: Family>(text: &str) -> Result<Frame<F>, ParseError> {
    read([text.as_bytes()])
}

#[track_caller]
fn row<F: Family>(text: &str) -> F {
    let frame = whole::<F>(text).unwrap();
    assert_eq!(frame.len(), 1, "one row");
    frame.values().next().copied().flatten().expect("a row").0
}

#[track_caller]
fn assert_refuses(text: &str, offset: u64, expected: Expected) {
    let error = ParseError { offset, expected };
    assert_eq!(whole::<Traffic>(text), Err(error), "{text}");
}

#[test]
fn a_frame_of_ours_is_read_with_since() {
    let text = r#" {"demo/bbb":{"announced":1,"bytes":1200,"viewers":2,"since":17}, "q\"\u00e9\ud83d\ude00":{}}"#;
    let frame = whole::<Traffic>(text).unwrap();
    let (words, since) = frame[&Some("demo/bbb".into())].unwrap();
    assert_eq!(
        (words.announced, words.bytes, words.viewers, since),
        (1, 1200, 2, Some(17))
    );
    let escaped = frame[&Some("q\"\u{e9}\u{1f600}".into())];
    assert_eq!(escaped, Some((Traffic::default(), None)));
}

#[test]
fn a_frame_without_since_is_read_as_older_nodes_write_it() {
    let text = r#"{"a":{"announced":2,"announced_closed":1,"broadcasts":1,"broadcasts_closed":0,"subscriptions":5,"subscriptions_closed":3,"bytes":7,"frames":8,"groups":9}}"#;
    let words: Traffic = row(text);
    assert_eq!((words.announced, words.announced_closed), (2, 1));
    assert_eq!((words.bytes, words.frames, words.groups), (7, 8, 9));
    assert_eq!(
        whole::<Traffic>(text).unwrap()[&Some("a".into())]
            .unwrap()
            .1,
        None
    );
}

#[test]
fn both_spellings_are_read_and_ours_wins_in_any_order() {
    let theirs = r#"{"a":{"announces_started":4,"announces_ended":3,"broadcasts_started":2,"broadcasts_ended":1,"subscriptions_started":6,"subscriptions_ended":5,"fetches":9,"bytes":1,"stale":{"bytes":4,"x":[1,{"y":null}]}}}"#;
    let words: Traffic = row(theirs);
    assert_eq!((words.announced, words.announced_closed), (4, 3));
    assert_eq!((words.broadcasts, words.broadcasts_closed), (2, 1));
    assert_eq!((words.subscriptions, words.subscriptions_closed), (6, 5));
    assert_eq!(words.bytes, 1, "what `stale` holds is not ours");
    for both in [
        r#"{"a":{"sessions_started":4,"sessions":5}}"#,
        r#"{"a":{"sessions":5,"sessions_started":4}}"#,
    ] {
        assert_eq!(row::<Presence>(both).sessions, 5);
    }
}

#[test]
fn of_a_member_that_comes_twice_the_last_number_stands_in_either_spelling() {
    for twice in [
        r#"{"a":{"sessions":4,"sessions":5}}"#,
        r#"{"a":{"sessions_started":4,"sessions_started":5}}"#,
        r#"{"a":{"sessions_started":6,"sessions":4,"sessions_started":7,"sessions":5}}"#,
        r#"{"a":{"sessions":5,"sessions_started":6,"sessions_started":7}}"#,
    ] {
        assert_eq!(row::<Presence>(twice).sessions, 5, "{twice}");
    }
}

#[test]
fn gauges_and_histograms_of_families_are_read() {
    let words: Replication = row(r#"{"c":{"leader_lag_us":250,"replica_lag_us":null}}"#);
    assert_eq!(
        (words.leader_lag_us, words.replica_lag_us),
        (Some(250), None)
    );
    let text = r#"{"s":{"calls":3,"call_latency_us":{"buckets":[1,0,2],"sum":40,"more":[{}]}}}"#;
    let words: Rpc = row(text);
    assert_eq!(words.calls, 3);
    assert_eq!(words.call_latency_us.buckets[..4], [1, 0, 2, 0]);
    assert_eq!(words.call_latency_us.sum, 40);
}

#[test]
fn more_buckets_than_we_know_are_left_out() {
    let many = vec!["1"; 300].join(",");
    let text = format!(r#"{{"s":{{"call_latency_us":{{"sum":40,"buckets":[{many}]}}}}}}"#);
    let words: Rpc = row(&text);
    assert!(words.call_latency_us.buckets.iter().all(|n| *n == 1));
    assert_eq!(words.call_latency_us.sum, 40);
}

#[test]
fn a_patch_changes_only_what_it_names() {
    let mut reader = FrameReader::<Traffic, 32>::new();
    let mut words = Traffic {
        bytes: 5,
        frames: 6,
        groups: 7,
        ..Traffic::default()
    }
    .words();
    let patch = br#"{"a":{"bytes":8,"groups":null}}"#;
    reader
        .push(patch, |entry| entry.row.unwrap().patch(&mut words))
        .unwrap();
    let words = Traffic::from_words(&words);
    assert_eq!((words.bytes, words.frames, words.groups), (8, 6, 0));
    assert_eq!(
        whole::<Traffic>(r#"{"a":null}"#).unwrap()[&Some("a".into())],
        None
    );
}

#[test]
fn a_patch_of_a_histograms_sum_leaves_its_buckets() {
    let mut reader = FrameReader::<Rpc, 32>::new();
    let mut words = row::<Rpc>(r#"{"s":{"call_latency_us":{"buckets":[1,2],"sum":9}}}"#).words();
    let patch = br#"{"s":{"call_latency_us":{"sum":11}}}"#;
    reader
        .push(patch, |entry| entry.row.unwrap().patch(&mut words))
        .unwrap();
    let words = Rpc::from_words(words.as_ref());
    assert_eq!(
        (words.call_latency_us.buckets[1], words.call_latency_us.sum),
        (2, 11)
    );
}

#[test]
fn a_name_that_does_not_fit_is_told_without_it() {
    let long = "x".repeat(33);
    let frame = whole::<Traffic>(&format!(r#"{{"{long}":{{"bytes":1}}}}"#)).unwrap();
    assert_eq!(frame[&None].unwrap().0.bytes, 1);
    let fits = "x".repeat(32);
    let frame = whole::<Traffic>(&format!(r#"{{"{fits}":{{}}}}"#)).unwrap();
    assert!(frame.contains_key(&Some(fits)));
}

#[test]
fn numbers_are_exact_up_to_the_largest_and_no_further() {
    let words: Traffic = row(r#"{"a":{"bytes":18446744073709551615}}"#);
    assert_eq!(words.bytes, u64::MAX);
    assert_refuses(
        r#"{"a":{"bytes":18446744073709551616}}"#,
        34,
        Expected::Counter,
    );
    assert_refuses(r#"{"a":{"bytes":-1}}"#, 16, Expected::Counter);
    assert_refuses(r#"{"a":{"bytes":1.0}}"#, 17, Expected::Counter);
    assert_refuses(r#"{"a":{"bytes":1e3}}"#, 17, Expected::Counter);
    assert_refuses(r#"{"a":{"bytes":01}}"#, 15, Expected::CommaOrBrace);
}

#[test]
fn wrong_types_are_refused_where_they_are() {
    assert_refuses("[]", 0, Expected::Frame);
    assert_refuses("7", 1, Expected::Frame);
    assert_refuses(r#"{"a":7}"#, 6, Expected::Row);
    assert_refuses(r#"{"a":[]}"#, 5, Expected::Row);
    assert_refuses(r#"{"a":{"bytes":"1"}}"#, 16, Expected::Counter);
    assert_refuses(r#"{"a":{"bytes":true}}"#, 17, Expected::Counter);
    assert_refuses(r#"{"a":{"bytes":{}}}"#, 14, Expected::Counter);
    assert_refuses(r#"{"a":{"since":[]}}"#, 14, Expected::Counter);
    let histogram = whole::<Rpc>(r#"{"a":{"call_latency_us":7}}"#).unwrap_err();
    assert_eq!(
        (histogram.offset, histogram.expected),
        (25, Expected::Histogram)
    );
}

#[test]
fn bad_text_is_refused_where_it_is() {
    assert_refuses(r#"{"a":{},}"#, 8, Expected::Name);
    assert_refuses(r#"{"a":{} "b":{}}"#, 8, Expected::CommaOrBrace);
    assert_refuses(r#"{"a" {}}"#, 5, Expected::Colon);
    assert_refuses(r#"{"a":{"x":[1 2]}}"#, 13, Expected::CommaOrBracket);
    assert_refuses(r#"{"a":{"x":tru}}"#, 13, Expected::Value);
    assert_refuses(r#"{"a":{"x":-}}"#, 11, Expected::Digit);
    assert_refuses(r#"{"\x":{}}"#, 3, Expected::Escape);
    assert_refuses("{\"a\nb\":{}}", 3, Expected::Escape);
    assert_refuses(r#"{"\u12g4":{}}"#, 6, Expected::Hex);
    assert_refuses(r#"{"\udc00":{}}"#, 7, Expected::HighSurrogate);
    assert_refuses(r#"{"\ud800x":{}}"#, 8, Expected::LowSurrogate);
    assert_refuses(r#"{"\ud800\u0041":{}}"#, 13, Expected::LowSurrogate);
    assert_refuses("{} {}", 3, Expected::End);
}

#[test]
fn a_frame_cut_short_anywhere_is_refused() {
    let text = r#"{"a\u00e9":{"bytes":12,"x":[true,null,-1.5e+3,"s"],"since":4}}"#;
    whole::<Traffic>(text).unwrap();
    for end in 0..text.len() {
        let error = whole::<Traffic>(&text[..end]).unwrap_err();
        assert_eq!((error.offset, error.expected), (end as u64, Expected::More));
    }
}

#[test]
fn invalid_utf_8_is_refused_in_names_and_in_texts() {
    let in_name = b"{\"a\xff\":{}}";
    assert_eq!(
        read::<Traffic>([&in_name[..]]).unwrap_err().expected,
        Expected::Utf8
    );
    let in_text = b"{\"a\":{\"x\":\"\xc3\x28\"}}";
    assert_eq!(
        read::<Traffic>([&in_text[..]]).unwrap_err().expected,
        Expected::Utf8
    );
    let cut = b"{\"a\":{\"x\":\"\xe2\x82\"}}";
    assert_eq!(
        read::<Traffic>([&cut[..]]).unwrap_err().expected,
        Expected::Utf8
    );
}

#[test]
fn only_well_formed_utf_8_is_taken_in_texts_as_in_names() {
    let frame = |text: &[u8]| [b"{\"a\":{\"x\":\"", text, b"\"}}"].concat();
    for text in [
        "\u{7f}",
        "\u{80}",
        "\u{7ff}",
        "\u{800}",
        "\u{d7ff}",
        "\u{e000}",
        "\u{ffff}",
        "\u{10000}",
        "\u{10ffff}",
    ] {
        read::<Traffic>([&frame(text.as_bytes())[..]]).unwrap();
    }
    let surrogate = [0xed, 0xa0, 0x80];
    let (overlong, longer) = ([0xe0, 0x9f, 0xbf], [0xf0, 0x8f, 0xbf, 0xbf]);
    let beyond = [0xf4, 0x90, 0x80, 0x80];
    for text in [
        &surrogate[..],
        &overlong,
        &longer,
        &beyond,
        &[0xc1, 0xbf],
        &[0xf5],
        &[0x80],
    ] {
        let error = read::<Traffic>([&frame(text)[..]]).unwrap_err();
        assert_eq!(error.expected, Expected::Utf8, "{text:x?}");
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| {
        format!(
            r#"{{"a":{{"x":{}{}}}}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        )
    };
    whole::<Traffic>(&nested(62)).unwrap();
    assert_refuses(&nested(63), 10 + 62, Expected::LessDepth);
    whole::<Traffic>(&nested(1_000_000)).unwrap_err();
}

#[test]
fn a_reader_reads_one_frame_after_the_other() {
    let mut reader = FrameReader::<Traffic, 32>::new();
    for bytes in [3, 4] {
        let text = format!(r#"{{"a":{{"bytes":{bytes}}}}}"#);
        let mut seen = 0;
        reader
            .push(text.as_bytes(), |entry| {
                seen = entry.row.unwrap().words().bytes;
            })
            .unwrap();
        reader.finish().unwrap();
        assert_eq!(seen, bytes);
    }
}

#[test]
fn a_roll_up_is_read_as_the_row_that_it_is() {
    let text = r#"{"v":1,"level":"demo","tier":"external","role":"publisher","node":"sjc","ts_ms":17,"broadcasts":2,"bytes":40}"#;
    let mut reader = FrameReader::<Traffic, 32>::of_row("demo");
    let mut rows = Vec::new();
    for piece in text.as_bytes().chunks(7) {
        let row = |entry: Entry<'_, Traffic>| {
            let words = entry.row.unwrap().words();
            rows.push((entry.key.map(str::to_owned), words.broadcasts, words.bytes));
        };
        reader.push(piece, row).unwrap();
    }
    reader.finish().unwrap();
    assert_eq!(rows, [(Some("demo".to_owned()), 2, 40)]);
    let mut wrong = FrameReader::<Traffic, 32>::of_row("demo");
    assert_eq!(
        wrong.push(b"[]", |_| ()).unwrap_err().expected,
        Expected::Row
    );
}

#[test]
fn node_json_is_read_with_totals_by_track() {
    let text = r#"{"epoch":7,"since":8,"ts_ms":9,"uptime_ms":1,"ticks":3,"path":"x","tiers":["",["y"]],
        "traffic":{"series":5,"more":{"series":6},"folded_keys":4,"folded_events":9},"presence":{"cells":2},
        "families":{"rpc":{"series":1}},"totals":{"publisher":{"bytes":10},"sessions":{"sessions":3}},"late_ticks":2}"#;
    let mut reader = NodeReader::<Traffic, 32>::new();
    let mut totals = BTreeMap::new();
    for piece in text.as_bytes().chunks(3) {
        let read = reader.push(piece, |entry| {
            let key = entry.key.unwrap_or_default().to_owned();
            totals.insert(key, entry.row.unwrap().words().bytes);
        });
        read.unwrap();
    }
    let health = reader.finish().unwrap();
    assert_eq!((health.epoch, health.since, health.ts_ms), (7, 8, 9));
    assert_eq!((health.ticks, health.late_ticks), (3, 2));
    assert_eq!((health.traffic.series, health.traffic.folded_keys), (5, 4));
    assert_eq!(health.traffic.folded_events, 9);
    assert_eq!(health.presence.cells, 2);
    let expected = [("publisher".to_owned(), 10), ("sessions".to_owned(), 0)];
    assert_eq!(totals, BTreeMap::from(expected));
}

#[test]
fn node_json_of_wrong_types_is_refused() {
    for (text, expected) in [
        ("[]", Expected::Node),
        (r#"{"epoch":"7"}"#, Expected::Counter),
        (r#"{"traffic":7}"#, Expected::Node),
        (r#"{"traffic":{"series":[]}}"#, Expected::Counter),
        (r#"{"totals":[]}"#, Expected::Frame),
        (r#"{"totals":{"publisher":1}}"#, Expected::Row),
        (r#"{"epoch":7"#, Expected::More),
    ] {
        let mut reader = NodeReader::<Traffic, 32>::new();
        let read = reader.push(text.as_bytes(), |_| {});
        let read = read.and_then(|()| reader.finish());
        assert_eq!(read.unwrap_err().expected, expected, "{text}");
    }
}

#[test]
fn tracks_are_told_by_their_names() {
    let parts = |name| TrackName::parse(name).map(|name| (name.tier, name.kind, name.deflated));
    let family = TrackKind::Family("rpc");
    assert_eq!(parts("rpc.json"), Some(("", family, false)));
    assert_eq!(
        parts("a/b/sessions.json.z"),
        Some(("a/b", TrackKind::Sessions, true))
    );
    assert_eq!(parts("node.json"), Some(("", TrackKind::Node, false)));
    for other in [
        "",
        ".json",
        "x/.json",
        "publisher",
        "publisher.json.y",
        "catalog.z",
    ] {
        assert_eq!(parts(other), None, "{other}");
    }
}
