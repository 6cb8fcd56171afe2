//! What patches cost on the wire, counted.

use streamgauge_tokio::{Config, Deltas, Tier};

use crate::harness::Node;

const SERIES: usize = 10_000;
const TICKS: usize = 64;

#[tokio::test(start_paused = true)]
async fn of_ten_thousand_series_one_in_a_hundred_costs_three_percent_of_whole_frames_at_most() {
    let node = Node::with(Deltas::Beside, Config::new().with_series(SERIES));
    let handle = node.stats.tier(Tier::External);
    let path = |n: usize| format!("customer-{:02}/room-{n:06}/camera", n % 64);
    let open = |n| handle.broadcast(&path(n)).publisher_track("video");
    let mut tracks: Vec<_> = (0..SERIES).map(open).collect();
    node.tick().await;
    let packed = |node: &Node| node.with_track("publisher.json", |track| track.bytes);
    let keyframe = packed(&node);
    let (mut whole, mut seed) = (0, 1_u32);
    for tick in 0..TICKS {
        for track in tracks.iter_mut().skip(tick % 100).step_by(100) {
            // Frames of as many sizes as there are.
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            for _ in 0..seed >> 28 {
                track.whole_frame(seed as usize >> 8 & 0xffff);
            }
            track.group();
        }
        node.tick().await;
        whole += node.read.lock().unwrap().whole["publisher.json"].len();
    }
    node.check();
    let patches = packed(&node) - keyframe;
    println!("{patches} bytes of patches, a keyframe of {keyframe}, {whole} bytes of whole frames");
    // The keyframe too, which such a group has once in 256 frames.
    assert!((patches + keyframe) * 100 <= whole * 3);
    assert!(patches * 500 <= whole, "{patches} of {whole}");
}
