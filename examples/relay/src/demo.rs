//! The demonstration: a relay, a publisher, three subscribers and a reader of the relay's
//! own statistics, over QUIC on loopback; at the end everybody's figures must agree.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use streamgauge_core::Role;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::check::{Accounts, Both};
use crate::cli::{DemoOptions, RelayOptions};
use crate::client::{self, Client, Target};
use crate::commands::{POLL, introduce};
use crate::file::{self, File};
use crate::parties::{BROADCAST, Publisher, Reader, Stop, send};
use crate::receive::{ReceiveError, Received, everything, receive};
use crate::server::Relay;
use crate::table::{Screen, Size};
use crate::totals::{Volume, registry};

/// Sessions that read it.
pub const SUBSCRIBERS: usize = 3;

/// So long may nothing move.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the demonstration.
///
/// # Errors
///
/// When it cannot run, a subscriber did not get the file, or figures differ.
pub async fn run(relay: &RelayOptions, demo: &DemoOptions) -> Result<()> {
    let input = input(demo)?;
    let file = File::read(&input).await?;
    let relay = Relay::start(relay).await?;
    introduce(&relay);
    let size = Size::of(file.manifest().bytes);
    println!("relaying     {} ({size})", input.display());
    println!("from a publisher to {SUBSCRIBERS} subscribers, each in a QUIC session of its own");
    let started = Demo::start(relay, file).await?;
    let accounts = Box::pin(started.run(demo.seconds)).await?;
    let differences = accounts.differences();
    if differences.is_empty() {
        let Volume {
            groups,
            frames,
            bytes,
        } = accounts.delivered();
        println!(
            "relayed {bytes} bytes, {frames} frames, {groups} groups to {SUBSCRIBERS} subscribers; counters agree"
        );
        return Ok(());
    }
    let listed: Vec<String> = differences.iter().map(ToString::to_string).collect();
    bail!("counters differ: {}", listed.join("; "))
}

fn input(demo: &DemoOptions) -> Result<PathBuf> {
    match &demo.input {
        Some(input) => Ok(input.clone()),
        None => std::env::current_exe().context("this program has no file; name one with --input"),
    }
}

struct Demo {
    relay: Relay,
    file: File,
    publisher: Publisher,
    reader: Reader,
    subscribers: Vec<Client>,
    receiving: JoinSet<(usize, Result<Received, ReceiveError>)>,
    screen: Screen,
}

impl Demo {
    async fn start(relay: Relay, file: File) -> Result<Self> {
        let target = Target::of(&relay);
        let publisher = Publisher::connect(&target).await?;
        let reader = Reader::connect(&target, relay.stats().path()).await?;
        let mut demo = Self {
            relay,
            file,
            publisher,
            reader,
            subscribers: Vec::new(),
            receiving: JoinSet::new(),
            screen: Screen::stdout(),
        };
        for number in 0..SUBSCRIBERS {
            demo.subscribe(&target, number).await?;
        }
        demo.wait_for_viewers().await?;
        Ok(demo)
    }

    async fn subscribe(&mut self, target: &Target, number: usize) -> Result<()> {
        let (client, origin) = Client::subscriber(target, BROADCAST).await?;
        let broadcast = client::broadcast(&client, &origin, BROADCAST).await?;
        let mut track = broadcast
            .track(file::TRACK)?
            .subscribe(everything())
            .await?;
        let receiving = async move { (number, receive(&mut track, io::sink()).await) };
        self.receiving.spawn(receiving);
        self.subscribers.push(client);
        Ok(())
    }

    /// The file is sent when all are there, as a viewer who comes late would miss its start.
    async fn wait_for_viewers(&self) -> Result<()> {
        let began = Instant::now();
        while self.watching().await < SUBSCRIBERS as u64 {
            ensure!(
                began.elapsed() < PATIENCE,
                "the subscribers did not come through"
            );
            sleep(POLL).await;
        }
        Ok(())
    }

    async fn watching(&self) -> u64 {
        self.relay.stats().flush().await;
        let rows = self.relay.rows(Role::Publisher);
        rows.get(BROADCAST).map_or(0, crate::totals::Row::watching)
    }

    async fn run(mut self, seconds: Option<u64>) -> Result<Accounts> {
        let sent = self.send(seconds).await?;
        let received = self.receive().await?;
        let accounts = self.settle(sent, received).await;
        self.check_reader().await?;
        self.show()?;
        self.report();
        Box::pin(self.close()).await;
        Ok(accounts)
    }

