//! Shows a node in a registry of `prometheus-client`, beside a metric of the application.

use prometheus_client::{encoding::text, metrics::counter::Counter, registry::Registry};
use streamgauge_tokio::{Config, Stats, Tier, prometheus_client::Collector};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stats = Stats::spawn(Config::new().with_node("sjc/1"))?;
    let logins = Counter::<u64>::default();
    let mut registry = Registry::default();
    registry.register("logins", "users that logged in", logins.clone());
    registry.register_collector(Box::new(Collector::new(&stats)));

    logins.inc();
    let viewer = stats.tier(Tier::External).broadcast("demo/bbb").publisher();
    viewer.track("video").whole_frame(1_200);

    let mut exposition = String::new();
    text::encode(&mut exposition, &registry)?;
    println!("{exposition}");
    Ok(())
}
