//! Where groups begin.

use serde_json::Value;
use streamgauge_tokio::{Deltas, Tier};

use crate::harness::Node;

const TRACK: &str = "publisher.json";

fn counts(node: &Node) -> (usize, usize) {
    node.with_track(TRACK, |track| (track.keyframes, track.patches))
}

#[tokio::test(start_paused = true)]
async fn a_patch_has_what_changed_and_nothing_else() {
    let node = Node::new(Deltas::Beside);
    let handle = node.stats.tier(Tier::External);
    let mut track = handle.broadcast("live/one").publisher_track("v");
    let _other = handle.broadcast("live/two").publisher_track("v");
    node.tick().await;
    track.whole_frame(1200);
    node.tick().await;
    node.with_track(TRACK, |track| {
        let patch = String::from_utf8_lossy(&track.last);
        assert_eq!(patch, r#"{"live/one":{"bytes":1200,"frames":1}}"#);
    });
    node.check();
    drop(track);
    node.tick().await; // its last words
    node.tick().await;
    node.with_track(TRACK, |track| {
        assert_eq!(String::from_utf8_lossy(&track.last), r#"{"live/one":null}"#);
    });
    node.check();
}

#[tokio::test(start_paused = true)]
async fn a_tick_without_a_change_has_no_patch() {
    let node = Node::new(Deltas::Beside);
    let _track = node
        .stats
        .tier(Tier::External)
        .broadcast("a")
        .publisher_track("v");
    node.tick().await;
    let before = counts(&node);
    node.tick().await;
    assert_eq!(counts(&node), before);
    node.check();
}

#[tokio::test(start_paused = true)]
async fn a_group_has_256_frames_at_the_most() {
    let node = Node::new(Deltas::Beside);
    let handle = node.stats.tier(Tier::External);
    // So many that a group does not come to eight times its keyframe.
    let open = |n: u32| handle.broadcast(&format!("room/{n}")).publisher_track("v");
    let mut tracks: Vec<_> = (0..512).map(open).collect();
    for (tick, track) in tracks.iter_mut().enumerate() {
        track.frame();
        node.tick().await;
        let groups = tick / 256 + 1;
        assert_eq!(counts(&node), (groups, tick + 1 - groups), "after {tick}");
    }
    node.check();
}

#[tokio::test(start_paused = true)]
async fn a_group_ends_when_its_patches_come_to_eight_times_its_keyframe() {
    let node = Node::new(Deltas::Beside);
    let handle = node.stats.tier(Tier::External);
    let mut track = handle.broadcast("live/one").publisher_track("v");
    node.tick().await;
    let (mut keyframe, mut patches) = (node.with_track(TRACK, |track| track.bytes), 0);
    let mut rekeyed = 0;
    for _ in 0..300 {
        track.whole_frame(1_234_567);
        let (before, groups) = node.with_track(TRACK, |track| (track.bytes, track.keyframes));
        node.tick().await;
        let (after, now) = node.with_track(TRACK, |track| (track.bytes, track.keyframes));
        if now > groups {
            assert!(patches > 8 * keyframe, "{patches} of {keyframe}");
            (keyframe, patches) = (after - before, 0);
            rekeyed += 1;
        } else {
            assert!(patches <= 8 * keyframe, "{patches} of {keyframe}");
            patches += after - before;
        }
    }
    assert!(rekeyed > 1, "{rekeyed}");
    node.check();
}

#[tokio::test(start_paused = true)]
async fn without_whole_frames_patches_say_all() {
    let beside = Node::new(Deltas::Beside);
    let instead = Node::new(Deltas::Instead);
    for node in [&beside, &instead] {
        let handle = node.stats.tier(Tier::External);
        let mut tracks: Vec<_> = ["a", "b", "c"]
            .map(|name| handle.broadcast(name).publisher_track("v"))
            .into();
        for n in 0..20 {
            tracks[n % 3].whole_frame(n);
            node.tick().await;
        }
        tracks.truncate(2);
        node.tick().await;
    }
    let words = |node: &Node| {
        node.with_track(TRACK, |track| {
            let mut value = track.value.clone();
            for row in value.as_object_mut().unwrap().values_mut() {
                row.as_object_mut().unwrap().remove("since");
            }
            value
        })
    };
    assert_eq!(words(&instead), words(&beside));
    assert_eq!(words(&instead)["a"]["frames"], Value::from(7));
    let whole = instead.read.lock().unwrap();
    assert_eq!(whole.whole.keys().collect::<Vec<_>>(), ["node.json"]);
    assert!(instead.stats.latest(TRACK).is_none());
    assert!(
        instead
            .stats
            .tracks()
            .iter()
            .any(|name| &**name == "publisher.json.z")
    );
}
