//! A tick with full frames of JSON: collect, see what changed, encode, hand over.

use std::{hint::black_box, time::Duration};

use moq_net_seed::{
    OriginProducer, PublisherTrack as SeedTrack, Tier as SeedTier, Track, TrackConsumer,
};
use streamgauge_tokio::{PublisherTrack, Stats, Tier};
use tokio::runtime::Runtime;

use crate::{
    harness::{Report, Sample, sample},
    ours::{self, SEED},
};

const ROUNDS: usize = 7;

/// `series` live subscriptions, of which one in `every` moves between two ticks.
pub(crate) fn full_frames(report: &mut Report, series: usize, every: usize) {
    let mut seed = Seed::new(series);
    let mut ours = Ours::new(series);
    report.compare_rounds(ROUNDS, SEED, &mut || seed.tick(every), &mut || {
        ours.tick(every)
    });
}

/// The same with patches in place of whole frames, packed.
pub(crate) fn patches(report: &mut Report, series: usize, every: usize) {
    let mut seed = Seed::new(series);
    let mut ours = Ours::in_patches(series);
    report.compare_rounds(ROUNDS, SEED, &mut || seed.tick(every), &mut || {
        ours.tick(every)
    });
}

/// A million live series with one in a hundred moving; ours alone, as the seed takes seconds.
pub(crate) fn million(report: &mut Report) {
    of_million(report, Ours::new(1_000_000));
}

/// The same with patches in place of whole frames, packed, beside the one tick that the seed has at that
/// size: its cache refuses the frame once it is made, and no tick comes after that.
pub(crate) fn million_in_patches(report: &mut Report) {
    let mut ours = Ours::in_patches(1_000_000);
    let mut first = || Waiting::new(1_000_000).first_tick();
    report.compare_rounds(3, "moq-net 0.1.7 once", &mut first, &mut || ours.tick(100));
    of_million(report, ours);
}

fn of_million(report: &mut Report, mut ours: Ours) {
    ours.tick(100);
    let mut ticks: Vec<_> = (0..ROUNDS).map(|_| ours.tick(100)).collect();
    ticks.sort_by(|a, b| a.nanos.total_cmp(&b.nanos));
    report.figure("full tick", ticks[ROUNDS / 2].nanos / 1e6, "ms");
    report.figure("allocations", ticks[ROUNDS / 2].allocations, "per tick");
    if ours.frame_bytes() > 0.0 {
        report.figure("frame", ours.frame_bytes(), "bytes");
    }
}

/// Our node with its guards.
struct Ours {
    runtime: Runtime,
    stats: Stats,
    tracks: Vec<PublisherTrack>,
}

impl Ours {
    fn new(series: usize) -> Self {
        Self::of(series, ours::ours)
    }

    fn in_patches(series: usize) -> Self {
        Self::of(series, ours::ours_in_patches)
    }

    fn of(series: usize, stats: fn(&Runtime, usize) -> Stats) -> Self {
        let runtime = ours::runtime();
        let stats = stats(&runtime, series);
        let handle = stats.tier(Tier::External);
        let open = |i| handle.broadcast(&ours::path(i)).publisher_track("video");
        let tracks = (0..series).map(open).collect();
        let mut this = Self {
            runtime,
            stats,
            tracks,
        };
        // Three ticks, so that both buffers of each track have grown.
        for _ in 0..3 {
            this.tick(1);
        }
        this
    }

    fn tick(&mut self, every: usize) -> Sample {
        for track in self.tracks.iter_mut().step_by(every) {
            track.whole_frame(1200);
        }
        sample(1, |_| self.runtime.block_on(self.stats.flush()))
    }

    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    fn frame_bytes(&self) -> f64 {
        let frame = self
            .stats
            .latest("publisher.json")
            .and_then(|track| track.frame());
        frame.map_or(0.0, |frame| frame.payload.len() as f64)
    }
}

/// The seed's node with its guards, and a reader that awaits each frame.
struct Seed {
    runtime: Runtime,
    tracks: Vec<SeedTrack>,
    reader: TrackConsumer,
    _owner: moq_net_seed::Stats,
}

/// The seed's node with its guards, before its first tick.
struct Waiting {
    runtime: Runtime,
    tracks: Vec<SeedTrack>,
    origin: OriginProducer,
    stats: moq_net_seed::Stats,
}

impl Waiting {
    fn new(series: usize) -> Self {
        let runtime = ours::runtime();
        let (stats, origin) = ours::seed(&runtime);
        let handle = stats.tier(SeedTier::External);
        let open = |i| handle.broadcast(ours::path(i)).publisher_track("video");
        let tracks = (0..series).map(open).collect();
        Self {
            runtime,
            tracks,
            origin,
            stats,
        }
    }

    /// The first tick, whether or not its frame is kept.
    fn first_tick(&self) -> Sample {
        sample(1, |_| {
            let frame = self.runtime.block_on(async {
                let mut reader = reader(&self.origin).await;
                reader.read_frame().await
            });
            drop(black_box(frame));
        })
    }
}

impl Seed {
    fn new(series: usize) -> Self {
        let Waiting {
            runtime,
            tracks,
            origin,
            stats,
        } = Waiting::new(series);
        let reader = runtime.block_on(reader(&origin));
        let mut this = Self {
            runtime,
            tracks,
            reader,
            _owner: stats,
        };
        for _ in 0..3 {
            this.tick(1);
        }
        this
    }

    fn tick(&mut self, every: usize) -> Sample {
        for track in self.tracks.iter().step_by(every) {
            track.bytes(1200);
            track.frame();
        }
        sample(1, |_| {
            self.runtime.block_on(async {
                tokio::time::advance(Duration::from_secs(1)).await;
                let frame = self.reader.read_frame().await;
                assert!(matches!(frame, Ok(Some(_))), "the seed wrote no frame");
            });
        })
    }
}

async fn reader(origin: &OriginProducer) -> TrackConsumer {
    let announced = origin.consume().announced().await;
    let broadcast = announced.and_then(|(_, broadcast)| broadcast);
    let track = Track {
        name: "publisher.json".into(),
        priority: 0,
    };
    let reader = broadcast.and_then(|broadcast| broadcast.subscribe_track(&track).ok());
    reader.unwrap_or_else(|| panic!("the seed published no track"))
}
