//! Frames streamed through tracks: by a task, to a reader who keeps up and to one who does not, and by an
//! interrupt handler to a task. Readers compare every byte; the emulator is told how it went.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m_semihosting::{debug, hprintln};
use embassy_executor::Spawner;
use embassy_futures::yield_now;
use embassy_time::Timer;
use streamgauge_embassy::track::{
    Duration, Policy, Track, TrackConsumer, TrackError, TrackProducer, TrackTimer,
};

/// What a task streams: room for two groups and a half of frames.
type Stream = Track<[u8; 32], 4, 20, 2, 1>;
static STREAM: Stream = Stream::new();

/// What an interrupt handler streams.
type Beats = Track<[u8; 8], 8, 8, 1, 1>;
static BEATS: Beats = Beats::new();

const GROUPS: u64 = 500;
const FRAMES: u64 = 8;
const BEAT_COUNT: u64 = 500;

/// The writer, three readers.
const PARTS: u32 = 4;
static PASSED: AtomicU32 = AtomicU32::new(0);

#[allow(unsafe_code, reason = "the processor enters handlers by address")]
#[cortex_m_rt::exception]
fn SysTick() {
    static mut PRODUCER: Option<TrackProducer<Beats>> = None;
    streamgauge_bare::on_tick();
    beat(PRODUCER);
}

/// A group of one frame in each interrupt, with its own sequence in it, until the track ends.
fn beat(producer: &mut Option<TrackProducer<Beats>>) {
    if producer.is_none() && !BEATS.is_closed() {
        *producer = BEATS.producer(Policy::new()).ok();
    }
    let Some(open) = producer else { return };
    let next = open.latest().map_or(0, |latest| latest + 1);
    if next == BEAT_COUNT {
        check("the beats end", open.finish().is_ok());
        *producer = None;
    } else {
        let written = open.write_frame(next.to_le_bytes());
        check("a beat is written", written.is_ok());
    }
}

/// The bytes of a frame, which tell it from all others.
fn frame(sequence: u64, place: u64) -> [u8; 32] {
    let mut state = (sequence * FRAMES + place).wrapping_add(1);
    core::array::from_fn(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    })
}

#[embassy_executor::task]
async fn write() {
    let policy = Policy::new().with_max_age(Duration::from_millis(200));
    let Ok(mut producer) = STREAM.producer(policy) else {
        return check("there is a producer", false);
    };
    while STREAM.readers() < 2 {
        yield_now().await;
    }
    for sequence in 0..GROUPS {
        let Ok(mut group) = producer.append_group() else {
            return check("a group is created", false);
        };
        for place in 0..FRAMES {
            let written = group.write_frame(frame(sequence, place));
            check("a frame is written", written.is_ok());
            yield_now().await;
        }
        check("a group is finished", group.finish().is_ok());
    }
    check("the stream is finished", producer.finish().is_ok());
    check("its readers leave", producer.unused().await.is_ok());
    Timer::after_millis(400).await;
    check("an idle track keeps one group", STREAM.cached().groups == 1);
    pass();
}

#[embassy_executor::task]
async fn expire(mut timer: TrackTimer<Stream>) {
    timer.run().await;
}

/// Reads a group to its end; how many frames it got.
async fn read_group(
    reader: &mut TrackConsumer<Stream>,
    pause: u64,
) -> Result<Option<(u64, u64, Result<(), TrackError>)>, TrackError> {
    let Some(mut group) = reader.next_group().await? else {
        return Ok(None);
    };
    let sequence = group.sequence();
    let end = loop {
        match group.read_frame().await {
            Ok(Some(read)) => {
                let place = group.frames_read() - 1;
                check(
                    "a frame is what was written",
                    read == frame(sequence, place),
                );
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
        if pause > 0 {
            Timer::after_millis(pause).await;
        }
    };
    Ok(Some((sequence, group.frames_read(), end)))
}

/// Waits for every frame, and gets it.
#[embassy_executor::task]
async fn keep_up(mut reader: TrackConsumer<Stream>) {
    for expected in 0..GROUPS {
        let group = read_group(&mut reader, 0).await;
        let whole = Ok(Some((expected, FRAMES, Ok(()))));
        check("who keeps up gets all of it", group == whole);
    }
    let end = read_group(&mut reader, 0).await;
    check("and then the end", end == Ok(None));
    drop(reader);
    pass();
}

/// Dawdles over every frame: groups go while it reads them.
#[embassy_executor::task]
async fn fall_behind(mut reader: TrackConsumer<Stream>) {
    let (mut next, mut evicted) = (0, 0);
    let end = loop {
        match read_group(&mut reader, 1).await {
            Ok(Some((sequence, frames, end))) => {
                check("groups come in order", sequence >= next);
                check("of so many frames", frames <= FRAMES);
                let gone = end == Err(TrackError::Evicted);
                check(
                    "whole or evicted",
                    gone || (end == Ok(()) && frames == FRAMES),
                );
                evicted += u32::from(gone);
                next = sequence + 1;
            }
            end => break end,
        }
    };
    check("a slow reader comes to the end too", end == Ok(None));
    check("with the newest group", next == GROUPS);
    check("and missed some", evicted > 0);
    drop(reader);
    pass();
}

/// Reads what the interrupt handler writes.
#[embassy_executor::task]
async fn listen(mut reader: TrackConsumer<Beats>) {
    let mut next = 0;
    while let Ok(Some(mut group)) = reader.next_group().await {
        let sequence = group.sequence();
        check("beats come in order", sequence >= next);
        next = sequence + 1;
        // It may have gone between the two calls.
        let beat = group.with_frame(|beat| u64::from_le_bytes(*beat)).await;
        let gone = beat == Err(TrackError::Evicted);
        check(
            "a beat is what was written",
            gone || beat == Ok(Some(sequence)),
        );
    }
    check("the last beat is heard", next == BEAT_COUNT);
    pass();
}

fn check(what: &str, holds: bool) {
    if !holds {
        hprintln!("failed: {}", what);
        debug::exit(debug::EXIT_FAILURE);
    }
}

/// Tasks of one executor: none comes between the load and the store.
fn pass() {
    let passed = PASSED.load(Ordering::Relaxed) + 1;
    PASSED.store(passed, Ordering::Relaxed);
    if passed == PARTS {
        hprintln!("passed");
        debug::exit(debug::EXIT_SUCCESS);
    }
}

fn start(spawner: Spawner) -> Option<()> {
    spawner.spawn(write().ok()?);
    spawner.spawn(expire(STREAM.timer().ok()?).ok()?);
    spawner.spawn(keep_up(STREAM.consumer().ok()?).ok()?);
    spawner.spawn(fall_behind(STREAM.consumer().ok()?).ok()?);
    spawner.spawn(listen(BEATS.consumer().ok()?).ok()?);
    Some(())
}

#[cortex_m_rt::entry]
fn main() -> ! {
    streamgauge_bare::run(start);
    loop {
        cortex_m::asm::wfi();
    }
}
