//! The sending half of a link, shared by tasks: each packet goes out whole.

use embassy_sync::{blocking_mutex::raw::NoopRawMutex, mutex::Mutex};
use embedded_io_async::Write;
use streamgauge_gateway_protocol::{Channel, MAX_BODY, Message, Sealer};

/// A link that packets leave by.
pub(crate) struct Link<W>(Mutex<NoopRawMutex, Line<W>>);

struct Line<W> {
    sealer: Sealer,
    writer: W,
    /// A packet went out in part: whoever sent it has given up.
    broken: bool,
}

impl<W: Write> Link<W> {
    pub(crate) const fn new(writer: W) -> Self {
        Self(Mutex::new(Line {
            sealer: Sealer::new(),
            writer,
            broken: false,
        }))
    }

    /// Sends a message, once the packets before it are out. One that is too long is left out.
    pub(crate) async fn send(
        &self,
        channel: Channel,
        message: &Message<'_>,
    ) -> Result<(), W::Error> {
        let mut body = [0; MAX_BODY];
        match message.write(&mut body) {
            Some(body) => self.send_body(channel, body).await,
            None => Ok(()),
        }
    }

    /// Sends a packet with this body, at most [`MAX_BODY`] bytes.
    pub(crate) async fn send_body(&self, channel: Channel, body: &[u8]) -> Result<(), W::Error> {
        let mut line = self.0.lock().await;
        let Line {
            sealer,
            writer,
            broken,
        } = &mut *line;
        let Ok(packet) = sealer.seal(channel, body) else {
            return Ok(());
        };
        if core::mem::replace(broken, true) {
            writer.write_all(&[0]).await?;
        }
        writer.write_all(packet).await?;
        *broken = false;
        Ok(())
    }

    /// Waits until all that was sent is out.
    pub(crate) async fn flush(&self) -> Result<(), W::Error> {
        self.0.lock().await.writer.flush().await
    }
}
