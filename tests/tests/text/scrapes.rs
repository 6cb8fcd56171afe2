//! From scrape to scrape: what was counted never falls, and a life that begins anew says so.

use std::collections::BTreeMap;

use streamgauge_core::Format;
use streamgauge_tests::text::{Decimal, LabelSet, Metric, Point, Random, Scene, falls, parse};

/// Something small happens, so that no word wraps.
fn play(scene: &mut Scene, random: &mut Random) {
    let mut step = random.step();
    step.amounts = step.amounts.map(|n| n % 1_000_000);
    scene.play(&step);
}

/// The node's totals by metric and labels; of a histogram, its count.
fn totals(metrics: &[Metric]) -> BTreeMap<(String, LabelSet), (f64, Decimal)> {
    let of_node = |metric: &&Metric| metric.name.starts_with("streamgauge_node_");
    let totals = metrics.iter().filter(of_node).flat_map(|metric| {
        metric.points.iter().map(|(labels, point)| {
            let (n, since) = match point {
                Point::Number { n, since } => (n.float(), since),
                #[allow(clippy::cast_precision_loss, reason = "small numbers")]
                Point::Histogram { count, since, .. } => (*count as f64, since),
            };
            let since = since.clone().expect("a moment");
            ((metric.name.clone(), labels.clone()), (n, since))
        })
    });
    totals.collect()
}

#[test]
fn no_counter_falls_within_its_life_and_no_total_falls_or_begins_anew() {
    for seed in 0..12 {
        let mut random = Random(seed);
        let mut scene = Scene::new(3, &[("node", "a")]);
        let mut last: Option<Vec<Metric>> = None;
        for scrape in 0..12 {
            for _ in 0..random.below(8) {
                play(&mut scene, &mut random);
            }
            if scrape % 4 == 3 {
                scene.close();
            }
            scene.tick(random.below(2) == 0);
            let text = scene.write(Format::OpenMetrics2, 999);
            let metrics = parse(&text, Format::OpenMetrics2).expect("text");
            if let Some(last) = last.replace(metrics.clone()) {
                assert_eq!(falls(&last, &metrics), None);
                let (before, now) = (totals(&last), totals(&metrics));
                assert!(before.len() > 60 && before.keys().eq(now.keys()));
                for (of, (n, since)) in before {
                    let (later, again) = &now[&of];
                    assert!(*later >= n, "{of:?} fell from {n} to {later}");
                    assert_eq!(*again, since, "{of:?} began anew");
                    assert_eq!(since, Decimal::scaled(Scene::SINCE, 3), "{of:?}");
                }
            }
        }
    }
}

#[test]
fn a_series_that_ends_and_returns_begins_anew_and_says_so() {
    let mut scene = Scene::new(4, &[]);
    let mut random = Random(1);
    let mut step = random.step();
    (step.family, step.lane, step.held, step.tick) = (2, 0, false, (false, false));
    step.name = "root".into();
    let mut lives = Vec::new();
    for _ in 0..3 {
        scene.play(&step);
        scene.tick(false);
        let text = scene.write(Format::OpenMetrics1, 999);
        let metrics = parse(&text, Format::OpenMetrics1).expect("text");
        let of = |name: &str, label: &str, value: &str| {
            let metric = metrics.iter().find(|metric| metric.name == name);
            let mut points = metric.expect("the metric").points.iter();
            let found = points.find(|(labels, _)| labels[label] == value)?;
            match found.1 {
                Point::Number { n, since } => Some((n.float(), since.clone().expect("a moment"))),
                Point::Histogram { .. } => None,
            }
        };
        let series = of("streamgauge_presence_sessions", "root", "root");
        let total = of("streamgauge_node_presence_sessions", "tier", "external");
        lives.push((series.expect("the series"), total.expect("the total")));
        scene.tick(true);
    }
    let since: Vec<&Decimal> = lives.iter().map(|((_, since), _)| since).collect();
    assert!(since.is_sorted_by(|a, b| a < b), "{since:?}");
    assert!(lives.iter().all(|((n, _), _)| *n < 1.5));
    let totals: Vec<_> = lives.iter().map(|(_, total)| total.clone()).collect();
    let began = Decimal::scaled(Scene::SINCE, 3);
    assert_eq!(totals, [1.0, 2.0, 3.0].map(|n| (n, began.clone())));
}
