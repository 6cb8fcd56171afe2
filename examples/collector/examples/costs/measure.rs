//! Nodes that tick, and a collector that reads them.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use streamgauge_collector::{
    cli::FleetOptions,
    fleet::Fleet,
    source::{News, What},
    track::Track,
};
use streamgauge_tokio::{
    Config, Deltas, Form, Frame, Inflate, PublisherTrack, Stats, Tier, collect::FrameAt,
};

/// Live broadcasts of each node, each with one subscription.
pub(crate) const BROADCASTS: usize = 10_000;

/// One in so many moves in a tick.
pub(crate) const MOVES: usize = 100;

/// Nodes that are simulated: enough that what one left in the caches is gone when its turn comes again.
const NODES: usize = 8;

/// Whole frames of each node, and how often the fleet is shown.
const ROUNDS: u32 = 16;

/// The wall clock of the collector.
const NOW_MS: u64 = 1_700_000_000_000;

/// Ticks of each node: all the frames of one group.
const TICKS: usize = 256;

/// What one node costs in a tick, on average over the life of a group.
#[derive(Debug)]
pub(crate) struct Costs {
    /// What a node sends: a keyframe and patches, packed.
    pub(crate) packed_bytes: f64,
    /// A whole frame, as a collector publishes.
    pub(crate) whole_bytes: f64,
    /// A node's tick, with its frames made and packed.
    pub(crate) node: Duration,
    /// A collector and patches.
    pub(crate) packed: Packed,
    /// A collector and whole frames.
    pub(crate) whole: Whole,
}

/// What a node costs a collector that reads its patches.
#[derive(Debug)]
pub(crate) struct Packed {
    /// A tick is unpacked and added up.
    pub(crate) read: Duration,
    /// What it changed is made ready to be kept.
    pub(crate) changes: Kept,
    /// All of it is, which happens once the changes have as many bytes.
    pub(crate) all: Kept,
}

/// What is made ready for the disk.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) took: Duration,
    pub(crate) bytes: f64,
}

/// What a node in a collector costs beside its patches.
#[derive(Debug)]
pub(crate) struct Whole {
    /// A whole frame is added up.
    pub(crate) read: Duration,
    /// The fleet is added up for those who look, once a tick.
    pub(crate) show: Duration,
}

/// A frame as a sink has it.
type Sent = Arc<Mutex<Vec<(Form, Bytes)>>>;

struct Node {
    stats: Stats,
    tracks: Vec<PublisherTrack>,
    sent: Sent,
}

impl Node {
    fn new(deltas: Option<Deltas>) -> Self {
        let sent = Sent::default();
        let config = Config::new()
            .with_series(BROADCASTS)
            .with_interval(Duration::from_hours(24))
            .with_sink(sink(sent.clone()));
        let config = match deltas {
            Some(deltas) => config.with_deltas(deltas),
            None => config,
        };
        let stats = Stats::spawn(config).unwrap_or_else(|error| panic!("{error}"));
        let handle = stats.tier(Tier::External);
        let open = |n| handle.broadcast(&name(n)).publisher_track("video");
        let tracks = (0..BROADCASTS).map(open).collect();
        Self {
            stats,
            tracks,
            sent,
        }
    }

    /// Ticks after one in [`MOVES`] has moved, and says how long the tick took.
    async fn tick(&mut self, tick: usize) -> Duration {
        let tracks = self.tracks.iter_mut().enumerate();
        for (n, track) in tracks.skip(tick % MOVES).step_by(MOVES) {
            // Of many sizes, so that the numbers do not pack better than those of real traffic.
            track.whole_frame(200 + (tick * 7_919 + n * 104_729) % 1_301);
        }
        let begun = Instant::now();
        self.stats.flush().await;
        begun.elapsed()
    }

