//! The way of the stats: frames as packets, on the upstream link and over the network.

use core::convert::Infallible;

use embassy_sync::{blocking_mutex::raw::CriticalSectionRawMutex, signal::Signal};
use embedded_io_async::{ErrorType, Write};
use streamgauge_embassy::{Runner, Serial};
use streamgauge_gateway_protocol::{Channel, MAX_BODY};

use crate::{board::Datagrams, counts::Gauge, gateway::Line};

/// Asks the runner for a last frame of each track.
static ASKED: Signal<CriticalSectionRawMutex, ()> = Signal::new();
/// Says that they are out.
static SAID: Signal<CriticalSectionRawMutex, ()> = Signal::new();

/// The runner and where its frames go.
pub(crate) struct Uplink {
    runner: Runner<Gauge>,
    sink: (Serial<StatsChannel, 256>, Datagrams),
}

impl Uplink {
    /// Sends upstream and over the network.
    pub(crate) const fn new(runner: Runner<Gauge>, upstream: Line, network: Datagrams) -> Self {
        let sink = (Serial::new(StatsChannel(upstream)), network);
        Self { runner, sink }
    }

    /// Publishes for ever.
    pub(crate) async fn run(&mut self) -> ! {
        loop {
            self.runner.step(&mut self.sink).await;
            if ASKED.try_take().is_some() {
                self.runner.flush(&mut self.sink).await;
                SAID.signal(());
            }
        }
    }
}

/// Returns when all that was counted before is on its way upstream.
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
