//! Time for embassy from the processor's own tick: one interrupt a millisecond, and no alarm to move.

use core::cell::{Cell, RefCell};
use core::task::Waker;

use cortex_m::peripheral::{SYST, syst::SystClkSource};
use critical_section::Mutex;
use embassy_time_driver::{Driver, TICK_HZ, time_driver_impl};
use embassy_time_queue_utils::Queue;

use crate::board;

struct Clock {
    /// Ticks since the start.
    now: Mutex<Cell<u64>>,
    sleepers: Mutex<RefCell<Queue>>,
}

time_driver_impl!(static CLOCK: Clock = Clock {
    now: Mutex::new(Cell::new(0)),
    sleepers: Mutex::new(RefCell::new(Queue::new())),
});

impl Driver for Clock {
    fn now(&self) -> u64 {
        critical_section::with(|token| self.now.borrow(token).get())
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|token| {
            // Each tick looks who is due, so that nothing is to be done about who sleeps shortest.
            self.sleepers.borrow_ref_mut(token).schedule_wake(at, waker);
        });
    }
}

/// Begins to tick.
pub(crate) fn start(mut tick: SYST) {
    #[allow(clippy::cast_possible_truncation, reason = "1000")]
    let ticks_per_second = TICK_HZ as u32;
    tick.set_clock_source(SystClkSource::Core);
    tick.set_reload(board::CORE_HZ / ticks_per_second - 1);
    tick.clear_current();
    tick.enable_interrupt();
    tick.enable_counter();
}

/// One tick: wakes who is due.
pub(crate) fn on_tick() {
    critical_section::with(|token| {
        let now = CLOCK.now.borrow(token).get().wrapping_add(1);
        CLOCK.now.borrow(token).set(now);
        CLOCK.sleepers.borrow_ref_mut(token).next_expiration(now);
    });
}
