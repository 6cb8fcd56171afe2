//! streamgauge under embassy: everything in one `static`, a handle for tasks, and a runner to spawn.
#![no_std]

pub mod retained;

/// What keeps writers of the tables apart on a microcontroller: a critical section, for tens of
/// instructions.
#[derive(Clone, Copy, Debug, Default)]
pub struct CriticalSectionLock;

impl streamgauge_core::Lock for CriticalSectionLock {
    #[inline]
    fn with<T>(&self, f: impl FnOnce() -> T) -> T {
        critical_section::with(|_| f())
    }
}
