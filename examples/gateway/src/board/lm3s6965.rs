//! The LM3S6965 evaluation board: Cortex-M3, 64 KiB of RAM, two PL011 UARTs, Ethernet.

use crate::{
    register::{Register, unmask},
    serial::{Receiver, Sender, Serial, Uart},
};

/// Broadcasts that the gateway takes at once.
pub(crate) const BROADCASTS: usize = 48;
/// Subscriptions to them.
pub(crate) const SUBSCRIPTIONS: usize = 32;
/// Series that are counted apart: two for each broadcast. Fewer than there may be broadcasts, so that
/// the overflow series has something to do.
pub(crate) const SERIES: usize = 32;
/// Guards that count in a cell of their own.
pub(crate) const CELLS: usize = 64;

/// Of the processor, and of its tick.
pub(crate) const CORE_HZ: u32 = 12_500_000;

/// One of the UARTs, by its first register.
pub(crate) struct Pl011(Register);

impl Pl011 {
    const FLAGS: usize = 0x18;
    const LINE: usize = 0x2C;
    const CONTROL: usize = 0x30;
    const MASK: usize = 0x38;

    const RECEIVE_EMPTY: u32 = 1 << 4;
    const SEND_FULL: u32 = 1 << 5;
    const BUSY: u32 = 1 << 3;
    /// A byte came in, or some did and no more follow.
    const RECEIVED: u32 = 1 << 4 | 1 << 6;
    const ROOM: u32 = 1 << 5;

    fn start(&self) {
        // Eight bits, no parity, with the buffers in use; then sender, receiver and all on.
        self.0.offset(Self::LINE).write(0b11 << 5 | 1 << 4);
        self.0.offset(Self::CONTROL).write(1 << 9 | 1 << 8 | 1 << 0);
    }

    fn has(&self, flag: u32) -> bool {
        self.0.offset(Self::FLAGS).is_set(flag)
    }

    fn mask(&self) -> Register {
        self.0.offset(Self::MASK)
    }

    /// Interrupts on this as well. The mask is shared with the interrupt itself.
    fn interrupt_on(&self, cause: u32) {
        critical_section::with(|_| self.mask().write(self.mask().read() | cause));
    }
}

impl Uart for Pl011 {
    fn receive(&self) -> Option<u8> {
        if self.has(Self::RECEIVE_EMPTY) {
            return None;
        }
        let [byte, ..] = self.0.read().to_le_bytes();
        Some(byte)
    }

    fn try_send(&self, byte: u8) -> bool {
        let room = !self.has(Self::SEND_FULL);
        if room {
            self.0.write(byte.into());
        }
        room
    }

    fn is_idle(&self) -> bool {
        !self.has(Self::BUSY)
    }

    fn interrupt_on_receive(&self) {
        self.interrupt_on(Self::RECEIVED);
    }

    fn interrupt_on_room(&self) {
        self.interrupt_on(Self::ROOM);
    }

    fn no_interrupts(&self) {
        self.mask().write(0);
    }
}

static UPSTREAM: Serial<Pl011> = Serial::new(Pl011(Register::at(0x4000_C000)));
static DOWNSTREAM: Serial<Pl011> = Serial::new(Pl011(Register::at(0x4000_D000)));

const UPSTREAM_INTERRUPT: i16 = 5;
const DOWNSTREAM_INTERRUPT: i16 = 6;

/// The links of the board.
pub(crate) struct Links {
    pub(crate) receiver: Receiver<Pl011>,
    pub(crate) upstream: Sender<Pl011>,
    /// Nothing where upstream carries all.
    pub(crate) downstream: Option<Sender<Pl011>>,
}

/// The board's UARTs, by the name that all boards give them.
pub(crate) type Port = Pl011;

/// Switches the UARTs on. Called once.
pub(crate) fn start() -> Links {
    // Clocks for UART0, UART1 and their pins.
    Register::at(0x400F_E104).write(0b11);
    Register::at(0x400F_E108).write(0b11);
    for serial in [&UPSTREAM, &DOWNSTREAM] {
        serial.uart().start();
    }
    unmask(1 << UPSTREAM_INTERRUPT | 1 << DOWNSTREAM_INTERRUPT);
    let (receiver, upstream) = UPSTREAM.split();
    let (_, downstream) = DOWNSTREAM.split();
    Links {
        receiver,
        upstream,
        downstream: Some(downstream),
    }
}

/// What an interrupt of the board does.
pub(crate) fn on_interrupt(number: i16) {
    match number {
        UPSTREAM_INTERRUPT => UPSTREAM.on_interrupt(),
        DOWNSTREAM_INTERRUPT => DOWNSTREAM.on_interrupt(),
        _ => {}
    }
}

/// What the board does each millisecond.
pub(crate) fn on_tick() {}
