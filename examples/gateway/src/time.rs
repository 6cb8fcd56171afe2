//! Time for embassy from the processor's own timer: an interrupt a millisecond, and no alarm to move.

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
    /// Interrupts in a tick, and those of the tick that is passing.
    rate: Mutex<Cell<u32>>,
    part: Mutex<Cell<u32>>,
    timer: Mutex<RefCell<Option<SYST>>>,
    sleepers: Mutex<RefCell<Queue>>,
}

time_driver_impl!(static CLOCK: Clock = Clock {
    now: Mutex::new(Cell::new(0)),
    rate: Mutex::new(Cell::new(1)),
    part: Mutex::new(Cell::new(0)),
    timer: Mutex::new(RefCell::new(None)),
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
pub(crate) fn start(mut timer: SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(reload(1));
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
    critical_section::with(|token| CLOCK.timer.replace(token, Some(timer)));
}

/// Interrupts so many times in each tick from now on, instead of once.
pub(crate) fn set_rate(rate: u32) {
    critical_section::with(|token| {
        CLOCK.rate.borrow(token).set(rate);
        if let Some(timer) = &mut *CLOCK.timer.borrow_ref_mut(token) {
            timer.set_reload(reload(rate));
        }
    });
}

fn reload(rate: u32) -> u32 {
    #[allow(clippy::cast_possible_truncation, reason = "1000")]
    let ticks_per_second = TICK_HZ as u32;
    board::CORE_HZ / ticks_per_second / rate.max(1) - 1
}

/// One interrupt: if it completes a tick, wakes who is due.
pub(crate) fn on_interrupt() {
    critical_section::with(|token| {
        let part = CLOCK.part.borrow(token).get() + 1;
        if part < CLOCK.rate.borrow(token).get() {
            CLOCK.part.borrow(token).set(part);
            return;
        }
        CLOCK.part.borrow(token).set(0);
        let now = CLOCK.now.borrow(token).get().wrapping_add(1);
        CLOCK.now.borrow(token).set(now);
        CLOCK.sleepers.borrow_ref_mut(token).next_expiration(now);
    });
}
