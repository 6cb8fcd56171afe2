//! The Prometheus server, and queries to it.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep},
};

use crate::program::Program;

/// Nothing takes longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often to ask whether something came about.
const POLL: Duration = Duration::from_millis(100);

/// A running server.
pub(crate) struct Server {
    address: SocketAddr,
    _running: Program,
}

/// What a query gave: for each series its labels and its value.
pub(crate) type Vector = Vec<(Value, f64)>;

impl Server {
    pub(crate) fn start(program: &str, directory: &Path, targets: &[(&str, SocketAddr)]) -> Self {
        let config = directory.join("prometheus.yml");
        fs::write(&config, configuration(targets)).expect("a configuration");
        let address = free_address();
        let arguments = [
            format!("--config.file={}", config.display()),
            format!("--storage.tsdb.path={}", directory.join("data").display()),
            format!("--web.listen-address={address}"),
        ];
        let log = directory.join("prometheus.log");
        Self {
            address,
            _running: Program::start(program, &arguments, &log),
        }
    }

    /// Waits until a query gives one number.
    pub(crate) async fn until(&self, what: &str, query: &str, expected: f64) {
        let began = Instant::now();
        loop {
            let vector = self.query(query, None).await.unwrap_or_default();
            if let [(_, value)] = vector.as_slice()
                && (value - expected).abs() < f64::EPSILON
            {
                return;
            }
            let late = began.elapsed() > PATIENCE;
            assert!(
                !late,
                "not until now: {what}; {query} is {vector:?} and not {expected}"
            );
            sleep(POLL).await;
        }
    }

    /// Asks for an instant vector, now or at a moment of the wall clock; nothing while the server does
    /// not listen yet.
    pub(crate) async fn query(&self, query: &str, at: Option<Duration>) -> Option<Vector> {
        let query: Vec<_> = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let query = query.concat();
        let time = at.map_or(String::new(), |at| format!("&time={}", at.as_secs_f64()));
        let answer = self
            .get(&format!("/api/v1/query?query={query}{time}"))
            .await?;
        let result = answer["data"]["result"].as_array().cloned();
        let result = result.unwrap_or_else(|| panic!("no result in {answer}"));
        Some(result.iter().map(sample).collect())
    }

    /// Asks its API.
    pub(crate) async fn get(&self, path: &str) -> Option<Value> {
        let mut stream = TcpStream::connect(self.address).await.ok()?;
        let request = format!("GET {path} HTTP/1.0\r\nhost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        let (_, body) = answer.split_once("\r\n\r\n")?;
        serde_json::from_str(body).ok()
    }
}

pub(crate) fn wall_clock() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock after 1970")
}

fn configuration(targets: &[(&str, SocketAddr)]) -> String {
    let jobs: Vec<_> = targets
        .iter()
        .map(|(job, address)| {
            format!("- job_name: {job}\n  static_configs:\n  - targets: ['{address}']\n")
        })
        .collect();
    format!(
        "global:\n  scrape_interval: 500ms\n  scrape_timeout: 500ms\nscrape_configs:\n{}",
        jobs.concat()
    )
}

/// An address that nobody listens at; the server takes it a moment later.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address")
}

fn sample(result: &Value) -> (Value, f64) {
    let value = result["value"][1].as_str().expect("a number as text");
    (result["metric"].clone(), value.parse().expect("a number"))
}
