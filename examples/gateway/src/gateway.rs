//! What the gateway is for: a table of broadcasts, a table of their subscribers, and the frames that
//! go from the ones to the others.

use core::convert::Infallible;

use embedded_io_async::Read;
use streamgauge_gateway_protocol::{Channel, Decoder, Message, Packet, Tally};

use crate::{
    board::{self, BROADCASTS, Port, SUBSCRIPTIONS},
    counts::{self, Announced, Track},
    link::Link,
    race,
    serial::{Receiver, Sender},
    uplink,
};

/// A link of the board.
pub(crate) type Line = &'static Link<Sender<Port>>;

/// A broadcast that a publisher offers, and that the gateway offers to its subscribers in turn.
struct Broadcast {
    id: u8,
    offered: Announced,
    incoming: Track,
    /// Ends last, as what came in came under it.
    _announced: Announced,
}

/// A subscriber of a broadcast.
struct Subscription {
    id: u8,
    broadcast: u8,
    outgoing: Track,
}

/// A message that makes no sense now, or finds no room.
struct Refused;

/// The tables. Ids are the host's; they are few enough to look through.
pub(crate) struct Gateway {
    upstream: Line,
    downstream: Line,
    boots: u32,
    broadcasts: [Option<Broadcast>; BROADCASTS],
    subscriptions: [Option<Subscription>; SUBSCRIPTIONS],
    refused: u32,
}

impl Gateway {
    /// Answers on `upstream` and forwards on `downstream`.
    pub(crate) const fn new(upstream: Line, downstream: Line, boots: u32) -> Self {
        Self {
            upstream,
            downstream,
            boots,
            broadcasts: [const { None }; BROADCASTS],
            subscriptions: [const { None }; SUBSCRIPTIONS],
            refused: 0,
        }
    }

    /// Does what the packets say that come in, for ever.
    pub(crate) async fn run(&mut self, mut receiver: Receiver<Port>) -> ! {
        let mut decoder = Decoder::new();
        let mut piece = [0; 32];
        loop {
            let Ok(len) = receiver.read(&mut piece).await;
            for byte in piece.iter().take(len) {
                if let Some(packet) = decoder.push(*byte)
                    && self.handle(packet).await.is_err()
                {
                    self.refused = self.refused.wrapping_add(1);
                }
            }
        }
    }

    async fn handle(&mut self, packet: Packet<'_>) -> Result<(), Refused> {
        if packet.channel != Channel::Control {
            return Err(Refused);
        }
        match Message::read(packet.body).map_err(|_| Refused)? {
            Message::Announce { broadcast, path } => self.announce(broadcast, path),
            Message::Unannounce { broadcast } => self.unannounce(broadcast),
            Message::Subscribe {
                subscription,
                broadcast,
            } => self.subscribe(subscription, broadcast),
            Message::Unsubscribe { subscription } => self.unsubscribe(subscription),
            Message::Group { id, sequence } => self.group(id, sequence).await,
            Message::Frame { id, payload } => self.frame(id, payload).await,
            Message::Ping { token } => self.pong(token, packet.tally).await,
            Message::Race { on } => self.race(on).await,
            Message::Report { port } => board::report(port).then_some(()).ok_or(Refused),
            Message::Reset => self.reset().await,
            Message::Pong { .. } | Message::Raced { .. } => Err(Refused),
        }
    }

    fn announce(&mut self, id: u8, path: &str) -> Result<(), Refused> {
        if self.broadcast(id).is_ok() {
            return Err(Refused);
        }
        let slot = self.broadcasts.iter_mut().find(|slot| slot.is_none());
        let slot = slot.ok_or(Refused)?;
        let broadcast = counts::handle().ok_or(Refused)?.broadcast(path);
        let announced = broadcast.subscriber();
        *slot = Some(Broadcast {
            id,
            offered: broadcast.publisher(),
            incoming: announced.track(TRACK),
            _announced: announced,
        });
        Ok(())
    }

