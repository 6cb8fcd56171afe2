//! What the measured firmware has in common.
#![no_std]

use core::panic::PanicInfo;

use embassy_executor::Spawner;
use streamgauge_embassy::{PublisherTrack, Stats, key, rows};

#[path = "../../../../examples/gateway/src/executor.rs"]
mod executor;
#[allow(dead_code, reason = "the gateway asks more of it")]
#[path = "../../../../examples/gateway/src/time.rs"]
mod time;

/// Starts the clock, and runs the tasks that `spawn` spawns for ever; nothing if that was done before.
pub fn run(spawn: impl FnOnce(Spawner) -> Option<()>) -> Option<()> {
    time::start(cortex_m::Peripherals::take()?.SYST);
    executor::run(spawn)
}

/// To be called by the clock's interrupt.
pub fn on_tick() {
    time::on_interrupt();
}

/// The boards, as far as they matter here.
pub mod board {
    /// Of the processor, and of its tick.
    #[cfg(feature = "lm3s6965")]
    pub const CORE_HZ: u32 = 12_500_000;
    /// Of the processor, and of its tick.
    #[cfg(feature = "microbit")]
    pub const CORE_HZ: u32 = 16_000_000;
}

/// Room for 32 series with names of 32 bytes and for 64 guards, none for sessions.
pub type Gauge = Stats<{ rows(32) }, 64, { key(32) }, 0>;

/// A guard.
pub type Track = PublisherTrack<Gauge>;

/// The end of what went wrong.
#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    loop {
        cortex_m::asm::bkpt();
    }
}
