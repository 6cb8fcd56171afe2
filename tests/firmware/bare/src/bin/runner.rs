//! The empty firmware, and in it what counts and what publishes: tables, a guard, the runner, JSON.
#![no_std]
#![no_main]

use core::hint::black_box;

use cortex_m::singleton;
use embassy_executor::Spawner;
use embassy_time::Timer;
use streamgauge_bare::{Gauge, Track};
use streamgauge_embassy::{Config, Frame, Runner, Sink, SinkError, Tier};

static STATS: Gauge = Gauge::new();

#[allow(unsafe_code, reason = "the processor enters handlers by address")]
#[cortex_m_rt::exception]
fn SysTick() {
    streamgauge_bare::on_tick();
}

/// Takes frames a piece at a time, and does nothing with them.
struct Drain([u8; 64]);

impl Sink for Drain {
    async fn send<F: Frame>(&mut self, frame: &mut F) -> Result<(), SinkError> {
        while !frame.read(&mut self.0).end {
            black_box(&self.0);
        }
        Ok(())
    }
}

#[embassy_executor::task]
async fn count(track: &'static mut Track) {
    loop {
        track.whole_frame(100);
        Timer::after_millis(100).await;
    }
}

#[embassy_executor::task]
async fn publish(runner: &'static mut Runner<Gauge>) {
    runner.run(&mut Drain([0; 64])).await;
}

fn start(spawner: Spawner) -> Option<()> {
    let (handle, runner) = STATS.split(Config::new()).ok()?;
    let broadcast = handle.tier(Tier::External).broadcast("demo/bbb");
    let track = singleton!(: Track = broadcast.publisher().track("video"))?;
    let runner = singleton!(: Runner<Gauge> = runner)?;
    spawner.spawn(count(track).ok()?);
    spawner.spawn(publish(runner).ok()?);
    Some(())
}

#[cortex_m_rt::entry]
fn main() -> ! {
    streamgauge_bare::run(start);
    loop {
        cortex_m::asm::wfi();
    }
}
