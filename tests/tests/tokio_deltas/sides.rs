//! What changed in levels and groups.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use serde_json::Value;
use streamgauge_tokio::{
    BroadcastConsumer, Config, Deltas, GroupConsumer, OriginProducer, PublisherTrack, Stats, Tier,
};

use crate::harness::{Node, Reader};

const LEVEL: &str = ".stats/prefix/a/sjc/1";
const GROUP: &str = ".stats/a/node/sjc/1";
const TRACK: &str = "publisher.json";

fn config() -> Config {
    let config = Config::new().with_node("sjc/1").with_levels(2);
    config.with_depth(1).with_group_linger(Duration::ZERO)
}

fn level(node: &Node) -> (usize, usize) {
    node.with_track(&format!("{LEVEL}/{TRACK}"), frames)
}

fn group(node: &Node) -> (usize, usize) {
    node.with_track(&format!("{GROUP}/{TRACK}"), frames)
}

fn frames(reader: &Reader) -> (usize, usize) {
    (reader.keyframes, reader.patches)
}

/// Opens, closes and counts under three first segments, some of which come and go.
fn move_some(stats: &Stats, tracks: &mut Vec<PublisherTrack>, tick: usize) {
    let handle = stats.tier(Tier::External);
    if tick.is_multiple_of(3) {
        let path = format!("{}/\"{}\"/ü", ["a", "b", "c"][tick / 9 % 3], tick % 7);
        tracks.push(handle.broadcast(&path).publisher_track("v"));
    }
    if tick % 5 == 4 {
        drop(tracks.remove(0));
    }
    if tick % 40 == 39 {
        tracks.clear();
    }
    for track in tracks.iter_mut().step_by(2) {
        track.whole_frame(tick);
    }
}

