//! A relay that is not ours, and readers that know nothing of ours.

use std::net::SocketAddr;
use std::path::Path;

use moq_stats::aggregate::{Config, Consumer};
use moq_stats::{Role, Tier};
use serde_json::Value;
use streamgauge_relay::client::Client;
use tokio::time::timeout;

use crate::check::{Check, Expected, PATIENCE, settle};
use crate::http::get;
use crate::program::{Program, free_tcp, free_udp};
use crate::relay::CAM;
use crate::traffic::target;

/// A running relay.
pub(crate) struct Stock {
    address: SocketAddr,
    web: SocketAddr,
    _running: Program,
}

impl Stock {
    pub(crate) async fn start(program: &str, directory: &Path) -> Self {
        let (address, web) = (free_udp(), free_tcp());
        let arguments = [
            "--listen",
            &address.to_string(),
            "--listen-tls-generate",
            "localhost",
            "--auth-public",
            "**",
            "--web-http-listen",
            &web.to_string(),
        ];
        let mut running = Program::start(program, arguments, &directory.join("stock.log"));
        running.silence();
        let up = settle(|| get(web, "/certificate.sha256"), Option::is_some).await;
        assert!(up.is_some(), "the stock relay does not come up");
        Self {
            address,
            web,
            _running: running,
        }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) async fn check(&self, check: &mut Check, expected: &Expected) {
        let cam = Some(expected.cam);
        let found = settle(|| self.fetch(), |found| *found == cam).await;
        check.same(
            "the stock relay's /fetch: bytes of the broadcast",
            &found,
            &cam,
        );
        let found = self.aggregate(expected.cam).await;
        check.same("the stock aggregate: bytes of the broadcast", &found, &cam);
    }

    /// What its own HTTP server gives of the newest frame.
    async fn fetch(&self) -> Option<u64> {
        let frame = get(self.web, "/fetch/.stats/node/west/publisher.json").await?;
        let frame: Value = serde_json::from_str(&frame).ok()?;
        frame[CAM]["bytes"].as_u64()
    }

    /// What the aggregating reader of moq-stats sees, once it has seen this, or after a while.
    async fn aggregate(&self, expected: u64) -> Option<u64> {
        let connected = Client::subscriber(&target(self.address), ".stats").await;
        let (client, origin) = connected.expect("the stock relay");
        let consumer = Consumer::new(origin.with_hidden(true), Config::new());
        let mut traffic = consumer.traffic(&Tier::default(), Role::Publisher);
        let mut last = None;
        let reading = async {
            while last != Some(expected) {
                let frame = traffic.next().await.expect("a frame").expect("a frame");
                last = frame.get(CAM).map(|row| row.bytes);
            }
        };
        // Late or not, the last one counts.
        let _ = timeout(PATIENCE, reading).await;
        client.close().await;
        last
    }
}
