//! What can be said on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::{Args, Parser};
use streamgauge_relay::cli::duration;
use url::Url;

use crate::source::Line;

/// The command line.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "streamgauge-collector",
    version,
    about = "Reads the stats of many nodes, adds them up, and shows the fleet",
    long_about = "Reads the stats of many nodes, adds them up, and shows the fleet.\n\n\
        Nodes are found on relays, beneath `.stats/node`, and at the other end of serial lines and UDP. \
        What they counted stays counted when they restart, leave and come back, and with --state also \
        when the collector itself does. The sums are shown in the terminal, served as /metrics to \
        Prometheus, pushed by remote write, and published as a node that another collector reads in turn.",
    after_help = "Examples:\n  \
        streamgauge-collector https://127.0.0.1:4443\n  \
        streamgauge-collector https://sjc.example https://fra.example --serial /dev/ttyUSB0 --state fleet.state\n  \
        streamgauge-collector https://sjc.example --plain --remote-write http://127.0.0.1:8428/api/v1/write\n  \
        streamgauge-collector https://sjc.example --state west.state --node west --listen 0.0.0.0:4444"
)]
pub struct Cli {
    /// Where frames come from.
    #[command(flatten)]
    pub sources: SourceOptions,
    /// What is kept.
    #[command(flatten)]
    pub fleet: FleetOptions,
    /// Where metrics go.
    #[command(flatten)]
    pub metrics: MetricsOptions,
    /// What is published in turn.
    #[command(flatten)]
    pub publish: PublishOptions,
    /// Print plain lines, as where the output is no terminal.
    #[arg(long)]
    pub plain: bool,
}

/// Where frames come from.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Sources")]
pub struct SourceOptions {
    /// Relays to read, such as <https://127.0.0.1:4443>
    #[arg(value_name = "RELAY")]
    pub relays: Vec<Url>,
    /// The SHA-256 fingerprint of the relays' certificates.
    ///
    /// Without it, any certificate is good enough on loopback, and only one that the system trusts
    /// elsewhere.
    #[arg(long, value_name = "HEX")]
    pub fingerprint: Option<String>,
    /// The path under which nodes publish.
    #[arg(long, default_value = ".stats")]
    pub prefix: String,
    /// A serial line with a gateway: a device such as /dev/ttyUSB0, or tcp:HOST:PORT. May be repeated
    #[arg(long, value_name = "LINE")]
    pub serial: Vec<Line>,
    /// The speed of serial devices, in baud.
    #[arg(long, value_name = "N", default_value_t = 115_200)]
    pub baud: u32,
    /// A UDP address to which gateways send, such as 0.0.0.0:7000. May be repeated
    #[arg(long, value_name = "ADDRESS")]
    pub udp: Vec<SocketAddr>,
    /// The node that this collector is itself, and does not read.
    #[arg(skip)]
    pub own: Option<String>,
}

/// What is kept.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Keeping")]
pub struct FleetOptions {
    /// Keep the totals in this file, so that they outlive this program, whatever ends it.
    ///
    /// What a tick changed is written before anything of it is shown: a total that was seen once never
    /// falls. That goes to FILE.journal, and all of it to FILE now and then. Without it, totals begin with
    /// what the nodes tell.
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// The time between two ticks, such as 500ms or 2s.
    #[arg(long, default_value = "1s", value_parser = duration)]
    pub interval: Duration,
    /// Nodes and broadcasts are forgotten so long after their last sign, such as 3600s; their totals stay
    /// in the sums.
    #[arg(long, value_name = "TIME", default_value = "86400s", value_parser = duration)]
    pub forget: Duration,
    /// Tiers that nodes have besides the external and the internal one, by name. May be repeated
    #[arg(long, value_name = "NAME")]
    pub tier: Vec<String>,
    /// Room for so many nodes, each of about 4 kB.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub max_nodes: usize,
    /// Room for so many broadcasts and roots of sessions, by tier and role, each of about 860 bytes.
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    pub max_broadcasts: usize,
    /// Room for so many broadcasts and roots on all nodes together, each of about 260 bytes.
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    pub max_series: usize,
}

impl Default for FleetOptions {
    fn default() -> Self {
        Self {
            state: None,
            interval: Duration::from_secs(1),
            forget: Duration::from_hours(24),
            tier: Vec::new(),
            max_nodes: 1_000,
            max_broadcasts: 50_000,
            max_series: 200_000,
        }
    }
}

