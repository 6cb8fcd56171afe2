//! Records through the `metrics` facade, and shows it with what the node counts; and the other way round.

use streamgauge_tokio::{
    Config, Format, Stats, Tier,
    metrics::{Exporter, Recorder},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let recorder = Recorder::new(1_000);
    metrics::set_global_recorder(recorder.clone())?;
    let mut exporter = Exporter::new(Recorder::new(1_000)); // or any other, or `Exporter::global()`
    let config = Config::new().with_snapshots(move |snapshot| exporter.export(snapshot));
    let stats = Stats::spawn(recorder.families(config))?;

    metrics::counter!("logins", "via" => "token").increment(1);
    let viewer = stats.tier(Tier::External).broadcast("demo/bbb").publisher();
    viewer.track("video").whole_frame(1_200);

    stats.flush().await;
    let text = stats.scrape(Format::Prometheus).await;
    println!("{}", String::from_utf8_lossy(&text));
    Ok(())
}
