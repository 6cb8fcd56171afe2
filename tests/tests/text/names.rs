//! Who a line is about: no two series are taken for one another, whatever they are called.

use streamgauge_core::{Format, OVERFLOW, RETIRED};
use streamgauge_tests::text::{LabelSet, Metric, Point, Scene, Step, parse};

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
    let metrics = parse(&scene.write(Format::Prometheus, 999), Format::Prometheus).expect("text");
    let named = |metric: &&Metric| metric.name == "streamgauge_presence_sessions_total";
    let metric = metrics.iter().find(named).expect("the metric");
    let pair = |(labels, point): (&LabelSet, &Point)| match point {
        Point::Number { n, .. } => (labels["root"].clone(), n.float().to_string()),
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
fn what_ended_is_shown_as_one_series_and_no_sum_ever_falls() {
    let mut scene = Scene::new(4, &[]);
    session(&mut scene, "a", false);
    session(&mut scene, "b", false);
    session(&mut scene, "c", true);
    scene.tick(true);
    assert_eq!(sessions(&scene), pairs(&[(RETIRED, 2), ("c", 1)]));
    session(&mut scene, "a", false);
    scene.tick(false);
    let all = pairs(&[(RETIRED, 2), ("a", 1), ("c", 1)]);
    assert_eq!(sessions(&scene), all, "no sink has accepted that it ended");
    scene.tick(true);
    assert_eq!(sessions(&scene), pairs(&[(RETIRED, 3), ("c", 1)]));
}

#[test]
fn no_real_series_is_taken_for_that_of_what_ended() {
    let mut scene = Scene::new(8, &[]);
    for name in [
        "__retired__",
        "___retired__",
        "_retired__",
        "__retired_",
        "__retired__x",
    ] {
        session(&mut scene, name, true);
    }
    session(&mut scene, "gone", false);
    scene.tick(true);
    let mut expected = pairs(&[
        ("____retired__", 1),
        ("___retired__", 1),
        (RETIRED, 1),
        ("__retired_", 1),
        ("__retired__x", 1),
        ("_retired__", 1),
    ]);
    expected.sort();
    assert_eq!(sessions(&scene), expected);
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
