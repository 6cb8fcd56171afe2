//! What can be said on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use url::Url;

/// Where the relay listens when nobody says otherwise.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:4443";

/// The command line.
#[derive(Debug, Parser)]
#[command(
    version,
    about = "A MoQ relay over QUIC that counts what it carries",
    long_about = "A MoQ relay over QUIC that counts what it carries.\n\n\
        Without a command it is a demonstration: a relay, a publisher that sends a file, \
        three subscribers and a reader of the relay's own statistics, all over QUIC on \
        loopback. At the end everybody's figures must agree."
)]
pub struct Cli {
    /// The relay, for the demonstration and for `serve`.
    #[command(flatten)]
    pub relay: RelayOptions,
    /// The demonstration.
    #[command(flatten)]
    pub demo: DemoOptions,
    /// What to do instead of the demonstration.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Commands besides the demonstration.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Relay until Ctrl-C.
    Serve,
    /// Publish a file through a relay.
    Publish(Publish),
    /// Read a track from a relay: a file as it was published, any other track frame by frame.
    Subscribe(Subscribe),
}

/// How the relay listens, and what it is called.
#[derive(Args, Clone, Debug)]
pub struct RelayOptions {
    /// The UDP address to listen on [default: 127.0.0.1:4443, or any port if it is taken]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// The node's name in the path of its statistics; may have several segments.
    #[arg(long, global = true, default_value = "demo")]
    pub node: String,
    /// The path under which statistics are published.
    #[arg(long, global = true, default_value = ".stats")]
    pub prefix: String,
    /// The time between two frames of statistics, such as 500ms or 2s.
    #[arg(long, global = true, default_value = "1s", value_parser = duration)]
    pub interval: Duration,
    /// Add traffic up for each path of up to so many segments, in broadcasts of their own.
    #[arg(long, global = true, value_name = "N", default_value_t = 0)]
    pub levels: usize,
    /// Publish the statistics in parts too, one for each group of paths with so many first segments in common.
    #[arg(long, global = true, value_name = "N", default_value_t = 0)]
    pub depth: usize,
    /// The TCP address to serve metrics on [default: 127.0.0.1:9464, or nowhere if it is taken]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub metrics: Option<SocketAddr>,
    /// Serve no metrics.
    #[arg(long, global = true, conflicts_with = "metrics")]
    pub no_metrics: bool,
}

impl Default for RelayOptions {
    /// Any port of the loopback interface.
    fn default() -> Self {
        Self {
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            node: "demo".into(),
            prefix: ".stats".into(),
            interval: Duration::from_secs(1),
            levels: 0,
            depth: 0,
            metrics: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            no_metrics: false,
        }
    }
}

/// What the demonstration sends, and for how long.
#[derive(Args, Clone, Debug, Default)]
pub struct DemoOptions {
    /// Send the file again and again until this many seconds are over.
    #[arg(long, value_name = "N")]
    pub seconds: Option<u64>,
    /// The file to send [default: this program]
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,
}

/// Where a client connects, and what it trusts.
#[derive(Args, Clone, Debug)]
pub struct Connect {
    /// The relay, such as <https://127.0.0.1:4443>
    pub url: Url,
    /// The SHA-256 fingerprint of the relay's certificate, as `serve` prints it.
    ///
    /// Without it, any certificate is good enough on loopback, and only one that the
    /// system trusts elsewhere.
    #[arg(long, value_name = "HEX")]
    pub fingerprint: Option<String>,
}

/// Publish a file.
#[derive(Args, Clone, Debug)]
pub struct Publish {
    /// Where to.
    #[command(flatten)]
    pub connect: Connect,
    /// The broadcast's path.
    pub broadcast: String,
    /// The file, sent when the first subscriber comes.
    pub file: PathBuf,
}

/// Read a track.
#[derive(Args, Clone, Debug)]
pub struct Subscribe {
    /// Where from.
    #[command(flatten)]
    pub connect: Connect,
    /// The broadcast's path.
    pub broadcast: String,
    /// The track: `file` for what `publish` sends.
    pub track: String,
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Stop after so many frames of a track that is no file.
    #[arg(long, value_name = "N")]
    pub frames: Option<u64>,
}

/// Reads `500ms`, `2s` or plain seconds.
///
/// # Errors
///
/// When it is something else, or zero.
pub fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => (text.strip_suffix('s').unwrap_or(text), 1.0),
    };
    let seconds: f64 = number
        .trim()
        .parse()
        .map_err(|_| format!("`{text}` is no time; write 500ms or 2s"))?;
    let duration = Duration::try_from_secs_f64(seconds * unit)
        .map_err(|error| format!("`{text}` is no time: {error}"))?;
    if duration.is_zero() {
        Err("it must not be zero".into())
    } else {
        Ok(duration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2s"), Ok(Duration::from_secs(2)));
        assert_eq!(duration("1.5"), Ok(Duration::from_millis(1500)));
        for bad in ["", "0s", "-1s", "soon", "1e99s"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
