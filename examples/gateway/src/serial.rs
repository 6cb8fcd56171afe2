//! A UART as an asynchronous byte stream.
//!
//! There is no buffer but the hardware's: who does not read makes the other end wait, as flow control
//! does on a real line and the emulator does on its socket.

use core::{
    convert::Infallible,
    future::poll_fn,
    task::{Poll, Waker},
};

use embassy_futures::yield_now;
use embassy_sync::waitqueue::AtomicWaker;
use embedded_io_async::{ErrorType, Read, Write};

/// What a board says about its UARTs.
pub(crate) trait Uart {
    /// Switches it on, with its interrupts unmasked.
    fn start(&self);
    /// The next byte that came in.
    fn receive(&self) -> Option<u8>;
    /// Sends a byte, if there is room.
    fn try_send(&self, byte: u8) -> bool;
    /// Whether all that was sent is out.
    fn is_idle(&self) -> bool;
    /// Interrupts when a byte comes in, from now on.
    fn interrupt_on_receive(&self);
    /// Interrupts when there is room, from now on.
    fn interrupt_on_room(&self);
    /// Interrupts no more.
    fn no_interrupts(&self);
}

/// A UART and who waits for it: one reader and one writer.
pub(crate) struct Serial<U> {
    uart: U,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl<U: Uart> Serial<U> {
    pub(crate) const fn new(uart: U) -> Self {
        Self {
            uart,
            reader: AtomicWaker::new(),
            writer: AtomicWaker::new(),
        }
    }

    /// Switches the UART on. Each direction is to be used by one task at a time.
    pub(crate) fn start(&'static self) -> (Receiver<U>, Sender<U>) {
        self.uart.start();
        (Receiver(self), Sender(self))
    }

    /// Called by the UART's interrupt; and by the clock's, because an emulated UART may get room
    /// without saying so.
    pub(crate) fn on_interrupt(&self) {
        self.uart.no_interrupts();
        self.reader.wake();
        self.writer.wake();
    }
}

/// Registers before it looks, so that no interrupt in between is missed.
fn look<T>(waker: &AtomicWaker, me: &Waker, look: impl FnOnce() -> Option<T>) -> Poll<T> {
    waker.register(me);
    look().map_or(Poll::Pending, Poll::Ready)
}

/// The incoming direction.
pub(crate) struct Receiver<U: 'static>(&'static Serial<U>);

impl<U> ErrorType for Receiver<U> {
    type Error = Infallible;
}

impl<U: Uart> Read for Receiver<U> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Infallible> {
        let Serial { uart, reader, .. } = self.0;
        let mut fill = || {
            let mut len = 0;
            for slot in &mut *buf {
                let Some(byte) = uart.receive() else { break };
                *slot = byte;
                len += 1;
            }
            if len == 0 && !buf.is_empty() {
                uart.interrupt_on_receive();
                return None;
            }
            Some(len)
        };
        Ok(poll_fn(|cx| look(reader, cx.waker(), &mut fill)).await)
    }
}

/// The outgoing direction.
pub(crate) struct Sender<U: 'static>(&'static Serial<U>);

impl<U> ErrorType for Sender<U> {
    type Error = Infallible;
}

impl<U: Uart> Write for Sender<U> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Infallible> {
        let Serial { uart, writer, .. } = self.0;
        let drain = || {
            let len = buf.iter().take_while(|byte| uart.try_send(**byte)).count();
            if len == 0 && !buf.is_empty() {
                uart.interrupt_on_room();
                return None;
            }
            Some(len)
        };
        Ok(poll_fn(|cx| look(writer, cx.waker(), drain)).await)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        while !self.0.uart.is_idle() {
            yield_now().await;
        }
        Ok(())
    }
}