/// Where metrics go.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Metrics")]
pub struct MetricsOptions {
    /// The TCP address to serve metrics on [default: 127.0.0.1:9465, or nowhere if it is taken]
    #[arg(long, value_name = "ADDRESS")]
    pub metrics: Option<SocketAddr>,
    /// Serve no metrics.
    #[arg(long, conflicts_with = "metrics")]
    pub no_metrics: bool,
    /// Broadcasts with metrics of their own, the busiest; the others are summed up in one.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub top: usize,
    /// Send metrics by remote write, such as to <http://127.0.0.1:8428/api/v1/write>
    ///
    /// A name and a password in the URL are sent as basic authentication.
    #[arg(long, value_name = "URL")]
    pub remote_write: Option<Url>,
    /// The time between two rounds of remote write.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub remote_write_interval: Duration,
    /// A file with a token, sent as `Authorization: Bearer`.
    #[arg(long, value_name = "FILE", requires = "remote_write")]
    pub remote_write_token: Option<PathBuf>,
    /// Requests that wait while the store cannot be reached; one more drops the oldest.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub remote_write_queue: usize,
}

/// What is published in turn.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Publishing the sums")]
pub struct PublishOptions {
    /// The name of the node that publishes the sums; another collector reads it like any node.
    ///
    /// Let nobody read both this node and those that it sums up: what they counted would count twice.
    #[arg(long, requires = "state", requires = "way_out")]
    pub node: Option<String>,
    /// Where collectors can connect, a UDP address such as 0.0.0.0:4444.
    #[arg(long, value_name = "ADDRESS", requires = "node", group = "way_out")]
    pub listen: Option<SocketAddr>,
    /// The certificate to show there, a PEM file; without it one is made at each start.
    #[arg(long, value_name = "FILE", requires_all = ["listen", "listen_key"])]
    pub listen_cert: Option<PathBuf>,
    /// Its key, a PEM file.
    #[arg(long, value_name = "FILE", requires = "listen_cert")]
    pub listen_key: Option<PathBuf>,
    /// Publish on this relay.
    #[arg(long, value_name = "URL", requires = "node", group = "way_out")]
    pub publish: Option<Url>,
    /// The SHA-256 fingerprint of that relay's certificate.
    #[arg(long, value_name = "HEX", requires = "publish")]
    pub publish_fingerprint: Option<String>,
    /// The path under which the sums are published.
    #[arg(long, value_name = "PREFIX", default_value = ".stats")]
    pub publish_prefix: String,
}

impl Cli {
    /// Checks what the single options cannot tell, and completes them.
    ///
    /// # Errors
    ///
    /// What to do about it.
    pub fn checked(mut self) -> Result<Self> {
        let sources = &mut self.sources;
        let any =
            !(sources.relays.is_empty() && sources.serial.is_empty() && sources.udp.is_empty());
        ensure!(
            any,
            "there is nothing to read: name a relay such as https://127.0.0.1:4443, or use --serial or --udp; \
             --help tells more"
        );
        let named = |prefix: &str| prefix.split('/').any(|segment| !segment.is_empty());
        ensure!(named(&sources.prefix), "--prefix must not be empty");
        ensure!(
            named(&self.publish.publish_prefix),
            "--publish-prefix must not be empty"
        );
        if sources.prefix.trim_matches('/') == self.publish.publish_prefix.trim_matches('/') {
            sources.own.clone_from(&self.publish.node);
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Cli> {
        Cli::try_parse_from(line.split(' '))?.checked()
    }

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn a_collector_without_a_source_says_what_to_do() {
        let error = parse("collector --plain").unwrap_err().to_string();
        assert!(
            error.contains("--serial") && error.contains("https://"),
            "{error}"
        );
    }

    #[test]
    fn a_collector_that_publishes_does_not_read_itself() {
        let cli = parse("collector https://a --node west --state s --listen 127.0.0.1:0").unwrap();
        assert_eq!(cli.sources.own.as_deref(), Some("west"));
    }

    #[test]
    fn sums_are_published_only_by_a_collector_that_keeps_them() {
        assert!(parse("collector https://a --node west --listen 127.0.0.1:0").is_err());
        assert!(parse("collector https://a --node west --state s").is_err());
        assert!(parse("collector https://a --listen 127.0.0.1:0").is_err());
    }

    #[test]
    fn times_are_read_with_their_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2s"), Ok(Duration::from_secs(2)));
        for bad in ["", "0s", "-1s", "soon", "1e99s"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
