//! What is read from an exposition is what the ledgers hold.

use proptest::prelude::*;
use streamgauge_core::Format;
use streamgauge_tests::text::{Metric, Random, Scene, Step, check, parse};

/// A scene after some steps.
fn scene(steps: &[Step], label: &str) -> Scene {
    let mut scene = Scene::new(6, &[("node", "sjc/1"), ("zone", label)]);
    steps.iter().for_each(|step| scene.play(step));
    scene.tick(false);
    scene
}

fn read(text: &str, format: Format) -> Vec<Metric> {
    let metrics = parse(text, format).unwrap_or_else(|error| panic!("{format:?}: {error}\n{text}"));
    check(&metrics, format);
    metrics
}

fn assert_faithful(scene: &Scene) {
    for format in Format::ALL {
        let text = scene.write(format, 1 << 20);
        let metrics = read(&text, format);
        let meant = scene.meant(format);
        for (read, meant) in metrics.iter().zip(&meant) {
            assert_eq!(read, meant, "{format:?}");
        }
        assert!(metrics.len() > meant.len(), "the node's own metrics follow");
    }
}

#[test]
fn any_script_is_shown_as_it_was_meant() {
    for seed in 0..200 {
        let mut random = Random(seed);
        let steps: Vec<_> = (0..random.below(60)).map(|_| random.step()).collect();
        assert_faithful(&scene(&steps, &random.text()));
    }
}
