//! The task that ticks: sleeps, collects, and offers frames to the sink.

use core::fmt;

use embassy_futures::{select::select, yield_now};
use streamgauge_core::{Chunk, Health, Meters, Reporter, Schedule, TrackId};

use crate::{
    Config, SplitError,
    books::Lent,
    log::line,
    sink::{Frame, Sink, SinkError},
    stats::{Node, NodeRef},
    time,
    wire::track_number,
};

/// What a runner reports with; see [`streamgauge_core::Reporter`].
pub type NodeReporter<N> =
    Reporter<Lent<<N as Node>::TrafficBooks>, Lent<<N as Node>::PresenceBooks>>;

/// The tables of a node; see [`streamgauge_core::Meters`].
pub type NodeMeters<N> = Meters<<N as Node>::Traffic, <N as Node>::Presence>;

/// Publishes a node: to be spawned on whichever executor, or driven a step at a time.
///
/// ```text
/// #[embassy_executor::task]
/// async fn publish(mut runner: Runner<Gauge>, mut sink: Serial<Uart, 64>) {
///     runner.run(&mut sink).await
/// }
/// ```
///
/// Where the stack is small, keep the runner in a static and give the task a reference to it: a task's
/// arguments lie on the stack for a moment.
///
/// A loop of one's own does more with each tick, such as saving what was counted where it outlives a
/// reset, before anybody reads it:
///
/// ```text
/// loop {
///     runner.tick().await;
///     save(runner.parts());
///     runner.publish(&mut sink).await;
/// }
/// ```
pub struct Runner<N: Node> {
    pub(crate) node: NodeRef<N>,
    pub(crate) reporter: NodeReporter<N>,
    pub(crate) config: Config,
    /// Whether the sink refused the last frame it was offered.
    refusing: bool,
}

impl<N: Node> Runner<N> {
    pub(crate) fn new(node: NodeRef<N>, config: Config) -> Result<Self, SplitError> {
        let desk = node.0.desk();
        let (Ok(traffic), Ok(presence)) = (desk.traffic.try_lock(), desk.presence.try_lock())
        else {
            return Err(SplitError::AlreadySplit);
        };
        let schedule = Schedule {
            interval: time::span(config.interval),
            start: time::now(),
            start_ms: config.start_ms,
            epoch: config.epoch,
        };
        Ok(Self {
            node,
            reporter: Reporter::new(schedule, Lent(traffic), Lent(presence)),
            config,
            refusing: false,
        })
    }

    /// Ticks and publishes for ever. May be dropped at any await: what was on its way then is said
    /// again with the next tick.
    pub async fn run<S: Sink>(&mut self, sink: &mut S) -> ! {
        loop {
            self.step(sink).await;
        }
    }

    /// [`tick`](Self::tick) and [`publish`](Self::publish).
    pub async fn step<S: Sink>(&mut self, sink: &mut S) {
        self.tick().await;
        self.publish(sink).await;
    }

    /// Sleeps until a tick is due, and ticks: collects what was counted.
    ///
    /// However late, it is one tick. While the tables run low it comes as early as a tenth of the
    /// interval after the last. May be dropped while it sleeps.
    pub async fn tick(&mut self) {
        while !self.tick_if_due() {
            self.sleep().await;
        }
    }

    /// Offers every frame that changed to the sink. What it refuses is said again with the next tick,
    /// and so is what was not yet said when this is dropped.
    pub async fn publish<S: Sink>(&mut self, sink: &mut S) {
        while let Some(track) = self.reporter.poll_track() {
            let sent = self.send_frame(sink, track).await;
            match sent {
                Ok(()) => self.reporter.accept(&self.node.0.shared().meters),
                Err(_) => self.reporter.refuse(),
            }
            self.note_sent(track, sent);
            // A sink that is always ready must not keep other tasks waiting for all frames.
            yield_now().await;
        }
    }

