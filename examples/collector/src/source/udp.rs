//! Gateways that send datagrams.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;

use streamgauge_embassy::wire::Assembler;
use tokio::net::UdpSocket;
use tokio::time::{Duration, Instant, interval, sleep};

use super::gateway::{FRAME, Gateway, tell};
use super::{What, Wire};
use crate::backoff::Backoff;

/// Gateways that are listened to at a time; one more is not.
const PEERS: usize = 1024;

/// A gateway that is silent for so long is gone.
const SILENCE: Duration = Duration::from_secs(30);

/// How often to look for those.
const SWEEP: Duration = Duration::from_secs(5);

/// The longest datagram.
const DATAGRAM: usize = 65_535;

/// A gateway behind an address.
struct Peer {
    gateway: Gateway,
    packets: Assembler<Vec<u8>>,
    heard: Instant,
}

impl Peer {
    fn new(address: SocketAddr) -> Self {
        Self {
            gateway: Gateway::new(format!("udp/{}", address.ip())),
            packets: Assembler::new(vec![0; FRAME]),
            heard: Instant::now(),
        }
    }

    fn take(&mut self, datagram: &[u8]) -> Vec<What> {
        self.heard = Instant::now();
        let frame = self.packets.take(datagram);
        frame.map_or_else(Vec::new, |frame| self.gateway.take(&frame))
    }
}

/// Listens until nobody is interested any more.
pub(super) async fn run(address: SocketAddr, wire: Wire) {
    let mut backoff = Backoff::new();
    loop {
        let error = match UdpSocket::bind(address).await {
            Ok(socket) => {
                if !wire.tell(What::Up).await {
                    return;
                }
                match listen(&socket, &wire).await {
                    Ok(()) => return,
                    Err(error) => error,
                }
            }
            Err(error) => error,
        };
        let text = format!("cannot listen on UDP {address}: {error}");
        if !wire.tell(What::Down(text)).await {
            return;
        }
        sleep(backoff.failed()).await;
    }
}

/// Ends well when nobody is interested any more.
async fn listen(socket: &UdpSocket, wire: &Wire) -> io::Result<()> {
    let mut peers = HashMap::new();
    let mut buf = vec![0; DATAGRAM];
    let mut sweep = interval(SWEEP);
    loop {
        let told = tokio::select! {
            received = socket.recv_from(&mut buf) => {
                let (len, from) = received?;
                take(&mut peers, from, buf.get(..len).unwrap_or_default())
            }
            _ = sweep.tick() => silent(&mut peers),
        };
        if !tell(wire, told).await {
            return Ok(());
        }
    }
}

fn take(peers: &mut HashMap<SocketAddr, Peer>, from: SocketAddr, datagram: &[u8]) -> Vec<What> {
    if !peers.contains_key(&from) && peers.len() == PEERS {
        return Vec::new();
    }
    let peer = peers.entry(from).or_insert_with(|| Peer::new(from));
    peer.take(datagram)
}

fn silent(peers: &mut HashMap<SocketAddr, Peer>) -> Vec<What> {
    let gone = peers.extract_if(|_, peer| peer.heard.elapsed() > SILENCE);
    gone.filter_map(|(_, mut peer)| peer.gateway.left())
        .collect()
}
