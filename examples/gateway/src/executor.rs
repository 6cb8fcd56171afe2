//! An executor that sleeps with WFI when nothing is to be done: the stock one waits for events, which
//! the emulator takes for no wait at all.
#![allow(unsafe_code, reason = "the executor's contract is to be kept by hand")]

use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m::{asm, interrupt, singleton};
use embassy_executor::{Spawner, raw::Executor};

/// Whether a task was woken since the executor last began to poll.
static WOKEN: AtomicBool = AtomicBool::new(true);

/// Called by the executor's wakers, in tasks and in interrupts.
#[unsafe(export_name = "__pender")]
fn pend(_: *mut ()) {
    WOKEN.store(true, Ordering::Release);
}

/// Runs the tasks that `spawn` spawns, for ever; nothing if it was called before, or a task could not be
/// spawned.
pub(crate) fn run(spawn: impl FnOnce(Spawner) -> Option<()>) -> Option<()> {
    let executor = singleton!(: Executor = Executor::new(core::ptr::null_mut()))?;
    let executor: &'static Executor = executor;
    spawn(executor.spawner())?;
    loop {
        WOKEN.store(false, Ordering::Relaxed);
        // SAFETY: only this loop polls, so no poll runs inside another.
        unsafe { executor.poll() };
        // An interrupt that comes once they are masked stays pending, and ends the wait.
        interrupt::free(|_| {
            if !WOKEN.load(Ordering::Acquire) {
                asm::wfi();
            }
        });
    }
}
