//! The IP stack on the board's Ethernet, and the stats that leave by it.

use core::sync::atomic::{AtomicU16, Ordering};

use cortex_m::singleton;
use embassy_executor::Spawner;
use embassy_net::{
    Config, IpEndpoint, Ipv4Address, Ipv4Cidr, Runner, StackResources, StaticConfigV4,
    udp::{PacketMetadata, UdpSocket},
};
use streamgauge_embassy::{ETHERNET_DATAGRAM, Frame, Sink, SinkError, Udp};

use super::ethernet::Ethernet;

/// The board, and the host that it reports to: the addresses of the emulator's user network.
const BOARD: Ipv4Cidr = Ipv4Cidr::new(Ipv4Address::new(10, 0, 2, 15), 24);
const HOST: Ipv4Address = Ipv4Address::new(10, 0, 2, 2);

/// The port that datagrams come from.
const FROM: u16 = 7000;

/// Sequences of TCP, which is not in use, begin with it.
const SEED: u64 = 0;

/// The host's port; zero until the host has told it.
static PORT: AtomicU16 = AtomicU16::new(0);

/// Sends stats to this UDP port of the host as well, from the next frame on. Says whether the
/// board has Ethernet. It stays with the first port until the next boot.
pub(crate) fn report(port: u16) -> bool {
    PORT.store(port, Ordering::Relaxed);
    true
}

#[embassy_executor::task]
async fn serve(mut runner: Runner<'static, Ethernet>) {
    runner.run().await;
}

/// Sends frames to the host once it has told a port.
pub(crate) struct Datagrams {
    /// Until then.
    socket: Option<UdpSocket<'static>>,
    udp: Option<Udp<'static>>,
}

impl Datagrams {
    /// Starts the network; nothing if that was done before.
    pub(crate) fn start(spawner: Spawner) -> Option<Self> {
        let config = Config::ipv4_static(StaticConfigV4 {
            address: BOARD,
            gateway: Some(HOST),
            dns_servers: heapless::Vec::new(),
        });
        let resources = singleton!(: StackResources<1> = StackResources::new())?;
        let (stack, runner) = embassy_net::new(Ethernet::start(), config, resources, SEED);
        spawner.spawn(serve(runner).ok()?);
        let mut socket = UdpSocket::new(
            stack,
            singleton!(: [PacketMetadata; 1] = [PacketMetadata::EMPTY; 1])?,
            singleton!(: [u8; 64] = [0; 64])?,
            singleton!(: [PacketMetadata; 8] = [PacketMetadata::EMPTY; 8])?,
            singleton!(: [u8; 4096] = [0; 4096])?,
        );
        socket.bind(FROM).ok()?;
        Some(Self {
            socket: Some(socket),
            udp: None,
        })
    }
}

impl Sink for Datagrams {
    async fn send<F: Frame>(&mut self, frame: &mut F) -> Result<(), SinkError> {
        let port = PORT.load(Ordering::Relaxed);
        if port != 0
            && let Some(socket) = self.socket.take()
        {
            let host = IpEndpoint::new(HOST.into(), port);
            self.udp = Some(Udp::new(socket, host, ETHERNET_DATAGRAM));
        }
        match &mut self.udp {
            Some(udp) => udp.send(frame).await,
            None => Ok(()),
        }
    }
}
