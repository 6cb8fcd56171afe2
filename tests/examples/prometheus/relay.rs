//! The relay program, with a publisher and two subscribers.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use tokio::task::spawn_blocking;

use crate::program::Program;

const FILE_BYTES: usize = 5_000_000;
const SUBSCRIBERS: usize = 2;

/// A running relay.
pub(crate) struct Relay {
    program: String,
    directory: PathBuf,
    url: String,
    metrics: SocketAddr,
    _running: Program,
}

/// What clients said of what went through it.
pub(crate) struct Sent {
    pub(crate) published: Volume,
    /// To all subscribers together.
    pub(crate) received: Volume,
    _relay: Relay,
}

/// Bytes, frames and groups.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Volume(pub(crate) [u64; 3]);

impl Relay {
    pub(crate) fn start(program: &str, directory: &Path) -> Self {
        let listen = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--metrics",
            "127.0.0.1:0",
        ];
        let mut running = Program::start(program, listen, &directory.join("relay.log"));
        let lines = running.lines_until("metrics");
        let value = |name: &str| {
            let mut values = lines.iter().filter_map(|line| line.strip_prefix(name));
            values.next().expect("a line").trim().to_owned()
        };
        let metrics = value("metrics");
        let address = metrics
            .trim_start_matches("http://")
            .trim_end_matches("/metrics");
        Self {
            program: program.to_owned(),
            directory: directory.to_owned(),
            url: value("relay"),
            metrics: address.parse().expect("an address"),
            _running: running,
        }
    }

    pub(crate) fn metrics(&self) -> SocketAddr {
        self.metrics
    }

    /// Sends a file through it.
    pub(crate) async fn run(self) -> Sent {
        let done = spawn_blocking(move || self.relay_a_file()).await;
        done.expect("a thread")
    }

    fn relay_a_file(self) -> Sent {
        let file = self.directory.join("file");
        let bytes: Vec<_> = (0..FILE_BYTES)
            .map(|n| ((n * n) >> 7).to_le_bytes()[0])
            .collect();
        fs::write(&file, bytes).expect("a file");
        let log = |place: usize| self.directory.join(format!("subscriber-{place}.log"));
        let subscribers: Vec<_> = (0..SUBSCRIBERS)
            .map(|place| {
                let copy = self.directory.join(format!("copy-{place}"));
                let copy = copy.to_str().expect("text");
                let arguments = ["my/file", "file", "--output", copy];
                self.client("subscribe", &arguments, &log(place))
            })
            .collect();
        let path = file.to_str().expect("text");
        let errors = self.directory.join("publisher.log");
        let sender = self.client("publish", &["my/file", path], &errors);
        for subscriber in subscribers {
            subscriber.output();
        }
        let published = Volume::read(&sender.output(), "sent ");
        let received = (0..SUBSCRIBERS).map(|place| {
            let log = fs::read_to_string(log(place)).expect("a log");
            Volume::read(&log, "received ")
        });
        Sent {
            published,
            received: received.fold(Volume::default(), Volume::plus),
            _relay: self,
        }
    }

    fn client(&self, command: &str, arguments: &[&str], errors: &Path) -> Program {
        let arguments = [&[command, &self.url], arguments].concat();
        Program::start(&self.program, arguments, errors)
    }
}

impl Volume {
    /// Reads `sent 1 bytes, 2 frames, 3 groups`.
    fn read(text: &str, beginning: &str) -> Self {
        let line = text.lines().find_map(|line| line.strip_prefix(beginning));
        let line = line.unwrap_or_else(|| panic!("nothing {beginning}in {text}"));
        let mut numbers = line.split([' ', ';']).filter_map(|word| word.parse().ok());
        Self([(); 3].map(|()| numbers.next().expect("a number")))
    }

    fn plus(self, other: Self) -> Self {
        Self(std::array::from_fn(|place| self.0[place] + other.0[place]))
    }
}
