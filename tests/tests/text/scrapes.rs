//! From scrape to scrape: what was counted never falls, and a life that begins anew says so.

use std::collections::BTreeMap;

use streamgauge_core::{Family, Format, RETIRED};
use streamgauge_tests::text::{
    Decimal, Kind, LabelSet, Metric, Point, Probe, Random, Scene, falls, parse,
};

/// Something small happens, so that no word wraps.
fn play(scene: &mut Scene, random: &mut Random) {
    let mut step = random.step();
    step.amounts = step.amounts.map(|n| n % 1_000_000);
    scene.play(&step);
}

/// The sums of all counters over the names of their series; in whole numbers, a histogram's count.
fn sums(metrics: &[Metric]) -> BTreeMap<(String, LabelSet), f64> {
    let mut sums = BTreeMap::new();
    for metric in metrics.iter().filter(|metric| metric.kind != Kind::Gauge) {
        for (labels, point) in &metric.points {
            let mut lane = labels.clone();
            for key in [Probe::KEY, "broadcast", "root", "channel", "service"] {
                lane.remove(key);
            }
            let n = match point {
                Point::Number { n, .. } => n.float(),
                #[allow(clippy::cast_precision_loss, reason = "small numbers")]
                Point::Histogram { count, .. } => *count as f64,
            };
            *sums.entry((metric.name.clone(), lane)).or_insert(0.0) += n;
        }
    }
    sums
}

#[test]
fn no_counter_falls_within_its_life_and_no_sum_falls_at_all() {
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
                let sums = sums(&metrics);
                for (of, n) in self::sums(&last) {
                    // What never counted is not shown once it is gone.
                    let now = sums.get(&of).copied().unwrap_or(0.0);
                    assert!(now + 1e-3 >= n, "{of:?} fell from {n} to {now}");
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
        let sessions = metrics
            .iter()
            .find(|metric| metric.name == "streamgauge_presence_sessions");
        let of = |name: &str| {
            let mut points = sessions.expect("the metric").points.iter();
            let found = points.find(|(labels, _)| labels["root"] == name)?;
            match found.1 {
                Point::Number { n, since } => Some((n.float(), since.clone().expect("a moment"))),
                Point::Histogram { .. } => None,
            }
        };
        lives.push((of("root").expect("the series"), of(RETIRED)));
        scene.tick(true);
    }
    let since: Vec<&Decimal> = lives.iter().map(|((_, since), _)| since).collect();
    assert!(since.is_sorted_by(|a, b| a < b), "{since:?}");
    assert!(lives.iter().all(|((n, _), _)| *n < 1.5));
    let retired: Vec<_> = lives.iter().map(|(_, retired)| retired.clone()).collect();
    let began = Decimal::scaled(Scene::SINCE, 3);
    assert_eq!(
        retired,
        [None, Some((1.0, began.clone())), Some((2.0, began))]
    );
}
