//! Counters outlive a warm reset.

use anyhow::Result;
use bytes::Bytes;

use super::{AFTER, BEFORE, Pieces};
use crate::host::Host;

/// Frames before the reset, and after.
const FRAMES: usize = 100;

/// Resets the gateway in the midst of a broadcast. What was open has ended then, and is told once more
/// with all that it counted; the totals go on.
///
/// # Errors
///
/// When it does not come up again, or a counter has forgotten anything.
pub async fn reset(host: &mut Host, file: &Bytes) -> Result<String> {
    let mut pieces = Pieces::new(file.clone());
    send(host, BEFORE, &mut pieces).await?;
    host.settle().await?;
    let boots = host.ping().await?.boots;
    host.reset().await?;
    let pong = host.knock(|now| now != boots).await?;
    host.settle().await?;
    send(host, AFTER, &mut pieces).await?;
    host.settle().await?;
    host.unannounce(AFTER.0).await?;
    host.settle().await?;
    Ok(format!(
        "a warm reset, to boot {}: no counter forgot anything",
        pong.boots
    ))
}

async fn send(host: &mut Host, (id, path): (u8, &str), pieces: &mut Pieces) -> Result<()> {
    host.announce(id, path).await?;
    host.subscribe(1, id).await?;
    host.group(id).await?;
    for _ in 0..FRAMES {
        host.frame(id, &pieces.next()).await?;
    }
    Ok(())
}
