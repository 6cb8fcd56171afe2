//! What came from the gateway, for those who wait for it.

use std::collections::VecDeque;
use std::fmt::Display;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use streamgauge_core::TrackId;
use streamgauge_embassy::wire::{Assembler, Reader};
use streamgauge_gateway_protocol::{Channel, Message, Packet};
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, timeout_at};

use crate::delivery::Delivery;
use crate::gauges::Gauges;

/// So long may an answer take. Only a gateway that is dead or wrong takes so long.
const PATIENCE: Duration = Duration::from_mins(1);

/// The sender's buffer, and the longest frame.
const PACKET: usize = 256;
const FRAME: usize = 1 << 20;

/// Filled by the readers of lines, emptied by whoever waits.
pub struct Inbox {
    state: Mutex<State>,
    changed: Notify,
}

/// A frame of stats, on its way elsewhere.
pub type StatsFrame = (TrackId, Vec<u8>);

/// All that came.
pub struct State {
    /// What subscribers got.
    pub delivery: Delivery,
    /// The stats that came over the serial line.
    pub serial: Gauges,
    /// The stats that came over UDP.
    pub udp: Gauges,
    answers: VecDeque<Answer>,
    failed: Option<String>,
    stream: Reader<Vec<u8>, PACKET>,
    datagrams: Assembler<Vec<u8>>,
    forward: Option<mpsc::UnboundedSender<StatsFrame>>,
}

/// What the gateway said.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// To a ping.
    Pong(Pong),
    /// At the end of a race.
    Raced {
        /// Counted by the interrupt handler.
        interrupt: u32,
        /// Counted by the task.
        task: u32,
    },
}

/// How the gateway is; see [`Message::Pong`].
#[derive(Clone, Copy, Debug)]
pub struct Pong {
    /// Of the ping.
    pub token: u32,
    /// Boots since power came on.
    pub boots: u32,
    /// Damaged pieces.
    pub damaged: u32,
    /// Lost packets.
    pub lost: u32,
    /// Refused messages.
    pub refused: u32,
}

impl Inbox {
    /// An empty one. Each frame of stats goes to `forward` too.
    #[must_use]
    pub fn new(forward: Option<mpsc::UnboundedSender<StatsFrame>>) -> Self {
        let state = State {
            delivery: Delivery::default(),
            serial: Gauges::default(),
            udp: Gauges::default(),
            answers: VecDeque::new(),
            failed: None,
            stream: Reader::new(vec![0; FRAME]),
            datagrams: Assembler::new(vec![0; FRAME]),
            forward,
        };
        Self {
            state: Mutex::new(state),
            changed: Notify::new(),
        }
    }

    /// Changes something.
    pub fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_waiters();
        changed
    }

    /// Waits until `look` finds what it looks for, or gives up.
    ///
    /// # Errors
    ///
    /// When it does not come, as `missing` then says, or something came that must not.
    pub async fn wait<T>(
        &self,
        mut look: impl FnMut(&mut State) -> Option<T>,
        missing: impl FnOnce(&State) -> String,
    ) -> Result<T> {
        self.wait_until(Instant::now() + PATIENCE, &mut look)
            .await?
            .with_context(|| missing(&self.state.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Waits until `look` finds what it looks for; nothing if it does not in time.
    ///
    /// # Errors
    ///
    /// When something came that must not.
    pub async fn wait_until<T>(
        &self,
        deadline: Instant,
        mut look: impl FnMut(&mut State) -> Option<T>,
    ) -> Result<Option<T>> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(failed) = &state.failed {
                    bail!("{failed}");
                }
                if let Some(found) = look(&mut state) {
                    return Ok(Some(found));
                }
            }
            if timeout_at(deadline, changed).await.is_err() {
                return Ok(None);
            }
        }
    }
}

impl State {
    /// Notes the first thing that went wrong.
    pub fn fail(&mut self, error: impl Display) {
        self.failed.get_or_insert_with(|| error.to_string());
    }

    /// The next answer that is the wanted one; those before it are dropped.
    pub fn answer<T>(&mut self, wanted: impl Fn(Answer) -> Option<T>) -> Option<T> {
        while let Some(answer) = self.answers.pop_front() {
            if let Some(found) = wanted(answer) {
                return Some(found);
            }
        }
        None
    }

    /// Takes in a packet from a serial line.
    pub fn take(&mut self, packet: Packet<'_>) {
        let taken = match packet.channel {
            Channel::Control => self.control(packet.body),
            Channel::Data => self.data(packet.body),
            Channel::Stats => self.stats(packet.body),
        };
        if let Err(error) = taken {
            self.fail(format_args!("{error:#}"));
        }
    }

    /// Takes in a datagram with stats.
    pub fn datagram(&mut self, datagram: &[u8]) {
        if let Some(frame) = self.datagrams.take(datagram)
            && let Err(error) = self.udp.update(frame.track, frame.payload)
        {
            self.fail(format_args!("over UDP: {error:#}"));
        }
    }

    fn control(&mut self, body: &[u8]) -> Result<()> {
        let answer = match Message::read(body)? {
            Message::Pong {
                token,
                boots,
                damaged,
                lost,
                refused,
            } => Answer::Pong(Pong {
                token,
                boots,
                damaged,
                lost,
                refused,
            }),
            Message::Raced { interrupt, task } => Answer::Raced { interrupt, task },
            other => bail!("the gateway sent {other:?} as an answer"),
        };
        self.answers.push_back(answer);
        Ok(())
    }

    fn data(&mut self, body: &[u8]) -> Result<()> {
        match Message::read(body)? {
            Message::Group { id, sequence } => self.delivery.group(id, sequence),
            Message::Frame { id, payload } => self.delivery.frame(id, payload),
            other => bail!("the gateway sent {other:?} as data"),
        }
    }

    fn stats(&mut self, mut bytes: &[u8]) -> Result<()> {
        while let Some(frame) = self.stream.poll(&mut bytes) {
            if let Some(forward) = &self.forward {
                // Whoever published them may have left.
                let _ = forward.send((frame.track, frame.payload.to_vec()));
            }
            self.serial.update(frame.track, frame.payload)?;
        }
        Ok(())
    }
}
