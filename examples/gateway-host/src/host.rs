//! What a host says to the gateway, and the book that it keeps of it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use streamgauge_gateway_protocol::Message;
use tokio::net::UdpSocket;
use tokio::time::Instant;

use crate::cli::Cli;
use crate::gauges::{Gauges, Node};
use crate::inbox::{Answer, Inbox, Pong, State};
use crate::line::Line;
use crate::model::{Event, Model};

/// Between two pings of a gateway that may be booting.
const KNOCK: Duration = Duration::from_millis(200);

/// Pings before a gateway counts as dead.
const KNOCKS: u32 = 100;

/// Ticks that must change nothing, once all is counted.
const QUIET: u64 = 3;

/// The gateway's other end.
pub struct Host {
    line: Line,
    inbox: Arc<Inbox>,
    model: Model,
    tokens: u32,
    groups: u32,
    /// Stats come over UDP as well, to this port.
    udp: Option<u16>,
    /// Kept for its reader.
    _downstream: Option<Line>,
}

impl Host {
    /// Connects to the gateway's lines.
    ///
    /// # Errors
    ///
    /// When they are not there.
    pub async fn connect(cli: &Cli, inbox: Arc<Inbox>) -> Result<Self> {
        let downstream = match cli.downstream {
            Some(address) => Some(Line::connect(address, &inbox).await?),
            None => None,
        };
        Ok(Self {
            line: Line::connect(cli.upstream, &inbox).await?,
            model: Model::default(),
            tokens: 0,
            groups: 0,
            udp: if cli.udp {
                Some(listen(&inbox).await?)
            } else {
                None
            },
            _downstream: downstream,
            inbox,
        })
    }

    /// What came from the gateway.
    #[must_use]
    pub const fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    /// The line, to say what a host should not.
    pub const fn line(&mut self) -> &mut Line {
        &mut self.line
    }

    /// Notes what was done by other means.
    pub fn note(&mut self, event: Event) {
        self.model.note(event);
    }

    /// Sends a message that needs no book.
    ///
    /// # Errors
    ///
    /// When the gateway takes nothing any more.
    pub async fn send(&mut self, message: &Message<'_>) -> Result<()> {
        self.line.send(message).await
    }

    /// Announces a broadcast.
    ///
    /// # Errors
    ///
    /// When the gateway takes nothing any more, as in all that follow.
    pub async fn announce(&mut self, broadcast: u8, path: &str) -> Result<()> {
        self.note(Event::Announce {
            broadcast,
            path: path.to_owned(),
        });
        self.send(&Message::Announce { broadcast, path }).await
    }

    /// Ends a broadcast.
    ///
    /// # Errors
    ///
    /// As above.
    pub async fn unannounce(&mut self, broadcast: u8) -> Result<()> {
        self.note(Event::Unannounce { broadcast });
        self.send(&Message::Unannounce { broadcast }).await
    }

    /// Subscribes to a broadcast.
    ///
    /// # Errors
    ///
    /// As above.
    pub async fn subscribe(&mut self, subscription: u8, broadcast: u8) -> Result<()> {
        self.note(Event::Subscribe {
            subscription,
            broadcast,
        });
        self.send(&Message::Subscribe {
            subscription,
            broadcast,
        })
        .await
    }

    /// Ends a subscription.
    ///
    /// # Errors
    ///
    /// As above.
    pub async fn unsubscribe(&mut self, subscription: u8) -> Result<()> {
        self.note(Event::Unsubscribe { subscription });
        self.send(&Message::Unsubscribe { subscription }).await
    }

    /// Begins a group of a broadcast.
    ///
    /// # Errors
    ///
    /// As above.
    pub async fn group(&mut self, broadcast: u8) -> Result<()> {
        self.groups += 1;
        let (id, sequence) = (broadcast, self.groups);
        for subscription in self.model.subscribers(broadcast) {
            self.inbox
                .with(|state| state.delivery.expect_group(subscription, sequence));
        }
        self.note(Event::Group { broadcast });
        self.send(&Message::Group { id, sequence }).await
    }

    /// Sends a frame of a broadcast.
    ///
    /// # Errors
    ///
    /// As above.
    pub async fn frame(&mut self, broadcast: u8, payload: &Bytes) -> Result<()> {
        let packet = self.packet(broadcast, payload)?;
        self.expect_frame(broadcast, payload);
        self.line.send_raw(&packet).await
    }

    /// A frame's packet, to be spoilt.
    ///
    /// # Errors
    ///
    /// When the payload is too long.
    pub fn packet(&mut self, broadcast: u8, payload: &Bytes) -> Result<Vec<u8>> {
        let id = broadcast;
        self.line.seal(&Message::Frame { id, payload })
    }

