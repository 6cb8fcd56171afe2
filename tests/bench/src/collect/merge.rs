//! The sum over many nodes: one of them writes a frame, and a reader of the sum sees it.

use std::time::Instant;

use bytes::Bytes;
use moq_net::{Timed, Timestamp, origin};
use moq_stats::{
    Role as TheirRole, Tier, Traffic as Theirs, TrafficFrame, aggregate, traffic_track,
};
use stats_alloc::Region;
use streamgauge_core::Role;
use streamgauge_tokio::{
    Announcement, BroadcastProducer, OriginProducer, TrackConfig, TrackProducer,
    collect::{Collector, CollectorConfig},
};
use tokio::runtime::Runtime;

use super::PEER;
use crate::{
    harness::{Report, Sample},
    ours,
};

/// Names that every node has.
const NAMES: usize = 16;

/// Frames of one round.
const FRAMES: usize = 16;

const ROUNDS: usize = 7;

/// A frame of one of `live` nodes, after so many others have departed.
pub(crate) fn merge(report: &mut Report, live: usize, departed: usize) {
    let mut theirs = TheirFleet::new(live, departed);
    let mut ours = OurFleet::new(live, departed);
    report.compare_rounds(ROUNDS, PEER, &mut || theirs.frames(), &mut || ours.frames());
    let mut none = OurFleet::new(live, 0);
    let (with, without) = (ours.least(), none.least());
    report.figure("ours, with departed", with, "ns");
    report.figure("ours, without", without, "ns");
}

fn name(i: usize) -> String {
    format!("acme/room-{i:02}")
}

/// What `frames` such operations took, each.
#[allow(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn per_frame(begin: Instant, region: &Region<'_, std::alloc::System>) -> Sample {
    let nanos = begin.elapsed().as_nanos() as f64;
    let allocations = region.change().allocations as f64;
    Sample { nanos, allocations }.over(FRAMES)
}

/// One of our nodes, by hand.
struct OurNode {
    track: TrackProducer,
    bytes: u64,
    _announced: Announcement,
    _broadcast: BroadcastProducer,
}

impl OurNode {
    fn new(origin: &OriginProducer, name: &str) -> Self {
        let broadcast = BroadcastProducer::new();
        let newest = TrackConfig::new().with_max_groups(1);
        let track = broadcast.create_track("publisher.json", newest);
        let path = format!(".stats/node/{name}");
        let announced = origin.announce(&path, &broadcast.consume());
        Self {
            track: track.unwrap_or_else(|error| panic!("{error}")),
            bytes: 0,
            _announced: announced.unwrap_or_else(|error| panic!("{error}")),
            _broadcast: broadcast,
        }
    }

    /// A byte more for each name.
    fn publish(&mut self) {
        self.bytes += 1;
        let rows = (0..NAMES).map(|i| {
            let (name, bytes) = (name(i), self.bytes);
            format!(r#""{name}":{{"subscriptions":1,"bytes":{bytes},"since":1700000000000}}"#)
        });
        let rows = rows.collect::<Vec<_>>().join(",");
        let written = self.track.write_frame(Bytes::from(format!("{{{rows}}}")));
        written.unwrap_or_else(|error| panic!("{error}"));
    }
}

struct OurFleet {
    runtime: Runtime,
    collector: Collector,
    nodes: Vec<OurNode>,
    total: u64,
    _origin: OriginProducer,
}

impl OurFleet {
    fn new(live: usize, departed: usize) -> Self {
        let runtime = ours::runtime();
        let origin = OriginProducer::new();
        let config = CollectorConfig::new()
            .with_nodes(live + departed)
            .with_series((live + departed) * NAMES);
        let entered = runtime.enter();
        let collector = Collector::new(&config);
        let (follower, consumer) = (collector.clone(), origin.consume());
        runtime.spawn(async move { follower.follow(consumer).await });
        drop(entered);
        let mut this = Self {
            runtime,
            collector,
            nodes: Vec::new(),
            total: 0,
            _origin: origin.clone(),
        };
        for i in 0..departed {
            this.nodes.push(OurNode::new(&origin, &format!("gone-{i}")));
            this.frame(0);
            this.nodes.clear();
        }
        for i in 0..live {
            this.nodes.push(OurNode::new(&origin, &format!("live-{i}")));
            this.frame(i);
        }
        this
    }

