//! Frames over UDP.

use embassy_net::{
    IpEndpoint,
    udp::{SendError, UdpSocket},
};
use embedded_io_async::ErrorKind;

use crate::{
    sink::{Frame, Sink, SinkError},
    wire::{MAX_PACKETS, OVERHEAD, Packets},
};

/// Sends frames as datagrams, in the format of [`wire`](crate::wire): a frame longer than a datagram
/// is split, and a reader sees which frames did not arrive whole.
///
/// Packets are written straight into the socket's buffer, which therefore has to hold one datagram at
/// least; more make the node wait less.
pub struct Udp<'a> {
    socket: UdpSocket<'a>,
    to: IpEndpoint,
    datagram: usize,
    sequence: u16,
}

/// The most bytes in a datagram that an IPv4 packet over Ethernet carries whole.
pub const ETHERNET_DATAGRAM: usize = 1472;

impl<'a> Udp<'a> {
    /// Sends from a bound socket to this endpoint, in datagrams of at most so many bytes: the MTU of
    /// the link without the headers of IP and UDP, such as [`ETHERNET_DATAGRAM`]. More than 12.
    pub const fn new(socket: UdpSocket<'a>, to: IpEndpoint, datagram: usize) -> Self {
        Self {
            socket,
            to,
            datagram,
            sequence: 0,
        }
    }

    /// The socket.
    pub fn into_inner(self) -> UdpSocket<'a> {
        self.socket
    }
}

impl Sink for Udp<'_> {
    async fn send<F: Frame>(&mut self, frame: &mut F) -> Result<(), SinkError> {
        let mut packets = Packets::new(frame.track(), frame.epoch(), self.sequence);
        if frame.is_patch() {
            packets = packets.of_patch();
        }
        self.sequence = self.sequence.wrapping_add(1);
        let capacity = MAX_PACKETS * self.datagram.saturating_sub(OVERHEAD);
        loop {
            let pack = |room: &mut [u8]| {
                let packed = packets.pack(room, |payload| frame.read(payload));
                (packed.map_or(0, |packed| packed.len), packed)
            };
            let sent = self.socket.send_to_with(self.datagram, self.to, pack).await;
            let packed = sent.map_err(link)?;
            if packed.ok_or(SinkError::TooLong { capacity })?.last {
                return Ok(());
            }
        }
    }
}

fn link(error: SendError) -> SinkError {
    SinkError::Link(match error {
        SendError::NoRoute => ErrorKind::NotConnected,
        SendError::SocketNotBound => ErrorKind::AddrNotAvailable,
        SendError::PacketTooLarge => ErrorKind::InvalidInput,
    })
}
