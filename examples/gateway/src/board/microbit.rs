//! The BBC micro:bit: nRF51822 with a Cortex-M0, 16 KiB of RAM, one UART.

use core::sync::atomic::{AtomicBool, Ordering};

use embassy_executor::Spawner;
use streamgauge_embassy::{Frame, Sink, SinkError};

use crate::{
    register::{Register, unmask},
    serial::{Receiver, Sender, Serial, Uart},
};

/// Broadcasts that the gateway takes at once.
pub(crate) const BROADCASTS: usize = 12;
/// Subscriptions to them.
pub(crate) const SUBSCRIPTIONS: usize = 8;
/// Series that are counted apart: two for each broadcast. Fewer than there may be broadcasts, so that
/// the overflow series has something to do.
pub(crate) const SERIES: usize = 8;
/// Guards that count in a cell of their own.
pub(crate) const CELLS: usize = 16;

/// Bytes of RAM that outlive a reset, for two copies of the counters.
pub(crate) const RETAINED: usize = 1280;

/// Of the processor, and of its tick.
pub(crate) const CORE_HZ: u32 = 16_000_000;

/// The UART.
pub(crate) struct NrfUart {
    /// A byte is on its way out: the one that sends sets it, and clears it.
    sending: AtomicBool,
}

impl NrfUart {
    const START_RECEIVER: Register = Register::at(0x4000_2000);
    const START_SENDER: Register = Register::at(0x4000_2008);
    const RECEIVED: Register = Register::at(0x4000_2108);
    const SENT: Register = Register::at(0x4000_211C);
    const INTERRUPTS_ON: Register = Register::at(0x4000_2304);
    const INTERRUPTS_OFF: Register = Register::at(0x4000_2308);
    const ENABLE: Register = Register::at(0x4000_2500);
    const INCOMING: Register = Register::at(0x4000_2518);
    const OUTGOING: Register = Register::at(0x4000_251C);

    const ON_RECEIVED: u32 = 1 << 2;
    const ON_SENT: u32 = 1 << 7;

    const INTERRUPT: i16 = 2;
}

impl Uart for NrfUart {
    fn start(&self) {
        Self::ENABLE.write(4);
        Self::START_SENDER.write(1);
        Self::START_RECEIVER.write(1);
        unmask(Self::INTERRUPT);
    }

    fn receive(&self) -> Option<u8> {
        if Self::RECEIVED.read() == 0 {
            return None;
        }
        // Before the byte is taken: taking it brings the next event if more bytes wait.
        Self::RECEIVED.write(0);
        let [byte, ..] = Self::INCOMING.read().to_le_bytes();
        Some(byte)
    }

    fn try_send(&self, byte: u8) -> bool {
        let room = self.is_idle();
        if room {
            Self::SENT.write(0);
            self.sending.store(true, Ordering::Relaxed);
            Self::OUTGOING.write(byte.into());
        }
        room
    }

    fn is_idle(&self) -> bool {
        !self.sending.load(Ordering::Relaxed) || Self::SENT.read() != 0
    }

    fn interrupt_on_receive(&self) {
        Self::INTERRUPTS_ON.write(Self::ON_RECEIVED);
    }

    fn interrupt_on_room(&self) {
        Self::INTERRUPTS_ON.write(Self::ON_SENT);
    }

    fn no_interrupts(&self) {
        Self::INTERRUPTS_OFF.write(Self::ON_RECEIVED | Self::ON_SENT);
    }
}

static SERIAL: Serial<NrfUart> = Serial::new(NrfUart {
    sending: AtomicBool::new(false),
});

/// The links of the board.
pub(crate) struct Links {
    pub(crate) receiver: Receiver<NrfUart>,
    pub(crate) upstream: Sender<NrfUart>,
    /// Nothing where upstream carries all.
    pub(crate) downstream: Option<Sender<NrfUart>>,
}

/// The board's UARTs, by the name that all boards give them.
pub(crate) type Port = NrfUart;

/// Switches the UART on. Called once.
pub(crate) fn start() -> Links {
    let (receiver, upstream) = SERIAL.start();
    Links {
        receiver,
        upstream,
        downstream: None,
    }
}

/// What an interrupt of the board does.
pub(crate) fn on_interrupt(number: i16) {
    if number == NrfUart::INTERRUPT {
        SERIAL.on_interrupt();
    }
}

/// What the board does each millisecond. An emulated UART that waited for its socket sends no
/// interrupt when it goes on.
pub(crate) fn on_tick() {
    SERIAL.on_interrupt();
}

/// The network that the board lacks: takes every frame, and sends it nowhere.
pub(crate) struct Datagrams;

impl Datagrams {
    #[expect(clippy::unnecessary_wraps, reason = "a network can fail to start")]
    pub(crate) fn start(_: Spawner) -> Option<Self> {
        Some(Self)
    }
}

impl Sink for Datagrams {
    async fn send<F: Frame>(&mut self, _: &mut F) -> Result<(), SinkError> {
        Ok(())
    }
}

/// There is nowhere to send stats but upstream.
pub(crate) fn report(_: u16) -> bool {
    false
}
