//! The store for metrics, and questions to it in `PromQL`.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;

use crate::check::{Check, Expected, settle};
use crate::http::get;
use crate::program::{Program, free_tcp};
use crate::relay::CAM;

/// A running store.
pub(crate) struct Store {
    address: SocketAddr,
    _running: Program,
}

impl Store {
    pub(crate) async fn start(program: &str, directory: &Path) -> Self {
        let address = free_tcp();
        let arguments = [
            format!("-storageDataPath={}", directory.join("store").display()),
            format!("-httpListenAddr={address}"),
            "-retentionPeriod=1d".into(),
            // Samples are to be found as soon as they are written.
            "-search.latencyOffset=0s".into(),
        ];
        let mut running = Program::start(program, arguments, &directory.join("store.log"));
        running.silence();
        let up = settle(|| get(address, "/health"), Option::is_some).await;
        assert!(up.is_some(), "the store does not come up");
        Self {
            address,
            _running: running,
        }
    }

    /// Where it takes metrics.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/api/v1/write", self.address)
    }

    pub(crate) async fn check(&self, check: &mut Check, expected: &Expected) {
        let cam =
            format!("streamgauge_fleet_bytes_total{{broadcast=\"{CAM}\",role=\"publisher\"}}");
        let all = "sum(streamgauge_fleet_all_bytes_total{role=\"publisher\"})";
        let gateway = "streamgauge_fleet_node_bytes_out_total{node=\"gateway\"}";
        for (query, bytes) in [
            (all, expected.all),
            (cam.as_str(), expected.cam),
            (gateway, expected.gateway),
        ] {
            let value = settle(|| self.query(query), |value| *value == Some(bytes)).await;
            check.same(&format!("the store: {query}"), &value, &Some(bytes));
        }
        // Not once, whoever was killed.
        let fell = "sum(resets({__name__=~\"streamgauge_fleet_all_.+_total\"}[30m]))";
        check.same(
            &format!("the store: {fell}"),
            &self.query(fell).await,
            &Some(0),
        );
    }

    /// The value of a query that gives one whole number.
    async fn query(&self, query: &str) -> Option<u64> {
        let query: Vec<_> = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let path = format!("/api/v1/query?query={}", query.concat());
        let answer: Value = serde_json::from_str(&get(self.address, &path).await?).ok()?;
        let [series] = answer["data"]["result"].as_array()?.as_slice() else {
            return None;
        };
        series["value"][1].as_str()?.parse().ok()
    }
}
