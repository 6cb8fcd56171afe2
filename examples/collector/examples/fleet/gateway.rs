//! The gateway in its emulator.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use streamgauge_gateway_host::check;
use streamgauge_gateway_host::cli::Cli;
use streamgauge_gateway_host::host::Host;
use streamgauge_gateway_host::inbox::Inbox;
use streamgauge_gateway_protocol::Message;

use crate::program::free_udp;

/// Frames that go through it.
const FRAMES: u32 = 500;

/// A gateway that is spoken to over its serial lines.
pub(crate) struct Gateway(Host);

impl Gateway {
    pub(crate) async fn connect([upstream, downstream]: [SocketAddr; 2]) -> Self {
        let cli = Cli {
            upstream,
            downstream: Some(downstream),
            udp: false,
            input: None,
            frames: FRAMES,
            publish: None,
            fingerprint: None,
            stay: false,
            node: String::new(),
            prefix: String::new(),
        };
        let host = Host::connect(&cli, Arc::new(Inbox::new(None))).await;
        let mut host = host.expect("a serial line");
        host.knock(|_| true).await.expect("a gateway");
        Self(host)
    }

    /// Lets it send its stats as datagrams as well; where to.
    pub(crate) async fn report_to(&mut self) -> SocketAddr {
        let address = free_udp();
        let report = Message::Report {
            port: address.port(),
        };
        self.0.send(&report).await.expect("a gateway");
        address
    }

    /// Sends a file through it; the bytes that went out.
    pub(crate) async fn transfer(&mut self) -> u64 {
        let file: Vec<_> = (0..50_000_u32)
            .map(|n| ((n * n) >> 7).to_le_bytes()[0])
            .collect();
        let file = Bytes::from(file);
        let told = check::transfer(&mut self.0, &file, FRAMES).await;
        println!("the gateway {}", told.expect("a transfer"));
        let node = self.0.node(|_| true).await.expect("its own totals");
        node.totals["publisher"]["bytes"]
            .as_u64()
            .expect("a number")
    }
}
