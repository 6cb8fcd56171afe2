//! The gateway's stats, as anybody reads them from a relay.

use anyhow::{Context, Result, ensure};
use streamgauge_relay::client::{self, Client, Target};
use tokio::time::{Duration, timeout};

use crate::gauges::Node;
use crate::host::Host;

/// The gateway's own track, which comes with each tick.
const TRACK: &str = "node.json";

/// So long may a frame take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads the gateway's totals from the relay.
///
/// # Errors
///
/// When the relay does not have them, or they are others than those that came over the serial line.
pub async fn published(host: &Host, relay: &Target, path: &str) -> Result<String> {
    let node = timeout(PATIENCE, read(relay, path)).await;
    let node = node.with_context(|| format!("no {TRACK} of {path} on the relay"))??;
    let counted = host.node(|_| true).await?.totals;
    ensure!(
        node.totals == counted,
        "on the relay: {:?}; over the serial line: {counted:?}",
        node.totals
    );
    Ok(format!(
        "a client of the relay read the same totals from {path}"
    ))
}

async fn read(relay: &Target, path: &str) -> Result<Node> {
    let (client, origin) = Client::subscriber(relay, path).await?;
    let broadcast = client::broadcast(&client, &origin, path).await?;
    let mut groups = broadcast.track(TRACK)?.subscribe(None).await?.ordered();
    let mut group = groups.next_group().await?.context("the track ended")?;
    let frame = group.read_frame().await?.context("the group is empty")?;
    let node = serde_json::from_slice(&frame.payload);
    let node = node.context("a frame on the relay cannot be read")?;
    client.close().await;
    Ok(node)
}
