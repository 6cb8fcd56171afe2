//! One tick off a `.json.z` track: a patch is unpacked, read, and all that it changed is known.

use std::hint::black_box;

use moq_json::{
    Compression,
    snapshot::{Config, Decoder, Encoder, consumer},
};
use moq_stats::{Traffic as Theirs, TrafficFrame};
use streamgauge_core::{Instant, Role};
use streamgauge_tokio::{
    Inflate,
    collect::{CollectedNode, Collector, CollectorConfig, FrameAt},
};

use super::PEER;
use crate::{
    harness::{Report, Sample, sample},
    ours,
};

/// Ticks of one round.
const TICKS: usize = 4;

const ROUNDS: usize = 15;

/// One tick of `broadcasts`, one in `every` of which has changed, as the peer's node publishes it.
pub(crate) fn tick(report: &mut Report, broadcasts: usize, every: usize) {
    let rounds = report.rounds(ROUNDS);
    let frames = frames(broadcasts, every, rounds);
    let mut theirs = TheirReader::new(&frames);
    let mut ours = OurReader::new(&frames, broadcasts);
    report.compare_rounds(rounds, PEER, &mut || theirs.ticks(), &mut || ours.ticks());
    let last = frames.len() as u64 - 1;
    assert_eq!(
        (theirs.bytes(), ours.bytes()),
        (bytes(0, last), bytes(0, last))
    );
}

/// The frames of one group, packed: all broadcasts, and then patches.
fn frames(broadcasts: usize, every: usize, rounds: usize) -> Vec<Vec<u8>> {
    let mut config = Config::default().with_delta_ratio(u32::MAX);
    config.compression = Compression::Deflate;
    let mut encoder = Encoder::<TrafficFrame>::new(config);
    // The first round is not measured.
    let ticks = 1 + (1 + rounds) * TICKS;
    let mut frame = TrafficFrame::new();
    let pack = |tick| {
        for i in 0..broadcasts {
            let moved = if i % every == 0 { tick } else { 0 };
            frame.insert(ours::path(i), traffic(i, moved));
        }
        let Ok(Some(packed)) = encoder.update(&frame) else {
            panic!("every tick has changed something");
        };
        let payload = packed.payload.to_vec();
        packed.commit();
        payload
    };
    (0..ticks as u64).map(pack).collect()
}

fn traffic(i: usize, tick: u64) -> Theirs {
    let mut traffic = Theirs::default();
    traffic.announces_started = 1;
    traffic.subscriptions_started = 4;
    traffic.subscriptions_ended = 1;
    traffic.bytes = bytes(i as u64, tick);
    traffic.frames = 30 * tick;
    traffic.groups = tick;
    traffic
}

const fn bytes(i: u64, tick: u64) -> u64 {
    i + 200_000 * tick
}

/// The peer's decoder, and what it makes of each tick.
struct TheirReader<'a> {
    frames: &'a [Vec<u8>],
    decoder: Decoder<TrafficFrame>,
    frame: TrafficFrame,
}

impl<'a> TheirReader<'a> {
    fn new(frames: &'a [Vec<u8>]) -> Self {
        let mut config = consumer::Config::default();
        config.compression = Compression::Deflate;
        let mut decoder = Decoder::new(config);
        let (first, frames) = frames.split_first().unwrap_or_else(|| panic!("no frames"));
        decoder
            .snapshot(first)
            .unwrap_or_else(|error| panic!("{error}"));
        Self {
            frames,
            decoder,
            frame: TrafficFrame::new(),
        }
    }

    fn ticks(&mut self) -> Sample {
        let (now, rest) = self.frames.split_at(TICKS);
        self.frames = rest;
        sample(TICKS, |tick| {
            let read = self.decoder.delta(&now[tick]);
            read.unwrap_or_else(|error| panic!("{error}"));
            let frame = self.decoder.decode();
            let frame = frame.unwrap_or_else(|error| panic!("{error}"));
            self.frame = black_box(frame.unwrap_or_default());
        })
    }

    fn bytes(&self) -> u64 {
        self.frame.get(&ours::path(0)).map_or(0, |row| row.bytes)
    }
}

/// Our collector, which adds each tick to the fleet's account.
struct OurReader<'a> {
    frames: &'a [Vec<u8>],
    inflate: Inflate,
    collector: Collector,
    node: CollectedNode,
    at: FrameAt,
}

impl<'a> OurReader<'a> {
    fn new(frames: &'a [Vec<u8>], broadcasts: usize) -> Self {
        // Some more rows for the prefixes.
        let config = CollectorConfig::new()
            .with_nodes(1)
            .with_names(broadcasts + 100)
            .with_series(broadcasts);
        let runtime = ours::runtime();
        let _entered = runtime.enter();
        let collector = Collector::new(&config);
        let node = collector.arrive("node");
        let mut this = Self {
            frames,
            inflate: Inflate::new(64 << 20),
            node: node.unwrap_or_else(|error| panic!("{error}")),
            collector,
            at: FrameAt::first(1),
        };
        this.tick(0);
        this.frames = &frames[1..];
        this
    }

    fn ticks(&mut self) -> Sample {
        let sample = sample(TICKS, |tick| self.tick(tick));
        self.frames = &self.frames[TICKS..];
        sample
    }

    fn tick(&mut self, tick: usize) {
        let plain = self.inflate.frame(&self.frames[tick]);
        let plain = plain.unwrap_or_else(|error| panic!("{error}"));
        let read = self.node.read("publisher.json.z", self.at, plain);
        read.unwrap_or_else(|error| panic!("{error}"));
        self.at.frame += 1;
    }

    fn bytes(&self) -> u64 {
        self.collector.look(|fleet| {
            let lane = fleet.traffic_lane("", Role::Publisher).unwrap_or(0);
            let row = fleet.traffic().row(lane, &ours::path(0));
            let growth = fleet.traffic().lane(lane, Instant::from_micros(0));
            black_box(growth);
            row.map_or(0, |row| row.totals().bytes)
        })
    }
}
