//! What changed, over links where bytes are dear.

use serde_json::{Value, json};
use streamgauge_embassy::{
    Config, Frame, Latest, Patches, Serial, Sink, SinkError, Tier, TrackId, tracks,
};
use streamgauge_tests_embassy::{Bench, Inbox, Link, Mood, TICK, merge, split, split_patching};

const TRACK: &str = "publisher.json";

/// Refuses what it is told to, and keeps what it took.
#[derive(Default)]
struct Notes {
    frames: Vec<(TrackId, bool, Vec<u8>)>,
    refuses: bool,
}

impl Sink for Notes {
    async fn send<F: Frame>(&mut self, frame: &mut F) -> Result<(), SinkError> {
        let (mut payload, mut buf) = (Vec::new(), [0; 50]);
        loop {
            let chunk = frame.read(&mut buf);
            payload.extend_from_slice(&buf[..chunk.len]);
            if chunk.end {
                break;
            }
        }
        if self.refuses {
            return Err(SinkError::Busy);
        }
        self.frames.push((frame.track(), frame.is_patch(), payload));
        Ok(())
    }
}

impl Notes {
    /// What was taken of a track since the last call, and whether each was a patch.
    fn take(&mut self, track: &str) -> Vec<(bool, String)> {
        let name = |id: TrackId| id.name(&[] as &[&str]).concat();
        let of = |(id, patch, text): (TrackId, bool, Vec<u8>)| {
            (name(id) == track).then(|| (patch, String::from_utf8(text).unwrap()))
        };
        self.frames.drain(..).filter_map(of).collect()
    }
}

