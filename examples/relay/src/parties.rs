//! The sessions of the demonstration that are more than a subscription.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, ensure};
use moq_net::origin::{self, Route};
use moq_net::{broadcast, track};
use streamgauge_core::Role;
use tokio::signal::ctrl_c;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::client::{self, Client, Target};
use crate::file::{self, File};
use crate::send::{MAX_AGE, Pace, Sender};
use crate::table::Board;
use crate::totals::{Volume, rows, track as track_of};

/// What the file is published as.
pub(crate) const BROADCAST: &str = "demo/file";

/// A pass takes about so long, within the limits below.
const PASS: Duration = Duration::from_secs(10);

const SLOWEST: u64 = 64 * 1024;
const FASTEST: u64 = 8 * 1024 * 1024;

/// Bytes per second once the end has been asked for.
const HURRIED: u64 = 16 * 1024 * 1024;

/// The session that sends the file.
pub(crate) struct Publisher {
    client: Client,
    pub(crate) track: track::Producer,
    // Announced for as long as these live.
    _broadcast: broadcast::Producer,
    _origin: origin::Producer,
}

impl Publisher {
    pub(crate) async fn connect(target: &Target) -> Result<Self> {
        let origin = client::origin();
        let broadcast = origin.create_broadcast(BROADCAST)?;
        let info = track::Info::default().with_max_age(MAX_AGE);
        let track = broadcast.create_track(file::TRACK, info)?;
        broadcast.announce(Route::default())?;
        let client = Client::publisher(target, &origin).await?;
        Ok(Self {
            client,
            track,
            _broadcast: broadcast,
            _origin: origin,
        })
    }

    /// Ends the track and the session: cuts off whoever still reads.
    pub(crate) async fn close(self) {
        if let Err(error) = self.track.finish() {
            tracing::debug!(%error, "the track had ended already");
        }
        self.client.close().await;
    }
}

/// The session that reads the relay's statistics, like any monitor would.
pub(crate) struct Reader {
    client: Client,
    board: Arc<Mutex<Board>>,
    reading: JoinSet<()>,
}

impl Reader {
    pub(crate) async fn connect(target: &Target, path: &str) -> Result<Self> {
        let (client, origin) = Client::subscriber(target, path).await?;
        let broadcast = client::broadcast(&client, &origin, path).await?;
        let board = Arc::new(Mutex::new(Board::default()));
        let mut reading = JoinSet::new();
        for role in Role::ALL {
            let track = broadcast.track(track_of(role))?.subscribe(None).await?;
            reading.spawn(follow(track, role, Arc::clone(&board)));
        }
        Ok(Self {
            client,
            board,
            reading,
        })
    }

    /// Ends the session.
    pub(crate) async fn close(mut self) {
        self.reading.shutdown().await;
        self.client.close().await;
    }

    pub(crate) fn board(&self) -> Board {
        self.board
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

async fn follow(track: track::Subscriber, role: Role, board: Arc<Mutex<Board>>) {
    let mut groups = track.ordered();
    while let Ok(Some(mut group)) = groups.next_group().await {
        let Ok(Some(frame)) = group.read_frame().await else {
            continue;
        };
        if let Ok(rows) = rows(&frame.payload) {
            board
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .update(role, rows);
        }
    }
}

/// Sends the file once, or until the seconds are over, and the end mark.
pub(crate) async fn send(
    track: track::Producer,
    file: File,
    seconds: Option<u64>,
    hurry: watch::Receiver<bool>,
) -> Result<Volume> {
    let rate = (file.manifest().bytes / PASS.as_secs()).clamp(SLOWEST, FASTEST);
    let mut pace = Pace::steady(rate, HURRIED.max(rate), hurry.clone());
    let mut sender = Sender::new(track);
    loop {
        sender.pass(&file, &mut pace).await?;
        if seconds.is_none() || *hurry.borrow() {
            break;
        }
    }
    sender.end()?;
    Ok(sender.sent())
}

/// When to come to an end: the pass under way is then sent faster.
pub(crate) struct Stop {
    deadline: Option<Instant>,
    asked: bool,
}

impl Stop {
    pub(crate) fn new(seconds: Option<u64>) -> Self {
        let deadline = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        Self {
            deadline,
            asked: false,
        }
    }

    /// Waits for the deadline or for Ctrl-C; a second Ctrl-C is an error.
    pub(crate) async fn next(&mut self) -> Result<()> {
        let deadline = self.deadline;
        let over = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = over => self.deadline = None,
            interrupted = ctrl_c() => {
                interrupted?;
                ensure!(!self.asked, "interrupted");
                self.asked = true;
            }
        }
        Ok(())
    }
}
