//! Readers that know nothing of streamgauge read its keyframes and patches.

mod support;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use moq_json::{Compression, snapshot};
use moq_net::{broadcast, origin};
use moq_stats::{Consumer, Role as TheirRole, Tier as TheirTier, TrafficFrame};
use serde_json::Value;
use streamgauge_moq::{Publisher, export_origin};
use streamgauge_relay::client::{self, Client, Target};
use streamgauge_tokio::{Config, Deltas, Frame, OriginProducer, SinkError, Stats, Tier};
use support::{PATH, Viewer, relay, within};

const NODE: &str = ".stats/node/sjc/1";
const TRACK: &str = "publisher.json";

/// A node in this process, on an origin of moq-net.
struct Node {
    stats: Stats,
    origin: origin::Producer,
    /// Frames that are refused, by their number in a tick, a bit each.
    refused: Arc<AtomicU32>,
}

impl Node {
    fn new() -> Self {
        Self::on(client::origin())
    }

    fn on(origin: origin::Producer) -> Self {
        let slot = Arc::new(Mutex::new(None::<Publisher>));
        let refused = Arc::<AtomicU32>::default();
        let (shared, refusing, mut place) = (slot.clone(), refused.clone(), 0_u32);
        let sink = move |frame: &Frame| {
            place = place.wrapping_add(1);
            if refusing.load(Ordering::Relaxed) >> (place % 32) & 1 == 1 {
                return Err(SinkError::Busy);
            }
            let mut slot = shared.lock().unwrap();
            let written = slot.as_mut().unwrap().write_frame(frame);
            written.map_err(|error| SinkError::Failed(error.into()))
        };
        let config = Config::new()
            .with_node("sjc/1")
            .with_interval(Duration::from_hours(1))
            .with_deltas(Deltas::Beside)
            .with_sink(sink);
        let mut slot = slot.lock().unwrap();
        let stats = Stats::spawn(config).unwrap();
        *slot = Some(Publisher::announce(&origin, stats.path(), stats.tracks()).unwrap());
        drop(slot);
        Self {
            stats,
            origin,
            refused,
        }
    }

    async fn broadcast(&self) -> broadcast::Consumer {
        within(self.origin.consume().routed_broadcast(NODE))
            .await
            .unwrap()
    }

    async fn reader(&self) -> snapshot::Consumer<Value> {
        let name = format!("{TRACK}.z");
        reader(&self.broadcast().await, &name, Compression::Deflate).await
    }

    /// What the plain track says now.
    fn whole(&self) -> Value {
        let frame = self.stats.latest(TRACK).unwrap().frame().unwrap();
        serde_json::from_slice(&frame.payload).unwrap()
    }
}

async fn reader(
    broadcast: &broadcast::Consumer,
    name: &str,
    compression: Compression,
) -> snapshot::Consumer<Value> {
    let track = within(broadcast.track(name).unwrap().subscribe(None))
        .await
        .unwrap();
    let mut config = snapshot::consumer::Config::default();
    config.compression = compression;
    snapshot::Consumer::new(track, config)
}

/// Reads until the reader knows this.
async fn read_to(reader: &mut snapshot::Consumer<Value>, expected: &Value) {
    let mut last = Value::Null;
    let found = tokio::time::timeout(Duration::from_secs(20), async {
        while last != *expected {
            last = reader.next().await.unwrap().expect("another frame");
        }
    });
    let found = found.await;
    assert!(found.is_ok(), "{last} is not {expected}");
}

#[tokio::test]
async fn the_stock_reader_makes_the_whole_frame_of_every_tick() {
    let node = Node::new();
    let mut reader = node.reader().await;
    let handle = node.stats.tier(Tier::External);
    let mut tracks = Vec::new();
    for tick in 0..40_usize {
        if tick % 3 == 0 {
            let path = format!("live/\"{}\"/ü", tick % 7);
            tracks.push(handle.broadcast(&path).publisher_track("v"));
        }
        if tick % 5 == 4 {
            drop(tracks.remove(0));
        }
        for track in tracks.iter_mut().step_by(2) {
            track.whole_frame(tick);
        }
        node.stats.flush().await;
        read_to(&mut reader, &node.whole()).await;
    }
}

