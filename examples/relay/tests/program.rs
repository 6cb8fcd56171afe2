//! The program itself, as a user runs it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

const PROGRAM: &str = env!("CARGO_BIN_EXE_streamgauge-relay");

/// Longer than any run here may take.
const LIMIT: Duration = Duration::from_mins(1);

/// A running program that does not outlive its test.
struct Running(Child);

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self(command.spawn().expect("the program starts"))
    }

    /// Lines of its output, as they come.
    fn lines(&mut self) -> impl Iterator<Item = String> + use<> {
        let output: ChildStdout = self.0.stdout.take().expect("a pipe");
        BufReader::new(output)
            .lines()
            .map(|line| line.expect("text"))
    }

    /// Waits for its end.
    fn output(mut self) -> Output {
        let began = Instant::now();
        while self.0.try_wait().expect("a child").is_none() {
            assert!(began.elapsed() < LIMIT, "the program does not end");
            thread::sleep(Duration::from_millis(20));
        }
        let mut output = Output {
            status: self.0.wait().expect("a child"),
            stdout: Vec::new(),
            stderr: Vec::new(),
        };
        if let Some(mut stdout) = self.0.stdout.take() {
            stdout.read_to_end(&mut output.stdout).expect("its output");
        }
        if let Some(mut stderr) = self.0.stderr.take() {
            stderr.read_to_end(&mut output.stderr).expect("its errors");
        }
        output
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A file of its own for each test, removed at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        Self(env::temp_dir().join(format!("streamgauge-{}-{name}", process::id())))
    }

    fn with(name: &str, bytes: usize) -> Self {
        let scratch = Self::new(name);
        let data: Vec<u8> = (0..bytes)
            .map(|at| ((at * at) >> 7).to_le_bytes()[0])
            .collect();
        fs::write(&scratch.0, data).expect("a file");
        scratch
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("text")
    }
}

impl AsRef<Path> for Scratch {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // There may be none.
        let _ = fs::remove_file(&self.0);
    }
}

/// A relay of its own: it, its URL and its certificate's fingerprint.
fn serve() -> (Running, String, String) {
    let mut relay = Running::start(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--interval",
        "100ms",
        "--no-metrics",
    ]);
    let mut lines = relay.lines();
    let mut value = |name: &str| {
        let line = lines.next().expect("a line");
        line.strip_prefix(name)
            .unwrap_or_else(|| panic!("no {name} in {line}"))
            .trim()
            .to_owned()
    };
    let (url, fingerprint) = (value("relay"), value("fingerprint"));
    // The rest is read and thrown away, so that the relay never waits for room.
    thread::spawn(move || lines.for_each(drop));
    (relay, url, fingerprint)
}

#[test]
fn publish_and_subscribe_move_a_file() {
    let (_relay, url, fingerprint) = serve();
    let (source, copy) = (Scratch::with("source", 700_000), Scratch::new("copy"));
    let publisher = Running::start(&[
        "publish",
        &url,
        "my/file",
        source.path(),
        "--fingerprint",
        &fingerprint,
    ]);
    let subscriber = Running::start(&[
        "subscribe",
        &url,
        "my/file",
        "file",
        "--output",
        copy.path(),
    ]);
    let read = subscriber.output();
    let errors = String::from_utf8_lossy(&read.stderr);
    assert!(read.status.success(), "{errors}");
    assert!(errors.contains("complete"), "{errors}");
    assert!(fs::read(&source).unwrap() == fs::read(&copy).unwrap());
    assert!(publisher.output().status.success());
}

#[test]
fn the_relay_publishes_its_own_statistics() {
    let (_relay, url, _) = serve();
    let read = Running::start(&[
        "subscribe",
        &url,
        ".stats/node/demo",
        "sessions.json",
        "--frames",
        "1",
    ]);
    let output = read.output();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        output.stdout.starts_with(b"{"),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn a_relay_with_another_certificate_is_not_trusted() {
    let (_relay, url, _) = serve();
    let other = "00".repeat(32);
    let refused = Running::start(&["subscribe", &url, "a", "b", "--fingerprint", &other]).output();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("cannot connect"));
}

#[test]
fn the_demonstration_ends_with_figures_that_agree() {
    let input = Scratch::with("input", 300_000);
    let arguments = [
        "--listen",
        "127.0.0.1:0",
        "--interval",
        "200ms",
        "--no-metrics",
        "--input",
        input.path(),
    ];
    let output = Running::start(&arguments).output();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let last = text.lines().last().unwrap_or_default();
    assert!(last.starts_with("relayed 9"), "{text}");
    assert!(
        last.ends_with(" groups to 3 subscribers; counters agree"),
        "{text}"
    );
    assert!(text.contains("byte for byte"), "{text}");
    assert!(text.contains("demo/file: 3 watching"), "{text}");
}

#[test]
fn the_demonstration_sends_again_until_the_seconds_are_over() {
    let input = Scratch::with("again", 100_000);
    let arguments = [
        "--listen",
        "127.0.0.1:0",
        "--no-metrics",
        "--seconds",
        "4",
        "--input",
        input.path(),
    ];
    let began = Instant::now();
    let output = Running::start(&arguments).output();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(began.elapsed() >= Duration::from_secs(4));
    let last = text.lines().last().unwrap_or_default();
    let bytes: u64 = last
        .split(' ')
        .nth(1)
        .and_then(|word| word.parse().ok())
        .unwrap_or(0);
    // Two passes at the least, to three subscribers.
    assert!(bytes > 600_000, "{text}");
}

/// Asks for `/metrics` as a scraper does.
fn scrape(address: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let request = "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn a_relay_serves_its_metrics_where_it_says() {
    let arguments = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--metrics",
        "127.0.0.1:0",
    ];
    let mut relay = Running::start(&arguments);
    let mut lines = relay.lines();
    let line = lines.find(|line| line.starts_with("metrics "));
    let line = line.expect("a line about metrics");
    thread::spawn(move || lines.for_each(drop));
    let url = line.strip_prefix("metrics").unwrap_or_default().trim();
    let address = url
        .strip_prefix("http://")
        .and_then(|url| url.strip_suffix("/metrics"));
    let answer = scrape(address.expect("a URL"));
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains(r#"node="demo""#), "{answer}");
}

#[test]
fn the_demonstration_goes_on_without_metrics_when_their_port_is_taken() {
    // An error means that another process has taken it already.
    let _taken = TcpListener::bind("127.0.0.1:9464");
    let input = Scratch::with("taken", 100_000);
    let arguments = ["--listen", "127.0.0.1:0", "--input", input.path()];
    let output = Running::start(&arguments).output();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    let said = "no metrics   cannot serve metrics on 127.0.0.1:9464: another process listens there";
    assert!(text.contains(said), "{text}");
    assert!(text.contains("counters agree"), "{text}");
}

#[test]
fn a_port_for_metrics_that_is_taken_is_an_error_when_it_was_asked_for() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--metrics", &address];
    let output = Running::start(&arguments).output();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains(&address));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let output = Running::start(&["--input", "/no/such/file"]).output();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/no/such/file"));
}

#[test]
fn a_port_that_is_taken_is_an_error_only_when_it_was_asked_for() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = Running::start(&["serve", "--listen", &address]).output();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains(&address));
}
