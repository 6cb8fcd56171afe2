//! embassy and nothing else: an executor, a clock, and a task that waits.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_time::Timer;

#[allow(unsafe_code, reason = "the processor enters handlers by address")]
#[cortex_m_rt::exception]
fn SysTick() {
    streamgauge_bare::on_tick();
}

#[embassy_executor::task]
async fn wait() {
    loop {
        Timer::after_millis(100).await;
    }
}

fn start(spawner: Spawner) -> Option<()> {
    spawner.spawn(wait().ok()?);
    Some(())
}

#[cortex_m_rt::entry]
fn main() -> ! {
    streamgauge_bare::run(start);
    loop {
        cortex_m::asm::wfi();
    }
}
