//! A line that invents bytes and drops others.

use anyhow::{Result, ensure};
use bytes::Bytes;

use super::{NOISY, Pieces};
use crate::host::Host;

/// Rounds of all kinds of noise.
const ROUNDS: u8 = 40;

/// Sends frames with noise between them and within them.
///
/// # Errors
///
/// When a frame is lost that the noise did not hit, or the gateway's tally of damage is wrong.
pub async fn noise(host: &mut Host, file: &Bytes) -> Result<String> {
    let before = host.ping().await?;
    host.announce(NOISY.0, NOISY.1).await?;
    host.subscribe(1, NOISY.0).await?;
    let mut pieces = Pieces::new(file.clone());
    let mut spoilt = Spoilt::default();
    for round in 0..ROUNDS {
        spoilt.between(host, round).await?;
        spoilt.drop_byte(host, &pieces.next(), round).await?;
        host.frame(NOISY.0, &pieces.next()).await?;
        spoilt.insert(host, &pieces.next(), round).await?;
        host.frame(NOISY.0, &pieces.next()).await?;
        spoilt.merge(host, [&pieces.next(), &pieces.next()]).await?;
        host.frame(NOISY.0, &pieces.next()).await?;
    }
    host.settle().await?;
    let after = host.ping().await?;
    let (lost, damaged) = (after.lost - before.lost, after.damaged - before.damaged);
    ensure!(
        lost == spoilt.packets && damaged == spoilt.pieces && after.refused == before.refused,
        "{lost} packets lost of {} spoilt, {damaged} damaged pieces of {}, {} refused",
        spoilt.packets,
        spoilt.pieces,
        after.refused - before.refused
    );
    host.unannounce(NOISY.0).await?;
    host.settle().await?;
    Ok(format!(
        "{damaged} damaged pieces cost the {lost} packets that they hit and no other"
    ))
}

/// What was done to the line.
#[derive(Default)]
struct Spoilt {
    packets: u32,
    pieces: u32,
}

impl Spoilt {
    /// Garbage between two packets, longer than a packet now and then: costs none.
    async fn between(&mut self, host: &mut Host, round: u8) -> Result<()> {
        let len = 1 + usize::from(round) * 13;
        let mut garbage: Vec<u8> = (1..=u8::MAX).cycle().skip(round.into()).take(len).collect();
        garbage.push(0);
        self.pieces += 1;
        host.line().send_raw(&garbage).await
    }

    /// One byte of a packet is missing, not its last.
    async fn drop_byte(&mut self, host: &mut Host, payload: &Bytes, round: u8) -> Result<()> {
        let mut packet = host.packet(NOISY.0, payload)?;
        packet.remove(usize::from(round) % (packet.len() - 1));
        self.spoil(host, &packet, 1).await
    }

    /// Garbage within a packet.
    async fn insert(&mut self, host: &mut Host, payload: &Bytes, round: u8) -> Result<()> {
        let mut packet = host.packet(NOISY.0, payload)?;
        let at = usize::from(round) % (packet.len() - 1);
        packet.splice(at..at, [0xA5, round | 1, 0x5A]);
        self.spoil(host, &packet, 1).await
    }

    /// The zero between two packets is missing.
    async fn merge(&mut self, host: &mut Host, payloads: [&Bytes; 2]) -> Result<()> {
        let mut both = host.packet(NOISY.0, payloads[0])?;
        both.pop();
        both.extend(host.packet(NOISY.0, payloads[1])?);
        self.spoil(host, &both, 2).await
    }

    async fn spoil(&mut self, host: &mut Host, bytes: &[u8], packets: u32) -> Result<()> {
        self.packets += packets;
        self.pieces += 1;
        host.line().send_raw(bytes).await
    }
}
