//! What is read from an exposition is what the ledgers hold.

use proptest::{collection::vec, prelude::*};
use streamgauge_core::Format;
use streamgauge_tests::text::{Decimal, Metric, Point, Random, Scene, Step, check, parse};

/// A scene after some steps, not all of them collected with those after them.
fn scene(steps: &[Step], label: &str) -> Scene {
    let mut scene = Scene::new(6, &[("node", "sjc/1"), ("zone", label)]);
    for step in steps {
        scene.play(step);
    }
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
        let metrics = read(&scene.write(format, 1 << 20), format);
        let meant = scene.meant(format);
        for (read, meant) in metrics.iter().zip(&meant) {
            assert_eq!(read, meant, "{format:?}");
        }
        assert!(metrics.len() > meant.len(), "the node's own metrics follow");
    }
}

fn step() -> impl Strategy<Value = Step> {
    let amount = prop_oneof![Just(0), 1_u64..10, any::<u64>(), Just(u64::MAX)];
    let name = prop_oneof![
        any::<String>(),
        "[\"\\\\\n\r\0 a{}=,é🎈]{0,12}",
        "_{0,4}overflow_{1,3}",
    ];
    let amounts = proptest::array::uniform10(amount);
    let flags = any::<(bool, bool, bool, bool)>();
    (0..6_usize, 0..8_usize, name, amounts, flags).prop_map(
        |(family, lane, name, amounts, (set, held, collected, accepted))| Step {
            family,
            lane,
            name,
            amounts,
            set,
            held,
            tick: (collected, accepted),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 100,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_names_labels_and_numbers_are_read_as_they_were_meant(
        steps in vec(step(), 0..12),
        label in any::<String>(),
    ) {
        assert_faithful(&scene(&steps, &label));
    }
}

#[test]
fn a_long_script_is_read_as_it_was_meant() {
    for seed in 0..20 {
        let mut random = Random(seed);
        let steps: Vec<_> = (0..80).map(|_| random.step()).collect();
        assert_faithful(&scene(&steps, &random.text()));
    }
}

#[test]
fn a_node_without_a_label_is_read_as_it_was_meant() {
    let mut scene = Scene::new(4, &[]);
    let mut random = Random(3);
    (0..40).for_each(|_| scene.play(&random.step()));
    scene.tick(false);
    assert_faithful(&scene);
    let text = scene.write(Format::Prometheus, 4096);
    assert!(
        text.contains("\nstreamgauge_node_nrpc_calls_total "),
        "{text}"
    );
    assert!(text.contains("\nstreamgauge_node_nrpc_call_latency_seconds_bucket{le=\"0.005\"} "));
}

#[test]
fn a_scene_without_series_is_shown_as_totals_of_zero() {
    let scene = Scene::new(0, &[]);
    for format in Format::ALL {
        let metrics = read(&scene.write(format, 4096), format);
        let meant = scene.meant(format);
        assert_eq!(metrics[..meant.len()], meant);
        let zero = |point: &Point| match point {
            Point::Number { n, .. } => *n == Decimal::default(),
            Point::Histogram { count, .. } => *count == 0,
        };
        for metric in meant {
            let is_of_node = metric.name.starts_with("streamgauge_node_");
            assert_eq!(metric.points.is_empty(), !is_of_node, "{}", metric.name);
            assert!(metric.points.values().all(zero), "{}", metric.name);
        }
    }
}
