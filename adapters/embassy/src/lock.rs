//! The lock of a microcontroller.

use streamgauge_core::Lock;

/// What keeps writers of the tables apart on a microcontroller: a critical section, for tens of
/// instructions.
#[derive(Clone, Copy, Debug, Default)]
pub struct CriticalSectionLock;

impl Lock for CriticalSectionLock {
    #[inline]
    fn with<T>(&self, f: impl FnOnce() -> T) -> T {
        critical_section::with(|_| f())
    }
}
