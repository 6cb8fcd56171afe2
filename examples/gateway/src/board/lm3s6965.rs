//! The LM3S6965 evaluation board: Cortex-M3, 64 KiB of RAM, two PL011 UARTs, Ethernet.

#[path = "ethernet.rs"]
mod ethernet;
#[path = "network.rs"]
mod network;

pub(crate) use network::{Datagrams, report};

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

/// Bytes of RAM that outlive a reset, for two copies of the counters.
pub(crate) const RETAINED: usize = 4096;

/// Of the processor, and of its tick.
pub(crate) const CORE_HZ: u32 = 12_500_000;

/// One of the UARTs.
pub(crate) struct Pl011 {
    /// The address of its first register.
    base: usize,
    interrupt: i16,
}

impl Pl011 {
    const DATA: usize = 0x00;
    const FLAGS: usize = 0x18;
    const LINE: usize = 0x2C;
    const CONTROL: usize = 0x30;
    const MASK: usize = 0x38;

    const BUSY: u32 = 1 << 3;
    const RECEIVE_EMPTY: u32 = 1 << 4;
    const SEND_FULL: u32 = 1 << 5;
    /// A byte came in, or some did and no more follow.
    const RECEIVED: u32 = 1 << 4 | 1 << 6;
    const ROOM: u32 = 1 << 5;

    fn at(&self, offset: usize) -> Register {
        Register::at(self.base + offset)
    }

    fn has(&self, flag: u32) -> bool {
        self.at(Self::FLAGS).read() & flag != 0
    }

    /// Interrupts on this as well. The interrupt's handler writes the same register.
    fn interrupt_on(&self, cause: u32) {
        let mask = self.at(Self::MASK);
        critical_section::with(|_| mask.write(mask.read() | cause));
    }
}

impl Uart for Pl011 {
    fn start(&self) {
        // Eight bits, no parity, with the buffers in use; then sender, receiver and all on.
        self.at(Self::LINE).write(0b11 << 5 | 1 << 4);
        self.at(Self::CONTROL).write(1 << 9 | 1 << 8 | 1);
        unmask(self.interrupt);
    }

    fn receive(&self) -> Option<u8> {
        if self.has(Self::RECEIVE_EMPTY) {
            return None;
        }
        let [byte, ..] = self.at(Self::DATA).read().to_le_bytes();
        Some(byte)
    }

    fn try_send(&self, byte: u8) -> bool {
        let room = !self.has(Self::SEND_FULL);
        if room {
            self.at(Self::DATA).write(byte.into());
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
        self.at(Self::MASK).write(0);
    }
}

static UPSTREAM: Serial<Pl011> = Serial::new(Pl011 {
    base: 0x4000_C000,
    interrupt: 5,
});
static DOWNSTREAM: Serial<Pl011> = Serial::new(Pl011 {
    base: 0x4000_D000,
    interrupt: 6,
});

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
    // Clocks for both, for the Ethernet, and for their pins.
    Register::at(0x400F_E104).write(0b11);
    Register::at(0x400F_E108).write(0b101 << 28 | 0b10_0011);
    let (receiver, upstream) = UPSTREAM.start();
    let (_, downstream) = DOWNSTREAM.start();
    Links {
        receiver,
        upstream,
        downstream: Some(downstream),
    }
}

/// What an interrupt of the board does.
pub(crate) fn on_interrupt(number: i16) {
    match number {
        5 => UPSTREAM.on_interrupt(),
        6 => DOWNSTREAM.on_interrupt(),
        ethernet::INTERRUPT => ethernet::on_interrupt(),
        _ => {}
    }
}

/// What the board does each millisecond.
pub(crate) fn on_tick() {}
