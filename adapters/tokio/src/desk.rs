//! Where ticks and those who read a node's books find its driver, one at a time.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    thread::{self, ThreadId},
};

use crate::{driver::Driver, snapshot::Snapshot};

/// A node's driver, until it has ended.
///
/// The lock is held for a tick, sinks included, and for as long as it takes to copy the books. Guards that
/// count take no notice of it.
pub(crate) struct Desk {
    driver: Mutex<Option<Driver>>,
    /// Who has the driver. A sink that reads the books would wait for itself.
    holder: Mutex<Option<ThreadId>>,
}

impl Desk {
    pub(crate) fn new(driver: Driver) -> Self {
        Self {
            driver: Mutex::new(Some(driver)),
            holder: Mutex::default(),
        }
    }

    /// Hands out the driver; nothing when it has ended, and to whom has it already.
    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut Driver) -> T) -> Option<T> {
        if self.is_ours() {
            return None;
        }
        let mut driver = lock(&self.driver);
        *lock(&self.holder) = Some(thread::current().id());
        let _held = Held(&self.holder);
        driver.as_mut().map(f)
    }

    /// Whether this thread has the driver: it runs a sink.
    pub(crate) fn is_ours(&self) -> bool {
        // Only this thread says that it is this thread.
        *lock(&self.holder) == Some(thread::current().id())
    }

    /// All that was counted until now; nothing when the driver has ended, and to a sink.
    pub(crate) fn read(&self) -> Option<Snapshot> {
        self.with(Driver::snapshot)
    }

    /// Drops the driver.
    pub(crate) fn clear(&self) {
        // The lock is free again when it drops, and its sinks with it.
        let driver = lock(&self.driver).take();
        drop(driver);
    }
}

/// Notes that nobody has the driver any more, also after a panic.
struct Held<'a>(&'a Mutex<Option<ThreadId>>);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        *lock(self.0) = None;
    }
}

/// A panic leaves nothing half done that a reader could not read.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}
