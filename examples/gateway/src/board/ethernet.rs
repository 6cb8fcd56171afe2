//! The LM3S6965's Ethernet controller, a packet at a time.

use core::task::Context;

use embassy_net_driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken, TxToken};
use embassy_sync::waitqueue::AtomicWaker;

use crate::register::{Register, unmask};

const STATUS: Register = Register::at(0x4004_8000);
const MASK: Register = Register::at(0x4004_8004);
const RECEIVE: Register = Register::at(0x4004_8008);
const SEND: Register = Register::at(0x4004_800C);
const DATA: Register = Register::at(0x4004_8010);
const ADDRESS: [Register; 2] = [Register::at(0x4004_8014), Register::at(0x4004_8018)];
const WAITING: Register = Register::at(0x4004_8034);
const GO: Register = Register::at(0x4004_8038);

/// A packet came in; in `STATUS` and `MASK`.
const RECEIVED: u32 = 1;

/// Locally administered.
const MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 0x67];

/// Bytes of a frame without its checksum.
const FRAME: usize = 1514;

/// Bytes before the payload: addresses and type.
const HEADER: usize = 14;

/// What the controller puts around a frame that came in: its length before it, its checksum behind it.
const LENGTH: usize = 2;
const CHECKSUM: usize = 4;

pub(crate) const INTERRUPT: i16 = 42;

static RECEIVER: AtomicWaker = AtomicWaker::new();

/// Called by the interrupt.
pub(crate) fn on_interrupt() {
    MASK.write(0);
    RECEIVER.wake();
}

/// The controller.
pub(crate) struct Ethernet {
    incoming: [u8; FRAME],
    outgoing: [u8; FRAME],
}

impl Ethernet {
    /// Switches it on. Called once.
    pub(crate) fn start() -> Self {
        for (register, bytes) in ADDRESS.iter().zip(MAC.chunks(4)) {
            register.write(word(&mut bytes.iter().copied()));
        }
        // Empties the buffer, then receives; sends at both directions at once, padded and checksummed.
        RECEIVE.write(1 << 4);
        SEND.write(1 << 4 | 1 << 2 | 1 << 1 | 1);
        RECEIVE.write(1);
        unmask(INTERRUPT);
        Self {
            incoming: [0; FRAME],
            outgoing: [0; FRAME],
        }
    }
}

/// The next four bytes, or zeros where there are none.
fn word(bytes: &mut impl Iterator<Item = u8>) -> u32 {
    u32::from_le_bytes(core::array::from_fn(|_| bytes.next().unwrap_or(0)))
}

/// Takes the next packet out of the controller; gives its length.
fn take(frame: &mut [u8; FRAME]) -> usize {
    let first = DATA.read().to_le_bytes();
    let [low, high, ..] = first;
    let total = usize::from(u16::from_le_bytes([low, high]));
    let len = total.saturating_sub(LENGTH + CHECKSUM).min(FRAME);
    let words = total.div_ceil(4).saturating_sub(1);
    let rest = (0..words).flat_map(|_| DATA.read().to_le_bytes());
    let mut slots = frame.iter_mut().take(len);
    // To its end in any case, or the next packet would begin within this one.
    for byte in first.into_iter().skip(LENGTH).chain(rest) {
        if let Some(slot) = slots.next() {
            *slot = byte;
        }
    }
    len
}

/// Sends a frame.
fn send(frame: &[u8]) {
    let payload = frame.len().saturating_sub(HEADER);
    let [low, high, ..] = payload.to_le_bytes();
    let mut bytes = [low, high].into_iter().chain(frame.iter().copied());
    for _ in 0..(LENGTH + frame.len()).div_ceil(4) {
        DATA.write(word(&mut bytes));
    }
    GO.write(1);
    while GO.read() & 1 != 0 {}
}

impl Driver for Ethernet {
    type RxToken<'a> = Incoming<'a>;
    type TxToken<'a> = Outgoing<'a>;

    fn receive(&mut self, cx: &mut Context<'_>) -> Option<(Incoming<'_>, Outgoing<'_>)> {
        RECEIVER.register(cx.waker());
        STATUS.write(RECEIVED);
        if WAITING.read() == 0 {
            MASK.write(RECEIVED);
            return None;
        }
        let len = take(&mut self.incoming);
        let (frame, _) = self.incoming.split_at_mut(len);
        Some((Incoming(frame), Outgoing(&mut self.outgoing)))
    }

    fn transmit(&mut self, _: &mut Context<'_>) -> Option<Outgoing<'_>> {
        Some(Outgoing(&mut self.outgoing))
    }

    fn link_state(&mut self, _: &mut Context<'_>) -> LinkState {
        LinkState::Up
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_transmission_unit = FRAME;
        capabilities
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ethernet(MAC)
    }
}

/// A frame that came in.
pub(crate) struct Incoming<'a>(&'a mut [u8]);

impl RxToken for Incoming<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, read: F) -> R {
        read(self.0)
    }
}

/// Room for a frame that is to go out.
pub(crate) struct Outgoing<'a>(&'a mut [u8; FRAME]);

impl TxToken for Outgoing<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        // The stack keeps to the MTU that it was told.
        let (frame, _) = self.0.split_at_mut(len.min(FRAME));
        let written = write(frame);
        send(frame);
        written
    }
}
