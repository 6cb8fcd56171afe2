//! What changed, in place of whole frames, for links where bytes are dear.

use embassy_futures::yield_now;
use streamgauge_core::{Books, Chunk, Told, TrackId, Traffic};

use crate::{
    Runner,
    sink::{Frame, Sink, SinkError},
    stats::Node,
    time,
    wire::{PER_TIER, track_number},
};

/// The tracks that a node can have.
const TRACKS: usize = 1 + PER_TIER * streamgauge_core::MAX_TIERS;

/// What the far end of a link was told, for a node that says what changed.
///
/// The first frame of each track is whole. Those after it are JSON merge patches (RFC 7396): members that did not
/// change are left out, and a series that does not show any more is `null`. A whole frame comes again after so
/// many patches, for a far end that missed one, and after one that the sink refused.
///
/// It takes a node with `MARKS`; others have neither the memory nor the code for patches. See
/// [`Runner::run_in_patches`].
///
/// ```
/// use streamgauge_embassy::{Config, Patches, Serial, Stats, key, lanes, marks, rows};
///
/// const ROWS: usize = rows(32);
/// type Gauge = Stats<ROWS, 64, { key(32) }, 0, 2, { lanes(2) }, { marks(ROWS, lanes(2)) }>;
/// static STATS: Gauge = Gauge::new();
///
/// // #[embassy_executor::task]
/// async fn publish(mut runner: streamgauge_embassy::Runner<Gauge>, uart: impl embedded_io_async::Write) {
///     let mut sink = Serial::<_, 256>::new(uart);
///     runner.run_in_patches(&mut sink, &mut Patches::new(60)).await
/// }
///
/// # fn main() -> Result<(), streamgauge_embassy::SplitError> {
/// let (stats, runner) = STATS.split(Config::new())?;
/// # drop((stats, runner));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Patches {
    told: Told,
    most: u8,
    /// By track number, the patches that may come before a whole frame must.
    left: [u8; TRACKS],
}

impl Patches {
    /// A far end that was told nothing, and gets a whole frame of each track after `most` patches of it.
    #[must_use]
    pub const fn new(most: u8) -> Self {
        Self {
            told: Told::NOTHING,
            most,
            left: [0; TRACKS],
        }
    }

    /// How many patches of a track may come before a whole frame must.
    fn left(&self, track: TrackId) -> u8 {
        let left = self.left.get(usize::from(track_number(track)));
        left.copied().unwrap_or(0)
    }

    fn set(&mut self, track: TrackId, left: u8) {
        if let Some(slot) = self.left.get_mut(usize::from(track_number(track))) {
            *slot = left;
        }
    }
}

impl<N: Node> Runner<N> {
    /// Ticks and publishes patches for ever, as [`run`](Self::run) does frames.
    pub async fn run_in_patches<S: Sink>(&mut self, sink: &mut S, patches: &mut Patches) -> ! {
        loop {
            self.tick().await;
            self.publish_patches(sink, patches).await;
        }
    }

    /// Offers to the sink what changed in every track: a patch, or a whole frame where one is due. What it
    /// refuses is said again with the next tick, and so is what was not yet said when this is dropped.
    ///
    /// All frames of a life go to the same far end: a loop has either these or
    /// [`publish`](Self::publish).
    pub async fn publish_patches<S: Sink>(&mut self, sink: &mut S, patches: &mut Patches) {
        const {
            assert!(
                <N::TrafficBooks as Books<Traffic>>::MARKS,
                "a node with `MARKS`"
            );
        };
        while let Some(track) = self.reporter.poll_track() {
            let left = patches.left(track);
            let by_patch = left > 0;
            if by_patch && !self.reporter.has_patch() {
                self.reporter.accept_counted(&self.node.0.shared().meters);
                continue;
            }
            // Until the sink has taken it: this may be dropped on the way.
            patches.set(track, 0);
            let sent = if by_patch {
                self.send_patch(sink, track, &patches.told).await
            } else {
                self.send_frame(sink, track).await
            };
            match (sent, left.checked_sub(1)) {
                (Err(_), _) => self.reporter.refuse(),
                (Ok(()), Some(left)) => {
                    self.reporter.accept_patch(&mut patches.told);
                    patches.set(track, left);
                }
                (Ok(()), None) => {
                    self.reporter.accept_keyframe(&mut patches.told);
                    patches.set(track, patches.most);
                }
            }
            if sent.is_ok() {
                self.reporter.accept(&self.node.0.shared().meters);
            }
            self.note_sent(track, sent);
            yield_now().await;
        }
    }

    /// Ticks at once, due or not, and offers to the sink what changed, as [`flush`](Self::flush) does frames.
    pub async fn flush_in_patches<S: Sink>(&mut self, sink: &mut S, patches: &mut Patches) {
        let meters = &self.node.0.shared().meters;
        self.reporter.tick(meters, time::now());
        self.publish_patches(sink, patches).await;
    }

    async fn send_patch<S: Sink>(
        &mut self,
        sink: &mut S,
        track: TrackId,
        told: &Told,
    ) -> Result<(), SinkError> {
        let patience = self.config.patience;
        let mut patch = OutgoingPatch {
            runner: self,
            track,
            told,
        };
        let sent = time::within(patience, sink.send(&mut patch)).await;
        sent.unwrap_or(Err(SinkError::TimedOut))
    }
}

/// The patch that a runner's reporter is about to publish.
struct OutgoingPatch<'a, N: Node> {
    runner: &'a mut Runner<N>,
    track: TrackId,
    told: &'a Told,
}

impl<N: Node> Frame for OutgoingPatch<'_, N> {
    fn track(&self) -> TrackId {
        self.track
    }

    fn epoch(&self) -> u64 {
        self.runner.reporter.health().epoch
    }

    fn is_patch(&self) -> bool {
        true
    }

    fn read(&mut self, buf: &mut [u8]) -> Chunk {
        let Runner {
            node,
            reporter,
            config,
            ..
        } = &mut *self.runner;
        reporter.poll_patch(self.told, &node.0.shared().meters, &*config, buf)
    }

    fn restart(&mut self) {
        self.runner.reporter.restart();
    }
}