    /// A node writes, and the sum is read.
    fn frame(&mut self, node: usize) {
        self.nodes[node].publish();
        self.total += 1;
        let (first, total) = (name(0), self.total);
        let seen = || {
            self.collector.look(|fleet| {
                let lane = fleet.traffic_lane("", Role::Publisher)?;
                Some(fleet.traffic().row(lane, &first)?.totals().bytes)
            })
        };
        self.runtime.block_on(async {
            while seen() != Some(total) {
                tokio::task::yield_now().await;
            }
        });
    }

    fn frames(&mut self) -> Sample {
        let (region, begin) = (Region::new(crate::ALLOCATOR), Instant::now());
        for i in 0..FRAMES {
            self.frame(i % self.nodes.len());
        }
        per_frame(begin, &region)
    }

    /// The fastest of some rounds.
    fn least(&mut self) -> f64 {
        let rounds = (0..4 * ROUNDS).map(|_| self.frames().nanos);
        rounds.fold(f64::MAX, f64::min)
    }
}

/// One of the peer's nodes, by hand.
struct TheirNode {
    track: moq_json::snapshot::Producer<TrafficFrame>,
    frame: TrafficFrame,
    _broadcast: moq_net::broadcast::Producer,
}

impl TheirNode {
    fn new(origin: &origin::Producer, node: &str) -> Self {
        let path = format!(".stats/node/{node}");
        let broadcast = origin.create_broadcast(path.as_str());
        let broadcast = broadcast.unwrap_or_else(|error| panic!("{error}"));
        let announced = broadcast.announce(origin::Route::default());
        announced.unwrap_or_else(|error| panic!("{error}"));
        let info = moq_net::track::Info::default().with_timescale(moq_net::Timescale::MILLI);
        let track = traffic_track(&Tier::default(), TheirRole::Publisher, false);
        let track = broadcast.create_track(track, info);
        let track = track.unwrap_or_else(|error| panic!("{error}"));
        let whole_frames = moq_json::snapshot::Config::default().with_delta_ratio(0);
        let mut open = Theirs::default();
        open.subscriptions_started = 1;
        Self {
            track: moq_json::snapshot::Producer::new(track, whole_frames),
            frame: (0..NAMES).map(|i| (name(i), open)).collect(),
            _broadcast: broadcast,
        }
    }

    fn publish(&mut self) {
        for traffic in self.frame.values_mut() {
            traffic.bytes += 1;
        }
        let frame = Timed::from(&self.frame).at(Timestamp::now());
        let written = self.track.update(frame);
        written.unwrap_or_else(|error| panic!("{error}"));
    }
}

struct TheirFleet {
    runtime: Runtime,
    sum: aggregate::TrafficConsumer,
    nodes: Vec<TheirNode>,
    total: u64,
    origin: origin::Producer,
}

impl TheirFleet {
    fn new(live: usize, departed: usize) -> Self {
        let runtime = ours::runtime();
        let (origin, driver) = origin::Producer::new(origin::Config::default());
        let entered = runtime.enter();
        runtime.spawn(moq_net::time::run(driver));
        let consumer = aggregate::Consumer::new(origin.consume(), aggregate::Config::new());
        let sum = consumer.traffic(&Tier::default(), TheirRole::Publisher);
        drop(entered);
        let mut this = Self {
            runtime,
            sum,
            nodes: Vec::new(),
            total: 0,
            origin,
        };
        for i in 0..departed {
            this.nodes
                .push(TheirNode::new(&this.origin, &format!("gone-{i}")));
            this.frame(0);
            this.nodes.clear();
        }
        for i in 0..live {
            this.nodes
                .push(TheirNode::new(&this.origin, &format!("live-{i}")));
            this.frame(i);
        }
        this
    }

    fn frame(&mut self, node: usize) {
        let (nodes, sum) = (&mut self.nodes, &mut self.sum);
        self.total += 1;
        let (first, total) = (name(0), self.total);
        self.runtime.block_on(async {
            nodes[node].publish();
            loop {
                let frame = sum.next().await;
                let frame = frame.unwrap_or_else(|error| panic!("{error}"));
                let seen = frame.and_then(|frame| Some(frame.get(&first)?.bytes));
                if seen == Some(total) {
                    return;
                }
            }
        });
    }

    fn frames(&mut self) -> Sample {
        let (region, begin) = (Region::new(crate::ALLOCATOR), Instant::now());
        for i in 0..FRAMES {
            self.frame(i % self.nodes.len());
        }
        per_frame(begin, &region)
    }
}