#[test]
fn a_patch_says_what_changed_and_nothing_else() {
    let mut bench = Bench::new();
    let (handle, mut runner) = split_patching(Config::new());
    let (mut notes, mut patches) = (Notes::default(), Patches::new(100));
    let external = handle.tier(Tier::External);
    let mut track = external.broadcast("live/one").publisher_track("v");
    let _other = external.broadcast("live/two").publisher_track("v");
    let run = async move {
        runner.tick().await;
        runner.publish_patches(&mut notes, &mut patches).await;
        let first = notes.take(TRACK);
        assert!(!first[0].0 && first[0].1.contains("live/two"));

        track.whole_frame(7);
        runner.tick().await;
        runner.publish_patches(&mut notes, &mut patches).await;
        let patch = r#"{"live/one":{"bytes":7,"frames":1}}"#;
        assert_eq!(notes.take(TRACK), [(true, patch.into())]);

        drop(track);
        runner.tick().await;
        runner.publish_patches(&mut notes, &mut patches).await;
        notes.frames.clear();
        runner.tick().await;
        runner.publish_patches(&mut notes, &mut patches).await;
        assert_eq!(notes.take(TRACK), [(true, r#"{"live/one":null}"#.into())]);
        runner.flush_in_patches(&mut notes, &mut patches).await;
        assert!(notes.take(TRACK).is_empty());
    };
    bench.spawn(run);
    for _ in 0..5 {
        bench.leap(TICK);
    }
    assert!(bench.has_ended(0));
}

#[test]
fn a_whole_frame_comes_after_so_many_patches_and_after_one_that_was_refused() {
    let mut bench = Bench::new();
    let (handle, mut runner) = split_patching(Config::new());
    let (mut notes, mut patches) = (Notes::default(), Patches::new(3));
    let mut track = handle
        .tier(Tier::External)
        .broadcast("a")
        .publisher_track("v");
    let run = async move {
        let mut forms = Vec::new();
        for tick in 0..10 {
            track.frame();
            runner.tick().await;
            notes.refuses = tick == 5;
            runner.publish_patches(&mut notes, &mut patches).await;
            forms.extend(notes.take(TRACK).into_iter().map(|(patch, _)| patch));
        }
        let (whole, patch) = (false, true);
        let expected = [
            whole, patch, patch, patch, whole, whole, patch, patch, patch,
        ];
        assert_eq!(forms, expected);
    };
    bench.spawn(run);
    for _ in 0..10 {
        bench.leap(TICK);
    }
    assert!(bench.has_ended(0));
}

#[test]
fn what_a_link_brings_makes_whole_frames() {
    let mut bench = Bench::new();
    let (handle, mut runner) = split_patching(Config::new().with_node("gw"));
    let (link, mut inbox) = (Link::new(), Inbox::new());
    let mut sink = Serial::<_, 64>::new(link.clone());
    let mut patches = Patches::new(20);
    bench.spawn(async move { runner.run_in_patches(&mut sink, &mut patches).await });
    bench.settle();
    let external = handle.tier(Tier::External);
    let mut bytes = [0_u64; 4];
    let mut total = 0;
    for n in 0..100_usize {
        let name = n % 4;
        let mut track = external
            .broadcast(&format!("live/{name}"))
            .publisher_track("v");
        track.bytes(n);
        total += n as u64;
        bench.leap(TICK);
        inbox.read(&link);
        let row = &inbox.newest(TRACK)[format!("live/{name}")];
        bytes[name] = if row["subscriptions"] == 1 {
            0
        } else {
            bytes[name]
        } + n as u64;
        assert_eq!(row["bytes"], bytes[name], "{n}: {row}");
        assert_eq!(inbox.total("publisher", "bytes"), total);
        assert_eq!(inbox.node("ticks"), n as u64 + 2);
    }
    for _ in 0..3 {
        bench.leap(TICK);
    }
    inbox.read(&link);
    assert_eq!(*inbox.newest(TRACK), json!({}));
    assert_eq!(inbox.tally().lost_frames, 0);
}

#[test]
fn a_link_that_breaks_anywhere_loses_no_count_of_patches() {
    for taken in (0..500).step_by(7) {
        let mut bench = Bench::new();
        let (handle, mut runner) = split_patching(Config::new());
        let (link, mut inbox) = (Link::new(), Inbox::new());
        let mut sink = Serial::<_, 64>::new(link.clone());
        let mut patches = Patches::new(50);
        bench.spawn(async move { runner.run_in_patches(&mut sink, &mut patches).await });
        bench.settle();
        let mut held = handle
            .tier(Tier::External)
            .broadcast("live/held")
            .publisher_track("v");
        held.bytes(1);
        bench.leap(TICK);
        link.mood(Mood::Fails(taken));
        held.bytes(2);
        handle
            .tier(Tier::External)
            .broadcast("live/brief")
            .publisher_track("v")
            .bytes(5);
        bench.leap(TICK);
        link.mood(Mood::Fast);
        bench.leap(TICK);
        inbox.read(&link);
        let frames = inbox.frames(TRACK);
        let seen = frames.iter().any(|frame| frame["live/brief"]["bytes"] == 5);
        assert!(seen, "broken after {taken} bytes");
        assert_eq!(inbox.newest(TRACK)["live/held"]["bytes"], 3);
        assert_eq!(inbox.total("publisher", "bytes"), 8);
        bench.leap(TICK);
        bench.leap(TICK);
        inbox.read(&link);
        assert!(inbox.newest(TRACK)["live/brief"].is_null());
        assert_eq!(handle.usage().series, 1);
    }
}

#[test]
fn patches_are_a_fraction_of_whole_frames() {
    let mut sent = [0, 0];
    for (by_patches, sent) in [true, false].into_iter().zip(&mut sent) {
        let mut bench = Bench::new();
        let link = Link::new();
        let mut sink = Serial::<_, 256>::new(link.clone());
        let mut tracks = Vec::new();
        if by_patches {
            let (handle, mut runner) = split_patching(Config::new());
            let open = |n: u32| handle.tier(Tier::External).broadcast(&format!("live/{n}"));
            tracks.extend((0..8).map(|n| Box::new(open(n).publisher_track("v")) as Box<dyn Bump>));
            let mut patches = Patches::new(60);
            bench.spawn(async move { runner.run_in_patches(&mut sink, &mut patches).await });
        } else {
            let (handle, mut runner) = split(Config::new());
            let open = |n: u32| handle.tier(Tier::External).broadcast(&format!("live/{n}"));
            tracks.extend((0..8).map(|n| Box::new(open(n).publisher_track("v")) as Box<dyn Bump>));
            bench.spawn(async move { runner.run(&mut sink).await });
        }
        for n in 0..60 {
            tracks[n % 8].bump();
            bench.leap(TICK);
        }
        *sent = link.drain().len();
    }
    let [by_patches, whole] = sent;
    assert!(by_patches * 8 < whole, "{by_patches} of {whole}");
}

trait Bump {
    fn bump(&mut self);
}

impl<N: streamgauge_embassy::Node> Bump for streamgauge_embassy::PublisherTrack<N> {
    fn bump(&mut self) {
        self.whole_frame(100);
    }
}

#[test]
fn what_shows_whole_frames_refuses_patches() {
    static LATEST: Latest<{ tracks(2) }, 4096, 4> = Latest::new();
    let mut bench = Bench::new();
    let (handle, mut runner) = split_patching(Config::new());
    let mut track = handle
        .tier(Tier::External)
        .broadcast("a")
        .publisher_track("v");
    let run = async move {
        let (mut sink, mut patches) = (LATEST.sink().unwrap(), Patches::new(9));
        for _ in 0..4 {
            track.frame();
            runner.tick().await;
            runner.publish_patches(&mut sink, &mut patches).await;
        }
        // Every other frame is whole, because a patch was refused before it.
        assert!(runner.health().refused_frames > 0);
        let mut reader = LATEST.reader(TrackId::Node).unwrap();
        let mut buf = [0; 4096];
        let node: Value = serde_json::from_slice(reader.next(&mut buf).await.unwrap()).unwrap();
        assert_eq!(node["ticks"], 3);
    };
    bench.spawn(run);
    for _ in 0..5 {
        bench.leap(TICK);
    }
    assert!(bench.has_ended(0));
}

#[test]
fn the_far_end_of_these_tests_patches_as_the_standard_says() {
    // The examples of RFC 7396, appendix A, that have an object for a patch.
    let cases = [
        (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
        (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
        (json!({"a":"b"}), json!({"a":null}), json!({})),
        (
            json!({"a":"b","b":"c"}),
            json!({"a":null}),
            json!({"b":"c"}),
        ),
        (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
        (
            json!({"a":{"b":"c"}}),
            json!({"a":{"b":"d","c":null}}),
            json!({"a":{"b":"d"}}),
        ),
        (json!([1, 2]), json!({"a":"b","c":null}), json!({"a":"b"})),
        (
            json!({}),
            json!({"a":{"bb":{"ccc":null}}}),
            json!({"a":{"bb":{}}}),
        ),
    ];
    for (mut target, patch, expected) in cases {
        merge(&mut target, patch);
        assert_eq!(target, expected);
    }
}
