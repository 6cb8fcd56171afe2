//! Memory-mapped registers. The one place that reads and writes them; addresses come from the boards'
//! manuals.
#![allow(unsafe_code, reason = "registers are memory that no Rust object owns")]

/// A register of 32 bits.
#[derive(Clone, Copy)]
pub(crate) struct Register(usize);

impl Register {
    /// The register at this address, which must be one of the board's.
    pub(crate) const fn at(address: usize) -> Self {
        Self(address)
    }

    pub(crate) fn read(self) -> u32 {
        // SAFETY: boards name aligned addresses of their peripherals only, which are always mapped.
        unsafe { core::ptr::without_provenance::<u32>(self.0).read_volatile() }
    }

    pub(crate) fn write(self, value: u32) {
        // SAFETY: as above; no register named here makes the hardware touch memory.
        unsafe { core::ptr::without_provenance_mut::<u32>(self.0).write_volatile(value) }
    }
}

/// Lets an interrupt through the interrupt controller.
pub(crate) fn unmask(interrupt: i16) {
    // One bit for each, 32 to a register.
    let Ok(place) = usize::try_from(interrupt) else {
        return;
    };
    Register::at(0xE000_E100 + place / 32 * 4).write(1 << (place % 32));
}