#[tokio::test(start_paused = true)]
async fn keyframes_and_patches_make_the_whole_frames_of_levels_and_groups() {
    let node = Node::beside(Deltas::Beside, config());
    let mut tracks = Vec::new();
    for tick in 0..400 {
        move_some(&node.stats, &mut tracks, tick);
        node.tick().await;
        node.check();
    }
    let names: Vec<String> = node.read.lock().unwrap().packed.keys().cloned().collect();
    for part in [LEVEL, GROUP, ".stats/c/node/sjc/1", ".stats/prefix/sjc/1"] {
        let track = format!("{part}/{TRACK}");
        assert!(names.contains(&track), "{track} among {names:?}");
        let (keyframes, patches) = node.with_track(&track, frames);
        assert!(patches > 4 * keyframes, "{track}: {keyframes}, {patches}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_patch_of_a_level_or_group_has_what_changed_and_nothing_else() {
    let node = Node::beside(Deltas::Beside, config());
    let handle = node.stats.tier(Tier::External);
    let mut track = handle.broadcast("a/x").publisher_track("v");
    let _other = handle.broadcast("a/y").publisher_track("v");
    node.tick().await;
    assert_eq!((level(&node), group(&node)), ((1, 0), (1, 0)));
    track.whole_frame(1200);
    node.tick().await;
    assert_eq!((level(&node), group(&node)), ((1, 1), (1, 1)));
    node.with_track(&format!("{GROUP}/{TRACK}"), |track| {
        let patch = String::from_utf8_lossy(&track.last);
        assert_eq!(patch, r#"{"a/x":{"bytes":1200,"frames":1}}"#);
    });
    node.with_track(&format!("{LEVEL}/{TRACK}"), |track| {
        let patch: Value = serde_json::from_slice(&track.last).unwrap();
        let names: Vec<_> = patch.as_object().unwrap().keys().collect();
        assert_eq!(names, ["bytes", "frames", "ts_ms"]);
    });
    drop(track);
    node.tick().await; // its last words
    node.tick().await;
    node.with_track(&format!("{GROUP}/{TRACK}"), |track| {
        assert_eq!(String::from_utf8_lossy(&track.last), r#"{"a/x":null}"#);
    });
    node.check();
}

#[tokio::test(start_paused = true)]
async fn what_nobody_changed_is_not_told() {
    let node = Node::beside(Deltas::Beside, config());
    let handle = node.stats.tier(Tier::External);
    let _still = handle.broadcast("a/x").publisher_track("v");
    let mut moves = handle.broadcast("b/x").publisher_track("v");
    node.tick().await;
    let before = (level(&node), group(&node));
    for _ in 0..20 {
        moves.frame();
        node.tick().await;
    }
    assert_eq!((level(&node), group(&node)), before);
    node.check();
}

#[tokio::test(start_paused = true)]
async fn a_refused_patch_of_a_level_or_group_is_followed_by_a_keyframe() {
    let node = Node::beside(Deltas::Beside, config());
    let handle = node.stats.tier(Tier::External);
    let mut track = handle.broadcast("a/x").publisher_track("v");
    node.tick().await;
    track.frame();
    node.tick_refusing(u32::MAX).await;
    assert_eq!((level(&node), group(&node)), ((1, 0), (1, 0)));
    // Nothing changed since, and yet it is owed.
    node.tick().await;
    assert_eq!((level(&node), group(&node)), ((2, 0), (2, 0)));
    node.check();
    track.frame();
    node.tick().await;
    assert_eq!((level(&node), group(&node)), ((2, 1), (2, 1)));
    node.check();
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_of_levels_and_groups_makes_the_whole_frames_whatever_was_refused() {
    let node = Node::beside(Deltas::Beside, config());
    let (mut tracks, mut refused) = (Vec::new(), 1_u32);
    for tick in 0..300 {
        move_some(&node.stats, &mut tracks, tick);
        refused = refused.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        node.tick_refusing(refused & refused >> 8).await;
        if tick % 3 == 2 {
            node.tick().await;
            node.read.lock().unwrap().check_numbers();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_of_a_levels_track_ends_when_its_patches_come_to_eight_times_its_keyframe() {
    let node = Node::beside(Deltas::Beside, config());
    let handle = node.stats.tier(Tier::External);
    let mut track = handle.broadcast("a/x").publisher_track("v");
    for _ in 0..600 {
        track.whole_frame(1_234_567);
        node.tick().await;
        node.check();
    }
    let (keyframes, patches) = level(&node);
    assert_eq!(keyframes + patches, 600);
    assert!((3..60).contains(&keyframes), "{keyframes}");
}

#[tokio::test(start_paused = true)]
async fn a_patch_is_a_small_part_of_the_frame_of_a_level() {
    let node = Node::beside(Deltas::Beside, config());
    let handle = node.stats.tier(Tier::External);
    let open = |n: u32| handle.broadcast(&format!("a/{n}")).publisher_track("v");
    let mut tracks: Vec<_> = (0..100).map(open).collect();
    let mut seed = 1_u32;
    let (mut level, mut group) = (0, 0);
    for _ in 0..200 {
        for track in tracks.iter_mut().step_by(10) {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            track.whole_frame(seed as usize >> 8 & 0xffff);
        }
        node.tick().await;
        let read = node.read.lock().unwrap();
        level += read.whole[&format!("{LEVEL}/{TRACK}")].len();
        group += read.whole[&format!("{GROUP}/{TRACK}")].len();
    }
    let packed = |part: &str| node.with_track(&format!("{part}/{TRACK}"), |track| track.bytes);
    let (level_packed, group_packed) = (packed(LEVEL), packed(GROUP));
    println!("a level: {level_packed} bytes packed of {level}; a group: {group_packed} of {group}");
    assert!(level_packed * 4 <= level, "{level_packed} of {level}");
    assert!(group_packed * 20 <= group, "{group_packed} of {group}");
}

/// What a future is ready with.
fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// The newest group of a track of patches, and what all that is in it comes to.
fn packed(broadcast: &BroadcastConsumer, track: &str) -> (GroupConsumer, Value) {
    let mut track = broadcast.open_track(&format!("{track}.z")).unwrap();
    let mut group = now(track.next_group()).unwrap().unwrap().unwrap();
    let mut reader = Reader::new();
    while let Some(Ok(Some(frame))) = now(group.read_frame()) {
        if reader.keyframes == 0 {
            reader.keyframe(&frame);
        } else {
            reader.patch(&frame);
        }
    }
    (group, reader.value)
}

fn whole(broadcast: &BroadcastConsumer, track: &str) -> Value {
    let mut track = broadcast.open_track(track).unwrap();
    let frame = now(track.read_frame()).unwrap().unwrap().unwrap();
    serde_json::from_slice(&frame).unwrap()
}

const TRACKS: [&str; 4] = [
    "publisher.json",
    "subscriber.json",
    "internal/publisher.json",
    "internal/subscriber.json",
];

#[tokio::test(start_paused = true)]
async fn late_readers_of_levels_and_groups_get_the_open_group_whole() {
    let origin = OriginProducer::new();
    let config = config().with_origin(&origin).with_deltas(Deltas::Beside);
    let stats = Stats::spawn(config).unwrap();
    let handle = stats.tier(Tier::External);
    let mut track = handle.broadcast("a/x").publisher_track("v");
    for tick in 0..50 {
        track.whole_frame(tick);
        stats.flush().await;
        for path in [LEVEL, GROUP, ".stats/prefix/sjc/1"] {
            let broadcast = origin.consume().broadcast(path).unwrap();
            for name in TRACKS {
                let (_, packed) = packed(&broadcast, name);
                assert_eq!(packed, whole(&broadcast, name), "{path}/{name}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_level_or_group_that_returns_begins_a_group_with_a_higher_sequence() {
    let origin = OriginProducer::new();
    let config = config().with_level_linger(Duration::ZERO);
    let config = config.with_origin(&origin).with_deltas(Deltas::Beside);
    let stats = Stats::spawn(config).unwrap();
    let handle = stats.tier(Tier::External);
    let mut newest = [0; 2];
    for life in 1..5 {
        let mut track = handle.broadcast("a/x").publisher_track("v");
        track.bytes(life);
        stats.flush().await;
        let mut groups = Vec::new();
        for (path, newest) in [LEVEL, GROUP].into_iter().zip(&mut newest) {
            let broadcast = origin.consume().broadcast(path).unwrap();
            let (group, packed) = packed(&broadcast, TRACK);
            assert_eq!(packed, whole(&broadcast, TRACK), "{path}");
            assert!(group.sequence() > *newest, "{path}");
            *newest = group.sequence();
            groups.push(group);
        }
        drop(track);
        for _ in 0..3 {
            stats.flush().await;
        }
        for (path, mut group) in [LEVEL, GROUP].into_iter().zip(groups) {
            assert!(origin.consume().broadcast(path).is_none(), "{path}");
            // The last words, and the end.
            while let Some(frame) = now(group.read_frame()).unwrap().unwrap() {
                assert!(!frame.is_empty());
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_whole_frames_levels_and_groups_say_all_in_patches() {
    let origin = OriginProducer::new();
    let config = config().with_origin(&origin).with_deltas(Deltas::Instead);
    let stats = Stats::spawn(config).unwrap();
    let handle = stats.tier(Tier::External);
    let mut track = handle.broadcast("a/x").publisher_track("v");
    let _other = handle.broadcast("b/x").publisher_track("v");
    for bytes in 1..20 {
        track.bytes(1);
        stats.flush().await;
        let [level, group] = [LEVEL, GROUP].map(|path| {
            let broadcast = origin.consume().broadcast(path).unwrap();
            assert!(broadcast.open_track(TRACK).is_none());
            packed(&broadcast, TRACK).1
        });
        assert_eq!(
            (&level["bytes"], &level["level"]),
            (&bytes.into(), &"a".into())
        );
        assert_eq!(
            (&group["a/x"]["bytes"], group.get("b/x")),
            (&bytes.into(), None)
        );
    }
}
