//! What can be said on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use url::Url;

/// The command line.
#[derive(Clone, Debug, Parser)]
#[command(
    version,
    about = "Drives traffic through the gateway, and checks every count",
    long_about = "Drives traffic through the gateway, and checks every count.\n\n\
        Announces broadcasts and sends the frames of a file through the gateway to its subscribers, \
        with more broadcasts than it has room for, with noise on the line, and across a warm reset. \
        Every byte must arrive, and every counter in the gateway's stats must be what was sent."
)]
pub struct Cli {
    /// The gateway's upstream line, as a TCP socket
    #[arg(long, value_name = "ADDRESS")]
    pub upstream: SocketAddr,
    /// Its downstream line; without it, the gateway has a single UART
    #[arg(long, value_name = "ADDRESS")]
    pub downstream: Option<SocketAddr>,
    /// The gateway has Ethernet: read its stats over UDP as well
    #[arg(long)]
    pub udp: bool,
    /// The file to send, again and again if it is short [default: this program]
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// Frames to send from it.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub frames: u32,
    /// Publish the gateway's stats on this relay, such as <https://127.0.0.1:4443>
    #[arg(long, value_name = "URL")]
    pub publish: Option<Url>,
    /// The SHA-256 fingerprint of the relay's certificate
    #[arg(long, value_name = "HEX", requires = "publish")]
    pub fingerprint: Option<String>,
    /// Go on publishing after the trials, until Ctrl-C
    #[arg(long, requires = "publish")]
    pub stay: bool,
    /// The gateway's name in the path of its stats; may have several segments.
    #[arg(long, default_value = "gateway")]
    pub node: String,
    /// The path under which stats are published.
    #[arg(long, default_value = ".stats")]
    pub prefix: String,
}