    fn take_sent(&self) -> Vec<(Form, Bytes)> {
        std::mem::take(&mut *self.sent.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn name(n: usize) -> String {
    format!("customer-{}/room-{n}", n % 100)
}

/// Keeps the frames of the track that is measured.
fn sink(sent: Sent) -> impl FnMut(&Frame) -> Result<(), streamgauge_tokio::SinkError> + Send {
    move |frame| {
        if frame.name.starts_with("publisher.json") {
            let mut sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
            sent.push((frame.form, frame.payload.clone()));
        }
        Ok(())
    }
}

/// Measures all of it.
pub(crate) async fn costs() -> Costs {
    let mut node = Node::new(Some(Deltas::Instead));
    let mut took = Duration::ZERO;
    for tick in 0..TICKS {
        took += node.tick(tick).await;
    }
    let packed = node.take_sent();
    let mut plain = Node::new(None);
    plain.tick(0).await;
    let whole = plain.take_sent();
    Costs {
        packed_bytes: mean_bytes(&packed),
        whole_bytes: mean_bytes(&whole),
        node: took / count(TICKS),
        packed: read_packed(&packed),
        whole: read_whole(&whole),
    }
}

/// The bytes of a frame on average.
#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
fn mean_bytes(frames: &[(Form, Bytes)]) -> f64 {
    let bytes: usize = frames.iter().map(|(_, payload)| payload.len()).sum();
    bytes as f64 / frames.len().max(1) as f64
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A fleet with room for all nodes, all of which are there.
fn fleet() -> (Fleet, Vec<Arc<str>>) {
    let options = FleetOptions {
        state: None,
        interval: Duration::from_secs(1),
        forget: Duration::from_hours(24),
        tier: Vec::new(),
        max_nodes: NODES,
        max_broadcasts: BROADCASTS + 200,
        max_series: NODES * BROADCASTS,
    };
    let mut fleet = Fleet::new(&options, 1);
    let nodes: Vec<Arc<str>> = (0..NODES).map(|n| format!("node-{n}").into()).collect();
    for node in &nodes {
        let what = What::Came(node.clone());
        fleet.take(News { source: 0, what }, NOW_MS);
    }
    (fleet, nodes)
}

/// What a collector takes for one tick of one node, unpacking it included: all nodes send these frames, in turn.
fn read_packed(frames: &[(Form, Bytes)]) -> Packed {
    let (mut fleet, nodes) = fleet();
    let mut readers: Vec<_> = nodes.iter().map(|_| Inflate::new(64 << 20)).collect();
    let mut at = FrameAt::first(0);
    let (mut read, mut kept) = (Duration::ZERO, Vec::new());
    for (form, payload) in frames {
        at = match form {
            Form::Patch => FrameAt {
                frame: at.frame + 1,
                ..at
            },
            Form::Whole | Form::Keyframe => FrameAt::first(at.group + 1),
        };
        let begun = Instant::now();
        for (node, reader) in nodes.iter().zip(&mut readers) {
            if *form != Form::Patch {
                reader.begin_group();
            }
            let plain = reader
                .frame(payload)
                .unwrap_or_else(|error| panic!("{error}"));
            let plain = Bytes::copy_from_slice(plain);
            fleet.take(frame(node, true, at, plain), NOW_MS);
        }
        read += begun.elapsed();
        drop(fleet.tick(NOW_MS));
        kept.push(timed(|| fleet.keep_changes()));
    }
    Packed {
        read: read / count(frames.len() * NODES),
        // In the first all is new.
        changes: each(kept.get(1..).unwrap_or_default()),
        all: each(&[timed(|| fleet.keep_all())]),
    }
}

fn timed(keep: impl FnOnce() -> Vec<u8>) -> (Duration, usize) {
    let begun = Instant::now();
    let bytes = keep().len();
    (begun.elapsed(), bytes)
}

/// For each time and node.
fn each(kept: &[(Duration, usize)]) -> Kept {
    let each = count(kept.len() * NODES).max(1);
    let bytes: usize = kept.iter().map(|(_, bytes)| bytes).sum();
    Kept {
        took: kept.iter().map(|(took, _)| *took).sum::<Duration>() / each,
        bytes: f64::from(count(bytes)) / f64::from(each),
    }
}

/// The same for whole frames; and what it takes for each node to show the fleet.
fn read_whole(frames: &[(Form, Bytes)]) -> Whole {
    let (mut fleet, nodes) = fleet();
    let (_, payload) = frames.last().expect("a node that ticked has sent a frame");
    let begun = Instant::now();
    for group in 1..=u64::from(ROUNDS) {
        for node in &nodes {
            fleet.take(
                frame(node, false, FrameAt::first(group), payload.clone()),
                NOW_MS,
            );
        }
    }
    let read = begun.elapsed() / (ROUNDS * count(NODES));
    let begun = Instant::now();
    for _ in 0..ROUNDS {
        drop(fleet.tick(NOW_MS));
    }
    let show = begun.elapsed() / (ROUNDS * count(NODES));
    Whole { read, show }
}

fn frame(node: &Arc<str>, deflated: bool, at: FrameAt, payload: Bytes) -> News {
    News {
        source: 0,
        what: What::Frame {
            group: None,
            node: node.clone(),
            track: Track::named("publisher.json").expect("a name that tracks have"),
            deflated,
            at,
            payload,
        },
    }
}
