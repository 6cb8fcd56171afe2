//! Who a line is about: no two series are taken for one another, whatever they are called.

use streamgauge_core::{ByTier, Exposition, FamilySection, Format, OVERFLOW, Presence};
use streamgauge_tests::text::{Book, LabelSet, Metric, Point, Scene, Step, parse};

/// Counts once in the presence family, and drops the guard unless it is held.
fn session(scene: &mut Scene, name: &str, held: bool) {
    scene.play(&Step {
        family: 2,
        lane: 0,
        name: name.into(),
        amounts: [1; 10],
        set: false,
        held,
        tick: (false, false),
    });
}

/// How often each root was connected to.
fn sessions(scene: &Scene) -> Vec<(String, String)> {
    by_label(scene, "streamgauge_presence_sessions_total", "root")
}

/// How often the node was connected to, by tier; tiers without a session are left out.
fn totals(scene: &Scene) -> Vec<(String, String)> {
    let mut all = by_label(scene, "streamgauge_node_presence_sessions_total", "tier");
    assert_eq!(all.len(), 4, "each tier has a total");
    all.retain(|(_, n)| n != "0");
    all
}

/// A counter's numbers by the values of one label, which is the last that all samples have.
fn by_label(scene: &Scene, name: &str, label: &str) -> Vec<(String, String)> {
    let metrics = parse(&scene.write(Format::Prometheus, 999), Format::Prometheus).expect("text");
    let named = |metric: &&Metric| metric.name == name;
    let metric = metrics.iter().find(named).expect("the metric");
    let pair = |(labels, point): (&LabelSet, &Point)| match point {
        Point::Number { n, .. } => (labels[label].clone(), n.float().to_string()),
        Point::Histogram { .. } => panic!("a histogram"),
    };
    metric.points.iter().map(pair).collect()
}

fn pairs(expected: &[(&str, u64)]) -> Vec<(String, String)> {
    let pair = |(name, n): &(&str, u64)| ((*name).into(), n.to_string());
    expected.iter().map(pair).collect()
}

#[test]
fn what_found_no_room_is_shown_as_the_overflow_series() {
    let mut scene = Scene::new(1, &[]);
    session(&mut scene, "a", true);
    scene.tick(true);
    assert_eq!(
        sessions(&scene),
        pairs(&[("a", 1)]),
        "it counted nothing yet"
    );
    session(&mut scene, "b", true);
    session(&mut scene, "c", true);
    scene.tick(true);
    assert_eq!(sessions(&scene), pairs(&[(OVERFLOW, 2), ("a", 1)]));
}

#[test]
fn what_ended_stays_in_the_totals_and_is_no_series() {
    let mut scene = Scene::new(4, &[]);
    session(&mut scene, "a", false);
    session(&mut scene, "b", false);
    session(&mut scene, "c", true);
    scene.tick(true);
    assert_eq!(sessions(&scene), pairs(&[("c", 1)]));
    assert_eq!(totals(&scene), pairs(&[("external", 3)]));
    session(&mut scene, "a", false);
    scene.tick(false);
    let there = pairs(&[("a", 1), ("c", 1)]);
    assert_eq!(
        sessions(&scene),
        there,
        "no sink has accepted that it ended"
    );
    assert_eq!(totals(&scene), pairs(&[("external", 4)]));
    scene.tick(true);
    assert_eq!(sessions(&scene), pairs(&[("c", 1)]));
    assert_eq!(
        totals(&scene),
        pairs(&[("external", 4)]),
        "nothing counts twice"
    );
}

#[test]
fn what_found_no_room_is_in_the_totals() {
    let mut scene = Scene::new(1, &[]);
    for name in ["a", "b", "c"] {
        session(&mut scene, name, false);
    }
    scene.tick(true);
    assert_eq!(totals(&scene), pairs(&[("external", 3)]));
    session(&mut scene, "d", true);
    scene.tick(true);
    assert_eq!(totals(&scene), pairs(&[("external", 4)]));
}

#[test]
fn a_tier_that_nobody_named_has_no_totals() {
    let book = Book::<Presence>::new(1, 5, 0);
    let names: &[&str] = &["edge"];
    let section = FamilySection::with_lanes(&book.ledger, book.meter(), ByTier(names));
    let mut buf = [0; 4096];
    let chunk = Exposition::new(Format::Prometheus, &[&section]).encode(&mut buf);
    let text = std::str::from_utf8(&buf[..chunk.len]).expect("text");
    for tier in ["external", "internal", "edge"] {
        let line = format!("streamgauge_node_presence_sessions_total{{tier=\"{tier}\"}} 0\n");
        assert!(text.contains(&line), "{line} is not in {text}");
    }
    assert!(!text.contains("\"\""), "{text}");
}

#[test]
fn no_real_series_is_taken_for_the_overflow_series() {
    let mut scene = Scene::new(8, &[]);
    session(&mut scene, OVERFLOW, true);
    session(&mut scene, &"too long ".repeat(9), true);
    scene.tick(true);
    assert_eq!(
        sessions(&scene),
        pairs(&[("___overflow__", 1), (OVERFLOW, 1)])
    );
}

#[test]
fn a_series_is_shown_whether_it_moved_or_not() {
    let mut scene = Scene::new(4, &[]);
    session(&mut scene, "still", true);
    scene.tick(true);
    let first = sessions(&scene);
    for _ in 0..3 {
        scene.tick(true);
        assert_eq!(sessions(&scene), first);
    }
}

#[test]
fn the_name_that_a_tier_was_given_is_not_taken_for_the_external_tier() {
    let mut scene = Scene::new(8, &[]);
    for lane in 0..4 {
        scene.play(&Step {
            family: 2,
            lane,
            name: "root".into(),
            amounts: [1; 10],
            set: false,
            held: true,
            tick: (false, false),
        });
    }
    scene.tick(true);
    let text = scene.write(Format::Prometheus, 999);
    for tier in ["external", "internal", "_external", "qu\\\"o\\\\te\\nd"] {
        let line =
            format!("streamgauge_presence_sessions_total{{tier=\"{tier}\",root=\"root\"}} 1\n");
        assert!(text.contains(&line), "{line} is not in {text}");
    }
}
