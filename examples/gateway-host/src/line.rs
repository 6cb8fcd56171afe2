//! A serial line of the gateway, which the emulator shows as a TCP socket.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use streamgauge_gateway_protocol::{Decoder, MAX_BODY, Message, Sealer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{sleep, timeout};

use crate::inbox::{Inbox, State};

/// So long may the gateway take nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// Attempts to connect, and the pause between two.
const ATTEMPTS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// The sending half of a line; what comes in goes to an inbox.
pub struct Line {
    sealer: Sealer,
    writer: OwnedWriteHalf,
}

impl Line {
    /// Connects, and reads from then on. An emulator that has just been started gets a little time.
    ///
    /// # Errors
    ///
    /// When nobody listens there.
    pub async fn connect(address: SocketAddr, inbox: &Arc<Inbox>) -> Result<Self> {
        let stream = reach(address).await;
        let stream = stream.with_context(|| format!("no serial line at {address}"))?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        tokio::spawn(read(reader, Arc::clone(inbox)));
        Ok(Self {
            sealer: Sealer::new(),
            writer,
        })
    }

    /// The packet of a message, with the next number of the sequence.
    ///
    /// # Errors
    ///
    /// When a path or a payload is longer than a packet takes.
    pub fn seal(&mut self, message: &Message<'_>) -> Result<Vec<u8>> {
        let mut buf = [0; MAX_BODY];
        let body = message.write(&mut buf).context("a message is too long")?;
        let packet = self
            .sealer
            .seal(streamgauge_gateway_protocol::Channel::Control, body)?;
        Ok(packet.to_vec())
    }

    /// Sends a message.
    ///
    /// # Errors
    ///
    /// When it is too long, or the gateway takes nothing any more.
    pub async fn send(&mut self, message: &Message<'_>) -> Result<()> {
        let packet = self.seal(message)?;
        self.send_raw(&packet).await
    }

    /// Sends bytes that need not be packets.
    ///
    /// # Errors
    ///
    /// When the gateway takes nothing any more.
    pub async fn send_raw(&mut self, bytes: &[u8]) -> Result<()> {
        let written = timeout(PATIENCE, self.writer.write_all(bytes)).await;
        written
            .context("the gateway takes nothing")?
            .context("the serial line is gone")
    }
}

async fn reach(address: SocketAddr) -> io::Result<TcpStream> {
    for _ in 1..ATTEMPTS {
        if let Ok(stream) = TcpStream::connect(address).await {
            return Ok(stream);
        }
        sleep(PAUSE).await;
    }
    TcpStream::connect(address).await
}

async fn read(mut reader: OwnedReadHalf, inbox: Arc<Inbox>) {
    let mut decoder = Decoder::new();
    let mut buf = vec![0; 65_536];
    while let Ok(len) = reader.read(&mut buf).await {
        if len == 0 {
            break;
        }
        inbox.with(|state| decode(&mut decoder, &buf[..len], state));
    }
    inbox.with(|state| state.fail("the serial line was closed"));
}

fn decode(decoder: &mut Decoder, bytes: &[u8], state: &mut State) {
    for byte in bytes {
        if let Some(packet) = decoder.push(*byte) {
            state.take(packet);
        }
    }
}
