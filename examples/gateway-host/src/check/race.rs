//! Interrupts count while tasks do and the reporter collects.

use anyhow::{Result, ensure};
use streamgauge_gateway_protocol::Message;

use crate::host::Host;
use crate::model::Event;

/// The series of the race.
const PATH: &str = "gateway/systick";

/// Collects that the race goes on for.
const TICKS: u64 = 20;

/// Lets the tick's interrupt handler and a task count in one series while so many ticks collect it.
///
/// # Errors
///
/// When a single one of their counts is missing or doubled.
pub async fn race(host: &mut Host) -> Result<String> {
    let began = host.node(|_| true).await?.ticks;
    host.send(&Message::Race { on: true }).await?;
    let ticks = host.node(|node| node.ticks >= began + TICKS).await?.ticks - began;
    host.send(&Message::Race { on: false }).await?;
    let (interrupt, task) = host.raced().await?;
    ensure!(
        interrupt > 0 && task > 0,
        "{interrupt} counts by the interrupt handler, {task} by the task: no race"
    );
    let frames = u64::from(interrupt) + u64::from(task);
    host.note(Event::Race { path: PATH, frames });
    host.settle().await?;
    Ok(format!(
        "{interrupt} bumps from the SysTick handler and {task} from a task, over {ticks} collects: exact"
    ))
}