#[tokio::test]
async fn the_stock_reader_that_comes_late_makes_the_whole_frame() {
    let node = Node::new();
    let handle = node.stats.tier(Tier::External);
    let open = |n: usize| handle.broadcast(&format!("room/{n}")).publisher_track("v");
    let mut tracks: Vec<_> = (0..50).map(open).collect();
    for tick in 0..60 {
        tracks[tick % 50].whole_frame(tick);
        node.stats.flush().await;
        if tick % 10 == 9 {
            read_to(&mut node.reader().await, &node.whole()).await;
        }
    }
}

#[tokio::test]
async fn the_stock_reader_goes_on_where_groups_begin() {
    let node = Node::new();
    let mut reader = node.reader().await;
    let handle = node.stats.tier(Tier::External);
    let mut small = handle.broadcast("one").publisher_track("v");
    // With one series groups end at eight times the keyframe.
    for tick in 0..100 {
        small.whole_frame(1_000_000 + tick);
        node.stats.flush().await;
        read_to(&mut reader, &node.whole()).await;
    }
    // With many at 256 frames.
    let open = |n: usize| handle.broadcast(&format!("room/{n}")).publisher_track("v");
    let mut tracks: Vec<_> = (0..400).map(open).collect();
    for tick in 0..600 {
        tracks[tick % 400].frame();
        node.stats.flush().await;
        if tick % 16 == 0 || tick % 256 < 2 {
            read_to(&mut reader, &node.whole()).await;
        }
    }
    read_to(&mut reader, &node.whole()).await;
}

#[tokio::test]
async fn the_stock_reader_is_right_again_whatever_was_refused() {
    let node = Node::new();
    let mut reader = node.reader().await;
    let handle = node.stats.tier(Tier::External);
    let mut tracks = Vec::new();
    for tick in 0..64_u32 {
        tracks.push(
            handle
                .broadcast(&format!("a/{}", tick % 9))
                .publisher_track("v"),
        );
        if tick % 4 == 3 {
            tracks.drain(..2);
        }
        for track in &mut tracks {
            track.frame();
        }
        let refused = tick.wrapping_mul(0x9e37_79b9);
        node.refused.store(refused, Ordering::Relaxed);
        node.stats.flush().await;
        node.refused.store(0, Ordering::Relaxed);
        node.stats.flush().await;
        read_to(&mut reader, &node.whole()).await;
    }
}

#[tokio::test]
async fn a_node_that_comes_again_is_read_on() {
    let origin = client::origin();
    let mut newest = 0;
    for life in 1..4 {
        let node = Node::on(origin.clone());
        let mut track = node
            .stats
            .tier(Tier::External)
            .broadcast("a")
            .publisher_track("v");
        track.bytes(life);
        node.stats.flush().await;
        let name = format!("{TRACK}.z");
        let track = node.broadcast().await.track(&name).unwrap();
        let mut track = within(track.subscribe(None)).await.unwrap();
        let group = within(track.recv_group()).await.unwrap().unwrap();
        assert!(group.sequence > newest, "{} after {newest}", group.sequence);
        newest = group.sequence;
        read_to(&mut node.reader().await, &node.whole()).await;
        let Node {
            stats,
            origin: _origin,
            ..
        } = node;
        stats.close().await;
    }
}