    pub(crate) async fn send_frame<S: Sink>(
        &mut self,
        sink: &mut S,
        track: TrackId,
    ) -> Result<(), SinkError> {
        let patience = self.config.patience;
        let mut frame = Outgoing {
            runner: self,
            track,
        };
        let sent = time::within(patience, sink.send(&mut frame)).await;
        sent.unwrap_or(Err(SinkError::TimedOut))
    }

    /// Ticks at once, due or not, and offers every changed frame to the sink: what was counted before
    /// the call is in them. For the last words before a reset.
    pub async fn flush<S: Sink>(&mut self, sink: &mut S) {
        let shared = self.node.0.shared();
        self.reporter.tick(&shared.meters, time::now());
        self.publish(sink).await;
    }

    /// The reporter, with its ledgers.
    pub const fn reporter(&self) -> &NodeReporter<N> {
        &self.reporter
    }

    /// The reporter, the tables that it collects, and the names that it publishes under: what there is
    /// to save after a tick, and to restore before the first.
    pub fn parts(&mut self) -> (&mut NodeReporter<N>, &NodeMeters<N>, &Config) {
        let meters = &self.node.0.shared().meters;
        (&mut self.reporter, meters, &self.config)
    }

    /// What `node.json` tells.
    pub fn health(&self) -> &Health {
        self.reporter.health()
    }

    fn tick_if_due(&mut self) -> bool {
        let before = *self.health();
        let meters = &self.node.0.shared().meters;
        let ticked = self.reporter.handle_timeout(meters, time::now());
        if ticked {
            note_tick(&before, self.health());
        }
        ticked
    }

    /// Sleeps until the next tick, or the next early one if the tables run low meanwhile.
    async fn sleep(&self) {
        let pressure = &self.node.0.shared().pressure;
        let regular = time::sleep_until(self.reporter.poll_timeout());
        select(regular, async {
            if !self.node.is_pressed() {
                pressure.wait().await;
            }
            time::sleep_until(self.reporter.poll_early_timeout()).await;
        })
        .await;
    }

    /// Tells the operator when the sink begins or ceases to refuse, not each time.
    pub(crate) fn note_sent(&mut self, track: TrackId, sent: Result<(), SinkError>) {
        let track = track_number(track);
        let refused = core::mem::replace(&mut self.refusing, sent.is_err());
        match sent {
            Ok(()) if refused => line!(
                info,
                "a stats sink accepts frames again, of track {}",
                track
            ),
            Err(error) if !refused => line!(
                warn,
                "a stats sink refuses frames, of track {}: {}; they are tried again",
                track,
                error
            ),
            Ok(()) | Err(_) => {}
        }
    }
}

impl<N: Node> fmt::Debug for Runner<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner")
            .field("health", self.health())
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// Tells the operator what was out of the ordinary about a tick.
fn note_tick(before: &Health, now: &Health) {
    let skipped = now.skipped_ticks - before.skipped_ticks;
    if skipped > 0 {
        line!(warn, "stats are late: {} ticks were skipped", skipped);
    }
    if now.early_ticks != before.early_ticks {
        let (series, cells) = (now.traffic.series, now.traffic.cells);
        line!(
            debug,
            "stats tables run low: {} series, {} cells",
            series,
            cells
        );
    }
    let folds = |health: &Health| {
        let folded = health.traffic.folded_keys;
        folded.wrapping_add(health.presence.folded_keys)
    };
    let folds = folds(now).wrapping_sub(folds(before));
    if folds > 0 {
        line!(warn, "{} guards were counted in an overflow series", folds);
    }
}

/// The frame that a runner's reporter is about to publish.
struct Outgoing<'a, N: Node> {
    runner: &'a mut Runner<N>,
    track: TrackId,
}

impl<N: Node> Frame for Outgoing<'_, N> {
    fn track(&self) -> TrackId {
        self.track
    }

    fn epoch(&self) -> u64 {
        self.runner.reporter.health().epoch
    }

    fn read(&mut self, buf: &mut [u8]) -> Chunk {
        let meters = &self.runner.node.0.shared().meters;
        self.runner
            .reporter
            .poll_frame(meters, &self.runner.config, buf)
    }

    fn restart(&mut self) {
        self.runner.reporter.restart();
    }
}
