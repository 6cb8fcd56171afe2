//! What a sink refuses was never said.

use proptest::{collection::vec, prelude::*};
use streamgauge_tokio::{Config, Deltas, PublisherTrack, Tier};
use tokio::runtime::Builder;

use crate::harness::Node;

#[tokio::test(start_paused = true)]
async fn a_refused_patch_is_followed_by_a_keyframe_that_has_it() {
    let node = Node::new(Deltas::Beside);
    let mut track = node
        .stats
        .tier(Tier::External)
        .broadcast("a")
        .publisher_track("v");
    node.tick().await;
    track.frame();
    node.tick_refusing(u32::MAX).await;
    let frames = |reader: &crate::harness::Reader| (reader.keyframes, reader.patches);
    assert_eq!(node.with_track("publisher.json", frames), (1, 0));
    track.frame();
    node.tick().await;
    assert_eq!(node.with_track("publisher.json", frames), (2, 0));
    assert_eq!(
        node.with_track("publisher.json", |reader| reader.value["a"]["frames"]
            .clone()),
        2
    );
    node.check();
    track.frame();
    node.tick().await;
    assert_eq!(node.with_track("publisher.json", frames), (2, 1));
    node.check();
}

#[tokio::test(start_paused = true)]
async fn a_series_that_ended_unheard_is_told_of() {
    let node = Node::new(Deltas::Beside);
    node.tick().await;
    let mut track = node
        .stats
        .tier(Tier::External)
        .broadcast("a")
        .publisher_track("v");
    track.bytes(7);
    drop(track);
    for _ in 0..3 {
        node.tick_refusing(u32::MAX).await;
    }
    node.tick().await;
    let bytes = |reader: &crate::harness::Reader| reader.value["a"]["bytes"].clone();
    assert_eq!(node.with_track("publisher.json", bytes), 7);
    node.tick().await;
    node.tick().await;
    node.check();
    assert_eq!(node.stats.usage().series, 0, "its room is free");
}

/// What happens between two ticks.
#[derive(Clone, Debug)]
enum Op {
    Open(u8),
    Bump(usize),
    Close(usize),
    Tick(u32),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (0..12u8).prop_map(Op::Open),
        6 => any::<usize>().prop_map(Op::Bump),
        3 => any::<usize>().prop_map(Op::Close),
        3 => Just(Op::Tick(0)),
        2 => any::<u32>().prop_map(Op::Tick),
    ]
}

async fn run(ops: &[Op]) {
    let config = Config::new().with_series(8).with_cells(8);
    let node = Node::with(Deltas::Beside, config);
    let handle = node.stats.tier(Tier::External);
    let mut tracks: Vec<PublisherTrack> = Vec::new();
    for op in ops {
        let open = tracks.len().max(1);
        match op {
            Op::Open(name) => {
                tracks.push(handle.broadcast(&format!("p/{name}")).publisher_track("v"));
            }
            Op::Bump(pick) => tracks
                .get_mut(pick % open)
                .into_iter()
                .for_each(|t| t.whole_frame(9)),
            Op::Close(pick) => drop((!tracks.is_empty()).then(|| tracks.swap_remove(pick % open))),
            Op::Tick(refused) => {
                node.tick_refusing(*refused).await;
                if *refused == 0 {
                    node.check();
                }
            }
        }
    }
    drop(tracks);
    for _ in 0..3 {
        node.tick().await;
    }
    node.check();
    assert_eq!(node.stats.usage().series, 0);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_was_taken_makes_the_whole_frame_whatever_was_refused(ops in vec(op(), 1..60)) {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(run(&ops));
    }
}
