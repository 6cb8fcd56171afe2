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

    /// The register `offset` bytes further on.
    pub(crate) const fn offset(self, offset: usize) -> Self {
        Self(self.0 + offset)
    }

    pub(crate) fn read(self) -> u32 {
        // SAFETY: boards name aligned addresses of their peripherals only, which are always mapped.
        unsafe { core::ptr::without_provenance::<u32>(self.0).read_volatile() }
    }

    pub(crate) fn write(self, value: u32) {
        // SAFETY: as above; no register named here makes the hardware touch memory.
        unsafe { core::ptr::without_provenance_mut::<u32>(self.0).write_volatile(value) }
    }

    pub(crate) fn is_set(self, bit: u32) -> bool {
        self.read() & bit != 0
    }
}

/// Lets the interrupts with these bits through the interrupt controller; the first 32 there are.
pub(crate) fn unmask(interrupts: u32) {
    Register::at(0xE000_E100).write(interrupts);
}