    /// Notes that a frame will be forwarded.
    pub fn expect_frame(&mut self, broadcast: u8, payload: &Bytes) {
        for subscription in self.model.subscribers(broadcast) {
            self.inbox
                .with(|state| state.delivery.expect_frame(subscription, payload.clone()));
        }
        let bytes = payload.len();
        self.note(Event::Frame { broadcast, bytes });
    }

    /// Waits until the gateway has handled all that was said.
    ///
    /// # Errors
    ///
    /// When it gives no answer.
    pub async fn ping(&mut self) -> Result<Pong> {
        let token = self.token();
        self.send(&Message::Ping { token }).await?;
        let pong = |state: &mut State| state.answer(|answer| pong(answer, token));
        let missing = |_: &State| "the gateway does not answer".to_owned();
        self.inbox.wait(pong, missing).await
    }

    /// Resets the gateway. It forgets where to send its stats over UDP, so what they would have told is
    /// not to be known from then on.
    ///
    /// # Errors
    ///
    /// When the gateway takes nothing any more.
    pub async fn reset(&mut self) -> Result<()> {
        self.udp = None;
        self.note(Event::Reset);
        self.send(&Message::Reset).await
    }

    /// Pings a gateway that may be booting, until it answers that it has booted so often; then asks for
    /// its stats over UDP as well, if it has Ethernet.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub async fn knock(&mut self, booted: impl Fn(u32) -> bool) -> Result<Pong> {
        for _ in 0..KNOCKS {
            let token = self.token();
            self.send(&Message::Ping { token }).await?;
            let pong = |state: &mut State| state.answer(|answer| pong(answer, token));
            let answered = self.inbox.wait_until(Instant::now() + KNOCK, pong).await?;
            if let Some(pong) = answered.filter(|pong| booted(pong.boots)) {
                if let Some(port) = self.udp {
                    self.send(&Message::Report { port }).await?;
                }
                return Ok(pong);
            }
        }
        anyhow::bail!("the gateway does not come up")
    }

    fn token(&mut self) -> u32 {
        self.tokens += 1;
        self.tokens
    }

    /// What the gateway's `node.json` says.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub async fn node(&self, wanted: impl Fn(&Node) -> bool) -> Result<Node> {
        let look = |state: &mut State| state.serial.node().filter(|node| wanted(node)).cloned();
        let missing = |state: &State| format!("node.json stays at {:?}", state.serial.node());
        self.inbox.wait(look, missing).await
    }

    /// Waits until all that was sent has arrived and is counted, and nothing more is; by whichever way
    /// the stats come.
    ///
    /// # Errors
    ///
    /// When something does not arrive, or a counter differs from what was sent.
    pub async fn settle(&mut self) -> Result<()> {
        self.ping().await?;
        self.agree().await?;
        let ticks = self.node(|_| true).await?.ticks;
        self.node(|node| node.ticks >= ticks + QUIET).await?;
        self.agree().await
    }

    async fn agree(&self) -> Result<()> {
        self.agree_with("the serial line", |state| &state.serial)
            .await?;
        if self.udp.is_some() {
            self.agree_with("UDP", |state| &state.udp).await?;
        }
        Ok(())
    }

    async fn agree_with(&self, way: &str, gauges: impl Fn(&State) -> &Gauges) -> Result<()> {
        let model = &self.model;
        let agreed = |state: &mut State| {
            let differences = gauges(state).differences(model);
            (state.delivery.missing() == 0 && differences.is_empty()).then_some(())
        };
        let missing = |state: &State| {
            let differences = gauges(state).differences(model).join("; ");
            let missing = state.delivery.missing();
            format!("{missing} frames or groups did not arrive; over {way}: [{differences}]")
        };
        self.inbox.wait(agreed, missing).await
    }

    /// Waits for the end of a race.
    ///
    /// # Errors
    ///
    /// When the gateway does not say it.
    pub async fn raced(&self) -> Result<(u32, u32)> {
        let raced = |state: &mut State| {
            state.answer(|answer| match answer {
                Answer::Raced { interrupt, task } => Some((interrupt, task)),
                Answer::Pong(_) => None,
            })
        };
        let missing = |_: &State| "the race does not end".to_owned();
        self.inbox.wait(raced, missing).await.context("a race")
    }
}

/// Opens a UDP socket whose datagrams go to the inbox; gives its port.
async fn listen(inbox: &Arc<Inbox>) -> Result<u16> {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).await;
    let socket = socket.context("no UDP socket on loopback")?;
    let port = socket.local_addr()?.port();
    let inbox = Arc::clone(inbox);
    tokio::spawn(async move {
        let mut datagram = vec![0; 65_536];
        while let Ok(len) = socket.recv(&mut datagram).await {
            inbox.with(|state| state.datagram(&datagram[..len]));
        }
    });
    Ok(port)
}

fn pong(answer: Answer, wanted: u32) -> Option<Pong> {
    match answer {
        Answer::Pong(pong) => Some(pong).filter(|pong| pong.token == wanted),
        Answer::Raced { .. } => None,
    }
}