    fn unannounce(&mut self, id: u8) -> Result<(), Refused> {
        for slot in &mut self.subscriptions {
            slot.take_if(|subscription| subscription.broadcast == id);
        }
        let mut slots = self.broadcasts.iter_mut();
        slots
            .find_map(|slot| slot.take_if(|broadcast| broadcast.id == id))
            .map(drop)
            .ok_or(Refused)
    }

    fn subscribe(&mut self, id: u8, broadcast: u8) -> Result<(), Refused> {
        let mut taken = self.subscriptions.iter().flatten();
        if taken.any(|subscription| subscription.id == id) {
            return Err(Refused);
        }
        let outgoing = self.broadcast(broadcast)?.offered.track(TRACK);
        let slot = self.subscriptions.iter_mut().find(|slot| slot.is_none());
        *slot.ok_or(Refused)? = Some(Subscription {
            id,
            broadcast,
            outgoing,
        });
        Ok(())
    }

    fn unsubscribe(&mut self, id: u8) -> Result<(), Refused> {
        let mut slots = self.subscriptions.iter_mut();
        slots
            .find_map(|slot| slot.take_if(|subscription| subscription.id == id))
            .map(drop)
            .ok_or(Refused)
    }

    async fn group(&mut self, id: u8, sequence: u32) -> Result<(), Refused> {
        self.broadcast(id)?.incoming.group();
        for subscription in subscribers(&mut self.subscriptions, id) {
            let message = Message::Group {
                id: subscription.id,
                sequence,
            };
            let Ok(()) = self.downstream.send(Channel::Data, &message).await;
            subscription.outgoing.group();
        }
        Ok(())
    }

    async fn frame(&mut self, id: u8, payload: &[u8]) -> Result<(), Refused> {
        self.broadcast(id)?.incoming.whole_frame(payload.len());
        for subscription in subscribers(&mut self.subscriptions, id) {
            let message = Message::Frame {
                id: subscription.id,
                payload,
            };
            let Ok(()) = self.downstream.send(Channel::Data, &message).await;
            subscription.outgoing.whole_frame(payload.len());
        }
        Ok(())
    }

    async fn pong(&self, token: u32, tally: Tally) -> Result<(), Refused> {
        let pong = Message::Pong {
            token,
            boots: self.boots,
            damaged: tally.damaged,
            lost: tally.lost,
            refused: self.refused,
        };
        self.answer(&pong).await
    }

    async fn race(&self, on: bool) -> Result<(), Refused> {
        if on {
            race::begin();
            return Ok(());
        }
        let (interrupt, task) = race::end();
        self.answer(&Message::Raced { interrupt, task }).await
    }

    /// Lets what was said go out, and ends this life of the processor.
    async fn reset(&self) -> Result<(), Refused> {
        uplink::last_words().await;
        for line in [self.upstream, self.downstream] {
            let Ok(()) = line.flush().await;
        }
        cortex_m::peripheral::SCB::sys_reset()
    }

    async fn answer(&self, message: &Message<'_>) -> Result<(), Refused> {
        let Ok(()): Result<(), Infallible> = self.upstream.send(Channel::Control, message).await;
        Ok(())
    }

    fn broadcast(&mut self, id: u8) -> Result<&mut Broadcast, Refused> {
        let mut broadcasts = self.broadcasts.iter_mut().flatten();
        broadcasts.find(|known| known.id == id).ok_or(Refused)
    }
}

/// The name of the one track that every broadcast has here.
const TRACK: &str = "data";

/// The subscribers of a broadcast.
fn subscribers(
    subscriptions: &mut [Option<Subscription>],
    broadcast: u8,
) -> impl Iterator<Item = &mut Subscription> {
    let all = subscriptions.iter_mut().flatten();
    all.filter(move |subscription| subscription.broadcast == broadcast)
}
