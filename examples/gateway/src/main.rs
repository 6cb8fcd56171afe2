//! A gateway: forwards the frames of broadcasts from one serial link to their subscribers on another,
//! counts them, and sends the counts upstream.
#![no_std]
#![no_main]

mod board;
mod counts;
mod executor;
mod gateway;
mod link;
mod memory;
mod race;
mod register;
mod serial;
mod time;
mod uplink;

use core::panic::PanicInfo;

use board::{Datagrams, Port};
use cortex_m::{asm, singleton};
use embassy_executor::Spawner;
use gateway::{Gateway, Line};
use link::Link;
use serial::{Receiver, Sender};
use uplink::Uplink;

#[allow(unsafe_code, reason = "the processor enters handlers by address")]
mod handlers {
    use cortex_m_rt::exception;

    use crate::{board, counts::Track, race, time};

    #[exception]
    fn SysTick() {
        static mut GUARD: Option<Track> = None;
        time::on_tick();
        board::on_tick();
        race::on_tick(GUARD);
    }

    #[exception]
    unsafe fn DefaultHandler(number: i16) {
        board::on_interrupt(number);
    }
}

#[embassy_executor::task]
async fn forward(gateway: &'static mut Gateway, receiver: Receiver<Port>) {
    gateway.run(receiver).await;
}

#[embassy_executor::task]
async fn publish(uplink: &'static mut Uplink) {
    uplink.run().await;
}

#[embassy_executor::task]
async fn race() {
    race::run().await;
}

/// Starts everything; nothing if that was done before.
///
/// Not part of `main`, whose stack is never given back: what is large is made on the way to its static.
#[inline(never)]
fn start(spawner: Spawner) -> Option<()> {
    let peripherals = cortex_m::Peripherals::take()?;
    let links = board::start();
    let upstream = singleton!(: Link<Sender<Port>> = Link::new(links.upstream))?;
    let upstream: Line = upstream;
    let downstream = match links.downstream {
        Some(sender) => singleton!(: Link<Sender<Port>> = Link::new(sender))?,
        None => upstream,
    };
    let network = Datagrams::start(spawner)?;
    let uplink = singleton!(: Uplink = Uplink::new(counts::start()?, upstream, network))?;
    let gateway = singleton!(: Gateway = Gateway::new(upstream, downstream, uplink.boots()))?;
    time::start(peripherals.SYST);
    spawner.spawn(forward(gateway, links.receiver).ok()?);
    spawner.spawn(publish(uplink).ok()?);
    spawner.spawn(race().ok()?);
    Some(())
}

#[cortex_m_rt::entry]
fn main() -> ! {
    executor::run(start);
    halt()
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    halt()
}

/// The end: a debugger sees it, and so does a host that gets no answer.
fn halt() -> ! {
    loop {
        asm::bkpt();
    }
}
