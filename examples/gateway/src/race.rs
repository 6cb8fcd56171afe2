//! A race to be won by the counters: the tick's interrupt handler and a task count in one series, each
//! with a guard of its own, while the runner collects. Both keep a count besides, to be compared.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use embassy_futures::yield_now;
use embassy_time::Timer;

use crate::counts::{self, Track};

/// The series that both count in.
const PATH: &str = "gateway/systick";

/// Bumps between two chances for other tasks.
const BURST: u32 = 32;

static RUNNING: AtomicBool = AtomicBool::new(false);
/// Written by the interrupt handler alone.
static INTERRUPT: AtomicU32 = AtomicU32::new(0);
/// Written by the task alone.
static TASK: AtomicU32 = AtomicU32::new(0);

/// Both begin to count.
pub(crate) fn begin() {
    RUNNING.store(true, Ordering::Relaxed);
}

/// Both cease; gives what the interrupt handler and the task have counted since the boot. For a task of
/// the same executor: none of them counts when it is called, nor after.
pub(crate) fn end() -> (u32, u32) {
    RUNNING.store(false, Ordering::Relaxed);
    let read = |count: &AtomicU32| count.load(Ordering::Relaxed);
    (read(&INTERRUPT), read(&TASK))
}

fn is_running() -> bool {
    RUNNING.load(Ordering::Relaxed)
}

/// The interrupt handler's part, with the guard that it keeps.
pub(crate) fn on_tick(guard: &mut Option<Track>) {
    if !is_running() {
        *guard = None;
        return;
    }
    if guard.is_none() {
        *guard = open();
    }
    count(guard, &INTERRUPT);
}

/// The task's part, for ever.
pub(crate) async fn run() -> ! {
    loop {
        Timer::after_millis(10).await;
        if !is_running() {
            continue;
        }
        let mut guard = open();
        while is_running() {
            (0..BURST).for_each(|_| count(&mut guard, &TASK));
            yield_now().await;
        }
    }
}

fn open() -> Option<Track> {
    Some(counts::handle()?.broadcast(PATH).publisher_track("ticks"))
}

fn count(guard: &mut Option<Track>, total: &AtomicU32) {
    if let Some(track) = guard {
        track.whole_frame(1);
        let before = total.load(Ordering::Relaxed);
        total.store(before.wrapping_add(1), Ordering::Relaxed);
    }
}
