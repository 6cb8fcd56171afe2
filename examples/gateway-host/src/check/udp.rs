//! The stats by another way.

use std::sync::Arc;

use anyhow::{Context, Result};
use streamgauge_gateway_protocol::Message;
use tokio::net::UdpSocket;

use crate::host::Host;
use crate::inbox::Inbox;

/// Asks for the stats over UDP, from now on.
///
/// # Errors
///
/// When there is no socket to be had, or the datagrams tell anything else than what was sent.
pub async fn udp(host: &mut Host) -> Result<String> {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).await;
    let socket = socket.context("no UDP socket on loopback")?;
    let port = socket.local_addr()?.port();
    tokio::spawn(read(socket, Arc::clone(host.inbox())));
    host.send(&Message::Report { port }).await?;
    host.settle_in(|state| &state.udp).await?;
    let frames = host.inbox().with(|state| state.udp.board().frames());
    Ok(format!(
        "{frames} frames of stats over UDP tell the same as those over the serial line"
    ))
}

async fn read(socket: UdpSocket, inbox: Arc<Inbox>) {
    let mut datagram = vec![0; 65_536];
    while let Ok(len) = socket.recv(&mut datagram).await {
        inbox.with(|state| state.datagram(&datagram[..len]));
    }
}
