//! The task that ticks: sleeps, collects, and offers frames to the sinks.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::BytesMut;
use streamgauge_core::{Duration, Health, Instant, Schedule, TrackId};
use tokio::{
    sync::{mpsc, oneshot},
    task, time,
};

use crate::{
    Config, Frame,
    board::{Board, Poster},
    host::{self, Host, HostReporter},
    sink::Outlet,
};

/// Asks for a tick at once; answered when its frames were offered.
#[derive(Debug)]
pub(crate) struct Flush(pub(crate) oneshot::Sender<()>);

/// Drives the reporter of one node.
pub(crate) struct Driver {
    host: Host,
    reporter: HostReporter,
    /// The moment that the reporter's time counts from.
    start: time::Instant,
    tiers: Vec<String>,
    board: Arc<Board>,
    poster: Poster,
    tracks: Vec<TrackId>,
    outlets: Vec<Outlet>,
    /// For each track, how many different frames there were.
    versions: Vec<u64>,
    /// For each track, a buffer for the next frame.
    buffers: Vec<BytesMut>,
    requests: mpsc::Receiver<Flush>,
    folded: usize,
}

/// The first size of a frame's buffer.
const BUFFER: usize = 4096;

impl Driver {
    pub(crate) fn new(
        mut config: Config,
        host: &Host,
        requests: mpsc::Receiver<Flush>,
    ) -> (Self, Arc<Board>) {
        let outlets = std::mem::take(&mut config.sinks);
        let reporter = host::reporter(&config, schedule(&config));
        let tracks: Vec<_> = reporter.all_tracks().collect();
        let name = |track: &TrackId| Arc::from(track.name(config.tiers.as_slice()).concat());
        let (board, poster) = Board::new(config.path(), tracks.iter().map(name).collect());
        let board = Arc::new(board);
        let driver = Self {
            host: host.clone(),
            reporter,
            start: time::Instant::now(),
            tiers: config.tiers,
            board: board.clone(),
            poster,
            outlets,
            versions: vec![0; tracks.len()],
            buffers: tracks.iter().map(|_| BytesMut::new()).collect(),
            tracks,
            requests,
            folded: 0,
        };
        (driver, board)
    }

    /// Ticks until the last owner is gone, and once more then.
    pub(crate) async fn run(mut self) {
        tracing::info!(path = %self.board.path, "publishing stats");
        while let Some(request) = self.wait().await {
            match request {
                Wake::Timer => self.reporter_tick(),
                Wake::Flush(Flush(done)) => {
                    self.tick_now();
                    // Whoever asked may have left.
                    let _ = done.send(());
                }
            }
        }
        self.tick_now();
        self.release_sinks().await;
        tracing::info!(path = %self.board.path, "no longer publishing stats");
    }

    /// Drops the sinks where that may block, as it does until a file is written.
    async fn release_sinks(&mut self) {
        let sinks = std::mem::take(&mut self.outlets);
        if !sinks.is_empty() {
            // An error means that a sink panicked as it dropped; that is no reason to do so too.
            let _ = task::spawn_blocking(move || drop(sinks)).await;
        }
    }

    /// Sleeps until there is something to do; nothing when the last owner is gone.
    async fn wait(&mut self) -> Option<Wake> {
        let mut due = self.reporter.poll_timeout();
        loop {
            let deadline = self.start + time::Duration::from_micros(due.as_micros());
            tokio::select! {
                request = self.requests.recv() => return request.map(Wake::Flush),
                () = time::sleep_until(deadline) => return Some(Wake::Timer),
                () = self.host.shared().wake.notified() => due = self.reporter.poll_early_timeout(),
            }
        }
    }

    fn now(&self) -> Instant {
        let elapsed = self.start.elapsed().as_micros();
        Instant::from_micros(u64::try_from(elapsed).unwrap_or(u64::MAX))
    }

    fn reporter_tick(&mut self) {
        let now = self.now();
        if self
            .reporter
            .handle_timeout(&self.host.shared().meters, now)
        {
            self.publish();
        }
    }

    fn tick_now(&mut self) {
        let now = self.now();
        self.reporter.tick(&self.host.shared().meters, now);
        self.publish();
    }

    fn publish(&mut self) {
        while let Some(track) = self.reporter.poll_track() {
            let place = self
                .tracks
                .iter()
                .position(|other| *other == track)
                .unwrap_or_default();
            let frame = self.frame(place);
            if self.offer(&frame) {
                self.reporter.accept(&self.host.shared().meters);
            } else {
                self.reporter.refuse();
            }
        }
        self.outlets.retain(Outlet::is_open);
        self.note();
    }

    /// Encodes the reporter's next frame.
    fn frame(&mut self, track: usize) -> Frame {
        let mut buffer = std::mem::take(&mut self.buffers[track]);
        let last = self
            .poster
            .shown(track)
            .map(|frame| frame.payload)
            .unwrap_or_default();
        let names = self.tiers.as_slice();
        let mut len = 0;
        loop {
            buffer.resize(buffer.capacity().max(BUFFER).max(len + 1), 0);
            let meters = &self.host.shared().meters;
            let room = &mut buffer[len..];
            let chunk = self.reporter.poll_frame_after(meters, names, &last, room);
            len += chunk.len;
            if chunk.end {
                break;
            }
            buffer.reserve(len);
        }
        buffer.truncate(len);
        Frame {
            track,
            name: self.board.names[track].clone(),
            ts_ms: self.reporter.health().ts_ms,
            payload: buffer.freeze(),
        }
    }

    /// Shows a frame and offers it to the sinks; says whether nothing is owed to any of them.
    fn offer(&mut self, frame: &Frame) -> bool {
        let shown = self.poster.shown(frame.track);
        if shown.is_none_or(|shown| shown.payload != frame.payload) {
            self.versions[frame.track] += 1;
            let before = self.poster.show(frame.clone());
            self.recycle(frame.track, before);
        }
        let version = self.versions[frame.track];
        let mut all = true;
        for outlet in &mut self.outlets {
            all &= outlet.offer(frame, version);
        }
        all
    }

    /// Uses the memory of an old frame again if no reader holds it any more.
    fn recycle(&mut self, track: usize, frame: Option<Frame>) {
        if let Some(Ok(buffer)) = frame.map(|frame| frame.payload.try_into_mut()) {
            self.buffers[track] = buffer;
        }
    }

    /// Tells the operator how the tick went.
    fn note(&mut self) {
        let Health {
            ticks,
            late_ticks,
            refused_frames,
            traffic,
            presence,
            ..
        } = *self.reporter.health();
        let folded = traffic.folded_keys.wrapping_add(presence.folded_keys);
        if folded != self.folded {
            let folds = folded.wrapping_sub(self.folded);
            tracing::warn!(
                folds,
                series = traffic.series,
                "guards were counted in an overflow series"
            );
            self.folded = folded;
        }
        tracing::debug!(
            ticks,
            late_ticks,
            refused_frames,
            series = traffic.series,
            cells = traffic.cells,
            "stats tick"
        );
    }
}

enum Wake {
    Timer,
    Flush(Flush),
}

fn schedule(config: &Config) -> Schedule {
    let interval = u64::try_from(config.interval.as_micros()).unwrap_or(u64::MAX);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Schedule {
        interval: Duration::from_micros(interval),
        start: Instant::from_micros(0),
        start_ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
        epoch: u64::try_from(now.as_micros()).unwrap_or(u64::MAX),
    }
}
