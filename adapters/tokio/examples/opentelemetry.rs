//! Shows a node to OpenTelemetry, whose provider an exporter reads every minute.

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use streamgauge_tokio::{Config, Stats, Tier, opentelemetry::observe};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stats = Stats::spawn(Config::new().with_node("sjc/1"))?;
    let exporter = InMemoryMetricExporter::default(); // or one for OTLP
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    observe(&stats, &provider.meter("streamgauge"));

    let viewer = stats.tier(Tier::External).broadcast("demo/bbb").publisher();
    viewer.track("video").whole_frame(1_200);

    provider.force_flush()?;
    for metrics in exporter.get_finished_metrics()? {
        println!("{metrics:#?}");
    }
    Ok(())
}
