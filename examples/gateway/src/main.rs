//! A gateway: forwards the frames of broadcasts from one serial link to their subscribers on another,
//! counts them, and sends the counts upstream.
#![no_std]
#![no_main]

mod board;
mod executor;
mod link;
mod register;
mod serial;
mod time;

use board::Port;
use embassy_executor::Spawner;
use embedded_io_async::Read;
use serial::{Receiver, Sender};
use streamgauge_gateway_protocol::{Channel, Decoder, Message};
use link::Link;
use cortex_m::singleton;

#[allow(unsafe_code, reason = "exceptions are entered by address")]
mod exceptions {
    use cortex_m_rt::exception;
    use crate::{board, time};

    #[exception]
    fn SysTick() {
        time::on_tick();
        board::on_tick();
    }

    #[exception]
    unsafe fn DefaultHandler(number: i16) {
        board::on_interrupt(number);
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {
        cortex_m::asm::bkpt();
    }
}

#[embassy_executor::task]
async fn echo(mut receiver: Receiver<Port>, up: &'static Link<Sender<Port>>, down: &'static Link<Sender<Port>>) {
    let mut decoder = Decoder::new();
    let mut buf = [0; 32];
    loop {
        let Ok(len) = receiver.read(&mut buf).await;
        for byte in buf.iter().take(len) {
            let Some(packet) = decoder.push(*byte) else { continue };
            if let Ok(message) = Message::read(packet.body) {
                match message {
                    Message::Ping { token } => { let _ = up.send(Channel::Control, &Message::Pong { token, boots: 0, damaged: 0, lost: 0, refused: 0 }).await; }
                    message => { let _ = down.send(Channel::Data, &message).await; }
                }
            }
        }
    }
}

/// Starts everything; nothing if it was started before.
fn start() -> Option<()> {
    let peripherals = cortex_m::Peripherals::take()?;
    let links = board::start();
    let upstream: &'static _ = singleton!(: Link<Sender<Port>> = Link::new(links.upstream))?;
    let downstream: &'static _ = match links.downstream { Some(sender) => singleton!(: Link<Sender<Port>> = Link::new(sender))?, None => upstream };
    time::start(peripherals.SYST);
    executor::run(|spawner| { if let Ok(t) = echo(links.receiver, upstream, downstream) { spawner.spawn(t); } })
}

#[cortex_m_rt::entry]
fn main() -> ! {
    start();
    loop { cortex_m::asm::bkpt() }
}
