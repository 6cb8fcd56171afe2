//! Both sides' nodes, in a runtime whose clock only moves when told to.

use std::time::Duration;

use moq_net_seed::{Origin, Stats as SeedStats, StatsConfig};
use streamgauge_tokio::{Config, Deltas, Stats};
use tokio::runtime::{Builder, Runtime};

/// The name of the peer whose behaviour we have.
pub(crate) const SEED: &str = "moq-net 0.1.7";

/// A runtime that runs on this thread, its clock standing still.
pub(crate) fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_time().start_paused(true);
    builder
        .build()
        .unwrap_or_else(|error| panic!("no runtime: {error}"))
}

/// Our node, with room for so many series.
pub(crate) fn ours(runtime: &Runtime, series: usize) -> Stats {
    spawn(runtime, config(series))
}

/// Our node that says what changed, and nothing else.
pub(crate) fn ours_in_patches(runtime: &Runtime, series: usize) -> Stats {
    spawn(runtime, config(series).with_deltas(Deltas::Instead))
}

fn config(series: usize) -> Config {
    let config = Config::new().with_series(series).with_cells(series.max(64));
    config.with_interval(Duration::from_hours(1))
}

fn spawn(runtime: &Runtime, config: Config) -> Stats {
    let _entered = runtime.enter();
    Stats::spawn(config).unwrap_or_else(|error| panic!("{error}"))
}

/// The seed's node, and the origin it publishes on.
pub(crate) fn seed(runtime: &Runtime) -> (SeedStats, moq_net_seed::OriginProducer) {
    let _entered = runtime.enter();
    let origin = Origin::random().produce();
    (
        SeedStats::new(StatsConfig::new().with_origin(origin.clone())),
        origin,
    )
}

/// The path of one broadcast among many.
pub(crate) fn path(i: usize) -> String {
    format!("customer-{:02}/room-{i:06}/camera", i % 64)
}
