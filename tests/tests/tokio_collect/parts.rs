//! Nodes whose stats are published in parts.

use std::time::Duration;

use streamgauge_tokio::{
    Config, Deltas, OriginProducer, PublisherTrack, Stats, Tier, Traffic,
    collect::{Collector, CollectorConfig},
};

use crate::follow::{follow, names, quiet, row, total};

/// In which form frames are published, and read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Whole,
    Patches,
}

const WAYS: [Way; 2] = [Way::Whole, Way::Patches];

fn spawn(origin: &OriginProducer, depth: usize, way: Way) -> Stats {
    let config = Config::new().with_node("sjc/1").with_origin(origin);
    let config = config.with_levels(2).with_depth(depth);
    let config = config.with_group_linger(Duration::ZERO);
    Stats::spawn(match way {
        Way::Whole => config,
        Way::Patches => config.with_deltas(Deltas::Instead),
    })
    .unwrap()
}

fn collect(origin: &OriginProducer, way: Way) -> Collector {
    let config = CollectorConfig::new();
    follow(
        origin,
        &match way {
            Way::Whole => config,
            Way::Patches => config.with_patches(1 << 20),
        },
    )
}

fn open(stats: &Stats, path: &str) -> PublisherTrack {
    let handle = stats.tier(Tier::External);
    handle.broadcast(path).publisher_track("v")
}

fn bytes(collector: &Collector, name: &str) -> Option<u64> {
    row(collector, name).map(|(totals, _)| totals.bytes)
}

/// What was counted without a name.
fn unnamed(collector: &Collector) -> Traffic {
    collector.look(|fleet| fleet.traffic().lane(0, fleet.now()).unwrap().unnamed)
}

async fn tick(stats: &Stats) {
    stats.flush().await;
    quiet().await;
}

