//! Counters outlive a warm reset.

use anyhow::Result;
use bytes::Bytes;
use streamgauge_gateway_protocol::Message;

use super::{LASTING, Pieces};
use crate::host::Host;
use crate::model::Event;

/// Frames before the reset, and after.
const FRAMES: usize = 100;

/// Resets the gateway in the midst of a broadcast, and goes on with it.
///
/// # Errors
///
/// When it does not come up again, or a counter has forgotten anything or begun anew.
pub async fn reset(host: &mut Host, file: &Bytes) -> Result<String> {
    let mut pieces = Pieces::new(file.clone());
    send(host, &mut pieces).await?;
    host.settle().await?;
    let boots = host.ping().await?.boots;
    host.send(&Message::Reset).await?;
    host.note(Event::Reset);
    let pong = host.knock(|now| now != boots).await?;
    host.settle().await?;
    send(host, &mut pieces).await?;
    host.settle().await?;
    host.unannounce(LASTING.0).await?;
    host.settle().await?;
    Ok(format!(
        "after warm reset {} the counters went on where they were",
        pong.boots
    ))
}

async fn send(host: &mut Host, pieces: &mut Pieces) -> Result<()> {
    host.announce(LASTING.0, LASTING.1).await?;
    host.subscribe(1, LASTING.0).await?;
    host.group(LASTING.0).await?;
    for _ in 0..FRAMES {
        host.frame(LASTING.0, &pieces.next()).await?;
    }
    Ok(())
}
