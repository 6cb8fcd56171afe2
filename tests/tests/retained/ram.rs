//! Memory that outlives resets, with a reset that strikes amid writing.

use std::cell::{Cell, RefCell};

use streamgauge_embassy::retained::Memory;

/// Bytes that a reset leaves alone.
#[derive(Debug)]
pub(crate) struct Ram {
    bytes: RefCell<Vec<u8>>,
    /// Writes that are still done; those after them come too late.
    left: Cell<usize>,
    written: Cell<usize>,
}

impl Ram {
    /// Memory as it is when power comes on.
    pub(crate) fn noise(len: usize) -> Self {
        let noise = |at: usize| (at.wrapping_mul(0x9e37_79b9) >> 11).to_le_bytes()[0];
        Self::of((0..len).map(noise).collect())
    }

    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        Self {
            bytes: RefCell::new(bytes),
            left: Cell::new(usize::MAX),
            written: Cell::new(0),
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.bytes.borrow().clone()
    }

    pub(crate) fn fill(&self, bytes: &[u8]) {
        *self.bytes.borrow_mut() = bytes.to_vec();
    }

    /// The next reset strikes after so many more writes.
    pub(crate) fn strike_after(&self, writes: usize) {
        self.left.set(writes);
    }

    /// Writes are done again.
    pub(crate) fn wake(&self) {
        self.left.set(usize::MAX);
    }

    /// Writes asked for since the last call.
    pub(crate) fn take_written(&self) -> usize {
        self.written.take()
    }
}

impl Memory for Ram {
    fn capacity(&self) -> usize {
        self.bytes.borrow().len()
    }

    fn read(&self, at: usize) -> u8 {
        self.bytes.borrow().get(at).copied().unwrap_or(0)
    }

    fn write(&self, at: usize, byte: u8) {
        self.written.set(self.written.get() + 1);
        let Some(left) = self.left.get().checked_sub(1) else {
            return;
        };
        self.left.set(left);
        if let Some(to) = self.bytes.borrow_mut().get_mut(at) {
            *to = byte;
        }
    }

    fn settle(&self) {}
}
