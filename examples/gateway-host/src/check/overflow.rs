//! More broadcasts than there is room for.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use streamgauge_core::Role;

use super::Pieces;
use crate::host::Host;

/// The first id of a broadcast and its subscription here.
const FIRST: u8 = 100;

/// Broadcasts beyond what the tables hold.
const BEYOND: u64 = 4;

/// Frames of each broadcast: enough for a guard without a cell to hand over what it kept.
const FRAMES: usize = 40;

/// Announces more broadcasts than the gateway has series for, and sends frames of each.
///
/// # Errors
///
/// When nothing overflows, a series that has room differs from its own truth, the overflow series from what
/// has no room, or what `node.json` tells of it from the overflow series.
pub async fn overflow(host: &mut Host, file: &Bytes) -> Result<String> {
    // What ended before gives its room back.
    let room = host.node(|node| node.traffic.series == 0).await?.traffic;
    // Each broadcast is a series in either direction.
    let count = u8::try_from(room.series_capacity / 2 + BEYOND).context("too many series")?;
    let ids = FIRST..FIRST + count;
    for id in ids.clone() {
        host.announce(id, &format!("many/{id}")).await?;
        host.subscribe(id, id).await?;
    }
    let mut pieces = Pieces::new(file.clone());
    for id in ids.clone().cycle().take(usize::from(count) * FRAMES) {
        host.frame(id, &pieces.next()).await?;
    }
    for id in ids {
        host.unannounce(id).await?;
    }
    // Only now: an open guard without a cell may keep what it counted last to itself.
    host.settle().await?;
    let mut events = 0;
    for role in Role::ALL {
        let overflowed = host.inbox().with(|state| state.serial.overflowed(role));
        ensure!(overflowed > 0, "no {} overflowed", role.as_str());
        events += overflowed;
    }
    let told = host.node(|_| true).await?.traffic;
    let folded = told.folded_keys - room.folded_keys;
    ensure!(
        told.folded_events == events,
        "{} events folded, the overflow series counted {events}",
        told.folded_events
    );
    Ok(format!(
        "{count} broadcasts where {} series have room: {folded} guards and {events} events in overflow, totals exact",
        room.series_capacity
    ))
}
