//! The way of the stats: frames as packets, on the upstream link and over the network.

use core::convert::Infallible;

use embassy_futures::yield_now;
use embassy_sync::{blocking_mutex::raw::CriticalSectionRawMutex, signal::Signal};
use embedded_io_async::{ErrorType, Write};
use streamgauge_embassy::{Frame, Runner, Serial, Sink, SinkError};
use streamgauge_gateway_protocol::{Channel, MAX_BODY};

use crate::{
    board::Datagrams,
    counts::Gauge,
    gateway::Line,
    memory::{self, Memory},
    race,
};

/// Collects in a race between two that publish.
const COLLECTS: u32 = 2_000;

/// Asks the runner for a last frame of each track.
static ASKED: Signal<CriticalSectionRawMutex, ()> = Signal::new();
/// Says that they are out.
static SAID: Signal<CriticalSectionRawMutex, ()> = Signal::new();

/// The runner and where its frames go.
pub(crate) struct Uplink {
    runner: Runner<Gauge>,
    saver: Memory,
    /// The serial line comes last: it reads every frame to its end, and what it read is counted.
    sink: (Datagrams, Serial<StatsChannel, 256>),
}

impl Uplink {
    /// Counts on from before the reset, and sends upstream and over the network.
    pub(crate) fn new(mut runner: Runner<Gauge>, upstream: Line, network: Datagrams) -> Self {
        let saver = memory::load(&mut runner);
        let sink = (network, Serial::new(StatsChannel(upstream)));
        Self {
            runner,
            saver,
            sink,
        }
    }

    /// Boots since power came on, this one included.
    pub(crate) fn boots(&self) -> u32 {
        self.saver.boots()
    }

    /// While the race is on, collects again and again: the more often, the likelier that a bump comes
    /// amid it.
    async fn race(&mut self) {
        for _ in 0..COLLECTS {
            if !race::is_running() {
                return;
            }
            self.runner.flush(&mut Nowhere).await;
            yield_now().await;
        }
    }

    /// Publishes for ever.
    pub(crate) async fn run(&mut self) -> ! {
        loop {
            self.race().await;
            self.runner.tick().await;
            // Before anybody sees the frames: what was seen once must not be forgotten.
            memory::save(&mut self.saver, &mut self.runner);
            self.runner.publish(&mut self.sink).await;
            if ASKED.try_take().is_some() {
                self.runner.flush(&mut self.sink).await;
                memory::save(&mut self.saver, &mut self.runner);
                SAID.signal(());
            }
        }
    }
}

/// Takes no frame, so that the next tick says all of it again.
struct Nowhere;

impl Sink for Nowhere {
    async fn send<F: Frame>(&mut self, _: &mut F) -> Result<(), SinkError> {
        Err(SinkError::Busy)
    }
}

/// Returns when all that was counted before is on its way upstream, and would outlive a reset.
pub(crate) async fn last_words() {
    ASKED.signal(());
    SAID.wait().await;
}

/// A stream of bytes that goes upstream in packets, between others.
struct StatsChannel(Line);

impl ErrorType for StatsChannel {
    type Error = Infallible;
}

impl Write for StatsChannel {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let piece = bytes.get(..MAX_BODY).unwrap_or(bytes);
        self.0.send_body(Channel::Stats, piece).await?;
        Ok(piece.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