#[tokio::test]
async fn the_stock_reader_makes_the_whole_frames_of_levels_and_parts() {
    let (local, origin) = (OriginProducer::new(), client::origin());
    let config = Config::new().with_node("sjc/1").with_origin(&local);
    let config = config.with_interval(Duration::from_hours(1));
    let config = config.with_levels(1).with_depth(1);
    let stats = Stats::spawn(config.with_deltas(Deltas::Beside)).unwrap();
    tokio::spawn(export_origin(
        local.consume(),
        origin.clone(),
        moq_net::track::Info::default(),
    ));
    let handle = stats.tier(Tier::External);
    let mut tracks =
        ["a/x", "a/y", "b/x", ""].map(|path| handle.broadcast(path).publisher_track("v"));
    stats.flush().await;
    let paths = [
        ".stats/prefix/sjc/1",
        ".stats/prefix/a/sjc/1",
        ".stats/a/node/sjc/1",
        ".stats/b/node/sjc/1",
        NODE,
    ];
    let mut readers = Vec::new();
    for path in paths {
        let broadcast = within(origin.consume().routed_broadcast(path))
            .await
            .unwrap();
        let name = format!("{TRACK}.z");
        let reader = reader(&broadcast, &name, Compression::Deflate).await;
        readers.push((reader, Value::Null));
    }
    for tick in 0..60 {
        for track in tracks.iter_mut().skip(tick % 3) {
            track.whole_frame(tick);
        }
        stats.flush().await;
        for (path, (reader, told)) in paths.iter().zip(&mut readers) {
            let broadcast = local.consume().broadcast(path).unwrap();
            let mut plain = broadcast.open_track(TRACK).unwrap();
            let plain = plain.read_frame().await.unwrap().unwrap();
            let plain = serde_json::from_slice(&plain).unwrap();
            if *told != plain {
                read_to(reader, &plain).await;
                *told = plain;
            }
        }
    }
}

#[tokio::test]
async fn the_stock_consumer_reads_patches_through_the_relay() {
    let relay = relay().await;
    let publisher = support::Publisher::connect(&relay).await;
    let viewer = Viewer::connect(&relay).await;
    let mut track = viewer.subscribe().await;
    let path = relay.stats().path();
    let (client, origin) = Client::subscriber(&Target::of(&relay), path).await.unwrap();
    let broadcast = within(client::broadcast(&client, &origin, path))
        .await
        .unwrap();
    let config = || moq_stats::consume::Config::new();
    let plain = Consumer::new(broadcast.clone(), config());
    let packed = Consumer::new(broadcast.clone(), config().with_compression(true));
    let external = TheirTier::default();
    let mut plain = within(plain.traffic(&external, TheirRole::Publisher))
        .await
        .unwrap();
    let mut packed = within(packed.traffic(&external, TheirRole::Publisher))
        .await
        .unwrap();
    for groups in 1..8 {
        publisher.write(groups, &[b"some", b"frames"]);
        support::read_groups(&mut track, 1).await;
        support::row(&relay, streamgauge_core::Role::Publisher, |row| {
            row.groups == groups
        })
        .await;
        let whole = frame(&mut plain, groups).await;
        assert_eq!(frame(&mut packed, groups).await, whole);
    }
    // And byte for byte what the node's own frame says, in the tracks of the node itself too.
    let mut plain = reader(&broadcast, "node.json", Compression::None).await;
    let mut packed = reader(&broadcast, "node.json.z", Compression::Deflate).await;
    relay.stats().flush().await;
    let ticks = |value: &Value| value["ticks"].as_u64().unwrap_or(0);
    let (mut ours, mut theirs) = (Value::Null, Value::Null);
    let same = async {
        while ours.is_null() || ours != theirs {
            if ticks(&ours) <= ticks(&theirs) {
                ours = plain.next().await.unwrap().unwrap();
            } else {
                theirs = packed.next().await.unwrap().unwrap();
            }
        }
    };
    within(same).await;
    assert!(ticks(&ours) > 0);
}

async fn frame(track: &mut moq_stats::consume::Traffic, groups: u64) -> TrafficFrame {
    within(async {
        loop {
            let frame = track.next().await.unwrap().expect("another frame");
            let row = frame.get(PATH);
            if row.is_some_and(|row| row.groups == groups && row.frames == 2 * groups) {
                return frame;
            }
        }
    })
    .await
}