#[tokio::test(start_paused = true)]
async fn parts_and_the_nodes_own_broadcast_add_up_each_row_once() {
    for way in WAYS {
        let origin = OriginProducer::new();
        let stats = spawn(&origin, 1, way);
        let collector = collect(&origin, way);
        let paths = ["", "a", "a/x", "b/y/z", "node/x", "prefix/x", "a/node/b"];
        let mut tracks = paths.map(|path| open(&stats, path));
        let mut sums = [0; 7];
        for tick_at in 0..30_usize {
            for (n, track) in tracks.iter_mut().enumerate().skip(tick_at % 3) {
                track.whole_frame(tick_at + n);
                sums[n] += (tick_at + n) as u64;
            }
            tick(&stats).await;
            for (path, sum) in paths.iter().zip(sums) {
                assert_eq!(bytes(&collector, path), Some(sum), "{way:?}: {path}");
            }
            assert_eq!(total(&collector).bytes, sums.iter().sum::<u64>(), "{way:?}");
            assert_eq!(unnamed(&collector), Traffic::default(), "{way:?}");
        }
        assert_eq!(names(&collector), ["sjc/1"], "{way:?}: no level is a node");
        let (_, live) = row(&collector, "a/x").unwrap();
        assert_eq!(live.subscriptions - live.subscriptions_closed, 1);
        assert_eq!(collector.look(|fleet| fleet.traffic().sources().count()), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_that_goes_and_returns_adds_to_what_it_told() {
    for way in WAYS {
        let origin = OriginProducer::new();
        let stats = spawn(&origin, 1, way);
        let collector = collect(&origin, way);
        let mut sum = 0;
        for life in 1..6 {
            let mut track = open(&stats, "a/x");
            for _ in 0..3 {
                track.bytes(life);
                sum += life as u64;
                tick(&stats).await;
            }
            assert_eq!(bytes(&collector, "a/x"), Some(sum), "{way:?}");
            drop(track);
            for _ in 0..3 {
                tick(&stats).await;
            }
            assert!(origin.consume().broadcast(".stats/a/node/sjc/1").is_none());
            assert_eq!(total(&collector).bytes, sum, "{way:?}");
            assert_eq!(total(&collector).subscriptions_closed, life as u64);
            assert_eq!(unnamed(&collector), Traffic::default(), "{way:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_that_begins_anew_adds_to_what_its_parts_told() {
    for way in WAYS {
        let origin = OriginProducer::new();
        let collector = collect(&origin, way);
        let mut sum = 0;
        for life in 1..6_usize {
            let stats = spawn(&origin, life % 2 + 1, way);
            let mut tracks = ["a/x", "b/x/y", ""].map(|path| open(&stats, path));
            for _ in 0..4 {
                for track in &mut tracks {
                    track.bytes(life);
                    sum += life as u64;
                }
                tick(&stats).await;
                assert_eq!(total(&collector).bytes, sum, "{way:?}, life {life}");
            }
            // Its last words are read after it went.
            tracks[0].bytes(100);
            sum += 100;
            drop(tracks);
            stats.close().await;
            quiet().await;
            assert_eq!(total(&collector).bytes, sum, "{way:?}, life {life}");
            assert_eq!(names(&collector), Vec::<String>::new());
        }
        let (totals, live) = row(&collector, "b/x/y").unwrap();
        assert_eq!(totals.bytes, 4 * (1 + 2 + 3 + 4 + 5));
        assert_eq!(live, Traffic::default());
    }
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_comes_late_counts_what_ended_without_a_name() {
    for way in WAYS {
        let origin = OriginProducer::new();
        let stats = spawn(&origin, 1, way);
        open(&stats, "gone/x").bytes(7);
        for _ in 0..3 {
            stats.flush().await;
        }
        let mut track = open(&stats, "a/x");
        track.bytes(3);
        stats.flush().await;
        let collector = collect(&origin, way);
        quiet().await;
        assert_eq!(
            (bytes(&collector, "a/x"), total(&collector).bytes),
            (Some(3), 10)
        );
        assert_eq!(unnamed(&collector).bytes, 7);
        track.bytes(1);
        tick(&stats).await;
        assert_eq!(
            (bytes(&collector, "a/x"), total(&collector).bytes),
            (Some(4), 11)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_that_moves_from_one_part_to_another_is_counted_once() {
    let origin = OriginProducer::new();
    let config = Config::new().with_node("sjc/1").with_origin(&origin);
    let config = config.with_depth(1).with_group_room(1);
    let stats = Stats::spawn(config.with_group_linger(Duration::ZERO)).unwrap();
    let collector = follow(&origin, &CollectorConfig::new());
    let first = open(&stats, "a/x");
    let mut moves = open(&stats, "b/x");
    moves.bytes(5);
    tick(&stats).await;
    assert!(
        origin
            .consume()
            .broadcast(".stats/__overflow__/node/sjc/1")
            .is_some()
    );
    assert_eq!(bytes(&collector, "b/x"), Some(5));
    drop(first);
    for _ in 0..4 {
        moves.bytes(1);
        tick(&stats).await;
    }
    assert!(origin.consume().broadcast(".stats/b/node/sjc/1").is_some());
    assert_eq!(
        (bytes(&collector, "b/x"), total(&collector).bytes),
        (Some(9), 9)
    );
    assert_eq!(unnamed(&collector), Traffic::default());
}

#[tokio::test(start_paused = true)]
async fn siblings_of_the_nodes_own_broadcast_have_what_is_in_no_part_too() {
    let origin = OriginProducer::new();
    let config = Config::new().with_node("sjc/1").with_origin(&origin);
    let config = config.with_depth(1).with_deltas(Deltas::Beside);
    let stats = Stats::spawn(config).unwrap();
    let [plain, packed] = WAYS.map(|way| collect(&origin, way));
    let mut tracks = ["", "a/x"].map(|path| open(&stats, path));
    for sum in 1..20 {
        for track in &mut tracks {
            track.bytes(1);
        }
        tick(&stats).await;
        for collector in [&plain, &packed] {
            let told = ["", "a/x"].map(|name| bytes(collector, name));
            assert_eq!(told, [Some(sum); 2]);
            assert_eq!(total(collector).bytes, 2 * sum);
        }
    }
}
