//! A relay of ours.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::task::JoinHandle;

use crate::program::{Program, free_udp};
use crate::traffic::traffic;

/// The broadcast that relays carry.
pub(crate) const CAM: &str = "demo/cam";

/// A running relay.
pub(crate) struct Relay {
    settings: Settings,
    program: Program,
}

/// One that was killed.
pub(crate) struct Settings {
    program: String,
    node: String,
    address: SocketAddr,
    log: PathBuf,
}

impl Relay {
    pub(crate) fn start(program: &str, node: &str, directory: &Path) -> Self {
        let settings = Settings {
            program: program.into(),
            node: node.into(),
            address: free_udp(),
            log: directory.join(format!("{}.log", node.replace('/', "-"))),
        };
        settings.restart()
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.settings.address
    }

    /// Sends so many groups through it to a viewer; the bytes that went out.
    pub(crate) async fn traffic(&self, groups: u64) -> u64 {
        traffic(self.address(), CAM, groups).await
    }

    /// The same, apart from the relay.
    pub(crate) fn clone_traffic(&self, groups: u64) -> impl Future<Output = u64> + Send + use<> {
        let address = self.address();
        async move { traffic(address, CAM, groups).await }
    }

    /// Traffic until it fails.
    pub(crate) fn busy(&self) -> JoinHandle<()> {
        let address = self.address();
        tokio::spawn(async move {
            loop {
                traffic(address, CAM, 40).await;
            }
        })
    }

    /// As `kill -9` does.
    pub(crate) fn kill(self) -> Settings {
        self.program.kill();
        self.settings
    }
}

impl Settings {
    /// Starts it where it was.
    pub(crate) fn restart(self) -> Relay {
        let address = self.address.to_string();
        let arguments = ["serve", "--listen", &address, "--node", &self.node];
        let more = ["--no-metrics", "--interval", "200ms"];
        let arguments = [arguments.as_slice(), more.as_slice()].concat();
        let mut program = Program::start(&self.program, arguments, &self.log);
        program.line("statistics");
        Relay {
            settings: self,
            program,
        }
    }
}
