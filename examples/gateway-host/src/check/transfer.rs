//! A file goes through the gateway.

use anyhow::Result;
use bytes::Bytes;
use streamgauge_relay::table::Screen;

use super::{EXTRA, FILE, Pieces};
use crate::host::Host;

/// Frames in a group, and between two looks at the table.
const GROUP: u32 = 50;
const LOOK: u32 = 1_000;

/// Each so many'th frame goes to two subscribers.
const EXTRA_EVERY: u32 = 8;

/// Sends so many frames of the file, shows the stats meanwhile, and says what came through.
///
/// # Errors
///
/// When a byte does not arrive as it was, or a counter differs from what was sent.
pub async fn transfer(host: &mut Host, file: &Bytes, frames: u32) -> Result<String> {
    host.announce(FILE.0, FILE.1).await?;
    host.announce(EXTRA.0, EXTRA.1).await?;
    host.subscribe(1, FILE.0).await?;
    host.subscribe(2, EXTRA.0).await?;
    host.subscribe(3, EXTRA.0).await?;
    let mut pieces = Pieces::new(file.clone());
    let mut screen = Screen::stdout();
    for number in 0..frames {
        if number % GROUP == 0 {
            host.group(FILE.0).await?;
            host.group(EXTRA.0).await?;
        }
        let extra = number % EXTRA_EVERY == 0;
        let broadcast = if extra { EXTRA.0 } else { FILE.0 };
        host.frame(broadcast, &pieces.next()).await?;
        if number % LOOK == 0 {
            show(host, &mut screen)?;
        }
    }
    host.settle().await?;
    show(host, &mut screen)?;
    let (frames, bytes) = host.inbox().with(|state| state.delivery.arrived());
    for subscription in 1..=3 {
        host.unsubscribe(subscription).await?;
    }
    host.unannounce(FILE.0).await?;
    host.unannounce(EXTRA.0).await?;
    host.settle().await?;
    Ok(format!(
        "forwarded {frames} frames, {bytes} bytes, each as it was sent; counters agree"
    ))
}

fn show(host: &Host, screen: &mut Screen) -> Result<()> {
    let board = host.inbox().with(|state| state.serial.board().clone());
    let caption = format!("read from the gateway: {} frames of stats", board.frames());
    Ok(screen.show(&board, &caption)?)
}
