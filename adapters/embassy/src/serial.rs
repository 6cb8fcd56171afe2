//! Frames over a stream of bytes, such as a UART.

use embedded_io_async::{Error, ErrorKind, Write};

use crate::{
    sink::{Frame, Sink, SinkError},
    wire::{self, Packets},
};

/// Sends frames as packets over a stream of bytes, in the format of [`wire`]: a
/// reader may join at any time, and sees what was lost or damaged on the way.
///
/// The `N` bytes of the buffer, 64 or more, are all the memory that a frame of any size takes; a
/// larger one makes fewer packets and costs less time, best from 350 bytes on. A writer that fails in
/// the middle of a frame has sent a part of it, which readers drop.
#[derive(Debug)]
pub struct Serial<W, const N: usize> {
    writer: W,
    buffer: [u8; N],
    sequence: u16,
}

impl<W: Write, const N: usize> Serial<W, N> {
    /// Where a packet lies in the buffer before it is encoded.
    const AT: usize = wire::stuffing(N);

    /// Sends over this writer, from the first frame of a life of the node on.
    pub const fn new(writer: W) -> Self {
        const { assert!(N >= 64, "a buffer of 64 bytes or more") };
        Self {
            writer,
            buffer: [0; N],
            sequence: 0,
        }
    }

    /// The writer.
    pub fn into_inner(self) -> W {
        self.writer
    }

    async fn packets<F: Frame>(
        &mut self,
        mut packets: Packets,
        frame: &mut F,
    ) -> Result<(), SinkError> {
        // What a broken frame or garbage left behind ends here.
        write_all(&mut self.writer, &[0]).await?;
        loop {
            let capacity = wire::MAX_PACKETS * (N - 1 - Self::AT - wire::OVERHEAD);
            let too_long = SinkError::TooLong { capacity };
            // Its last byte is for the zero behind the packet.
            let room = self.buffer.get_mut(Self::AT..N - 1).unwrap_or_default();
            let packed = packets.pack(room, |payload| frame.read(payload));
            let packed = packed.ok_or(too_long)?;
            let len = wire::stuff(&mut self.buffer, Self::AT, packed.len).ok_or(too_long)?;
            let encoded = self.buffer.get(..len).unwrap_or_default();
            write_all(&mut self.writer, encoded).await?;
            if packed.last {
                return self.writer.flush().await.map_err(link);
            }
        }
    }
}

impl<W: Write, const N: usize> Sink for Serial<W, N> {
    async fn send<F: Frame>(&mut self, frame: &mut F) -> Result<(), SinkError> {
        let mut packets = Packets::new(frame.track(), frame.epoch(), self.sequence);
        if frame.is_patch() {
            packets = packets.of_patch();
        }
        self.sequence = self.sequence.wrapping_add(1);
        self.packets(packets, frame).await
    }
}

/// Writes all of it. Not the trait's own, which panics when a writer takes nothing.
async fn write_all<W: Write>(writer: &mut W, mut bytes: &[u8]) -> Result<(), SinkError> {
    while !bytes.is_empty() {
        match writer.write(bytes).await.map_err(link)? {
            0 => return Err(SinkError::Link(ErrorKind::WriteZero)),
            n => bytes = bytes.get(n..).unwrap_or_default(),
        }
    }
    Ok(())
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn link(error: impl Error) -> SinkError {
    SinkError::Link(error.kind())
}
