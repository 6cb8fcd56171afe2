//! A gateway at the end of a serial line.

use std::fmt;
use std::io;
use std::str::FromStr;

use serial2_tokio::SerialPort;
use streamgauge_embassy::wire::Reader;
use streamgauge_gateway_protocol::{Channel, Decoder};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::gateway::{FRAME, Gateway, tell};
use super::{What, Wire};
use crate::backoff::Backoff;

/// The longest packet.
const PACKET: usize = 2048;

/// A serial line: a device, or a TCP socket that stands for one, as emulators have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// The path of a device.
    Device(String),
    /// Host and port.
    Tcp(String),
}

impl FromStr for Line {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("tcp:") {
            Some(address) if address.contains(':') => Ok(Self::Tcp(address.into())),
            Some(_) => Err("a TCP socket is written as tcp:HOST:PORT".into()),
            None if text.is_empty() => Err("the path of a device, or tcp:HOST:PORT".into()),
            None => Ok(Self::Device(text.into())),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(path) => write!(f, "{path}"),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
        }
    }
}

impl Line {
    /// Reads until nobody is interested any more.
    pub(super) async fn run(self, baud: u32, wire: Wire) {
        let mut backoff = Backoff::new();
        loop {
            let ended = match &self {
                Self::Device(path) => match SerialPort::open(path, baud) {
                    Ok(port) => self.read(port, &wire, &mut backoff).await,
                    Err(error) => Err(error),
                },
                Self::Tcp(address) => match TcpStream::connect(address).await {
                    Ok(stream) => self.read(stream, &wire, &mut backoff).await,
                    Err(error) => Err(error),
                },
            };
            let text = match ended {
                Ok(()) => return,
                Err(error) => format!("cannot read {self}: {error}"),
            };
            if !wire.tell(What::Down(text)).await {
                return;
            }
            sleep(backoff.failed()).await;
        }
    }

    /// Ends well when nobody is interested any more.
    async fn read(
        &self,
        mut line: impl AsyncRead + Unpin,
        wire: &Wire,
        backoff: &mut Backoff,
    ) -> io::Result<()> {
        let mut unpacker = Unpacker::new();
        let mut gateway = Gateway::new(self.to_string());
        let mut buf = vec![0; 65_536];
        if !wire.tell(What::Up).await {
            return Ok(());
        }
        let error = loop {
            match line.read(&mut buf).await {
                Ok(0) => break io::Error::new(io::ErrorKind::UnexpectedEof, "the line was closed"),
                Ok(len) => {
                    backoff.reset();
                    let bytes = buf.get(..len).unwrap_or_default();
                    if !tell(wire, unpacker.take(bytes, &mut gateway)).await {
                        return Ok(());
                    }
                }
                Err(error) => break error,
            }
        };
        tell(wire, gateway.left()).await;
        Err(error)
    }
}

/// Finds frames on a line that carries nothing else, and on one that carries the messages of the example
/// gateway as well. The two differ in their packets, each of which has a check, so that neither is ever
/// taken for the other.
struct Unpacker {
    alone: Reader<Vec<u8>, PACKET>,
    among_others: Reader<Vec<u8>, PACKET>,
    messages: Decoder,
}

impl Unpacker {
    fn new() -> Self {
        Self {
            alone: Reader::new(vec![0; FRAME]),
            among_others: Reader::new(vec![0; FRAME]),
            messages: Decoder::new(),
        }
    }

    fn take(&mut self, bytes: &[u8], gateway: &mut Gateway) -> Vec<What> {
        let mut told = frames(&mut self.alone, bytes, gateway);
        for byte in bytes {
            let packet = self.messages.push(*byte);
            if let Some(packet) = packet.filter(|packet| packet.channel == Channel::Stats) {
                told.extend(frames(&mut self.among_others, packet.body, gateway));
            }
        }
        told
    }
}

fn frames(
    reader: &mut Reader<Vec<u8>, PACKET>,
    mut bytes: &[u8],
    gateway: &mut Gateway,
) -> Vec<What> {
    let mut told = Vec::new();
    while let Some(frame) = reader.poll(&mut bytes) {
        told.extend(gateway.take(&frame));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_devices_or_sockets() {
        assert_eq!(
            "/dev/ttyUSB0".parse(),
            Ok(Line::Device("/dev/ttyUSB0".into()))
        );
        assert_eq!(
            "tcp:localhost:7".parse(),
            Ok(Line::Tcp("localhost:7".into()))
        );
        assert!("".parse::<Line>().is_err() && "tcp:localhost".parse::<Line>().is_err());
    }
}
