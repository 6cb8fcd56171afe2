//! Collectors as processes, which can be killed, and relays.

#![allow(dead_code, unused_imports, reason = "each test file uses a part of it")]

mod traffic;

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use streamgauge_relay::cli::RelayOptions;
use streamgauge_relay::server::Relay;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

pub(crate) use traffic::traffic;

/// Longer than anything here may take.
const LIMIT: Duration = Duration::from_mins(1);

/// How often to ask whether something came about.
const POLL: Duration = Duration::from_millis(50);

/// A running collector; killed when this is dropped.
pub(crate) struct Collector {
    process: Child,
    metrics: SocketAddr,
}

impl Collector {
    /// Starts one with these arguments, and metrics wherever there is room.
    pub(crate) fn start<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_streamgauge-collector"))
            .args(arguments)
            .args(["--plain", "--interval", "100ms", "--metrics", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a collector");
        let output = process.stdout.take().expect("a pipe");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let metrics = lines.find_map(|line| {
            let url = line.strip_prefix("metrics")?.trim().to_owned();
            url.strip_prefix("http://")?
                .strip_suffix("/metrics")?
                .parse()
                .ok()
        });
        // Read on, so that it never waits for room.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            process,
            metrics: metrics.expect("it says where its metrics are"),
        }
    }

    /// Kills it as `kill -9` does.
    pub(crate) fn kill(mut self) {
        self.process.kill().expect("a process to kill");
        self.process.wait().expect("its end");
    }

    /// Waits until a metric has this value, and is never more.
    pub(crate) async fn until(&self, metric: &str, expected: u64) {
        let began = Instant::now();
        loop {
            let value = self.value(metric).await;
            if value == Some(expected) {
                return;
            }
            assert!(
                value <= Some(expected),
                "{metric} is {value:?}, more than {expected}"
            );
            let late = began.elapsed() > LIMIT;
            assert!(
                !late,
                "not until now: {metric} is {value:?} and not {expected}"
            );
            sleep(POLL).await;
        }
    }

    /// The value of a metric; nothing while there is none.
    pub(crate) async fn value(&self, metric: &str) -> Option<u64> {
        let text = get(self.metrics, "/metrics").await;
        let mut lines = text.lines();
        lines.find_map(|line| line.strip_prefix(metric)?.trim().parse().ok())
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// All bytes that flowed in a role.
pub(crate) fn bytes(role: &str) -> String {
    format!("streamgauge_fleet_all_bytes_total{{role=\"{role}\",tier=\"external\"}}")
}

async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a collector");
    let request = format!("GET {path} HTTP/1.0\r\nhost: x\r\n\r\n");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("a connection");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}

/// A UDP port that nobody has now.
pub(crate) fn free_udp() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.local_addr().expect("an address")
}

/// A relay of this name; gone, with all that it had not published, when this is dropped.
pub(crate) async fn relay(address: SocketAddr, node: &str) -> Relay {
    relay_in_parts(address, node, 0).await
}

/// The same whose stats are in parts of so many segments, and summed by level, if that is not zero.
pub(crate) async fn relay_in_parts(address: SocketAddr, node: &str, depth: usize) -> Relay {
    let options = RelayOptions {
        depth,
        levels: depth,
        listen: Some(address),
        node: node.into(),
        interval: Duration::from_millis(100),
        no_metrics: true,
        metrics: None,
        ..RelayOptions::default()
    };
    let began = Instant::now();
    loop {
        match Relay::start(&options).await {
            Ok(relay) => return relay,
            // Its port may be in use for a moment by the one before.
            Err(error) => assert!(began.elapsed() < LIMIT, "{error:#}"),
        }
        sleep(POLL).await;
    }
}
