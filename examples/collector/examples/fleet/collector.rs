//! Collectors.

use std::net::SocketAddr;
use std::path::Path;

use crate::check::{Check, Expected, settle};
use crate::http::get;
use crate::program::Program;
use crate::relay::CAM;

/// What a collector reads and where it publishes.
pub(crate) struct Options<'a> {
    pub(crate) program: &'a str,
    pub(crate) directory: &'a Path,
    pub(crate) relays: Vec<SocketAddr>,
    pub(crate) udp: SocketAddr,
    pub(crate) publish: SocketAddr,
    pub(crate) store: String,
}

/// A running collector.
pub(crate) struct Collector {
    program: Program,
    metrics: SocketAddr,
}

/// The metric of all bytes in a role.
pub(crate) fn all(role: &str) -> String {
    format!("streamgauge_fleet_all_bytes_total{{role=\"{role}\",tier=\"external\"}}")
}

impl Collector {
    /// One that reads relays and gateways, and publishes on a relay and in a store.
    pub(crate) fn start(options: &Options<'_>) -> Self {
        let mut arguments = Vec::new();
        arguments.extend(
            options
                .relays
                .iter()
                .map(|relay| format!("https://{relay}")),
        );
        let mut option = |name: &str, value: String| {
            arguments.extend([name.to_owned(), value]);
        };
        option("--udp", options.udp.to_string());
        option("--state", path(options.directory, "state"));
        option("--node", "west".into());
        option("--publish", format!("https://{}", options.publish));
        option("--remote-write", options.store.clone());
        option("--remote-write-interval", "500ms".into());
        Self::run(options, arguments, "collector.log")
    }

    /// One that reads what the other publishes.
    pub(crate) fn above(options: &Options<'_>) -> Self {
        let relay = format!("https://{}", options.publish);
        let state = path(options.directory, "upper");
        Self::run(options, vec![relay, "--state".into(), state], "upper.log")
    }

    fn run(options: &Options<'_>, mut arguments: Vec<String>, log: &str) -> Self {
        let more = ["--plain", "--interval", "200ms", "--metrics", "127.0.0.1:0"];
        arguments.extend(more.map(Into::into));
        let log = options.directory.join(log);
        let mut program = Program::start(options.program, arguments, &log);
        let url = program.line("metrics");
        let address = url
            .trim_start_matches("http://")
            .trim_end_matches("/metrics");
        Self {
            program,
            metrics: address.parse().expect("an address"),
        }
    }

    /// As `kill -9` does.
    pub(crate) fn kill(self) {
        self.program.kill();
    }

    /// The value of a metric; nothing while there is none.
    pub(crate) async fn value(&self, metric: &str) -> Option<u64> {
        let text = get(self.metrics, "/metrics").await?;
        let mut lines = text.lines();
        lines.find_map(|line| line.strip_prefix(metric)?.trim().parse().ok())
    }

    /// All bytes that went out.
    pub(crate) async fn all(&self) -> u64 {
        self.value(&all("publisher")).await.unwrap_or_default()
    }

    /// Waits until a metric is as it should be.
    pub(crate) async fn until(&self, metric: &str, good: impl Fn(u64) -> bool) {
        let value = settle(|| self.value(metric), |value| value.is_some_and(&good)).await;
        assert!(
            value.is_some_and(good),
            "not until now: {metric} is {value:?}"
        );
    }

    /// Waits until so many bytes went out, and no more.
    pub(crate) async fn until_all(&self, bytes: u64) {
        let value = settle(|| self.all(), |value| *value >= bytes).await;
        assert_eq!(value, bytes, "bytes that went out");
    }

    pub(crate) async fn check(&self, check: &mut Check, who: &str, expected: &Expected) {
        let cam = format!(
            "streamgauge_fleet_bytes_total{{broadcast=\"{CAM}\",role=\"publisher\",tier=\"external\"}}"
        );
        for (what, metric, bytes) in [
            ("all bytes", all("publisher"), expected.all),
            ("bytes of the broadcast", cam, expected.cam),
        ] {
            let value = settle(|| self.value(&metric), |value| *value == Some(bytes)).await;
            check.same(&format!("{who}: {what}"), &value, &Some(bytes));
        }
    }
}

fn path(directory: &Path, name: &str) -> String {
    directory.join(name).to_str().expect("text").to_owned()
}