    /// Sends the file while the table is drawn.
    async fn send(&mut self, seconds: Option<u64>) -> Result<Volume> {
        let (hurry, pace) = watch::channel(false);
        let sending = send(
            self.publisher.track.clone(),
            self.file.clone(),
            seconds,
            pace,
        );
        tokio::pin!(sending);
        let mut stop = Stop::new(seconds);
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                sent = &mut sending => return sent,
                _ = ticks.tick() => self.show()?,
                stopped = stop.next() => {
                    stopped?;
                    hurry.send_replace(true);
                }
                Some(Ok((number, Err(error)))) = self.receiving.join_next() => {
                    bail!("subscriber {} failed: {error}", number + 1);
                }
            }
        }
    }

    fn show(&mut self) -> io::Result<()> {
        let (board, path) = (self.reader.board(), self.relay.stats().path());
        let caption = format!(
            "read through the relay from {path}: {} frames",
            board.frames()
        );
        self.screen.show(&board, &caption)
    }

    /// What was found to be right on the way here.
    fn report(&self) {
        let hash = &self.file.manifest().sha256[..16];
        println!("each subscriber has the file byte for byte, SHA-256 {hash}..");
        let (frames, path) = (self.reader.board().frames(), self.relay.stats().path());
        println!("a further client read {frames} frames from {path}, the last as counted");
    }

    /// What each subscriber got, once all have the end mark.
    async fn receive(&mut self) -> Result<Vec<Volume>> {
        let mut volumes = vec![Volume::default(); SUBSCRIBERS];
        let mut progress = (0, Instant::now());
        loop {
            tokio::select! {
                ended = self.receiving.join_next() => match ended {
                    Some(ended) => {
                        let (number, received) = ended?;
                        volumes[number] = whole(number, received)?;
                    }
                    None => return Ok(volumes),
                },
                () = sleep(Duration::from_secs(1)) => {
                    self.show()?;
                    let moved = registry(self.relay.registry(), Role::Publisher).bytes;
                    if moved > progress.0 {
                        progress = (moved, Instant::now());
                    }
                    ensure!(progress.1.elapsed() < PATIENCE, "the subscribers did not get all of it");
                }
            }
        }
    }

    /// Everybody's figures; waits for those that are still under way.
    async fn settle(&self, sent: Volume, received: Vec<Volume>) -> Accounts {
        let began = Instant::now();
        loop {
            let accounts = self.accounts(sent, received.clone()).await;
            if accounts.differences().is_empty() || began.elapsed() > Duration::from_secs(5) {
                return accounts;
            }
            sleep(POLL).await;
        }
    }

    async fn accounts(&self, sent: Volume, received: Vec<Volume>) -> Accounts {
        self.relay.stats().flush().await;
        let row = |role| {
            self.relay
                .rows(role)
                .get(BROADCAST)
                .copied()
                .unwrap_or_default()
        };
        let (egress, ingress) = (row(Role::Publisher), row(Role::Subscriber));
        let theirs = |role| registry(self.relay.registry(), role);
        Accounts {
            sent,
            received,
            ingress: Both {
                ours: ingress.volume(),
                theirs: theirs(Role::Subscriber),
            },
            egress: Both {
                ours: egress.volume(),
                theirs: theirs(Role::Publisher),
            },
            viewers: egress.viewers,
        }
    }

    /// The reader must have come to the relay's own newest figures.
    async fn check_reader(&self) -> Result<()> {
        let began = Instant::now();
        let same = |role| *self.reader.board().rows(role) == self.relay.rows(role);
        while !Role::ALL.into_iter().all(same) {
            let late = began.elapsed() > Duration::from_secs(5);
            ensure!(
                !late,
                "what was read through the relay is not what it counted"
            );
            sleep(POLL).await;
        }
        Ok(())
    }

    /// The subscribers go first: for them the end of the track must not come early.
    async fn close(self) {
        for client in self.subscribers {
            client.close().await;
        }
        self.publisher.close().await;
        self.reader.close().await;
    }
}

/// What a subscriber got, if it was the whole file each time.
fn whole(number: usize, received: Result<Received, ReceiveError>) -> Result<Volume> {
    let received = received.with_context(|| format!("subscriber {}", number + 1))?;
    ensure!(received.passes > 0, "subscriber {} got no file", number + 1);
    Ok(received.volume)
}
