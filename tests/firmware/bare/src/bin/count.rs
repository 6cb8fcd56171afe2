//! Instructions, counted by the emulator's clock: with `-icount shift=10` an instruction takes 1024 ns of
//! its time, however long it takes the host.
#![no_std]
#![no_main]

use core::{hint::black_box, task::Poll};

use cortex_m::{
    Peripherals,
    peripheral::{SYST, syst::SystClkSource},
    singleton,
};
use cortex_m_semihosting::{debug, hprintln};
use embassy_futures::poll_once;
use streamgauge_bare::{Gauge, Track, board::CORE_HZ};
use streamgauge_core::{Instant, Tier};
use streamgauge_embassy::{
    Config, Runner, StatsHandle,
    track::{Policy, Track as LiveTrack},
};

static STATS: Gauge = Gauge::new();

/// 8 groups with 16 frames of 32 bytes, and 2 readers.
type Frames = LiveTrack<[u8; 32], 8, 16, 2>;
static FRAMES: Frames = Frames::new();

/// Nanoseconds that an instruction takes.
const INSTRUCTION: u64 = 1024;

/// Of the tick's counter, which counts down.
const TICKS: u32 = 1 << 24;

/// The bump of a frame, by itself, to be disassembled.
#[allow(unsafe_code, reason = "to be found by its name")]
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn bump_frame(track: &mut Track) {
    track.frame();
}

/// Ticks of the clock that `f` takes.
#[inline(never)]
fn ticks(f: &mut dyn FnMut()) -> u32 {
    let before = SYST::get_current();
    f();
    before.wrapping_sub(SYST::get_current()) % TICKS
}

/// Instructions that `f` takes, its call left out.
fn instructions(mut f: impl FnMut()) -> u64 {
    let call = ticks(&mut || {});
    let ticks = u64::from(ticks(&mut f).saturating_sub(call));
    (ticks * 1_000_000_000).div_ceil(u64::from(CORE_HZ) * INSTRUCTION)
}

/// Prints how many instructions something takes, of so many times.
fn report(what: &str, times: u64, instructions: u64) {
    hprintln!("{} {}", what, instructions.div_ceil(times));
}

fn measure() -> Option<()> {
    let mut clock = Peripherals::take()?.SYST;
    clock.set_clock_source(SystClkSource::Core);
    clock.set_reload(TICKS - 1);
    clock.clear_current();
    clock.enable_counter();
    let (handle, runner) = STATS.split(Config::new()).ok()?;
    let runner = singleton!(: Runner<Gauge> = runner)?;
    hprintln!("size_of {}", size_of::<Gauge>());
    hprintln!("size_of_track {}", size_of::<Frames>());
    let handle = handle.tier(Tier::External);
    guards(&handle);
    tick(&handle, runner);
    frames()
}

fn guards(handle: &StatsHandle<Gauge>) {
    let announced = handle.broadcast("demo/bbb").publisher();
    let mut track = announced.track("video");
    bump_frame(black_box(&mut track));
    report(
        "open+drop",
        10,
        instructions(|| {
            for _ in 0..10 {
                drop(black_box(announced.track("video")));
            }
        }),
    );
    report(
        "announce+drop",
        10,
        instructions(|| {
            for _ in 0..10 {
                drop(black_box(handle.broadcast("demo/bbb").publisher()));
            }
        }),
    );
}

/// Groups of one frame each, in a full track.
fn frames() -> Option<()> {
    let producer = FRAMES.producer(Policy::new()).ok()?;
    let mut reader = FRAMES.consumer().ok()?;
    let write = |times| {
        for _ in 0..times {
            let _ = black_box(producer.write_frame(black_box([7; 32])));
        }
    };
    write(8);
    report("append+evict", 10, instructions(|| write(10)));
    let read = instructions(|| {
        for _ in 0..8 {
            if let Poll::Ready(Ok(Some(mut group))) = poll_once(reader.next_group()) {
                let _ = black_box(poll_once(group.read_frame()));
            }
        }
    });
    report("next+read", 8, read);
    Some(())
}

/// One tick of 32 series that all moved.
fn tick(handle: &StatsHandle<Gauge>, runner: &mut Runner<Gauge>) {
    let mut tracks: [Track; 32] = core::array::from_fn(|number| {
        let path = PATHS.get(number).copied().unwrap_or("");
        handle.broadcast(path).publisher_track("video")
    });
    let (reporter, meters, names) = runner.parts();
    let mut buf = [0; 512];
    for (second, what) in ["first", "second"].iter().enumerate() {
        for track in &mut tracks {
            track.whole_frame(1200);
        }
        let now = Instant::from_micros(1_000_000 * second as u64);
        let collect = instructions(|| reporter.tick(meters, now));
        let mut bytes = 0;
        let encode = instructions(|| {
            while reporter.poll_track().is_some() {
                loop {
                    let chunk = reporter.poll_frame(meters, names, &mut buf);
                    bytes += chunk.len;
                    if chunk.end {
                        break;
                    }
                }
                reporter.accept(meters);
            }
        });
        hprintln!("{}-collect {}", what, collect);
        hprintln!("{}-frames {}", what, encode);
        hprintln!("{}-bytes {}", what, bytes);
    }
}

/// As many as there are series.
const PATHS: [&str; 32] = [
    "demo/00", "demo/01", "demo/02", "demo/03", "demo/04", "demo/05", "demo/06", "demo/07",
    "demo/08", "demo/09", "demo/10", "demo/11", "demo/12", "demo/13", "demo/14", "demo/15",
    "demo/16", "demo/17", "demo/18", "demo/19", "demo/20", "demo/21", "demo/22", "demo/23",
    "demo/24", "demo/25", "demo/26", "demo/27", "demo/28", "demo/29", "demo/30", "demo/31",
];

#[cortex_m_rt::entry]
fn main() -> ! {
    let measured = measure().is_some();
    debug::exit(if measured {
        debug::EXIT_SUCCESS
    } else {
        debug::EXIT_FAILURE
    });
    loop {
        cortex_m::asm::wfi();
    }
}
